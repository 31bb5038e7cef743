// A model's parameters in one piece of memory, so that optimiser and all-reduce see one array. Internal to the folder.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "optinc/workload/named_array.h"

namespace at {
class Tensor;
}

namespace optinc::workload {

/// Settings of this thread and process that a model computes under: what it gives is a function of its parameters and
/// inputs alone, whatever else the process does at the same time.
void compute_alone_in_this_thread();

/// Float32 arrays one behind the other. Those that weight decay is meant for (matrices and filters) come first, in the
/// order in which they were added, then the others.
class FlatParameters {
 public:
  FlatParameters();
  ~FlatParameters();
  /// A place for the next array. Returns its number. Until allocate() only.
  std::size_t add(const std::string& name, std::vector<std::int64_t> shape, bool decayed);
  /// Makes the memory, zeros. Once, when all have been added.
  void allocate();

  /// Array number `number`, a leaf of the graph: its gradient is what gradient() gives.
  const at::Tensor& tensor(std::size_t number) const;
  std::span<float> values() const;
  std::size_t decayed_count() const { return decayed_count_; }

  /// d loss / d parameters, in the order of values(), into `gradient`. Throws base::InputError for another size.
  void gradient(const at::Tensor& loss, std::span<float> gradient) const;

  /// In the order in which they were added.
  std::vector<NamedArray> named() const;

 private:
  struct Place {
    std::string name;
    std::vector<std::int64_t> shape;
    bool decayed;
    std::int64_t begin = 0, count = 0;
  };
  std::vector<Place> places_;
  std::vector<std::size_t> order_;  // of the numbers in memory
  struct Tensors;
  std::unique_ptr<Tensors> tensors_;
  std::size_t decayed_count_ = 0;
};

}  // namespace optinc::workload
