#include "optinc/cli/perf_run.h"

#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <vector>

#include "optinc/cli/known_sums.h"
#include "optinc/collective/scatter_gather.h"

namespace optinc::cli {
namespace {

using collective::Parts;
using collective::Transport;
using Bytes = std::vector<std::byte>;

/// Everyone's bytes, at every rank; as many of each.
template <typename T>
std::vector<T> all_gather(Transport& transport, const T& own) {
  std::vector<T> all(transport.size(), own);
  std::vector<collective::Outgoing> sent;
  std::vector<collective::Incoming> received;
  for (int other = 0; other < transport.size(); ++other) {
    if (other == transport.rank()) continue;
    sent.push_back({other, std::as_bytes(std::span(&own, 1))});
    received.push_back({other, std::as_writable_bytes(std::span(&all[other], 1))});
  }
  transport.exchange(sent, received);
  return all;
}

void barrier(Transport& transport) {
  all_gather(transport, char{});
}

/// One rank's part in a case.
class CaseAtRank {
 public:
  CaseAtRank(const PerfCase& wanted, std::string name, Algorithm& algorithm, Transport& transport)
      : case_(wanted),
        name_(std::move(name)),
        algorithm_(algorithm),
        transport_(transport),
        parts_(wanted.count, transport.size(), 1),
        known_(wanted.type, transport.size(), wanted.seed) {}

  PerfResult run() {
    PerfResult result;
    input_.resize(case_.count * element_bytes());
    output_.resize(input_.size());
    fill_input();
    result.out_of_place = time(/*in_place=*/false);
    if (case_.check) {
      call(false);
      result.out_of_place.wrong = count_wrong(output_, &result);
    }
    result.out_of_place.hash = hash_of(output_);
    result.in_place = time(/*in_place=*/true);
    if (case_.check) {
      fill_input();
      call(true);
      result.in_place.wrong = count_wrong(input_, nullptr);
    }
    result.in_place.hash = hash_of(input_);
    result.wire_bytes = std::ranges::max(all_gather(transport_, wire_bytes_));
    return result;
  }

 private:
  std::size_t element_bytes() const { return codec::element_bytes(case_.type); }

  /// What a rank gives: of an all-gather, only its part.
  void inputs(int rank, std::uint64_t first, std::span<float> values) const {
    known_.inputs(case_.order.empty() ? rank : case_.order[rank], first, values);
    if (case_.operation != Operation::all_gather) return;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (first + i < parts_.begin(rank) || first + i >= parts_.end(rank)) values[i] = 0;
    }
  }

  void fill_input() {
    constexpr std::size_t kTile = 4096;
    std::vector<float> values(kTile);
    for (std::size_t i = 0; i < case_.count; i += kTile) {
      const std::span<float> tile = std::span(values).first(std::min(kTile, case_.count - i));
      inputs(transport_.rank(), i, tile);
      codec::from_float(tile, case_.type, codec::Overflow::to_infinity, input_.data() + i * element_bytes());
    }
  }

  void call(bool in_place) {
    const collective::Tensor tensor{.type = case_.type,
                                    .count = case_.count,
                                    .input = input_.data(),
                                    .output = in_place ? input_.data() : output_.data()};
    const collective::ReduceCall call{.op = case_.op};
    collective::AllReduceStats stats;
    const bool ring = name_ == "ring";
    switch (case_.operation) {
      case Operation::all_reduce:
        stats = algorithm_.all_reduce().all_reduce(tensor, call);
        break;
      case Operation::reduce_scatter:
        stats = ring ? collective::reduce_scatter_by_ring(transport_, tensor, call, scratch_)
                     : collective::reduce_scatter_by_device(algorithm_.all_reduce(), tensor, call);
        break;
      case Operation::all_gather:
        stats = ring ? collective::all_gather_by_ring(transport_, tensor)
                     : collective::all_gather_by_device(algorithm_.all_reduce(), transport_.rank(), transport_.size(),
                                                        tensor, call, scratch_);
        break;
    }
    wire_bytes_ = stats.wire_bytes;
  }

  Timing time(bool in_place) {
    for (int i = 0; i < case_.warm_up; ++i) call(in_place);
    barrier(transport_);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < case_.iterations; ++i) call(in_place);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    double sum = 0;
    for (const double seconds : all_gather(transport_, taken.count())) sum += seconds;
    return {.seconds = sum / transport_.size() / std::max(1, case_.iterations)};
  }

  std::uint64_t hash_of(const Bytes& output) const {
    const bool own_part = case_.operation == Operation::reduce_scatter;
    const std::size_t begin = own_part ? parts_.begin(transport_.rank()) : 0;
    const std::size_t count = own_part ? parts_.size(transport_.rank()) : case_.count;
    return XXH3_64bits(output.data() + begin * element_bytes(), count * element_bytes());
  }

  /// Over all ranks. Where all outputs are the same, as the hashes say, each rank checks its part for all.
  std::uint64_t count_wrong(const Bytes& output, PerfResult* deviations) {
    const auto hashes = all_gather(transport_, hash_of(output));
    const bool own_part = case_.operation == Operation::reduce_scatter;
    const bool same = own_part || std::ranges::count(hashes, hashes[0]) == transport_.size();
    Deviation deviation;
    const std::size_t begin = same ? parts_.begin(transport_.rank()) : 0;
    const std::size_t end = same ? parts_.end(transport_.rank()) : case_.count;
    std::uint64_t wrong = count_wrong_in(output, begin, end, deviation);
    if (same && !own_part) wrong *= transport_.size();
    std::uint64_t all_wrong = 0;
    for (const std::uint64_t of_one : all_gather(transport_, wrong)) all_wrong += of_one;
    if (deviations != nullptr) {
      Deviation all;
      for (const Deviation& of_one : all_gather(transport_, deviation)) all.add(of_one);
      deviations->nmse = all.nmse();
      deviations->ulp = all.ulp;
    }
    return all_wrong;
  }

  std::uint64_t count_wrong_in(const Bytes& output, std::size_t begin, std::size_t end, Deviation& deviation) {
    const int ranks = transport_.size();
    const collective::ReduceOp op = case_.operation == Operation::all_gather ? collective::ReduceOp::sum : case_.op;
    const auto overflow = op == collective::ReduceOp::sum ? codec::Overflow::to_infinity : codec::Overflow::to_largest;
    const Inputs of_rank = [this](int rank, std::uint64_t first, std::span<float> values) {
      inputs(rank, first, values);
    };
    const Oracle oracle = algorithm_.oracle(ranks, of_rank, op);
    const Oracle exact = electrical_oracle(ranks, of_rank, op);
    const std::size_t tile = oracle.grain * ((4096 + oracle.grain - 1) / oracle.grain);
    std::vector<float> expected, values, sums;
    Bytes expected_bytes;
    std::uint64_t wrong = 0;
    // Whole tiles, since blocks begin at fixed places; of the first and the last, what is in the range.
    for (std::size_t first = begin / tile * tile; first < end; first += tile) {
      const std::size_t count = std::min(tile, case_.count - first);
      expected.resize(count);
      sums.resize(count);
      oracle.expect(first, expected);
      exact.expect(first, sums);
      expected_bytes.resize(count * element_bytes());
      codec::from_float(expected, case_.type, overflow, expected_bytes.data());
      values.resize(count);
      codec::to_float(case_.type, output.data() + first * element_bytes(), values);
      const std::size_t from = std::max(begin, first) - first, to = std::min(end, first + count) - first;
      for (std::size_t i = from; i < to; ++i) {
        wrong += std::memcmp(expected_bytes.data() + i * element_bytes(), output.data() + (first + i) * element_bytes(),
                             element_bytes()) != 0;
      }
      const std::vector<double> exact_values(sums.begin() + static_cast<std::ptrdiff_t>(from),
                                             sums.begin() + static_cast<std::ptrdiff_t>(to));
      deviation.add(case_.type, std::span(values).subspan(from, to - from), exact_values);
    }
    return wrong;
  }

  const PerfCase& case_;
  std::string name_;
  Algorithm& algorithm_;
  Transport& transport_;
  Parts parts_;
  KnownSums known_;
  Bytes input_, output_, scratch_;
  std::uint64_t wire_bytes_ = 0;
};

}  // namespace

std::string to_string(Operation operation) {
  switch (operation) {
    case Operation::all_reduce:
      return "all_reduce";
    case Operation::reduce_scatter:
      return "reduce_scatter";
    case Operation::all_gather:
      return "all_gather";
  }
  return "?";
}

double algorithm_bandwidth(const PerfCase& measured, double seconds) {
  const auto bytes = static_cast<double>(measured.count * codec::element_bytes(measured.type));
  return seconds > 0 ? bytes / seconds * 1e-9 : 0;
}

double bus_bandwidth(const PerfCase& measured, int ranks, double seconds) {
  const double share = static_cast<double>(ranks - 1) / ranks;
  return algorithm_bandwidth(measured, seconds) * (measured.operation == Operation::all_reduce ? 2 * share : share);
}

std::optional<PerfResult> run_case(const PerfCase& wanted, const std::string& name, Algorithm& algorithm,
                                   Transport& transport) {
  const bool scatters = name == "optinc" || name == "ring";
  if (!algorithm.takes(wanted.type) || (wanted.operation != Operation::all_reduce && !scatters)) return std::nullopt;
  return CaseAtRank(wanted, name, algorithm, transport).run();
}

}  // namespace optinc::cli
