// An array of a model, as a file of weights names it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace optinc::workload {

struct NamedArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;  ///< row-major
};

}  // namespace optinc::workload
