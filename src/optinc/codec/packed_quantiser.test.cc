#include "optinc/codec/packed_quantiser.h"

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::codec {
namespace {

using Floats = std::vector<float>;
using Bytes = std::vector<std::uint8_t>;

std::vector<std::uint32_t> bits_of(const Floats& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

/// By the plain reference: codes, then packed.
Bytes reference_packed(const Floats& values, std::span<const std::uint16_t> scales, const QuantiserOptions& options,
                       const base::CounterStream& stream, std::uint64_t first_element) {
  std::vector<std::uint32_t> codes(values.size());
  reference::quantise(values, scales, options, stream, first_element, codes);
  Bytes packed(packed_bytes(values.size(), options.bits));
  pack_symbols(codes, options.bits, packed);
  return packed;
}

RC_GTEST_PROP(PackedQuantiser, IsQuantisingAndPackingAndBack, ()) {
  const QuantiserOptions options{
      .bits = *rc::gen::weightedOneOf<int>({{3, rc::gen::element(8, 16)}, {1, rc::gen::inRange(2, 33)}}),
      .block = *rc::gen::inRange<std::size_t>(1, 400),
      .scale_format = *rc::gen::element(ScaleFormat::exponent8, ScaleFormat::absmax16),
      .rounding = *rc::gen::element(QuantiserRounding::half_even, QuantiserRounding::stochastic)};
  const auto count = *rc::gen::inRange<std::size_t>(0, 10'000);
  const base::CounterStream stream(*rc::gen::inRange<std::uint64_t>(0, 1000), 1);
  const auto first_element = *rc::gen::inRange<std::uint64_t>(0, 1 << 20);
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const int exponent = static_cast<int>(stream.word(3 * (i / 100)) % 280) - 160;
    values[i] = static_cast<float>(std::ldexp(stream.uniform(3 * i + 1) - 0.5, exponent));
  }
  if (count > 0 && *rc::gen::inRange(0, 3) == 0) {
    values[*rc::gen::inRange<std::size_t>(0, count)] = *rc::gen::element(NAN, INFINITY, -INFINITY);
  }
  std::vector<std::uint16_t> scales(block_count(count, options.block));
  local_scales(values, options, scales);
  Bytes packed(packed_bytes(count, options.bits), 0xAA);
  quantise_packed(values, scales, options, stream, first_element, packed);
  RC_ASSERT(packed == reference_packed(values, scales, options, stream, first_element));

  const double gain = *rc::gen::element(1.0, 4.0 / 3, 16.0);
  std::vector<std::uint32_t> codes(count);
  unpack_symbols(packed, options.bits, 0, codes);
  Floats expected(count), result(count);
  const std::size_t expected_blocks = reference::dequantise(codes, scales, options, gain, expected);
  RC_ASSERT(dequantise_packed(packed, scales, options, gain, result) == expected_blocks);
  RC_ASSERT(bits_of(result) == bits_of(expected));
}

// Where q would be another with a rounded reciprocal in place of the division: ties and their neighbours, for every
// step that a bfloat16 scale can give, over all of float32's exponents.
TEST(PackedQuantiser, RoundsAsTheDivisionDoesNextToEveryTie) {
  for (const int bits : {8, 16}) {
    const QuantiserOptions options{.bits = bits, .block = 1 << 20, .scale_format = ScaleFormat::absmax16};
    for (std::uint32_t scale = 1; scale < 0x7F80; scale += bits == 8 ? 1 : 7) {
      const std::uint16_t code[] = {static_cast<std::uint16_t>(scale)};
      const double step = step_of(code[0], options);
      Floats values;
      const int largest = (1 << (bits - 1)) - 1;
      for (int k = 0; k <= largest; k += bits == 8 ? 1 : 211) {
        const auto tie = static_cast<float>((k + 0.5) * step);
        values.insert(values.end(), {tie, std::nextafter(tie, 0.0f), std::nextafter(tie, HUGE_VALF), -tie});
      }
      const Bytes expected = reference_packed(values, code, options, base::CounterStream(0, 0), 0);
      Bytes packed(expected.size());
      quantise_packed(values, code, options, base::CounterStream(0, 0), 0, packed);
      ASSERT_EQ(packed, expected) << bits << " bits, scale " << scale;
    }
  }
}

// Under a scale that is not theirs: a NaN is sent as zero, what is too large is clipped.
TEST(PackedQuantiser, NanIsZeroAndInfinityIsClippedUnderAFiniteScale) {
  for (const int bits : {8, 16}) {
    const QuantiserOptions options{.bits = bits};
    Floats values(100, 1.0f);
    values[3] = NAN;
    values[50] = INFINITY;
    values[51] = -INFINITY;
    values[99] = 1e30f;
    const std::uint16_t scale[] = {0x3F80};
    Bytes packed(packed_bytes(100, bits));
    quantise_packed(values, scale, options, base::CounterStream(0, 0), 0, packed);
    EXPECT_EQ(packed, reference_packed(values, scale, options, base::CounterStream(0, 0), 0));
    EXPECT_EQ(packed[3 * bits / 8], 0x80);
    EXPECT_EQ(packed[50 * bits / 8], 0xFF);
  }
}

TEST(PackedQuantiser, RefusesOtherLengths) {
  const Floats values(100);
  const std::vector<std::uint16_t> scales(1);
  Bytes short_by_one(99);
  try {
    quantise_packed(values, scales, {}, base::CounterStream(0, 0), 0, short_by_one);
    FAIL() << "no error";
  } catch (const base::InputError& error) {
    EXPECT_STREQ(error.what(), "packed symbols of 99 bytes: expected 100 for 100 codes");
  }
  Floats room(100);
  EXPECT_THROW(dequantise_packed(short_by_one, scales, {}, 1, room), base::InputError);
  EXPECT_THROW(dequantise_packed(Bytes(100), scales, {}, 0, room), base::InputError);
}

}  // namespace
}  // namespace optinc::codec
