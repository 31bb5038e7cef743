// Throughput of the codec on one core, in bytes of float32 gradient a second (for packing: of the codes' PAM4 symbols),
// beside memcpy, the machine's limit. 1 MiB of gradients: what a segment of an all-reduce holds.
#include "optinc/codec/block_quantiser.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <vector>

#include <benchmark/benchmark.h>

#include "optinc/codec/pam4.h"

namespace optinc::codec {
namespace {

constexpr std::size_t kCount = 1 << 18;

struct Data {
  QuantiserOptions options;
  base::CounterStream stream{1, 1};
  std::vector<float> values;
  std::vector<std::uint16_t> scales;
  std::vector<std::uint32_t> codes;

  explicit Data(ScaleFormat format, int bits = 8, QuantiserRounding rounding = QuantiserRounding::half_even)
      : options{.bits = bits, .scale_format = format, .rounding = rounding}, values(kCount), codes(kCount) {
    for (std::size_t i = 0; i < kCount; ++i) {  // Gaussian, by Box and Muller
      const double radius = std::sqrt(-2 * std::log(1 - stream.uniform(2 * i)));
      values[i] = static_cast<float>(radius * std::cos(2 * std::numbers::pi * stream.uniform(2 * i + 1)));
    }
    scales.resize(block_count(kCount, options.block));
    local_scales(values, options, scales);
    quantise(values, scales, options, stream, 0, codes);
  }
};

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void perf_memcpy(benchmark::State& state) {
  const std::vector<float> from(kCount, 1.0f);
  std::vector<float> to(kCount);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), kCount * sizeof(float));
    benchmark::ClobberMemory();
  }
  count_bytes(state, kCount * sizeof(float));
}
BENCHMARK(perf_memcpy)->Name("memcpy");

void perf_local_scales(benchmark::State& state, decltype(&local_scales) function, ScaleFormat format) {
  Data data(format);
  for (auto _ : state) {
    function(data.values, data.options, data.scales);
    benchmark::ClobberMemory();
  }
  count_bytes(state, kCount * sizeof(float));
}

void perf_quantise(benchmark::State& state, decltype(&quantise) function, ScaleFormat format, int bits,
                   QuantiserRounding rounding) {
  Data data(format, bits, rounding);
  for (auto _ : state) {
    function(data.values, data.scales, data.options, data.stream, 0, data.codes);
    benchmark::ClobberMemory();
  }
  count_bytes(state, kCount * sizeof(float));
}

void perf_dequantise(benchmark::State& state, decltype(&dequantise) function, ScaleFormat format) {
  Data data(format);
  for (auto _ : state) {
    benchmark::DoNotOptimize(function(data.codes, data.scales, data.options, 1.0, data.values));
    benchmark::ClobberMemory();
  }
  count_bytes(state, kCount * sizeof(float));
}

constexpr auto kExponent8 = ScaleFormat::exponent8;
constexpr auto kAbsmax16 = ScaleFormat::absmax16;
constexpr auto kHalfEven = QuantiserRounding::half_even;
constexpr auto kStochastic = QuantiserRounding::stochastic;
BENCHMARK_CAPTURE(perf_local_scales, exponent8, &local_scales, kExponent8)->Name("local_scales/exponent8");
BENCHMARK_CAPTURE(perf_local_scales, absmax16, &local_scales, kAbsmax16)->Name("local_scales/absmax16");
BENCHMARK_CAPTURE(perf_local_scales, reference, &reference::local_scales, kAbsmax16)
    ->Name("local_scales/absmax16/reference");
BENCHMARK_CAPTURE(perf_quantise, exponent8, &quantise, kExponent8, 8, kHalfEven)->Name("quantise/exponent8/8");
BENCHMARK_CAPTURE(perf_quantise, absmax16, &quantise, kAbsmax16, 8, kHalfEven)->Name("quantise/absmax16/8");
BENCHMARK_CAPTURE(perf_quantise, absmax16_16, &quantise, kAbsmax16, 16, kHalfEven)->Name("quantise/absmax16/16");
BENCHMARK_CAPTURE(perf_quantise, absmax16_32, &quantise, kAbsmax16, 32, kHalfEven)->Name("quantise/absmax16/32");
BENCHMARK_CAPTURE(perf_quantise, stochastic, &quantise, kAbsmax16, 8, kStochastic)
    ->Name("quantise/absmax16/8/stochastic");
BENCHMARK_CAPTURE(perf_quantise, reference, &reference::quantise, kAbsmax16, 8, kHalfEven)
    ->Name("quantise/absmax16/8/reference");
BENCHMARK_CAPTURE(perf_dequantise, exponent8, &dequantise, kExponent8)->Name("dequantise/exponent8/8");
BENCHMARK_CAPTURE(perf_dequantise, absmax16, &dequantise, kAbsmax16)->Name("dequantise/absmax16/8");
BENCHMARK_CAPTURE(perf_dequantise, reference, &reference::dequantise, kAbsmax16)
    ->Name("dequantise/absmax16/8/reference");

void perf_pack(benchmark::State& state) {
  const int bits = static_cast<int>(state.range(0));
  const Data data(kAbsmax16, bits);
  std::vector<std::uint8_t> packed(packed_bytes(kCount, bits));
  for (auto _ : state) {
    pack_symbols(data.codes, bits, packed);
    benchmark::ClobberMemory();
  }
  count_bytes(state, packed.size());
}
BENCHMARK(perf_pack)->Name("pack_symbols")->Arg(8)->Arg(16)->Arg(6)->Arg(32);

void perf_unpack(benchmark::State& state) {
  const int bits = static_cast<int>(state.range(0));
  Data data(kAbsmax16, bits);
  std::vector<std::uint8_t> packed(packed_bytes(kCount, bits));
  pack_symbols(data.codes, bits, packed);
  for (auto _ : state) {
    unpack_symbols(packed, bits, 0, data.codes);
    benchmark::ClobberMemory();
  }
  count_bytes(state, packed.size());
}
BENCHMARK(perf_unpack)->Name("unpack_symbols")->Arg(8)->Arg(16)->Arg(6)->Arg(32);

}  // namespace
}  // namespace optinc::codec
