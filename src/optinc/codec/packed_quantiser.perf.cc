// The codec as an all-reduce uses it, on one core, in bytes of float32 gradient a second, beside memcpy of the same
// bytes in the same run: `of_memcpy` is the share. In chunks of 1 MiB, as they go through an all-reduce, and for a
// whole tensor of 64 MiB, which no cache holds.
#include "optinc/codec/packed_quantiser.h"

#include <chrono>
#include <cstring>
#include <map>
#include <vector>

#include <benchmark/benchmark.h>

#include "optinc/base/gaussian.h"
#include "optinc/codec/packed_average.h"
#include "optinc/codec/pam4.h"

namespace optinc::codec {
namespace {

struct Data {
  QuantiserOptions options;
  base::CounterStream stream{1, 1};
  std::vector<float> values, results;
  std::vector<std::uint16_t> scales;
  std::vector<std::uint8_t> packed;

  explicit Data(const benchmark::State& state)
      : options{.bits = static_cast<int>(state.range(1))},
        values(state.range(0) << 18),
        results(values.size()),
        scales(block_count(values.size(), options.block)),
        packed(packed_bytes(values.size(), options.bits)) {
    base::add_gaussians(1, 1, 1.0f, values.size(), values.data());
    local_scales(values, options, scales);
    quantise_packed(values, scales, options, stream, 0, packed);
  }
};

/// memcpy's bytes a second between two buffers of that size, measured once a run.
double memcpy_rate(std::size_t bytes) {
  static std::map<std::size_t, double> rates;
  double& rate = rates[bytes];
  if (rate > 0) return rate;
  std::vector<std::byte> from(bytes, std::byte{1}), to(bytes, std::byte{2});
  const int repeats = static_cast<int>((std::size_t{1} << 31) / bytes) + 1;
  for (int round = 0; round < 3; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) {
      std::memcpy(to.data(), from.data(), bytes);
      benchmark::ClobberMemory();
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    rate = std::max(rate, static_cast<double>(bytes) * repeats / taken.count());
  }
  return rate;
}

template <typename Work>
void measure(benchmark::State& state, const Work& work) {
  Data data(state);
  const double limit = memcpy_rate(data.values.size() * sizeof(float));
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) {
    work(data);
    benchmark::ClobberMemory();
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  const double bytes =
      static_cast<double>(state.iterations()) * static_cast<double>(data.values.size() * sizeof(float));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.counters["of_memcpy"] = bytes / taken.count() / limit;
  state.counters["memcpy_GB/s"] = limit * 1e-9;
}

void scales(benchmark::State& state) {
  measure(state, [](Data& data) { local_scales(data.values, data.options, data.scales); });
}

void quantise_and_pack(benchmark::State& state) {
  measure(state,
          [](Data& data) { quantise_packed(data.values, data.scales, data.options, data.stream, 0, data.packed); });
}

void quantise_stochastically_and_pack(benchmark::State& state) {
  measure(state, [](Data& data) {
    data.options.rounding = QuantiserRounding::stochastic;
    quantise_packed(data.values, data.scales, data.options, data.stream, 0, data.packed);
  });
}

void unpack_and_dequantise(benchmark::State& state) {
  measure(state, [](Data& data) { dequantise_packed(data.packed, data.scales, data.options, 1, data.results); });
}

/// Bytes counted once, those of one server's gradients.
void average_of_four(benchmark::State& state) {
  measure(state, [](Data& data) {
    const std::vector<std::span<const std::uint8_t>> servers(4, data.packed);
    std::vector<std::uint8_t> result(data.packed.size());
    exact_averages_packed(servers, data.values.size(), 4, data.options.bits, Rounding::nearest, RoundingBits(), 0,
                          result);
  });
}

void sizes(benchmark::internal::Benchmark* each) {
  each->ArgNames({"MiB", "bits"});
  for (const int mebibytes : {1, 64}) {
    for (const int bits : {8, 16}) each->Args({mebibytes, bits});
  }
}

BENCHMARK(scales)->Apply(sizes);
BENCHMARK(quantise_and_pack)->Apply(sizes);
BENCHMARK(quantise_stochastically_and_pack)->ArgNames({"MiB", "bits"})->Args({1, 8});
BENCHMARK(unpack_and_dequantise)->Apply(sizes);
BENCHMARK(average_of_four)->Apply(sizes);

}  // namespace
}  // namespace optinc::codec
