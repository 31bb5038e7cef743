#include "optinc/backend/process_group_optinc.h"

#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/MemoryOverlap.h>
#include <fmt/format.h>

#include "optinc/backend/gloo_error.h"

namespace optinc::backend {
namespace {

using c10d::OpType;
using WorkPointer = c10::intrusive_ptr<c10d::Work>;

std::optional<codec::ElementType> element_type(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return codec::ElementType::float32;
    case at::kHalf:
      return codec::ElementType::float16;
    case at::kBFloat16:
      return codec::ElementType::bfloat16;
    default:
      return {};
  }
}

std::optional<collective::ReduceOp> reduce_op(const c10d::ReduceOp& op) {
  if (op == c10d::ReduceOp::SUM) return collective::ReduceOp::sum;
  if (op == c10d::ReduceOp::AVG) return collective::ReduceOp::average;
  return {};
}

bool optics_take(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.layout() == at::kStrided && element_type(tensor).has_value();
}

std::vector<at::Tensor> flat(const std::vector<std::vector<at::Tensor>>& lists) {
  std::vector<at::Tensor> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace

ProcessGroupOptinc::ProcessGroupOptinc(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                                       const Settings& settings)
    : C10dGroup(rank, size),
      store_(std::move(store)),
      error_feedback_(settings.error_feedback),
      group_(store_, rank, size, settings),
      worker_(std::make_unique<SerialWorker>()) {}

ProcessGroupOptinc::~ProcessGroupOptinc() {
  close();
}

void ProcessGroupOptinc::set_gloo(c10::intrusive_ptr<C10dGroup> gloo) {
  const std::lock_guard lock(mutex_);
  gloo_ = std::move(gloo);
}

void ProcessGroupOptinc::close() {
  std::unique_ptr<SerialWorker> worker;
  {
    const std::lock_guard lock(mutex_);
    worker = std::move(worker_);
  }
  if (!worker) return;
  worker.reset();
  group_.close();
  const c10::intrusive_ptr<C10dGroup> gloo = [this] {
    const std::lock_guard lock(mutex_);
    return std::move(gloo_);
  }();  // which ends here, outside the lock
}

std::string ProcessGroupOptinc::what(const char* operation, const std::vector<at::Tensor>& tensors) const {
  std::size_t bytes = 0;
  for (const at::Tensor& tensor : tensors) {
    if (tensor.defined() && tensor.layout() == at::kStrided) bytes += tensor.nbytes();
  }
  return fmt::format("rank {} of {}: {} of {} bytes", rank_, size_, operation, bytes);
}

// Through the optics.

WorkPointer ProcessGroupOptinc::allreduce(std::vector<at::Tensor>& tensors, const c10d::AllreduceOptions& options) {
  if (tensors.size() != 1) {
    throw std::runtime_error(
        fmt::format("rank {} of {}: all_reduce of {} tensors in one call: expected 1", rank_, size_, tensors.size()));
  }
  if (reduce_op(options.reduceOp) && optics_take(tensors[0])) {
    return reduce_through_optics(tensors, options.reduceOp, OpType::ALLREDUCE);
  }
  if (options.reduceOp == c10d::ReduceOp::AVG) {
    throw std::runtime_error(
        fmt::format("{}: the average of {} on {}: expected float32, float16 or bfloat16 on the CPU; others have SUM",
                    what("all_reduce", tensors), c10::toString(tensors[0].scalar_type()), tensors[0].device().str()));
  }
  return by_gloo(OpType::ALLREDUCE, "all_reduce", tensors,
                 [&](C10dGroup& gloo) { return gloo.allreduce(tensors, options); });
}

WorkPointer ProcessGroupOptinc::allreduce_coalesced(std::vector<at::Tensor>& tensors,
                                                    const c10d::AllreduceCoalescedOptions& options) {
  if (reduce_op(options.reduceOp) && std::all_of(tensors.begin(), tensors.end(), optics_take)) {
    return reduce_through_optics(tensors, options.reduceOp, OpType::ALLREDUCE_COALESCED);
  }
  return by_gloo(OpType::ALLREDUCE_COALESCED, "all_reduce_coalesced", tensors,
                 [&](C10dGroup& gloo) { return gloo.allreduce_coalesced(tensors, options); });
}

WorkPointer ProcessGroupOptinc::reduce_through_optics(const std::vector<at::Tensor>& tensors, const c10d::ReduceOp& op,
                                                      OpType type) {
  const std::string doing = what("all_reduce", tensors);
  std::int64_t elements = 0;
  for (const at::Tensor& tensor : tensors) {
    elements += tensor.numel();
    if (at::has_internal_overlap(tensor) == at::MemOverlap::Yes) {
      throw std::runtime_error(doing + ": elements of the tensor share memory: expected one that was not expanded");
    }
  }
  auto work = c10::make_intrusive<OrderedWork>(rank_, type, "optinc:all_reduce", tensors, doing);
  const collective::ReduceOp ours = *reduce_op(op);
  const std::lock_guard lock(mutex_);
  const std::uint64_t begin = next_element_;
  next_element_ += elements;
  return enqueue(std::move(work), [this, tensors, ours, begin] {
    std::uint64_t first_element = begin;
    for (const at::Tensor& tensor : tensors) {
      reduce_now(tensor, ours, first_element);
      first_element += tensor.numel();
    }
  });
}

WorkPointer ProcessGroupOptinc::enqueue(c10::intrusive_ptr<OrderedWork> work, std::function<void()> operation) {
  if (!worker_) throw std::runtime_error(group_.failure());
  worker_->add([work, operation = std::move(operation)] { work->run(operation); });
  return work;
}

void ProcessGroupOptinc::reduce_now(const at::Tensor& tensor, collective::ReduceOp op, std::uint64_t first_element) {
  const at::NoGradGuard no_grad;
  if (tensor.numel() == 0) return;
  const at::Tensor dense = tensor.contiguous();
  auto* const bytes = static_cast<std::byte*>(dense.data_ptr());
  const std::span<float> residual = error_feedback_ ? residuals_.of(tensor) : std::span<float>();
  group_.all_reduce({*element_type(tensor), static_cast<std::size_t>(tensor.numel()), bytes, bytes}, op, first_element,
                    residual);
  if (!dense.is_same(tensor)) tensor.copy_(dense);
}

WorkPointer ProcessGroupOptinc::barrier(const c10d::BarrierOptions& options) {
  const std::string doing = fmt::format("rank {} of {}: barrier", rank_, size_);
  auto work =
      c10::make_intrusive<OrderedWork>(rank_, OpType::BARRIER, "optinc:barrier", std::vector<at::Tensor>(), doing);
  const std::lock_guard lock(mutex_);
  return enqueue(std::move(work), [this, options, doing] { barrier_now(options, doing); });
}

void ProcessGroupOptinc::barrier_now(const c10d::BarrierOptions& options, const std::string& doing) {
  // The optics first: they name a rank that does not come. Then Gloo, which has operations of its own to wait for.
  group_.barrier();
  if (group_.stats().members.size() < static_cast<std::size_t>(size_)) return;
  const c10::intrusive_ptr<C10dGroup> gloo = [this] {
    const std::lock_guard lock(mutex_);
    return gloo_;
  }();
  if (!gloo) return;
  try {
    gloo->barrier(options)->wait();
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: Gloo: {}", doing, first_line(error.what())));
  }
}

// By Gloo.

c10::intrusive_ptr<C10dGroup> ProcessGroupOptinc::gloo_for(const std::string& doing) {
  const GroupStats stats = group_.stats();
  if (!stats.failure.empty()) throw std::runtime_error(stats.failure);
  if (stats.members.size() < static_cast<std::size_t>(size_)) {
    throw std::runtime_error(
        fmt::format("{}: Gloo does this, which needs all {} ranks; ranks {} are there (last fault: {})", doing, size_,
                    fmt::join(stats.members, ", "), stats.last_fault));
  }
  const std::lock_guard lock(mutex_);
  if (!gloo_) throw std::runtime_error(doing + ": there is no Gloo group beside the optics");
  return gloo_;
}

WorkPointer ProcessGroupOptinc::by_gloo(OpType type, const char* operation, const std::vector<at::Tensor>& tensors,
                                        const MakeWork& make_work) {
  const std::string doing = what(operation, tensors);
  const c10::intrusive_ptr<C10dGroup> gloo = gloo_for(doing);
  try {
    return c10::make_intrusive<GlooWork>(rank_, type, make_work(*gloo), doing);
  } catch (const std::invalid_argument&) {
    throw;  // Gloo's word on the arguments; ValueError in Python
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: Gloo: {}", doing, first_line(error.what())));
  }
}

WorkPointer ProcessGroupOptinc::broadcast(std::vector<at::Tensor>& tensors, const c10d::BroadcastOptions& options) {
  return by_gloo(OpType::BROADCAST, "broadcast", tensors,
                 [&](C10dGroup& gloo) { return gloo.broadcast(tensors, options); });
}

WorkPointer ProcessGroupOptinc::reduce(std::vector<at::Tensor>& tensors, const c10d::ReduceOptions& options) {
  return by_gloo(OpType::REDUCE, "reduce", tensors, [&](C10dGroup& gloo) { return gloo.reduce(tensors, options); });
}

WorkPointer ProcessGroupOptinc::allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                          std::vector<at::Tensor>& inputs, const c10d::AllgatherOptions& options) {
  return by_gloo(OpType::ALLGATHER, "all_gather", inputs,
                 [&](C10dGroup& gloo) { return gloo.allgather(outputs, inputs, options); });
}

WorkPointer ProcessGroupOptinc::_allgather_base(at::Tensor& output, at::Tensor& input,
                                                const c10d::AllgatherOptions& options) {
  return by_gloo(OpType::_ALLGATHER_BASE, "all_gather_into_tensor", {input},
                 [&](C10dGroup& gloo) { return gloo._allgather_base(output, input, options); });
}

WorkPointer ProcessGroupOptinc::allgather_coalesced(std::vector<std::vector<at::Tensor>>& outputs,
                                                    std::vector<at::Tensor>& inputs,
                                                    const c10d::AllgatherOptions& options) {
  return by_gloo(OpType::ALLGATHER_COALESCED, "all_gather_coalesced", inputs,
                 [&](C10dGroup& gloo) { return gloo.allgather_coalesced(outputs, inputs, options); });
}

WorkPointer ProcessGroupOptinc::gather(std::vector<std::vector<at::Tensor>>& outputs, std::vector<at::Tensor>& inputs,
                                       const c10d::GatherOptions& options) {
  return by_gloo(OpType::GATHER, "gather", inputs,
                 [&](C10dGroup& gloo) { return gloo.gather(outputs, inputs, options); });
}

WorkPointer ProcessGroupOptinc::scatter(std::vector<at::Tensor>& outputs, std::vector<std::vector<at::Tensor>>& inputs,
                                        const c10d::ScatterOptions& options) {
  return by_gloo(OpType::SCATTER, "scatter", outputs,
                 [&](C10dGroup& gloo) { return gloo.scatter(outputs, inputs, options); });
}

WorkPointer ProcessGroupOptinc::reduce_scatter(std::vector<at::Tensor>& outputs,
                                               std::vector<std::vector<at::Tensor>>& inputs,
                                               const c10d::ReduceScatterOptions& options) {
  return by_gloo(OpType::REDUCE_SCATTER, "reduce_scatter", flat(inputs),
                 [&](C10dGroup& gloo) { return gloo.reduce_scatter(outputs, inputs, options); });
}

WorkPointer ProcessGroupOptinc::_reduce_scatter_base(at::Tensor& output, at::Tensor& input,
                                                     const c10d::ReduceScatterOptions& options) {
  return by_gloo(OpType::_REDUCE_SCATTER_BASE, "reduce_scatter_tensor", {input},
                 [&](C10dGroup& gloo) { return gloo._reduce_scatter_base(output, input, options); });
}

WorkPointer ProcessGroupOptinc::alltoall_base(at::Tensor& output, at::Tensor& input,
                                              std::vector<std::int64_t>& output_splits,
                                              std::vector<std::int64_t>& input_splits,
                                              const c10d::AllToAllOptions& options) {
  return by_gloo(OpType::ALLTOALL_BASE, "all_to_all_single", {input}, [&](C10dGroup& gloo) {
    return gloo.alltoall_base(output, input, output_splits, input_splits, options);
  });
}

WorkPointer ProcessGroupOptinc::alltoall(std::vector<at::Tensor>& outputs, std::vector<at::Tensor>& inputs,
                                         const c10d::AllToAllOptions& options) {
  return by_gloo(OpType::ALLTOALL, "all_to_all", inputs,
                 [&](C10dGroup& gloo) { return gloo.alltoall(outputs, inputs, options); });
}

WorkPointer ProcessGroupOptinc::send(std::vector<at::Tensor>& tensors, int to, int tag) {
  return by_gloo(OpType::SEND, fmt::format("send to rank {}", to).c_str(), tensors,
                 [&](C10dGroup& gloo) { return gloo.send(tensors, to, tag); });
}

WorkPointer ProcessGroupOptinc::recv(std::vector<at::Tensor>& tensors, int from, int tag) {
  return by_gloo(OpType::RECV, fmt::format("receive from rank {}", from).c_str(), tensors,
                 [&](C10dGroup& gloo) { return gloo.recv(tensors, from, tag); });
}

WorkPointer ProcessGroupOptinc::recvAnysource(std::vector<at::Tensor>& tensors, int tag) {
  return by_gloo(OpType::RECVANYSOURCE, "receive from any rank", tensors,
                 [&](C10dGroup& gloo) { return gloo.recvAnysource(tensors, tag); });
}

void ProcessGroupOptinc::monitoredBarrier(const c10d::BarrierOptions& options, bool wait_all_ranks) {
  gloo_for(fmt::format("rank {} of {}: monitored_barrier", rank_, size_))->monitoredBarrier(options, wait_all_ranks);
}

void ProcessGroupOptinc::setSequenceNumberForGroup() {
  gloo_for(fmt::format("rank {} of {}: setting sequence numbers", rank_, size_))->setSequenceNumberForGroup();
}

std::uint64_t ProcessGroupOptinc::getSequenceNumberForGroup() {
  return gloo_for(fmt::format("rank {} of {}: sequence number", rank_, size_))->getSequenceNumberForGroup();
}

}  // namespace optinc::backend
