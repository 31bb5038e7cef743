// Residual networks for images. Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image
// Recognition", arXiv:1512.03385. ResNet18 and ResNet50 have torchvision's names and places of stride (that of a
// bottleneck is in its 3 x 3 convolution); ResNet20 is the paper's for small images, with shortcuts without parameters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optinc/workload/named_array.h"

namespace optinc::workload {

/// The first layers. cifar: a 3 x 3 convolution. imagenet: a 7 x 7 convolution of stride 2 and a 3 x 3 maximum of
/// stride 2: a 32 x 32 image is 8 x 8 behind it.
enum class Stem { cifar, imagenet };

/// "cifar", "imagenet".
std::string to_string(Stem stem);
/// The inverse. Throws base::InputError with the names that exist.
Stem parse_stem(std::string_view name);

struct ResnetOptions {
  int depth = 20;           ///< 20, 18 or 50
  Stem stem = Stem::cifar;  ///< of 20: cifar only
  int classes = 100;
};

/// Throws base::InputError that names the option which can't be.
void check(const ResnetOptions& options);

/// The model with its parameters. Used by one thread, the one that made it; what it computes is a function of its
/// parameters and the images alone, whatever else the process does at the same time. Images are [n, height, width, 3]
/// float32 (colours last).
class Resnet {
 public:
  /// Random parameters, a function of (options, seed): filters normal with variance 2 / fan-out (K. He et al.,
  /// arXiv:1502.01852), the last gain of each block zero (P. Goyal et al., arXiv:1706.02677).
  Resnet(const ResnetOptions& options, std::uint64_t seed);
  ~Resnet();
  Resnet(const Resnet&) = delete;
  Resnet& operator=(const Resnet&) = delete;

  /// All parameters, one behind the other: first filters and matrix, which weight decay is meant for, then gains and
  /// biases.
  std::span<float> parameters();
  std::size_t decayed_parameter_count() const;
  /// Running mean and variance of each batch normalisation, one behind the other. Each call of loss_and_gradient()
  /// moves them a tenth of the way to those of its batch.
  std::span<float> statistics();
  /// Parameters and statistics by torchvision's names.
  std::vector<NamedArray> named_arrays() const;

  /// The mean cross-entropy of a batch [n, side, side, 3] with its labels [n], in nats, and its gradient in the order
  /// of parameters(), which overwrites `gradient`. Batch normalisation is over this batch. smoothing: that share of a
  /// label is spread evenly over all classes. Throws base::InputError for labels out of range and sizes that do not
  /// match.
  double loss_and_gradient(std::span<const float> images, std::span<const std::int64_t> labels, int side,
                           double smoothing, std::span<float> gradient);
  /// Logits [n, classes] by the statistics, not by the batch.
  std::vector<float> logits(std::span<const float> images, int count, int side) const;

 private:
  class Network;
  std::unique_ptr<Network> network_;
};

}  // namespace optinc::workload
