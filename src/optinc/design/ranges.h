// Wires that all use the whole range: what relative noise asks of a network (verify/relative_noise.h).
#pragma once

#include <vector>

#include "optinc/design/adam.h"
#include "optinc/design/parameters.h"
#include "optinc/onn/layer_set.h"

namespace optinc::design {

/// Scales every hidden wire to a largest output of 1, and what the next layer makes of it back: ReLU is homogeneous, so
/// the network stays the same, but noise that is relative to a layer's largest output no longer drowns its weaker
/// wires. Adam's averages follow. largest: [layers][wires]. A wire whose range is below `least_share` of the layer's is
/// scaled as one of that range: a chip's errors grow with its largest weight. With 1, a layer's wires have one common
/// factor; so do wires into an approximated layer, whose squares would not stay diagonal * orthogonal. Dark layers
/// stay.
void equalise_ranges(const ParameterLayout& layout, const onn::LayerSet& approximated,
                     const std::vector<std::vector<double>>& largest, double least_share,
                     std::vector<float>& parameters, Adam& adam);

}  // namespace optinc::design
