// What a search varies, as a vector of numbers within bounds, for evolution to mix: a construction's plan, or a
// structure to be trained.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "optinc/construct/circuit.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/layer_set.h"

namespace optinc::search {

enum class Over {
  constructions,  ///< as wide as they are
  structures,     ///< layer widths and approximated layers, trained under relative noise
};
std::string to_string(Over over);
/// Throws base::InputError for a name that is none of these.
Over parse_over(std::string_view name);

struct Gene {
  std::string name;
  double low, high;
  bool whole = false;  ///< only whole numbers mean something; these come last
};

/// The genes, in order. Repeats are powers of two, as exponents; a ramp is a share of the pitch (construct::Style).
/// Widths are places in a list (genes.cc), relative noise its log10.
const std::vector<Gene>& genes(Over over);

/// What a search begins with beside random genes: structures that are known to do. A space of random structures has few
/// that are ever right on all inputs.
std::vector<std::vector<double>> known_starts(Over over);

/// The plan that these genes of constructions mean for a device. Throws base::InputError for another number of genes.
construct::Plan plan_of(const device::DeviceShape& shape, const std::vector<double>& values);

struct Structure {
  std::vector<int> widths;  ///< K .. M
  onn::LayerSet approximated;
  double relative_noise = 0;       ///< to train under
  bool constructed_start = false;  ///< in place of a random one, where a construction fits
};
/// The same of structures. Layers whose sides don't divide stay dense.
Structure structure_of(const device::DeviceShape& shape, const std::vector<double>& values);

}  // namespace optinc::search
