#include "optinc/backend/gloo_all_reduce.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/ATen.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "optinc/backend/gloo_error.h"
#include "optinc/base/error.h"
#include "optinc/collective/transport_error.h"

namespace optinc::backend {

using collective::TransportError;

namespace {

/// Rank 0's number at all ranks.
std::uint16_t from_rank_0(collective::Transport& transport, std::uint16_t number) {
  const std::span<std::uint16_t> one(&number, 1);
  if (transport.rank() > 0) {
    const collective::Incoming port{0, std::as_writable_bytes(one)};
    transport.exchange({}, {&port, 1});
    return number;
  }
  std::vector<collective::Outgoing> sent;
  for (int other = 1; other < transport.size(); ++other) sent.push_back({other, std::as_bytes(one)});
  transport.exchange(sent, {});
  return number;
}

at::ScalarType scalar_type(codec::ElementType type) {
  switch (type) {
    case codec::ElementType::float32:
      return at::kFloat;
    case codec::ElementType::float16:
      return at::kHalf;
    default:
      base::refuse("all-reduce of {} by Gloo: expected float32 or float16", codec::to_string(type));
  }
}

}  // namespace

struct GlooAllReduce::Group {
  Group(collective::Transport& transport, double deadline_s, const std::string& address)
      : rank(transport.rank()), size(transport.size()) {
    collective::check_deadline(deadline_s);
    const std::chrono::milliseconds timeout(std::max(1L, static_cast<long>(deadline_s * 1000)));
    c10d::TCPStoreOptions at;
    at.waitWorkers = false;
    at.timeout = timeout;
    at.isServer = rank == 0;
    at.port = 0;  // any that is free
    if (rank == 0) store = c10::make_intrusive<c10d::TCPStore>(address, at);
    at.port = from_rank_0(transport, rank == 0 ? store->getPort() : 0);
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->threads = 1;
    try {
      if (rank > 0) store = c10::make_intrusive<c10d::TCPStore>(address, at);
      options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
      gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
    } catch (const std::exception& error) {
      throw_gloo_error(fmt::format("rank {} of {}: connecting Gloo's ranks at {}:{}", rank, size, address, at.port),
                       error);
    }
  }

  int rank, size;
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

GlooAllReduce::GlooAllReduce(collective::Transport& transport, double deadline_s, const std::string& address)
    : group_(std::make_unique<Group>(transport, deadline_s, address)) {}

GlooAllReduce::~GlooAllReduce() = default;

collective::AllReduceStats GlooAllReduce::run(const collective::Tensor& tensor, const collective::ReduceCall& call) {
  const int size = group_->size;
  const at::ScalarType type = scalar_type(tensor.type);
  if (!tensor.in_place()) std::copy_n(tensor.input, tensor.bytes(), tensor.output);
  std::vector<at::Tensor> values{at::from_blob(tensor.output, {static_cast<std::int64_t>(tensor.count)}, type)};
  c10d::AllreduceOptions options;
  options.reduceOp = c10d::ReduceOp::SUM;
  try {
    if (tensor.count > 0) group_->gloo->allreduce(values, options)->wait();
  } catch (const std::exception& error) {
    throw_gloo_error(fmt::format("rank {} of {}: all-reduce of {} bytes", group_->rank, size, tensor.bytes()), error);
  }
  if (call.op == collective::ReduceOp::average) values[0].div_(size);
  return {.payload_bytes = tensor.bytes(), .servers = size};
}

}  // namespace optinc::backend
