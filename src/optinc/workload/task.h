// What is learned: a model and its data, as one rank of a training run sees them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/workload/named_array.h"

namespace optinc::workload {

/// Sums over validation examples.
struct Score {
  double loss = 0;      ///< nats
  double examples = 0;  ///< predicted tokens, or images
  double right = 0;     ///< images classified right
};

class Task {
 public:
  virtual ~Task() = default;

  /// All parameters, one behind the other; those that weight decay is meant for come first. The same at every rank.
  virtual std::span<float> parameters() = 0;
  virtual std::size_t decayed_parameter_count() const = 0;
  /// What training keeps beside them and nothing is learned by: the statistics of batch normalisation. Of those, as in
  /// PyTorch's data parallelism, rank 0's are the ones that count.
  virtual std::span<float> statistics() { return {}; }
  /// Parameters and statistics by name, for a file of weights.
  virtual std::vector<NamedArray> named_arrays() const = 0;

  /// The mean loss of this rank's part of batch number `batch` of the run (from 0), and its gradient, which overwrites
  /// `gradient`: a function of parameters, batch and rank alone.
  virtual double loss_and_gradient(std::uint64_t batch, std::span<float> gradient) = 0;
  /// Over this rank's share of the validation examples.
  virtual Score validate() = 0;
  /// Whether Score::right means something.
  virtual bool classifies() const = 0;

  /// Batches that go through the data once; 0: data that are drawn from, without epochs.
  virtual std::uint64_t batches_per_epoch() const { return 0; }

  /// For the `run` record: sizes of the data and the like.
  virtual base::Json description() const = 0;
  /// Everything that the course of a run depends on, but for what the training loop itself knows.
  virtual base::Json fingerprint() const = 0;
};

}  // namespace optinc::workload
