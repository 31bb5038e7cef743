#include "optinc/fabric/design_fabric.h"

#include "optinc/base/error.h"
#include "optinc/device/onn_averager.h"
#include "optinc/device/tabulated_averager.h"
#include "optinc/fabric/integer_fabric.h"
#include "optinc/fabric/single_device.h"

namespace optinc::fabric {
namespace {

/// `on_lattice`: all inputs are possible ones of the device, so that a table may answer.
std::shared_ptr<const device::Averager> make_averager(const onn::Design& design, Evaluation evaluation, bool on_lattice,
                                                      bool& tabulated) {
  auto onn = std::make_shared<device::OnnAverager>(design);
  tabulated = evaluation != Evaluation::every_symbol && on_lattice &&
              onn->shape().input_count() <= device::TabulatedAverager::kMaxInputs;
  if (!tabulated) return onn;
  return std::make_shared<device::TabulatedAverager>(*onn, /*threads=*/0);
}

bool was_exact(const onn::Design& design) {
  return design.wrong == 0 && design.accuracy == 1;
}

}  // namespace

std::string to_string(Evaluation evaluation) {
  switch (evaluation) {
    case Evaluation::automatic:
      return "auto";
    case Evaluation::integer:
      return "integer";
    case Evaluation::onn:
      return "onn";
    case Evaluation::every_symbol:
      return "every-symbol";
  }
  return "?";
}

Evaluation parse_evaluation(std::string_view name) {
  for (const Evaluation evaluation :
       {Evaluation::automatic, Evaluation::integer, Evaluation::onn, Evaluation::every_symbol}) {
    if (to_string(evaluation) == name) return evaluation;
  }
  base::refuse("evaluation \"{}\": expected auto, integer, onn or every-symbol", name);
}

DesignFabric make_fabric(const onn::Design& design, Evaluation evaluation) {
  base::require(design.role == onn::Role::single, "a design for {} as the only device: expected role single",
                onn::to_string(design.role));
  if (evaluation == Evaluation::automatic) evaluation = was_exact(design) ? Evaluation::integer : Evaluation::onn;
  DesignFabric made{.fabric = nullptr, .evaluation = evaluation};
  if (evaluation == Evaluation::integer) {
    made.fabric = std::make_unique<IntegerFabric>(design.servers, design.bits, design.rounding);
  } else {
    made.fabric =
        std::make_unique<SingleDevice>(make_averager(design, evaluation, /*on_lattice=*/true, made.tabulated));
  }
  return made;
}

DesignFabric make_fabric(const onn::Design& level_1, const onn::Design& level_2, CascadeMode mode,
                         Evaluation evaluation) {
  const bool snapped = mode == CascadeMode::snapped;
  if (evaluation == Evaluation::automatic) {
    const bool exact = snapped && was_exact(level_1) && was_exact(level_2);
    evaluation = exact ? Evaluation::integer : Evaluation::onn;
  }
  DesignFabric made{.fabric = nullptr, .evaluation = evaluation};
  bool first_tabulated = false;
  auto first = make_averager(level_1, evaluation, /*on_lattice=*/true, first_tabulated);
  auto second = make_averager(level_2, evaluation, /*on_lattice=*/snapped, made.tabulated);
  auto cascade = std::make_unique<Cascade>(first, second, CascadeOptions{.mode = mode});
  if (evaluation == Evaluation::integer) {
    // The cascade has checked that the levels fit; integers answer for it.
    made.tabulated = false;
    made.fabric = std::make_unique<IntegerFabric>(cascade->ports(), cascade->bits(), cascade->rounding());
  } else {
    made.fabric = std::move(cascade);
  }
  return made;
}

}  // namespace optinc::fabric
