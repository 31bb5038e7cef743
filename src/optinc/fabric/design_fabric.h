// Designs as fabrics: what stands for a design's ONN when gradients go through it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "optinc/fabric/cascade.h"
#include "optinc/fabric/fabric.h"
#include "optinc/onn/design.h"

namespace optinc::fabric {

enum class Evaluation {
  automatic,    ///< integer where the design's file says that it was right on every input, else onn
  integer,      ///< the exact average, in integers (IntegerFabric)
  onn,          ///< the ONN's answers, from a table where possible inputs are few (TabulatedAverager): the same bits
  every_symbol  ///< the ONN's forward pass for every element
};

/// "auto", "integer", "onn", "every-symbol".
std::string to_string(Evaluation evaluation);
/// The inverse. Throws base::InputError with the names that exist.
Evaluation parse_evaluation(std::string_view name);

struct DesignFabric {
  std::unique_ptr<Fabric> fabric;
  Evaluation evaluation = Evaluation::onn;  ///< what it became; never automatic
  bool tabulated = false;
};

/// One device. Throws base::InputError for another role than single.
DesignFabric make_fabric(const onn::Design& design, Evaluation evaluation);
/// A cascade of N^2 ports. Automatic is integer only where both designs were right on every input and the cascade is
/// snapped, where that makes it exact. Throws as Cascade does.
DesignFabric make_fabric(const onn::Design& level_1, const onn::Design& level_2, CascadeMode mode,
                         Evaluation evaluation);

}  // namespace optinc::fabric
