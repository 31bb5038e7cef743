// What a search varies: a construction's plan as a vector of numbers within bounds, for evolution to mix.
#pragma once

#include <string>
#include <vector>

#include "optinc/construct/circuit.h"
#include "optinc/device/device_shape.h"

namespace optinc::search {

struct Gene {
  std::string name;
  double low, high;
  bool whole = false;  ///< only whole numbers mean something; these come last
};

/// The genes, in order. Repeats are powers of two, as exponents; a ramp is a share of the pitch (construct::Style).
///   whole: states or sums to look ahead, carries at once, digits at once, a stage that adds up digits, and how often
///   its wires, those that only carry on among states and carries, stand
const std::vector<Gene>& genes();

/// The plan that these genes [genes().size()] mean for a device.
construct::Plan plan_of(const device::DeviceShape& shape, const std::vector<double>& values);

}  // namespace optinc::search
