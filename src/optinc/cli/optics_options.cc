#include "optinc/cli/optics_options.h"

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/fingerprint.h"
#include "optinc/onn/design.h"

namespace optinc::cli {

void add_optics_flags(CLI::App& verb, OpticsOptions& options) {
  verb.add_option("--design", options.design, "Design of the device")->capture_default_str();
  auto* level_1 =
      verb.add_option("--level-1", options.level_1,
                      "Design of the N devices of level 1: with --design as level 2 a cascade of N^2 ports");
  verb.add_option("--cascade-mode", options.cascade_mode, "Between the levels: snapped (a regenerator) or analog")
      ->needs(level_1)
      ->capture_default_str();
  verb.add_option("--evaluation", options.evaluation,
                  "What answers for the ONN: integer (the exact average), onn (from a table where possible inputs are "
                  "few), every-symbol (its forward pass), or auto: integer for a design that was right on every input. "
                  "The same bits for such a design")
      ->capture_default_str();
  verb.add_option("--scale-format", options.scale_format, "Scale of a block: absmax16 or exponent8")
      ->capture_default_str();
  verb.add_option("--quantiser-rounding", options.quantiser_rounding, "half-even or stochastic")->capture_default_str();
  verb.add_option("--block", options.block, "Elements that share a scale")->capture_default_str();
}

codec::QuantiserOptions quantiser_of(const OpticsOptions& options, int bits) {
  return {.bits = bits,
          .block = options.block,
          .scale_format = codec::parse_scale_format(options.scale_format),
          .rounding = codec::parse_quantiser_rounding(options.quantiser_rounding)};
}

base::Json quantiser_json(const OpticsOptions& options) {
  return {{"block", options.block},
          {"scale-format", options.scale_format},
          {"quantiser-rounding", options.quantiser_rounding}};
}

std::string content_of(const std::filesystem::path& file) {
  return fmt::format("{:016x}", base::fingerprint(base::read_file(file)));
}

Optics make_optics(const OpticsOptions& options) {
  const onn::Design design = onn::load_design(options.design);
  const fabric::CascadeMode mode = fabric::parse_cascade_mode(options.cascade_mode);
  const fabric::Evaluation evaluation = fabric::parse_evaluation(options.evaluation);
  const bool cascade = !options.level_1.empty();
  Optics optics{.fabric = cascade ? fabric::make_fabric(onn::load_design(options.level_1), design, mode, evaluation)
                                  : fabric::make_fabric(design, evaluation),
                .network = {.quantiser = quantiser_of(options, design.bits), .dark_ports = {}},
                .description = {}};
  optics.description = {{"file", options.design.filename().string()},
                        {"content", content_of(options.design)},
                        {"bits", design.bits},
                        {"servers", design.servers},
                        {"rounding", codec::to_string(design.rounding)},
                        {"evaluation", fabric::to_string(optics.fabric.evaluation)},
                        {"tabulated", optics.fabric.tabulated}};
  optics.description.update(quantiser_json(options));
  if (cascade) {
    optics.description["level_1"] = options.level_1.filename().string();
    optics.description["level_1_content"] = content_of(options.level_1);
    optics.description["cascade_mode"] = fabric::to_string(mode);
  }
  return optics;
}

}  // namespace optinc::cli
