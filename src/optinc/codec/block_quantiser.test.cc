#include "optinc/codec/block_quantiser.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/highway.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/codec/pam4.h"

namespace optinc::codec {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::FloatNear;
using testing::Pointwise;

constexpr auto kExponent8 = ScaleFormat::exponent8;
constexpr auto kAbsmax16 = ScaleFormat::absmax16;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

using Values = std::vector<float>;
using Scales = std::vector<std::uint16_t>;
using Codes = std::vector<std::uint32_t>;

const base::CounterStream kStream(1, 2);

Scales scales_of(const Values& values, const QuantiserOptions& options) {
  Scales scales(block_count(values.size(), options.block));
  local_scales(values, options, scales);
  return scales;
}

Codes codes_of(const Values& values, const Scales& scales, const QuantiserOptions& options) {
  Codes codes(values.size());
  quantise(values, scales, options, kStream, 0, codes);
  return codes;
}

Values values_of(const Codes& codes, const Scales& scales, const QuantiserOptions& options, double gain = 1) {
  Values values(codes.size());
  dequantise(codes, scales, options, gain, values);
  return values;
}

/// A value as it comes out when it is sent alone, in a block of its own.
float there_and_back(float value, const QuantiserOptions& options) {
  const Scales scales = scales_of({value}, options);
  return values_of(codes_of({value}, scales, options), scales, options).front();
}

Codes patterns(const Values& values) {
  Codes result;
  for (const float value : values) result.push_back(std::bit_cast<std::uint32_t>(value));
  return result;
}

float from_pattern(std::uint32_t pattern) {
  return std::bit_cast<float>(pattern);
}

float gaussian(const base::CounterStream& stream, std::uint64_t index) {  // by Box and Muller
  const double radius = std::sqrt(-2 * std::log(1 - stream.uniform(2 * index)));
  return static_cast<float>(radius * std::cos(2 * std::numbers::pi * stream.uniform(2 * index + 1)));
}

std::string message_of(auto&& call) {
  try {
    call();
  } catch (const base::InputError& error) {
    return error.what();
  }
  return "accepted";
}

// Largest |x| 127 = 0x42FE0000, a bfloat16 as it is: code 0x42FE, step 127 / 127 = 1. Ties go to even: 0.5 -> 0, 1.5 ->
// 2, -2.5 -> -2. Codes are q + 128.
TEST(BlockQuantiser, Absmax16At8BitsByHand) {
  const QuantiserOptions options{.bits = 8};
  const Values values{127, 1, 0.5, 1.5, -2.5, 3.4, -127};
  const Scales scales = scales_of(values, options);
  EXPECT_THAT(scales, ElementsAre(0x42FE));
  EXPECT_EQ(step_of(scales[0], options), 1.0);
  const Codes codes = codes_of(values, scales, options);
  EXPECT_THAT(codes, ElementsAre(255, 129, 128, 130, 126, 131, 1));
  EXPECT_THAT(values_of(codes, scales, options), ElementsAre(127, 1, 0, 2, -2, 3, -127));
}

// 1 + 2^-23 = 0x3F800001 is rounded up to the next bfloat16, 0x3F81 = 1 + 2^-7; -1 = 0xBF800000 is one, 0x3F80.
TEST(BlockQuantiser, Absmax16RoundsTheLargestMagnitudeUp) {
  EXPECT_THAT(scales_of({from_pattern(0x3F800001)}, {}), ElementsAre(0x3F81));
  EXPECT_THAT(scales_of({-1, 0.5}, {}), ElementsAre(0x3F80));
}

// 1.5 = 0x3FC00000 has exponent field 127: code 127, step 2^(127-126) / 2^7 = 1/64. 1.5 -> 96; -1 -> -64; 1/128 is half
// a step, to even: 0.
TEST(BlockQuantiser, Exponent8At8BitsByHand) {
  const QuantiserOptions options{.bits = 8, .scale_format = kExponent8};
  const Values values{1.5, -1, 0.0078125};
  const Scales scales = scales_of(values, options);
  EXPECT_THAT(scales, ElementsAre(127));
  EXPECT_EQ(step_of(127, options), 1.0 / 64);
  const Codes codes = codes_of(values, scales, options);
  EXPECT_THAT(codes, ElementsAre(128 + 96, 128 - 64, 128));
  EXPECT_THAT(values_of(codes, scales, options), ElementsAre(1.5, -1, 0));
}

// Step 1/64 again. 1.999 / step = 127.9 would be 128; it is clipped to 127, and -1.999 to -127: code 0 stays unused.
TEST(BlockQuantiser, Exponent8ClipsWhatWouldRoundTo128Steps) {
  const QuantiserOptions options{.bits = 8, .scale_format = kExponent8};
  EXPECT_THAT(codes_of({1.999f, -1.999f}, {127}, options), ElementsAre(255, 1));
}

// B = 2: q is -1, 0 or 1. Largest 3, step 3 / 1: 1.5 / 3 is a tie, to even: 0.
TEST(BlockQuantiser, TwoBitsAreMinusOneZeroAndOne) {
  const QuantiserOptions options{.bits = 2};
  const Values values{3, -3, 1.5, 1.6f, -1.4f};
  EXPECT_THAT(codes_of(values, scales_of(values, options), options), ElementsAre(3, 1, 2, 3, 2));
}

// B = 32: the largest x is 2^31 - 1 steps. 2^-24 of it: (2^31 - 1) / 2^24 = 127.99999994 steps, rounds to 128.
TEST(BlockQuantiser, ThirtyTwoBitsKeepAFloat) {
  const QuantiserOptions options{.bits = 32};
  const Values values{1, -1, 0x1p-24f, 0.3f};
  const Scales scales = scales_of(values, options);
  const Codes codes = codes_of(values, scales, options);
  EXPECT_EQ(codes[0], 0xFFFFFFFFu);
  EXPECT_EQ(codes[1], 1u);
  EXPECT_EQ(codes[2], 0x80000000u + 128);
  EXPECT_EQ(values_of(codes, scales, options)[3], 0.3f);
}

TEST(BlockQuantiser, ABlockOfZerosComesBackAsPositiveZeros) {
  for (const ScaleFormat format : {kExponent8, kAbsmax16}) {
    const QuantiserOptions options{.scale_format = format};
    const Values values{0.0f, -0.0f, 0.0f};
    EXPECT_THAT(scales_of(values, options), ElementsAre(0));
    EXPECT_THAT(codes_of(values, {0}, options), Each(128u));
    EXPECT_THAT(patterns(values_of({1, 128, 255}, {0}, options)), Each(0u)) << "whatever the device gave";
  }
}

// 2^-133 = 0x00010000 is denormal, as float and as bfloat16 (0x0001). absmax16 keeps it: step 2^-133 / 127, q = 127.
// 2^-149 = 0x00000001 is rounded up to the same code; it is 127 / 65536 of a step: 0. exponent8 sends code 0: all
// zeros.
TEST(BlockQuantiser, DenormalsByHand) {
  const Values values{0x1p-133f, -0x1p-149f};
  const QuantiserOptions absmax{.bits = 8};
  EXPECT_THAT(scales_of(values, absmax), ElementsAre(0x0001));
  EXPECT_THAT(scales_of({-0x1p-149f}, absmax), ElementsAre(0x0001));
  EXPECT_THAT(codes_of(values, {1}, absmax), ElementsAre(255, 128));
  EXPECT_EQ(there_and_back(0x1p-133f, absmax), 0x1p-133f);
  const QuantiserOptions exponent{.bits = 8, .scale_format = kExponent8};
  EXPECT_THAT(scales_of(values, exponent), ElementsAre(0));
  EXPECT_EQ(there_and_back(0x1p-133f, exponent), 0.0f);
  EXPECT_EQ(there_and_back(FLT_MIN, exponent), FLT_MIN);  // exponent field 1: step 2^-125 / 2^7, q = 2^-126 / step = 64
}

// FLT_MAX = 0x7F7FFFFF saturates at 0x7F7F = 255 * 2^120, 127 steps. exponent8: code 254, step 2^128 / 2^7 = 2^121, and
// 128 (1 - 2^-24) steps round to 128, clipped to 127.
TEST(BlockQuantiser, HugeBlocksByHand) {
  const QuantiserOptions absmax{.bits = 8};
  EXPECT_THAT(scales_of({-FLT_MAX}, absmax), ElementsAre(0x7F7F));
  EXPECT_EQ(there_and_back(-FLT_MAX, absmax), -0x1.FEp127f);
  EXPECT_EQ(there_and_back(0x1p127f, absmax), 0x1p127f);
  const QuantiserOptions exponent{.bits = 8, .scale_format = kExponent8};
  EXPECT_THAT(scales_of({FLT_MAX}, exponent), ElementsAre(254));
  EXPECT_EQ(there_and_back(FLT_MAX, exponent), 127 * 0x1p121f);
  EXPECT_EQ(there_and_back(-0x1p127f, exponent), -0x1p127f);
}

// Two servers of four ports: gain 2. Step 1, codes 128 + 100 and 128 - 3: 200 and -6. At step 255 * 2^120 / 127, 127
// steps times 2 is above FLT_MAX: kept there.
TEST(BlockQuantiser, GainUndoesIdlePortsAndNeverMakesAnInfinity) {
  EXPECT_THAT(values_of({228, 125}, {0x42FE}, {}, 2), ElementsAre(200, -6));
  EXPECT_THAT(values_of({255, 1}, {0x7F7F}, {}, 2), ElementsAre(FLT_MAX, -FLT_MAX));
}

// Blocks of 2: {1, NaN}, {2, 3}, {-Inf}. The first and the last are sent as zeros and come back as 0x7FC00000
// throughout.
TEST(BlockQuantiser, ANonFiniteValueMakesItsBlockNanAndNoOther) {
  for (const ScaleFormat format : {kExponent8, kAbsmax16}) {
    const QuantiserOptions options{.bits = 8, .block = 2, .scale_format = format};
    const Values values{1, -kNan, 2, 3, -kInfinity};
    const Scales scales = scales_of(values, options);
    EXPECT_EQ(is_non_finite(format, scales[0]), true);
    EXPECT_EQ(is_non_finite(format, scales[1]), false);
    EXPECT_EQ(is_non_finite(format, scales[2]), true);
    const Codes codes = codes_of(values, scales, options);
    EXPECT_EQ(codes[0], 128u);
    EXPECT_EQ(codes[1], 128u);
    EXPECT_EQ(codes[4], 128u);
    Values back(5);
    EXPECT_EQ(dequantise(codes, scales, options, 1, back), 2u);
    EXPECT_THAT(patterns({back[0], back[1], back[4]}), Each(0x7FC00000u));
    EXPECT_EQ(back[3], 3.0f);
  }
}

TEST(BlockQuantiser, ScaleCodesOfNonFiniteBlocks) {
  const float signalling_nan = from_pattern(0x7F800001);
  for (const float value : {kInfinity, -kInfinity, kNan, -kNan, signalling_nan}) {
    EXPECT_THAT(scales_of({0, value, 7}, {.scale_format = kExponent8}), ElementsAre(kExponent8NonFinite));
    EXPECT_THAT(scales_of({0, value, 7}, {.scale_format = kAbsmax16}), ElementsAre(kAbsmax16NonFinite));
  }
}

// Step 1, first_element 5: q = floor(x + u), u the stream's number at 5, 6, 7.
TEST(BlockQuantiser, StochasticRoundingTakesTheStreamsNumberOfTheElement) {
  const QuantiserOptions options{.bits = 8, .rounding = QuantiserRounding::stochastic};
  const Values values{0.5, -3.25, 127};
  Codes codes(3);
  quantise(values, Scales{0x42FE}, options, kStream, 5, codes);
  EXPECT_EQ(codes[0], 128u + (kStream.uniform(5) >= 0.5 ? 1 : 0));
  EXPECT_EQ(codes[1], 128u - 4 + (kStream.uniform(6) >= 0.25 ? 1 : 0));
  EXPECT_EQ(codes[2], 255u);
}

// The mean of n values floor(r + u), f the fraction of r, has standard deviation sqrt(f (1 - f) / n) <= 0.5 / sqrt(n).
// Five of those is a chance of 6e-7 a case.
TEST(BlockQuantiser, StochasticRoundingIsUnbiased) {
  constexpr std::size_t kCount = 100000;
  const QuantiserOptions options{.bits = 8, .block = kCount, .rounding = QuantiserRounding::stochastic};
  for (const float ratio : {0.01f, 0.3f, 0.5f, -0.7f, -12.25f, 126.9f}) {
    double sum = 0;
    for (const std::uint32_t code : codes_of(Values(kCount, ratio), {0x42FE}, options)) sum += code - 128.0;
    EXPECT_NEAR(sum / kCount, ratio, 5 * 0.5 / std::sqrt(kCount)) << ratio;
  }
}

// Largest 137, step fl(137 / 127): 68.5 / step is 63.49999999999999 in double, so q = 63. 68.5 * fl(1 / step) would
// be 63.5 and give 64. And so for every bfloat16 significand V = 128 .. 255, where V / 2 is (2^(B-1) - 1) / 2 steps:
// the vector code, too, divides.
TEST(BlockQuantiser, DividesByTheStepAndDoesNotMultiplyByAReciprocal) {
  EXPECT_THAT(codes_of({137, 68.5, -68.5}, scales_of({137}, {}), {}), ElementsAre(255, 128 + 63, 128 - 63));
  for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
    for (int significand = 128; significand < 256; ++significand) {
      const auto largest = static_cast<float>(significand);
      const Values values{largest, largest / 2, -largest / 2, largest / 4};
      const Scales scales = scales_of(values, {.bits = bits});
      Codes expected(values.size());
      reference::quantise(values, scales, {.bits = bits}, kStream, 0, expected);
      EXPECT_THAT(codes_of(values, scales, {.bits = bits}), ElementsAreArray(expected)) << significand << ", " << bits;
    }
  }
}

TEST(BlockQuantiser, NoValuesHaveNoBlocks) {
  EXPECT_THAT(scales_of({}, {}), ElementsAre());
  EXPECT_THAT(codes_of({}, {}, {}), ElementsAre());
  EXPECT_THAT(values_of({}, {}, {}), ElementsAre());
}

TEST(BlockQuantiser, RefusesWhatDoesNotFitInOneLine) {
  EXPECT_EQ(message_of([] { check({.bits = 1}); }), "bits 1: expected 2 to 32");
  EXPECT_EQ(message_of([] { check({.bits = 33}); }), "bits 33: expected 2 to 32");
  EXPECT_EQ(message_of([] { check({.block = 0}); }), "block of 0 elements: expected 1 .. 1073741824");
  EXPECT_EQ(message_of([] { codes_of(Values(257), {0}, {}); }),
            "1 scale codes: expected 2, for 257 elements in blocks of 256");
  EXPECT_EQ(message_of([] {
              Codes codes(2);
              quantise(Values(3), Scales(1), {}, kStream, 0, codes);
            }),
            "2 codes and 3 values: expected as many of each");
  EXPECT_EQ(message_of([] { values_of({128}, {0x42FE}, {}, 0); }), "gain 0: expected more than 0, at most 65536");
  EXPECT_EQ(message_of([] { values_of({128}, {0x42FE}, {}, NAN); }), "gain nan: expected more than 0, at most 65536");
  EXPECT_EQ(message_of([] { codes_of({1}, {0x7F80}, {}); }),
            "absmax16 scale code 0x7f80: expected 0 to 0x7f7f, or 0x7fc0");
  EXPECT_EQ(message_of([] { codes_of({1}, {256}, {.scale_format = kExponent8}); }),
            "exponent8 scale code 256: expected 0 to 255");
  EXPECT_EQ(message_of([] { parse_scale_format("fp8"); }), "scale format \"fp8\": expected exponent8 or absmax16");
  EXPECT_EQ(message_of([] { parse_quantiser_rounding("up"); }),
            "quantiser rounding \"up\": expected half-even or stochastic");
}

TEST(BlockQuantiser, NamesGoThereAndBack) {
  for (const ScaleFormat format : {kExponent8, kAbsmax16}) EXPECT_EQ(parse_scale_format(to_string(format)), format);
  for (const QuantiserRounding rounding : {QuantiserRounding::half_even, QuantiserRounding::stochastic}) {
    EXPECT_EQ(parse_quantiser_rounding(to_string(rounding)), rounding);
  }
}

// The example of doc/notation.md, with its arithmetic: four ports, two servers, nearest.
TEST(BlockQuantiser, WorkedExample) {
  const QuantiserOptions options{.bits = 8};
  const Values one{0.75f, -0.3f, 0.011f, 0}, two{-0.2f, 1.01f, 0.5f, 0.25f};
  EXPECT_THAT(scales_of(one, options), ElementsAre(0x3F40));
  EXPECT_THAT(scales_of(two, options), ElementsAre(0x3F82));
  const Scales shared{0x3F82};
  EXPECT_EQ(step_of(0x3F82, options), 1.015625 / 127);
  const Codes codes[] = {codes_of(one, shared, options), codes_of(two, shared, options)};
  EXPECT_THAT(codes[0], ElementsAre(222, 90, 129, 128));
  EXPECT_THAT(codes[1], ElementsAre(103, 254, 191, 159));
  Codes averages(4);
  exact_averages(std::vector<std::span<const std::uint32_t>>{codes[0], codes[1]}, 4, 8, Rounding::nearest,
                 RoundingBits(), 0, averages);
  EXPECT_THAT(averages, ElementsAre(145, 150, 144, 136));
  EXPECT_THAT(values_of(averages, shared, options, 4.0 / 2),
              Pointwise(FloatNear(5e-5f), Values{0.2719f, 0.3519f, 0.2559f, 0.1280f}));
}

// NMSE of the rounded average of four servers' Gaussian gradients, blocks of 256, absmax. To expect, at 8 bits: the
// largest of 1,024 magnitudes is about 3.45, so the step is 3.45 / 127. In steps squared, the servers' rounding gives
// 1/12 / 4, the average's, whose errors are 0, -1/4, 1/4 and 1/2, 3/32: 0.115 * step^2 over the signal's 1/4 is 3.4e-4.
TEST(BlockQuantiser, NmseOfAnAverageIsThatOfThePublishedFigures) {
  constexpr std::size_t kCount = 1 << 15;
  constexpr std::uint64_t kServers = 4;
  std::vector<Values> gradients(kServers, Values(kCount));
  for (std::uint64_t server = 0; server < kServers; ++server) {
    const base::CounterStream stream(11, server);
    for (std::size_t n = 0; n < kCount; ++n) gradients[server][n] = gaussian(stream, n);
  }
  const auto nmse = [&](int bits) {
    const QuantiserOptions options{.bits = bits};
    Scales shared(block_count(kCount, options.block));
    for (const Values& gradient : gradients) {
      const Scales local = scales_of(gradient, options);
      std::ranges::transform(shared, local, shared.begin(), std::ranges::max);
    }
    std::vector<Codes> codes;
    for (const Values& gradient : gradients) codes.push_back(codes_of(gradient, shared, options));
    Codes averages(kCount);
    exact_averages(std::vector<std::span<const std::uint32_t>>(codes.begin(), codes.end()), kServers, bits,
                   Rounding::nearest, RoundingBits(), 0, averages);
    const Values received = values_of(averages, shared, options);
    double error = 0, signal = 0;
    for (std::size_t n = 0; n < kCount; ++n) {
      double exact = 0;
      for (const Values& gradient : gradients) exact += gradient[n] / 4.0;
      error += (received[n] - exact) * (received[n] - exact);
      signal += exact * exact;
    }
    return error / signal;
  };
  const std::pair<int, double> published[] = {{4, 0.11},    {6, 5.7e-3},  {8, 3.4e-4},
                                              {10, 2.1e-5}, {12, 1.3e-6}, {16, 5e-9}};
  for (const auto& [bits, reference] : published) {
    const double measured = nmse(bits);
    EXPECT_LT(measured, 1.1 * reference) << bits;
    EXPECT_GT(measured, 0.9 * reference) << bits;
  }
}

// ---- Properties, on values of every kind ----

enum class Kind { any_pattern, finite_pattern, denormal_or_tiny, huge, halves, gaussians, gaussians_with_patterns };
const std::vector<Kind> kKinds = {Kind::any_pattern, Kind::finite_pattern, Kind::denormal_or_tiny,       Kind::huge,
                                  Kind::halves,      Kind::gaussians,      Kind::gaussians_with_patterns};

Values draw_values(Kind kind, std::size_t count, std::uint64_t seed) {
  const base::CounterStream stream(seed, 1);
  const base::CounterStream choice(seed, 2);
  Values values(count);
  for (std::size_t n = 0; n < count; ++n) {
    const std::uint32_t word = stream.word(n);
    switch (kind) {
      case Kind::any_pattern:
        values[n] = from_pattern(word);
        break;
      case Kind::finite_pattern:
        values[n] = from_pattern((word & 0x7F800000) == 0x7F800000 ? word & 0xBFFFFFFF : word);
        break;
      case Kind::denormal_or_tiny:  // exponent field 0 or 1
        values[n] = from_pattern(word & 0x80FFFFFF);
        break;
      case Kind::huge:  // exponent field 254
        values[n] = from_pattern((word & 0x807FFFFF) | 0x7F000000);
        break;
      case Kind::halves:  // ties when the step is 1 or 2
        values[n] = static_cast<float>(word % 509) / 2 - 127;
        break;
      case Kind::gaussians:
        values[n] = gaussian(stream, n);
        break;
      case Kind::gaussians_with_patterns:  // a few among them
        values[n] = choice.word(n) % 64 == 0 ? from_pattern(word) : gaussian(stream, n);
        break;
    }
  }
  return values;
}

struct Case {
  QuantiserOptions options;
  Values values;
  std::uint64_t seed;
};

Case draw_case() {
  Case drawn;
  drawn.options.bits = *rc::gen::inRange(kMinBits, kMaxBits + 1);
  drawn.options.block = *rc::gen::oneOf(rc::gen::inRange<std::size_t>(1, 40), rc::gen::just<std::size_t>(256),
                                        rc::gen::inRange<std::size_t>(1, 700));
  drawn.options.scale_format = *rc::gen::element(kExponent8, kAbsmax16);
  drawn.options.rounding = *rc::gen::element(QuantiserRounding::half_even, QuantiserRounding::stochastic);
  drawn.seed = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 62);
  const Kind kind = *rc::gen::elementOf(kKinds);
  const auto count = *rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 20), rc::gen::inRange<std::size_t>(0, 1500));
  drawn.values = draw_values(kind, count, drawn.seed);
  return drawn;
}

/// Any scale code of the format, so also such as do not fit the values.
Scales draw_any_scales(const Case& drawn) {
  const base::CounterStream stream(drawn.seed, 3);
  Scales scales(block_count(drawn.values.size(), drawn.options.block));
  for (std::size_t b = 0; b < scales.size(); ++b) {
    const std::uint32_t word = stream.word(b);
    const std::uint32_t absmax16 = word % 16 == 0 ? kAbsmax16NonFinite : (word >> 8) % 0x7F80;
    scales[b] = static_cast<std::uint16_t>(drawn.options.scale_format == kExponent8 ? word >> 24 : absmax16);
  }
  return scales;
}

/// Restricts Highway to one instruction set, 0 for all.
void use_instruction_set(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// What the three functions give, as bits.
struct Outcome {
  Scales scales;
  Codes codes;
  Codes values;
  std::size_t non_finite_blocks = 0;
  bool operator==(const Outcome&) const = default;
};

/// Quantises with the scales `shared`; dequantises any codes of B bits, as a device with errors may give them.
Outcome outcome_of(const Case& drawn, const Scales& shared, double gain, decltype(&local_scales) find_scales,
                   decltype(&quantise) find_codes, decltype(&dequantise) find_values) {
  const std::uint64_t first_element = drawn.seed % 1000;
  Outcome outcome{.scales = Scales(shared.size()), .codes = Codes(drawn.values.size())};
  find_scales(drawn.values, drawn.options, outcome.scales);
  find_codes(drawn.values, shared, drawn.options, kStream, first_element, outcome.codes);
  Codes received(drawn.values.size());
  for (std::size_t n = 0; n < received.size(); ++n) received[n] = kStream.word(n) >> (32 - drawn.options.bits);
  Values values(received.size());
  outcome.non_finite_blocks = find_values(received, shared, drawn.options, gain, values);
  outcome.values = patterns(values);
  return outcome;
}

Outcome outcome_of_vector_code(const Case& drawn, const Scales& shared, double gain, std::int64_t instruction_set) {
  use_instruction_set(instruction_set);
  Outcome outcome = outcome_of(drawn, shared, gain, &local_scales, &quantise, &dequantise);
  use_instruction_set(0);
  return outcome;
}

Outcome outcome_of_reference(const Case& drawn, const Scales& shared, double gain) {
  return outcome_of(drawn, shared, gain, &reference::local_scales, &reference::quantise, &reference::dequantise);
}

RC_GTEST_PROP(BlockQuantiser, EveryInstructionSetGivesTheBitsOfTheReference, ()) {
  const Case drawn = draw_case();
  Scales shared(block_count(drawn.values.size(), drawn.options.block));
  reference::local_scales(drawn.values, drawn.options, shared);
  if (*rc::gen::arbitrary<bool>()) shared = draw_any_scales(drawn);
  const double gain = *rc::gen::element(1.0, 4.0 / 3, 16.0 / 5, 4096.0);
  const Outcome expected = outcome_of_reference(drawn, shared, gain);
  for (const std::int64_t instruction_set : hwy::SupportedAndGeneratedTargets()) {
    RC_ASSERT((outcome_of_vector_code(drawn, shared, gain, instruction_set) == expected));
  }
}

// All 31 bit counts, both formats, both roundings, all kinds of values, in three blocks of which the last is short.
TEST(BlockQuantiser, EveryCombinationOfOptionsGivesTheBitsOfTheReference) {
  for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
    for (const ScaleFormat format : {kExponent8, kAbsmax16}) {
      for (const QuantiserRounding rounding : {QuantiserRounding::half_even, QuantiserRounding::stochastic}) {
        for (const Kind kind : kKinds) {
          const std::uint64_t seed = 100 * static_cast<std::uint64_t>(bits) + static_cast<std::uint64_t>(kind);
          const Case drawn{{.bits = bits, .block = 256, .scale_format = format, .rounding = rounding},
                           draw_values(kind, 515, seed),
                           seed};
          const Scales shared = scales_of(drawn.values, drawn.options);
          ASSERT_TRUE(outcome_of_vector_code(drawn, shared, 4.0 / 3, 0) == outcome_of_reference(drawn, shared, 4.0 / 3))
              << bits << " bits, " << to_string(format) << ", " << to_string(rounding) << ", kind "
              << static_cast<int>(kind);
        }
      }
    }
  }
}

RC_GTEST_PROP(BlockQuantiser, CodeZeroIsNeverSentAndCodesHaveBBits, ()) {
  const Case drawn = draw_case();
  const Scales scales = *rc::gen::arbitrary<bool>() ? scales_of(drawn.values, drawn.options) : draw_any_scales(drawn);
  for (const std::uint32_t code : codes_of(drawn.values, scales, drawn.options)) {
    RC_ASSERT(code >= 1);
    RC_ASSERT(code <= ~0u >> (32 - drawn.options.bits));
  }
}

// Half a step, plus what float32 itself rounds off: 2^-24 of the value, or 2^-150 among denormals. Only clipped values,
// above (2^(B-1) - 1/2) steps, may be further off; they come back as the largest code.
RC_GTEST_PROP(BlockQuantiser, HalfEvenIsWithinHalfAStep, ()) {
  Case drawn = draw_case();
  drawn.options.rounding = QuantiserRounding::half_even;
  const Scales scales = scales_of(drawn.values, drawn.options);
  const Codes codes = codes_of(drawn.values, scales, drawn.options);
  const Values back = values_of(codes, scales, drawn.options);
  const double largest = std::ldexp(1.0, drawn.options.bits - 1) - 1;
  for (std::size_t n = 0; n < back.size(); ++n) {
    const std::uint16_t scale = scales[n / drawn.options.block];
    if (is_non_finite(drawn.options.scale_format, scale)) {
      RC_ASSERT(std::isnan(back[n]));
      continue;
    }
    if (scale == 0) {
      RC_ASSERT(back[n] == 0.0f);
      RC_ASSERT(std::fabs(drawn.values[n]) < FLT_MIN);
      continue;
    }
    const double x = drawn.values[n], step = step_of(scale, drawn.options);
    if (std::fabs(x) > (largest + 0.5) * step) {
      RC_ASSERT(codes[n] == (x < 0 ? 1 : ~0u >> (32 - drawn.options.bits)));
      RC_ASSERT((std::fabs(x) < (largest + 1) * step || std::fabs(x) > 0x1.FEp127));
    } else {
      RC_ASSERT(std::fabs(back[n] - x) <= step / 2 + std::fabs(x) * 0x1p-24 + 0x1p-150);
    }
  }
}

// Every |x| is at most the scale's value (absmax16, unless above 0x7F7F) or below 2^(B-1) steps (exponent8); a NaN or
// Inf at one server wins over every scale of the others.
RC_GTEST_PROP(BlockQuantiser, TheLargestScaleCodeOfAllServersFitsAll, ()) {
  const Case one = draw_case();
  const Values other = draw_values(Kind::gaussians_with_patterns, one.values.size(), one.seed + 1);
  Scales shared = scales_of(one.values, one.options);
  std::ranges::transform(shared, scales_of(other, one.options), shared.begin(), std::ranges::max);
  for (std::size_t n = 0; n < one.values.size(); ++n) {
    const std::uint16_t scale = shared[n / one.options.block];
    if (is_non_finite(one.options.scale_format, scale)) continue;
    for (const float x : {one.values[n], other[n]}) {
      RC_ASSERT(std::isfinite(x));
      const double step = step_of(scale, one.options), magnitude = std::fabs(x);
      if (one.options.scale_format == kExponent8) {
        RC_ASSERT(magnitude < (scale == 0 ? FLT_MIN : step * std::ldexp(1.0, one.options.bits - 1)));
      } else {
        RC_ASSERT((magnitude <= from_pattern(std::uint32_t{scale} << 16) || scale == 0x7F7F));
      }
    }
  }
}

RC_GTEST_PROP(BlockQuantiser, AStretchOfWholeBlocksGivesTheCodesOfTheWhole, ()) {
  const Case drawn = draw_case();
  const Scales scales = scales_of(drawn.values, drawn.options);
  const Codes whole = codes_of(drawn.values, scales, drawn.options);
  const auto first_block = *rc::gen::inRange<std::size_t>(0, scales.size() + 1);
  const std::size_t first = std::min(first_block * drawn.options.block, drawn.values.size());
  Codes stretch(whole.size() - first);
  quantise(std::span(drawn.values).subspan(first), std::span(scales).subspan(first_block), drawn.options, kStream,
           first, stretch);
  RC_ASSERT(std::equal(stretch.begin(), stretch.end(), whole.begin() + static_cast<std::ptrdiff_t>(first)));
}

}  // namespace
}  // namespace optinc::codec
