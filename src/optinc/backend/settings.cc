#include "optinc/backend/settings.h"

#include <fmt/format.h>

#include "optinc/base/error.h"
#include "optinc/onn/design.h"

namespace optinc::backend {

Optics make_optics(const Settings& settings, int size) {
  const onn::Design design = onn::load_design(settings.design);
  const fabric::Evaluation evaluation = fabric::parse_evaluation(settings.evaluation);
  const fabric::CascadeMode mode = fabric::parse_cascade_mode(settings.cascade_mode);
  const bool cascade = !settings.level_1.empty();
  Optics optics{.fabric = cascade ? fabric::make_fabric(onn::load_design(settings.level_1), design, mode, evaluation)
                                  : fabric::make_fabric(design, evaluation),
                .options = {},
                .description = {}};
  const fabric::Fabric& fabric = *optics.fabric.fabric;
  base::require(size <= fabric.ports(), "{} ranks through {}, which has {} ports: expected at most {} ranks", size,
                settings.design.filename().string(), fabric.ports(), fabric.ports());

  codec::QuantiserOptions& quantiser = optics.options.network.quantiser;
  quantiser = {
      .bits = fabric.bits(),
      .block = settings.block,
      .scale_format = codec::parse_scale_format(settings.scale_format),
      .rounding = settings.stochastic ? codec::QuantiserRounding::stochastic : codec::QuantiserRounding::half_even};
  codec::check(quantiser);
  optics.options.network.seed = settings.seed;
  optics.options.pipeline.threads = settings.threads;
  optics.options.faults.on_fault = collective::parse_on_fault(settings.on_fault);

  const std::string files = cascade ? fmt::format("{} and {}, {}", settings.level_1.filename().string(),
                                                  settings.design.filename().string(), settings.cascade_mode)
                                    : settings.design.filename().string();
  optics.description = fmt::format(
      "{} ({} ports, {} bits, rounding {}, evaluation {}); blocks of {}, {}, {}{}; on a fault: {}", files,
      fabric.ports(), fabric.bits(), codec::to_string(fabric.rounding()), fabric::to_string(optics.fabric.evaluation),
      settings.block, settings.scale_format, codec::to_string(quantiser.rounding),
      settings.error_feedback ? ", error feedback" : "", settings.on_fault);
  return optics;
}

}  // namespace optinc::backend
