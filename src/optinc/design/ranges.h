// Wires that all use the whole range: what relative noise asks of a network (verify/relative_noise.h).
#pragma once

#include <vector>

#include "optinc/design/adam.h"
#include "optinc/design/parameters.h"
#include "optinc/onn/layer_set.h"

namespace optinc::design {

/// Scales every hidden wire to a largest output of 1, and what the next layer makes of it back: ReLU is homogeneous, so
/// the network stays the same, but noise that is relative to a layer's largest output no longer drowns its weaker
/// wires. Adam's averages follow. largest: [layers][wires]. Wires into an approximated layer are left as they are, but
/// for one common factor: its squares would not stay diagonal * orthogonal. Dark wires stay.
void equalise_ranges(const ParameterLayout& layout, const onn::LayerSet& approximated,
                     const std::vector<std::vector<double>>& largest, std::vector<float>& parameters, Adam& adam);

}  // namespace optinc::design
