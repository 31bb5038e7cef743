// PyTorch's process group with the optics between its ranks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <torch/csrc/distributed/c10d/Store.hpp>
#include <torch/csrc/distributed/c10d/Types.hpp>
#include <torch/version.h>

#include "optinc/backend/optical_group.h"
#include "optinc/backend/residuals.h"
#include "optinc/backend/serial_worker.h"
#include "optinc/backend/settings.h"
#include "optinc/backend/store_over_c10d.h"
#include "optinc/backend/work.h"

#if TORCH_VERSION_MAJOR >= 2
#include <torch/csrc/distributed/c10d/Backend.hpp>
#else
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#endif

namespace optinc::backend {

#if TORCH_VERSION_MAJOR >= 2
using C10dGroup = c10d::Backend;  // untested
#else
using C10dGroup = c10d::ProcessGroup;
#endif

/// All-reduce with SUM and AVG of float32, float16 and bfloat16 on the CPU goes through the optics; AVG is their
/// average, SUM is N times that. Everything else is Gloo's.
///
/// All-reduces and barriers are done one after the other on a thread of the group's own, in the order of the calls,
/// which is the same at all ranks: what a call gives does not depend on when anything happens. After an error in the
/// optics all later operations fail with its text. When ranks are lost and the others go on (Settings::on_fault), Gloo
/// is over, since it needs all ranks: barriers are done by the optics then, and what only Gloo can do is refused.
class ProcessGroupOptinc : public C10dGroup {
 public:
  /// All ranks make it together. Throws as OpticalGroup does.
  ProcessGroupOptinc(c10::intrusive_ptr<c10d::Store> store, int rank, int size, const Settings& settings);
  /// As close() does.
  ~ProcessGroupOptinc() override;

  const std::string getBackendName() const override { return "optinc"; }

  /// The same ranks by Gloo, before the first operation. Without it there are all-reduces of what the optics take and
  /// barriers only.
  void set_gloo(c10::intrusive_ptr<C10dGroup> gloo);
  /// Waits for the operations that were begun, then says goodbye to the other ranks. Later operations fail.
  void close();
  /// From any thread.
  GroupStats stats() const { return group_.stats(); }
  const std::string& description() const { return group_.description(); }

  c10::intrusive_ptr<c10d::Work> allreduce(std::vector<at::Tensor>& tensors,
                                           const c10d::AllreduceOptions& options) override;
  c10::intrusive_ptr<c10d::Work> allreduce_coalesced(std::vector<at::Tensor>& tensors,
                                                     const c10d::AllreduceCoalescedOptions& options) override;
  c10::intrusive_ptr<c10d::Work> barrier(const c10d::BarrierOptions& options) override;

  // Gloo's.
  c10::intrusive_ptr<c10d::Work> broadcast(std::vector<at::Tensor>& tensors,
                                           const c10d::BroadcastOptions& options) override;
  c10::intrusive_ptr<c10d::Work> reduce(std::vector<at::Tensor>& tensors, const c10d::ReduceOptions& options) override;
  c10::intrusive_ptr<c10d::Work> allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                           std::vector<at::Tensor>& inputs,
                                           const c10d::AllgatherOptions& options) override;
  c10::intrusive_ptr<c10d::Work> _allgather_base(at::Tensor& output, at::Tensor& input,
                                                 const c10d::AllgatherOptions& options) override;
  c10::intrusive_ptr<c10d::Work> allgather_coalesced(std::vector<std::vector<at::Tensor>>& outputs,
                                                     std::vector<at::Tensor>& inputs,
                                                     const c10d::AllgatherOptions& options) override;
  c10::intrusive_ptr<c10d::Work> gather(std::vector<std::vector<at::Tensor>>& outputs, std::vector<at::Tensor>& inputs,
                                        const c10d::GatherOptions& options) override;
  c10::intrusive_ptr<c10d::Work> scatter(std::vector<at::Tensor>& outputs, std::vector<std::vector<at::Tensor>>& inputs,
                                         const c10d::ScatterOptions& options) override;
  c10::intrusive_ptr<c10d::Work> reduce_scatter(std::vector<at::Tensor>& outputs,
                                                std::vector<std::vector<at::Tensor>>& inputs,
                                                const c10d::ReduceScatterOptions& options) override;
  c10::intrusive_ptr<c10d::Work> _reduce_scatter_base(at::Tensor& output, at::Tensor& input,
                                                      const c10d::ReduceScatterOptions& options) override;
  c10::intrusive_ptr<c10d::Work> alltoall_base(at::Tensor& output, at::Tensor& input,
                                               std::vector<std::int64_t>& output_splits,
                                               std::vector<std::int64_t>& input_splits,
                                               const c10d::AllToAllOptions& options) override;
  c10::intrusive_ptr<c10d::Work> alltoall(std::vector<at::Tensor>& outputs, std::vector<at::Tensor>& inputs,
                                          const c10d::AllToAllOptions& options) override;
  c10::intrusive_ptr<c10d::Work> send(std::vector<at::Tensor>& tensors, int to, int tag) override;
  c10::intrusive_ptr<c10d::Work> recv(std::vector<at::Tensor>& tensors, int from, int tag) override;
  c10::intrusive_ptr<c10d::Work> recvAnysource(std::vector<at::Tensor>& tensors, int tag) override;
  void monitoredBarrier(const c10d::BarrierOptions& options, bool wait_all_ranks) override;
  void setSequenceNumberForGroup() override;
  std::uint64_t getSequenceNumberForGroup() override;

 private:
  using MakeWork = std::function<c10::intrusive_ptr<c10d::Work>(C10dGroup& gloo)>;

  std::string what(const char* operation, const std::vector<at::Tensor>& tensors) const;
  /// With mutex_ held.
  c10::intrusive_ptr<c10d::Work> enqueue(c10::intrusive_ptr<OrderedWork> work, std::function<void()> operation);
  c10::intrusive_ptr<c10d::Work> reduce_through_optics(const std::vector<at::Tensor>& tensors, const c10d::ReduceOp& op,
                                                       c10d::OpType type);
  void reduce_now(const at::Tensor& tensor, collective::ReduceOp op, std::uint64_t first_element);
  void barrier_now(const c10d::BarrierOptions& options, const std::string& doing);
  /// Throws where Gloo can't do it.
  c10::intrusive_ptr<C10dGroup> gloo_for(const std::string& doing);
  c10::intrusive_ptr<c10d::Work> by_gloo(c10d::OpType type, const char* operation,
                                         const std::vector<at::Tensor>& tensors, const MakeWork& make_work);

  StoreOverC10d store_;
  bool error_feedback_;
  OpticalGroup group_;   // all-reduces and barriers are the worker's
  Residuals residuals_;  // the worker's
  std::mutex mutex_;     // of what follows
  c10::intrusive_ptr<C10dGroup> gloo_;
  std::uint64_t next_element_ = 0;
  std::unique_ptr<SerialWorker> worker_;  // none once it is closed
};

}  // namespace optinc::backend
