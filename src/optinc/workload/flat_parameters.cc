#include "optinc/workload/flat_parameters.h"

#include <malloc.h>

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include "optinc/base/error.h"
#include "optinc/linalg/blas.h"

namespace optinc::workload {

void compute_alone_in_this_thread() {
  // A step frees what the next one takes again: memory that goes back to the system each time costs a fifth of a step.
  constexpr int kKept = 1 << 30;
  constexpr int kLargestOfHeap = 32 << 20;
  mallopt(M_TRIM_THRESHOLD, kKept);
  mallopt(M_MMAP_THRESHOLD, kLargestOfHeap);
  at::set_num_threads(1);
  linalg::use_one_blas_thread();
}

struct FlatParameters::Tensors {
  at::Tensor flat;
  std::vector<at::Tensor> leaves;  // in the order in which they were added
};

FlatParameters::FlatParameters() : tensors_(std::make_unique<Tensors>()) {}

FlatParameters::~FlatParameters() = default;

const at::Tensor& FlatParameters::tensor(std::size_t number) const {
  return tensors_->leaves[number];
}

std::size_t FlatParameters::add(const std::string& name, std::vector<std::int64_t> shape, bool decayed) {
  const std::int64_t count = c10::multiply_integers(shape);
  places_.push_back({.name = name, .shape = std::move(shape), .decayed = decayed, .begin = 0, .count = count});
  return places_.size() - 1;
}

void FlatParameters::allocate() {
  std::int64_t taken = 0;
  for (const bool decayed : {true, false}) {
    for (std::size_t number = 0; number < places_.size(); ++number) {
      if (places_[number].decayed != decayed) continue;
      places_[number].begin = taken;
      taken += places_[number].count;
      order_.push_back(number);
    }
    if (decayed) decayed_count_ = static_cast<std::size_t>(taken);
  }
  tensors_->flat = at::zeros({taken});
  for (const Place& place : places_) {
    const at::Tensor part = tensors_->flat.narrow(0, place.begin, place.count);
    tensors_->leaves.push_back(part.view(place.shape).detach().set_requires_grad(true));
  }
}

std::span<float> FlatParameters::values() const {
  return {tensors_->flat.data_ptr<float>(), static_cast<std::size_t>(tensors_->flat.numel())};
}

void FlatParameters::gradient(const at::Tensor& loss, std::span<float> gradient) const {
  base::require(gradient.size() == values().size(), "room for {} gradients: expected {}", gradient.size(),
                values().size());
  std::vector<at::Tensor> in_order;
  for (const std::size_t number : order_) in_order.push_back(tensor(number));
  float* to = gradient.data();
  for (const at::Tensor& part : torch::autograd::grad({loss}, in_order)) {
    const at::Tensor dense = part.contiguous();
    to = std::copy_n(dense.data_ptr<float>(), dense.numel(), to);
  }
}

std::vector<NamedArray> FlatParameters::named() const {
  std::vector<NamedArray> all;
  for (const Place& place : places_) {
    all.push_back({.name = place.name, .shape = place.shape, .values = values().subspan(place.begin, place.count)});
  }
  return all;
}

}  // namespace optinc::workload
