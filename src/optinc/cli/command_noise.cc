#include "optinc/cli/command_noise.h"

#include <filesystem>
#include <memory>

#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/cli/chip_rates.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/inputs_record.h"
#include "optinc/device/onn_averager.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/verify/inputs.h"
#include "optinc/verify/relative_noise.h"

namespace optinc::cli {
namespace {

constexpr const char* kPhaseErrors = "phase_shifter.error_rms_rad=0.0003,0.001,0.003,0.01";

struct Options {
  std::vector<std::filesystem::path> designs;
  std::vector<double> sigmas{1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2};
  verify::NoiseOptions noise;
  ChipRateOptions chips;
  std::vector<std::string> sweeps;
  std::vector<std::string> hardware;
  std::filesystem::path records;
  bool json = false;
};

/// One design under each sigma: the record `noise` without its type.
base::Json measure(const Options& options, const std::filesystem::path& path) {
  const onn::Design design = onn::load_design(path);
  const device::DeviceShape shape = device::shape_of(design);
  const std::string name = path.stem().string();
  const double inputs = verify::possible_inputs(shape);
  const std::uint64_t sample_of_largest = inputs > verify::kMostEnumerated ? options.noise.sample : 0;
  base::require(inputs <= verify::kMostEnumerated || sample_of_largest > 0,
                "{}: {:.3g} possible inputs, expected --sample, how many of them are drawn", path.string(), inputs);
  base::Progress scales(fmt::format("{}: largest outputs", name),
                        sample_of_largest > 0 ? static_cast<double>(sample_of_largest) : inputs);
  const std::vector<double> largest = verify::largest_outputs(
      design.network, shape,
      {.seed = options.noise.seed, .sample = sample_of_largest, .threads = options.noise.threads}, &scales);
  base::Json rates = base::Json::array();
  for (const double sigma : options.sigmas) {
    const double trials =
        (options.noise.sample > 0 ? static_cast<double>(options.noise.sample) : inputs) * options.noise.draws;
    base::Progress progress(fmt::format("{}: sigma {}", name, sigma), trials);
    rates.push_back(
        verify::to_json(verify::noise_rate(design.network, shape, largest, sigma, options.noise, &progress)));
  }
  const onn::Area area = onn::count_mzis(design.network.widths(), design.approximated, shape.servers);
  base::Json found{{"design", name},
                   {"origin", design.origin},
                   {"bits", design.bits},
                   {"servers", design.servers},
                   {"layers", design.network.widths()},
                   {"mzis", area.without_p_and_t()},
                   {"accuracy", design.accuracy},
                   {"inputs", inputs_json(shape)},
                   {"sample", options.noise.sample},
                   {"draws", options.noise.draws},
                   {"seed", options.noise.seed},
                   {"largest_outputs", largest},
                   {"largest_outputs_sample", sample_of_largest},
                   {"rates", rates}};
  if (options.chips.chips > 0) {
    ChipRateOptions chips = options.chips;
    chips.seed = options.noise.seed;
    chips.sample = options.noise.sample;
    chips.threads = options.noise.threads;
    found["chip_rates"] = chip_rates(design, name, largest, chips);
  }
  return found;
}

void print_head(const Options& options, Context& context) {
  fmt::print(context.out, "{:28}  {:24}  {:>8}", "exact-symbol rate, sigma =", "origin", "MZIs");
  for (const double sigma : options.sigmas) fmt::print(context.out, "  {:>8}", fmt::format("{:g}", sigma));
  if (options.chips.chips > 0) {
    for (std::size_t i = 0; i < options.chips.conditions.size(); ++i) {
      fmt::print(context.out, "  {:>8}", fmt::format("chips {}", i + 1));
    }
  }
  fmt::print(context.out, "\n");
}

void print_row(const base::Json& found, Context& context) {
  fmt::print(context.out, "{:28}  {:24}  {:>8}", found["design"].get<std::string>(), found["origin"].get<std::string>(),
             with_commas(found["mzis"].get<std::uint64_t>()));
  for (const base::Json& rate : found["rates"]) fmt::print(context.out, "  {:8.6f}", rate["rate"].get<double>());
  for (const base::Json& rate : found.value("chip_rates", base::Json::array())) {
    fmt::print(context.out, "  {:8.6f}", rate["rate"].get<double>());
  }
  fmt::print(context.out, "\n");
  context.out.flush();
}

void run_noise(Options options, Context& context) {
  base::require(options.chips.chips > 0 || (options.sweeps.empty() && options.hardware.empty()),
                "--sweep, --hardware: expected --chips, how many of them are simulated");
  if (options.sweeps.empty() && options.hardware.empty()) options.sweeps = {kPhaseErrors};
  options.chips.conditions = chip_conditions(options.sweeps, options.hardware);
  std::unique_ptr<base::RecordWriter> records;
  if (!options.records.empty()) {
    records = std::make_unique<base::RecordWriter>(options.records, base::RecordMode::replace);
    records->write({{"type", "run"}, {"command", "noise"}, {"version", base::kVersion}, {"seed", options.noise.seed}});
  }
  base::Json all = base::Json::array();
  if (!options.json) print_head(options, context);
  for (const std::filesystem::path& path : options.designs) {
    const base::Json found = measure(options, path);
    if (records) {
      records->write(tagged("noise", found));
    }
    if (!options.json) print_row(found, context);
    all.push_back(found);
  }
  if (options.json) {
    print_json(context, {{"noise", all}});
    return;
  }
  if (options.noise.sample > 0) {
    fmt::print(context.out, "{} inputs drawn at random with seed {}, {} draws of noise each\n",
               with_commas(options.noise.sample), options.noise.seed, options.noise.draws);
  } else {
    fmt::print(context.out, "every input, {} draws of noise each, seed {}\n", options.noise.draws, options.noise.seed);
  }
  if (options.chips.chips > 0) {
    for (std::size_t i = 0; i < options.chips.conditions.size(); ++i) {
      fmt::print(context.out, "chips {}: {}, mean over {} simulated chips\n", i + 1, options.chips.conditions[i].name,
                 options.chips.chips);
    }
  }
}

}  // namespace

void add_noise(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "noise", "Say which share of inputs stays right under relative noise",
      "  optinc noise designs/b8-n4.safetensors\n"
      "  optinc noise designs/*.safetensors --sample 100000 --sigma 1e-4,1e-3\n"
      "  optinc noise front/*.safetensors --chips 20 --records front.jsonl     # for optinc report\n"
      "  optinc noise d.safetensors --chips 20 --sweep coupler.imbalance_rms_rad=0.003,0.01 --hardware shen-2017\n"
      "Relative noise sigma: on every output of every layer, behind its ReLU and the last layer included, independent\n"
      "Gaussian noise of sigma times that layer's largest absolute output over all inputs (of millions, over the "
      "sample).");
  auto options = std::make_shared<Options>();
  verb->add_option("designs", options->designs, "Design files (safetensors)")->required();
  verb->add_option("--sigma", options->sigmas, "Relative noise, one or more")->delimiter(',')->capture_default_str();
  verb->add_option("--draws", options->noise.draws, "Draws of the noise, an input")->capture_default_str();
  verb->add_option("--sample", options->noise.sample, "Inputs drawn at random; 0: every input")->capture_default_str();
  verb->add_option("--chips", options->chips.chips, "Simulate so many chips of each design, too");
  verb->add_option(
      "--sweep", options->sweeps,
      fmt::format("Their parts, one or more: each value alone, all else ideal (default: {})", kPhaseErrors));
  verb->add_option("--hardware", options->hardware, "Presets or TOML files for chips, one or more");
  verb->add_option("--seed", options->noise.seed, "Same seed, same noise and sample")->capture_default_str();
  verb->add_option("--records", options->records, "Write records (JSON lines) here");
  add_threads_option(*verb, options->noise.threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_noise(*options, context); });
}

}  // namespace optinc::cli
