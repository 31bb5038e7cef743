// Options and reducers of optinc.h.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/capi/enumerations.h"
#include "optinc/capi/handles.h"
#include "optinc/capi/optinc.h"
#include "optinc/capi/status.h"
#include "optinc/collective/electrical_all_reduce.h"

using optinc::capi::guarded;
using optinc::capi::pointed_to;
namespace base = optinc::base;
namespace capi = optinc::capi;
namespace collective = optinc::collective;

namespace {

// The fields of 0.1.0: no caller has less. Later ones go to the end.
constexpr std::size_t kSmallestOptions = sizeof(optinc_all_reduce_options);

const optinc_all_reduce_options kDefaults{.size = sizeof(optinc_all_reduce_options),
                                          .algorithm = OPTINC_ALGORITHM_OPTINC,
                                          .scale_format = OPTINC_SCALE_ABSMAX16,
                                          .quantiser = OPTINC_QUANTISER_HALF_EVEN,
                                          .on_fault = OPTINC_ON_FAULT_ABORT,
                                          .block = 256,
                                          .seed = 0,
                                          .chunk = std::size_t{1} << 18,
                                          .threads = 1,
                                          .checksum = 0,
                                          .notice = nullptr,
                                          .notice_context = nullptr};

void check_options_size(std::size_t size) {
  base::require(size >= kSmallestOptions && size <= sizeof(optinc_all_reduce_options),
                "options of {} bytes: expected {}, by optinc_all_reduce_options_init(&options, sizeof options)", size,
                sizeof(optinc_all_reduce_options));
}

/// The caller's options; NULL: the defaults.
optinc_all_reduce_options options_of(const optinc_all_reduce_options* given) {
  optinc_all_reduce_options options = kDefaults;
  if (given == nullptr) return options;
  check_options_size(given->size);
  std::memcpy(&options, given, given->size);
  base::require(options.checksum == 0 || options.checksum == 1, "checksum {}: expected 0 or 1", options.checksum);
  return options;
}

collective::OpticalAllReduceOptions optical_options(const optinc_all_reduce_options& given, int bits) {
  collective::OpticalAllReduceOptions options;
  options.network.quantiser = {.bits = bits,
                               .block = given.block,
                               .scale_format = capi::scale_format_of(given.scale_format),
                               .rounding = capi::quantiser_rounding_of(given.quantiser)};
  options.network.seed = given.seed;
  options.pipeline.chunk = given.chunk;
  options.pipeline.threads = given.threads;
  options.faults.on_fault = capi::on_fault_of(given.on_fault);
  if (given.notice != nullptr) {
    options.faults.notice = [notice = given.notice, context = given.notice_context](const std::string& line) {
      notice(context, line.c_str());
    };
  }
  return options;
}

std::unique_ptr<collective::AllReduce> make_electrical(int algorithm, collective::Transport& transport) {
  switch (algorithm) {
    case OPTINC_ALGORITHM_RING:
      return collective::make_all_reduce(collective::Electrical::ring, transport);
    case OPTINC_ALGORITHM_RABENSEIFNER:
      return collective::make_all_reduce(collective::Electrical::rabenseifner, transport);
    case OPTINC_ALGORITHM_TREE:
      return collective::make_all_reduce(collective::Electrical::tree, transport);
    default:
      base::refuse(
          "algorithm {}: expected OPTINC_ALGORITHM_OPTINC, OPTINC_ALGORITHM_RING, OPTINC_ALGORITHM_RABENSEIFNER or "
          "OPTINC_ALGORITHM_TREE",
          algorithm);
  }
}

/// Calls of two reducers in turn can't be told apart by ranks that agree on what to do after a fault.
void take_place(capi::Rank& rank, bool outlives_faults) {
  base::require(!rank.outlives_faults && !(outlives_faults && rank.has_reducer),
                "a second reducer on this communicator: expected a reducer with on_fault OPTINC_ON_FAULT_RING or "
                "OPTINC_ON_FAULT_SURVIVORS to be its only one");
  rank.has_reducer = true;
  rank.outlives_faults = outlives_faults;
}

std::unique_ptr<optinc_reducer> make_reducer(const optinc_comm& comm, const optinc_fabric* fabric,
                                             const optinc_all_reduce_options& options) {
  auto made = std::make_unique<optinc_reducer>();
  made->rank = comm.rank;
  collective::Transport* transport = comm.rank->transport.get();
  if (options.checksum == 1 && !comm.rank->has_checksums) transport = &made->checksums.emplace(*transport);
  if (options.algorithm != OPTINC_ALGORITHM_OPTINC) {
    made->all_reduce = make_electrical(options.algorithm, *transport);
    base::require(options.on_fault == OPTINC_ON_FAULT_ABORT,
                  "on_fault {} with an electrical algorithm: expected OPTINC_ON_FAULT_ABORT", options.on_fault);
  } else {
    made->fabric = pointed_to(fabric, "fabric").fabric;
    auto optical = std::make_unique<collective::OpticalAllReduce>(*transport, *made->fabric,
                                                                  optical_options(options, made->fabric->bits()));
    made->optical = optical.get();
    made->all_reduce = std::move(optical);
  }
  take_place(*comm.rank, options.on_fault != OPTINC_ON_FAULT_ABORT);
  return made;
}

bool overlap(const void* one, std::size_t one_bytes, const void* other, std::size_t other_bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(one), other_begin = reinterpret_cast<std::uintptr_t>(other);
  return begin < other_begin + other_bytes && other_begin < begin + one_bytes;
}

collective::Tensor tensor_of(const void* in, void* out, std::size_t count, int type, const float* residual) {
  collective::Tensor tensor{.type = capi::element_type_of(type), .count = count};
  base::require(count <= PTRDIFF_MAX / sizeof(float), "count {}: expected at most {}", count,
                PTRDIFF_MAX / sizeof(float));
  if (count == 0) return tensor;
  pointed_to(static_cast<const std::byte*>(in), "in");
  pointed_to(static_cast<std::byte*>(out), "out");
  tensor.input = static_cast<const std::byte*>(in);
  tensor.output = static_cast<std::byte*>(out);
  base::require(in == out || !overlap(in, tensor.bytes(), out, tensor.bytes()),
                "in and out overlap, {} bytes each: expected the same memory, or memory apart", tensor.bytes());
  if (residual == nullptr) return tensor;
  const std::size_t residual_bytes = count * sizeof(float);
  base::require(
      !overlap(residual, residual_bytes, in, tensor.bytes()) && !overlap(residual, residual_bytes, out, tensor.bytes()),
      "residual overlaps in or out: expected memory apart");
  return tensor;
}

optinc_stats stats_of(const collective::AllReduceStats& stats) {
  return {.payload_bytes = stats.payload_bytes,
          .wire_bytes = stats.wire_bytes,
          .non_finite_blocks = stats.non_finite_blocks,
          .rounds = stats.rounds,
          .servers = stats.servers,
          .fell_back = stats.fell_back ? 1 : 0,
          .reserved = {}};
}

/// Ranks that have failed may be in different calls: whatever this one calls from now on might meet another's old call.
collective::AllReduceStats run(optinc_reducer& reducer, const collective::Tensor& tensor,
                               const collective::ReduceCall& call) {
  capi::Rank& rank = *reducer.rank;
  if (rank.failure) std::rethrow_exception(rank.failure);
  try {
    return reducer.all_reduce->all_reduce(tensor, call);
  } catch (...) {
    rank.failure = std::current_exception();
    throw;
  }
}

}  // namespace

optinc_status optinc_all_reduce_options_init(optinc_all_reduce_options* options, size_t size) {
  return guarded([&] {
    pointed_to(options, "options");
    check_options_size(size);
    std::memcpy(options, &kDefaults, size);
    options->size = size;
  });
}

optinc_status optinc_all_reduce_create(optinc_comm* comm, const optinc_fabric* fabric,
                                       const optinc_all_reduce_options* options, optinc_reducer** reducer) {
  return guarded([&] {
    pointed_to(reducer, "reducer") = nullptr;
    *reducer = make_reducer(pointed_to(comm, "comm"), fabric, options_of(options)).release();
  });
}

optinc_status optinc_all_reduce(optinc_reducer* reducer, const void* in, void* out, size_t count, int type, int op,
                                uint64_t first_element, float* residual, optinc_stats* stats) {
  return guarded([&] {
    pointed_to(reducer, "reducer");
    const collective::Tensor tensor = tensor_of(in, out, count, type, residual);
    collective::ReduceCall call{.op = capi::reduce_op_of(op), .first_element = first_element};
    if (residual != nullptr) call.residual = {residual, count};
    const collective::AllReduceStats found = run(*reducer, tensor, call);
    if (stats != nullptr) *stats = stats_of(found);
  });
}

optinc_status optinc_all_reduce_members(const optinc_reducer* reducer, int* ranks, int* count) {
  return guarded([&] {
    pointed_to(reducer, "reducer");
    pointed_to(ranks, "ranks");
    pointed_to(count, "count");
    std::vector<int> members;
    if (reducer->optical != nullptr) {
      members = reducer->optical->members();
    } else {
      for (int rank = 0; rank < reducer->rank->transport->size(); ++rank) members.push_back(rank);
    }
    std::ranges::copy(members, ranks);
    *count = static_cast<int>(members.size());
  });
}

optinc_status optinc_all_reduce_destroy(optinc_reducer* reducer) {
  return guarded([&] { delete reducer; });
}
