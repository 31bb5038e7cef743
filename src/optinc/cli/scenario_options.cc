#include "optinc/cli/scenario_options.h"

#include <vector>

#include <fmt/ranges.h>

#include "optinc/base/error.h"
#include "optinc/chip/compile.h"
#include "optinc/chip/link_budget.h"
#include "optinc/codec/element_type.h"
#include "optinc/onn/design.h"

namespace optinc::cli {
namespace {

/// The device of a design's file, its power by its link budget; without a file that of Table I's first row, of no known
/// power.
cost::Device device_of(const ScenarioOptions& options, const chip::Hardware& hardware) {
  if (options.design.empty()) {
    return cost::device_of("4-64-128-256-128-64-4", {4, 64, 128, 256, 128, 64, 4}, "all", options.bits,
                           options.ports == 0 ? 4 : options.ports);
  }
  const onn::Design design = onn::load_design(options.design);
  const std::string name = options.design.stem().string();
  base::require(design.bits == options.bits, "--bits {}: {} is for {}", options.bits, name, design.bits);
  cost::Device device = cost::device_of(name, design.network.widths(), design.approximated.to_string(), design.bits,
                                        options.ports == 0 ? design.servers : options.ports);
  const chip::LinkBudget budget = chip::link_budget(chip::compile(design, name, {}), hardware);
  device.heater_w = budget.heater_power_w;
  device.laser_w = budget.laser_power_w;
  return device;
}

}  // namespace

void add_scenario_options(CLI::App& verb, ScenarioOptions& options) {
  verb.add_option("--model", options.model, fmt::format("One of {}", fmt::join(cost::model_names(), ", ")))
      ->capture_default_str();
  verb.add_option("--type", options.type, "Of gradients: float32, float16 or bfloat16")->capture_default_str();
  verb.add_option("--bits", options.bits, "B of the optics' codes")->capture_default_str();
  verb.add_option("--block", options.block, "Elements that share a scale")->capture_default_str();
  verb.add_option("--scale-format", options.scale_format, "Scale of a block: absmax16 or exponent8")
      ->capture_default_str();
  verb.add_option("--design", options.design,
                  "A design's file, for light's way, area and power; default: the structure of Table I's first row, of "
                  "no known power");
  verb.add_option("--ports", options.ports, "Of a device; 0: as many as the design's. More servers take a cascade")
      ->capture_default_str();
  add_hardware_options(verb, options.hardware);
  verb.add_option("--links", options.links, "Of a server")->capture_default_str();
  verb.add_option("--link-gbps", options.link_gbps, "Gb/s of one link, each way")->capture_default_str();
  verb.add_option("--tflops", options.tflops, "TFLOP/s of a server at its peak")->capture_default_str();
  verb.add_option("--utilisation", options.utilisation, "Share of the peak that a model reaches")
      ->capture_default_str();
  verb.add_option("--memory-tbps", options.memory_tbps, "TB/s of a server's memory")->capture_default_str();
  verb.add_option("--memory-gb", options.memory_gb, "GB of it")->capture_default_str();
  verb.add_option("--software-us", options.software_us, "To launch a message")->capture_default_str();
  verb.add_flag("--direct", options.direct,
                "Electrical algorithms over optical circuits, as the paper's ring, not over a fat tree of switches");
  verb.add_option("--colours", options.colours, "Wavelengths that share a device's heaters")->capture_default_str();
  verb.add_flag("--fused", options.fused,
                "Quantise where gradients are made, dequantise in the update: no memory traffic of its own");
  verb.add_flag("--overlap", options.overlap, "Send gradients in buckets while others are computed");
  verb.add_option("--bucket-mb", options.bucket_mb, "Of gradients that go together with --overlap, 10^6 bytes")
      ->capture_default_str();
  verb.add_option("--update-bytes", options.update_bytes,
                  "That the optimiser moves, a parameter; AdamW 28, momentum 20; 0: leave the update out")
      ->capture_default_str();
}

base::Json config_of(const ScenarioOptions& options) {
  return {{"model", options.model},
          {"type", options.type},
          {"bits", options.bits},
          {"block", options.block},
          {"scale-format", options.scale_format},
          {"design", options.design.string()},
          {"ports", options.ports},
          {"hardware", options.hardware.preset_or_file},
          {"set", options.hardware.set},
          {"links", options.links},
          {"link-gbps", options.link_gbps},
          {"tflops", options.tflops},
          {"utilisation", options.utilisation},
          {"memory-tbps", options.memory_tbps},
          {"memory-gb", options.memory_gb},
          {"software-us", options.software_us},
          {"colours", options.colours},
          {"direct", options.direct},
          {"fused", options.fused},
          {"overlap", options.overlap},
          {"bucket-mb", options.bucket_mb},
          {"update-bytes", options.update_bytes}};
}

cost::Scenario scenario_of(const ScenarioOptions& options) {
  base::require(options.tflops > 0, "--tflops {}: expected more than 0", options.tflops);
  base::require(options.utilisation > 0 && options.utilisation <= 1, "--utilisation {}: expected above 0, up to 1",
                options.utilisation);
  base::require(options.memory_tbps > 0, "--memory-tbps {}: expected more than 0", options.memory_tbps);
  base::require(options.link_gbps > 0, "--link-gbps {}: expected more than 0", options.link_gbps);
  base::require(options.links >= 1, "--links {}: expected 1 or more", options.links);
  base::require(options.software_us >= 0, "--software-us {}: expected 0 or more", options.software_us);
  base::require(options.bucket_mb > 0, "--bucket-mb {}: expected more than 0", options.bucket_mb);
  base::require(options.update_bytes >= 0, "--update-bytes {}: expected 0 or more", options.update_bytes);
  base::require(options.memory_gb > 0, "--memory-gb {}: expected more than 0", options.memory_gb);
  base::require(options.ports == 0 || options.design.empty(), "--ports {}: {} has its own", options.ports,
                options.design.string());
  base::require(options.ports == 0 || options.ports >= 2, "--ports {}: expected 2 or more, or 0", options.ports);
  const chip::Hardware hardware = load(options.hardware);
  cost::Scenario scenario{.model = cost::named_model(options.model)};
  scenario.system.server = {.peak_flop_per_s = options.tflops * 1e12,
                            .utilisation = options.utilisation,
                            .memory_bytes_per_s = options.memory_tbps * 1e12,
                            .memory_bytes = options.memory_gb * 1e9,
                            .links = options.links,
                            .link_bits_per_s = options.link_gbps * 1e9};
  scenario.system.parts = cost::parts_of(hardware, options.software_us * 1e-6);
  scenario.system.parts.colours = options.colours;
  scenario.quantiser = {
      .bits = options.bits, .block = options.block, .scale_format = codec::parse_scale_format(options.scale_format)};
  codec::check(scenario.quantiser);
  scenario.system.device = device_of(options, hardware);
  scenario.element_bits = static_cast<int>(8 * codec::element_bytes(codec::parse_element_type(options.type)));
  scenario.direct = options.direct;
  scenario.fused = options.fused;
  scenario.step.overlapped = options.overlap;
  scenario.step.bucket_bytes = options.bucket_mb * 1e6;
  scenario.step.update_bytes_per_parameter = options.update_bytes;
  cost::check(scenario.system);
  return scenario;
}

}  // namespace optinc::cli
