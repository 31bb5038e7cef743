#include "optinc/backend/optical_group.h"

#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "optinc/base/error.h"

namespace optinc::backend {
namespace {

using Clock = std::chrono::steady_clock;

collective::TcpTransportOptions transport_options(const Settings& settings) {
  collective::TcpTransportOptions options;
  options.deadline_s = settings.deadline_s;
  if (!settings.address.empty()) options.address = settings.address;
  options.checksum = settings.checksum;
  return options;
}

}  // namespace

OpticalGroup::OpticalGroup(collective::Store& store, int rank, int size, const Settings& settings)
    : rank_(rank), size_(size), optics_(make_optics(settings, size)) {
  transport_.emplace(store, rank, size, transport_options(settings));
  collective::OpticalAllReduceOptions options = optics_.options;
  options.faults.notice = [this](const std::string& line) { note_fault(line); };
  all_reduce_.emplace(*transport_, *optics_.fabric.fabric, options);
  stats_.members = all_reduce_->members();
  if (settings.verbose && rank == 0) {
    fmt::print(stderr, "optinc: {} ranks through {}; deadline {} s\n", size, optics_.description, settings.deadline_s);
  }
}

void OpticalGroup::close() {
  {
    const std::lock_guard lock(mutex_);
    if (stats_.failure.empty()) stats_.failure = fmt::format("rank {} of {}: the group has been closed", rank_, size_);
  }
  all_reduce_.reset();
  transport_.reset();
}

void OpticalGroup::all_reduce(const collective::Tensor& tensor, collective::ReduceOp op, std::uint64_t first_element,
                              std::span<float> residual) {
  const Clock::time_point start = Clock::now();
  const collective::AllReduceStats stats =
      run(tensor, {.op = op, .first_element = first_element, .residual = residual});
  const std::lock_guard lock(mutex_);
  stats_.last = stats;
  ++stats_.calls;
  stats_.payload_bytes += stats.payload_bytes;
  stats_.wire_bytes += stats.wire_bytes;
  stats_.non_finite_blocks += stats.non_finite_blocks;
  stats_.fell_back += stats.fell_back ? 1 : 0;
  stats_.seconds += std::chrono::duration<double>(Clock::now() - start).count();
}

void OpticalGroup::barrier() {
  float zero = 0;
  std::byte* const bytes = reinterpret_cast<std::byte*>(&zero);
  run({.count = 1, .input = bytes, .output = bytes}, {});
}

collective::AllReduceStats OpticalGroup::run(const collective::Tensor& tensor, const collective::ReduceCall& call) {
  if (const std::string why = failure(); !why.empty()) throw base::RunError(why);
  try {
    return all_reduce_->all_reduce(tensor, call);
  } catch (const std::exception& error) {
    fail(error.what());
    throw base::RunError(error.what());
  }
}

void OpticalGroup::fail(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    stats_.failure = why;
  }
  transport_->abort(why);
}

GroupStats OpticalGroup::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

std::string OpticalGroup::failure() const {
  const std::lock_guard lock(mutex_);
  return stats_.failure;
}

void OpticalGroup::note_fault(const std::string& line) {
  const std::lock_guard lock(mutex_);
  ++stats_.faults;
  stats_.last_fault = line;
  stats_.members = all_reduce_->members();
  if (rank_ == stats_.members.front()) fmt::print(stderr, "optinc: {}\n", line);
}

}  // namespace optinc::backend
