// Payload (the tensor of one rank) a second, for four ranks as threads. bytes_per_second is nccl-tests' algbw.
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "optinc/collective/optinc_all_reduce.h"
#include "optinc/collective/ring_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/device/exact_averager.h"
#include "optinc/device/tabulated_averager.h"
#include "optinc/fabric/single_device.h"

namespace optinc::collective {
namespace {

constexpr int kRanks = 4;

void measure(benchmark::State& state, const std::function<std::unique_ptr<AllReduce>(Transport&)>& make) {
  const auto payload_bytes = static_cast<std::size_t>(state.range(0)) << 20;
  ThreadHub hub(kRanks);
  std::vector<std::unique_ptr<AllReduce>> all_reduce;
  std::vector<std::vector<float>> values;
  for (int rank = 0; rank < kRanks; ++rank) {
    all_reduce.push_back(make(hub.transport(rank)));
    const base::CounterStream stream(1, rank);
    std::vector<float>& tensor = values.emplace_back(payload_bytes / sizeof(float));
    for (std::size_t i = 0; i < tensor.size(); ++i) tensor[i] = static_cast<float>(stream.uniform(i) - 0.5);
  }
  AllReduceStats stats;
  for (auto _ : state) {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < kRanks; ++rank) {
      threads.emplace_back([&, rank] {
        const AllReduceStats own = all_reduce[rank]->average(values[rank], 0);
        if (rank == 0) stats = own;
      });
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * payload_bytes));
  state.counters["wire/payload"] = static_cast<double>(stats.wire_bytes) / static_cast<double>(stats.payload_bytes);
}

void ring(benchmark::State& state) {
  measure(state, [](Transport& transport) { return std::make_unique<RingAllReduce>(transport); });
}

void optinc(benchmark::State& state, std::shared_ptr<const device::Averager> averager) {
  const fabric::SingleDevice device(std::move(averager));
  measure(state, [&](Transport& transport) {
    return std::make_unique<OpticalAllReduce>(transport, device, OpticalAllReduceOptions{});
  });
}

const device::ExactAverager kExact({.bits = 8, .servers = kRanks, .inputs = 4, .rounding = codec::Rounding::nearest});

void optinc_exact(benchmark::State& state) {
  optinc(state, std::make_shared<device::ExactAverager>(kExact));
}

/// What a trained ONN of this shape costs: its answers are looked up.
void optinc_table(benchmark::State& state) {
  optinc(state, std::make_shared<device::TabulatedAverager>(kExact, 0));
}

BENCHMARK(ring)->ArgName("MiB")->Arg(1)->Arg(4)->Arg(16)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(optinc_exact)->ArgName("MiB")->Arg(1)->Arg(4)->Arg(16)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(optinc_table)->ArgName("MiB")->Arg(1)->Arg(4)->Arg(16)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace optinc::collective
