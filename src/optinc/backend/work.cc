#include "optinc/backend/work.h"

#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "optinc/backend/gloo_error.h"

namespace optinc::backend {

OrderedWork::OrderedWork(int rank, c10d::OpType type, const char* title, std::vector<at::Tensor> tensors,
                         std::string what)
    : Work(rank, type, title, tensors),
      tensors_(std::move(tensors)),
      what_(std::move(what)),
      future_(c10::make_intrusive<c10::ivalue::Future>(c10::ListType::create(c10::TensorType::get()))) {}

void OrderedWork::run(const std::function<void()>& operation) {
  std::exception_ptr error;
  try {
    operation();
  } catch (const std::exception& thrown) {
    error = std::make_exception_ptr(std::runtime_error(thrown.what()));
  }
  // The future first, as Gloo does: who has waited finds it done.
  if (error) {
    future_->setError(error);
  } else {
    future_->markCompleted(c10::IValue(tensors_));
  }
  finish(error);
}

bool OrderedWork::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (timeout == kNoTimeout) {
    cv_.wait(lock, [this] { return completed_; });
  } else if (!cv_.wait_for(lock, timeout, [this] { return completed_; })) {
    throw std::runtime_error(fmt::format("{}: not done within {} s", what_, timeout.count() / 1e3));
  }
  if (exception_) std::rethrow_exception(exception_);
  return true;
}

GlooWork::GlooWork(int rank, c10d::OpType type, c10::intrusive_ptr<c10d::Work> gloo, std::string what)
    : Work(rank, type), gloo_(std::move(gloo)), what_(std::move(what)) {}

bool GlooWork::wait(std::chrono::milliseconds timeout) {
  try {
    return gloo_->wait(timeout);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: Gloo: {}", what_, first_line(error.what())));
  }
}

}  // namespace optinc::backend
