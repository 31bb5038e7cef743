// What turns an averaged gradient into new parameters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "optinc/base/record.h"

namespace optinc::workload {

/// What a checkpoint has to keep.
struct OptimiserState {
  std::vector<std::vector<float>> moments;  ///< each [parameters]
  std::int64_t updates = 0;
};

class Optimiser {
 public:
  virtual ~Optimiser() = default;
  /// parameters [n] by gradient [n].
  virtual void update(std::span<float> parameters, std::span<const float> gradient, double learning_rate) = 0;
  /// As many moments of as many elements as it was made with, always.
  virtual OptimiserState& state() = 0;
};

/// I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101.
struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.95;
  double epsilon = 1e-8;
};

/// v = momentum v + g + weight_decay p; p -= rate (g + weight_decay p + momentum v) with Nesterov's look ahead, rate v
/// without. I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in
/// PyTorch's form.
struct SgdOptions {
  double momentum = 0.9;
  bool nesterov = true;
};

enum class OptimiserKind { adamw, sgd };

/// "adamw", "sgd".
std::string to_string(OptimiserKind kind);
/// The inverse. Throws base::InputError with the names that exist.
OptimiserKind parse_optimiser(const std::string& name);

struct OptimiserOptions {
  OptimiserKind kind = OptimiserKind::adamw;
  double weight_decay = 0.1;
  AdamWOptions adamw;
  SgdOptions sgd;
};

/// Throws base::InputError for values out of range.
void check(const OptimiserOptions& options);
/// Everything that an update depends on.
base::Json to_json(const OptimiserOptions& options);

/// Weight decay is for the first `decayed` of `parameters` parameters.
std::unique_ptr<Optimiser> make_optimiser(const OptimiserOptions& options, std::size_t parameters, std::size_t decayed);

}  // namespace optinc::workload
