// The parameters of an ONN in training: one flat buffer, cut into layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "optinc/device/device_shape.h"
#include "optinc/onn/network.h"

namespace optinc::design {

/// Where the layers lie in a flat buffer: weight [outputs, inputs], then bias [outputs], layer by layer.
class ParameterLayout {
 public:
  struct Place {
    int outputs;
    int inputs;
    std::size_t weight;  ///< offset of the weight
    std::size_t bias;    ///< offset of the bias
  };

  /// widths: K, hidden widths, M.
  explicit ParameterLayout(const std::vector<int>& widths);
  const std::vector<Place>& layers() const { return layers_; }
  std::size_t size() const { return size_; }
  std::size_t weights() const { return weights_; }  ///< biases left out

 private:
  std::vector<Place> layers_;
  std::size_t size_ = 0;
  std::size_t weights_ = 0;
};

/// An orthogonal start: every square of every weight is a random orthogonal matrix, scaled so that the signal keeps its
/// size through the ReLUs; hidden biases are uniform on [-1, 1), the last layer's 0. A function of the seed alone.
std::vector<float> orthogonal_start(const ParameterLayout& layout, std::uint64_t seed);

/// What training sees: x = (A - shift) / scale and symbols = shift + scale * y, both close to zero mean and unit
/// variance.
struct Normalisation {
  double input_shift, input_scale, output_shift, output_scale;
  explicit Normalisation(const device::DeviceShape& shape);
};

/// The network in level units, with the normalisation folded into its first and last layers.
onn::Network to_network(const ParameterLayout& layout, const std::vector<float>& parameters,
                        const Normalisation& normalisation);

/// The inverse: parameters whose to_network is `network`, to float32's rounding. Throws base::InputError unless the
/// widths are the layout's.
std::vector<float> from_network(const ParameterLayout& layout, const onn::Network& network,
                                const Normalisation& normalisation);

}  // namespace optinc::design
