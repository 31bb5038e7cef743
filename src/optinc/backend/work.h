// Operations under way, as PyTorch waits for them.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/distributed/c10d/Work.hpp>

namespace optinc::backend {

/// An operation on the group's own thread. Its future holds the list of its tensors.
class OrderedWork : public c10d::Work {
 public:
  /// `what` names it in errors: "rank 1 of 4: all-reduce of 4096 bytes".
  OrderedWork(int rank, c10d::OpType type, const char* title, std::vector<at::Tensor> tensors, std::string what);

  /// Does the operation and tells all that wait how it ended. What it throws, they throw as std::runtime_error.
  void run(const std::function<void()>& operation);

  /// Throws what the operation threw, or when it is not done within `timeout` (0: whenever it is).
  bool wait(std::chrono::milliseconds timeout) override;
  std::vector<at::Tensor> result() override { return tensors_; }
  c10::intrusive_ptr<c10::ivalue::Future> getFuture() override { return future_; }

 private:
  std::vector<at::Tensor> tensors_;
  std::string what_;
  c10::intrusive_ptr<c10::ivalue::Future> future_;
};

/// An operation that Gloo does: Gloo's own, but errors say whose it was.
class GlooWork : public c10d::Work {
 public:
  GlooWork(int rank, c10d::OpType type, c10::intrusive_ptr<c10d::Work> gloo, std::string what);

  bool wait(std::chrono::milliseconds timeout) override;
  bool isCompleted() override { return gloo_->isCompleted(); }
  bool isSuccess() const override { return gloo_->isSuccess(); }
  std::exception_ptr exception() const override { return gloo_->exception(); }
  int sourceRank() const override { return gloo_->sourceRank(); }
  std::vector<at::Tensor> result() override { return gloo_->result(); }
  void synchronize() override { gloo_->synchronize(); }
  void abort() override { gloo_->abort(); }
  c10::intrusive_ptr<c10::ivalue::Future> getFuture() override { return gloo_->getFuture(); }

 private:
  c10::intrusive_ptr<c10d::Work> gloo_;
  std::string what_;
};

}  // namespace optinc::backend
