#include "optinc/codec/block_quantiser_simd.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optinc/codec/block_quantiser_simd.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "optinc/codec/block_quantiser_checks.h"
#include "optinc/codec/pam4.h"

HWY_BEFORE_NAMESPACE();
namespace optinc::codec::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Elements are worked on as doubles, so a step takes as many elements as a vector holds doubles: the 32-bit vectors
// that go with it are half as long.
using Double = hn::ScalableTag<double>;
using Word64 = hn::RebindToUnsigned<Double>;
using Float = hn::Rebind<float, Double>;
using Word32 = hn::Rebind<std::uint32_t, Double>;
using Int32 = hn::Rebind<std::int32_t, Double>;
using DoubleVector = hn::Vec<Double>;
constexpr std::size_t kMostLanes = HWY_MAX_BYTES / sizeof(double);

// x / step, as one division rounds it, in three ways. Dividing costs most of the time of quantising, but multiplying by
// a rounded reciprocal would give another q now and then, near ties (8 bits, largest 137, x = 68.5: 64 instead of 63).
//
// Where the step is a power of two, its reciprocal is exact, and both ways round the same real number. Elsewhere the
// product r = fl(x fl(1 / step)) differs from x / step by at most 2^-52 |r| (1 + 2^-53) (two roundings), that is by
// less than 2^-20 while |r| <= 2^31; beyond, q is clipped whatever it is. So q is the same unless r is within 2^-20 of
// a tie: then, once in half a million elements, the vector is divided. A NaN is near no tie, and is 0 by now anyway.
struct Divide {
  DoubleVector step;
  HWY_INLINE DoubleVector operator()(DoubleVector x) const { return hn::Div(x, step); }
};
struct MultiplyByReciprocal {
  DoubleVector reciprocal;
  HWY_INLINE DoubleVector operator()(DoubleVector x) const { return hn::Mul(x, reciprocal); }
};
struct MultiplyUnlessNearTie {
  DoubleVector step, reciprocal;
  HWY_INLINE DoubleVector operator()(DoubleVector x) const {
    const DoubleVector ratio = hn::Mul(x, reciprocal);
    const DoubleVector off = hn::Abs(hn::Sub(ratio, hn::Round(ratio)));
    if (HWY_LIKELY(hn::AllFalse(Double(), hn::Gt(off, hn::Set(Double(), 0.5 - 0x1p-20))))) return ratio;
    return hn::Div(x, step);
  }
};

bool is_power_of_two(double normal) {
  return std::bit_cast<std::uint64_t>(normal) << 12 == 0;
}

// What happens to x / step of element i before it is clipped. (Half-even rounding follows behind, of itself.)
struct HalfEven {
  HWY_INLINE DoubleVector operator()(DoubleVector ratio, std::size_t) const { return ratio; }
};
struct Stochastic {
  const std::uint32_t* words;
  HWY_INLINE DoubleVector operator()(DoubleVector ratio, std::size_t i) const {
    // 2^20 has its last place at 2^-32: the word, put there, is the fraction word 2^-32.
    const DoubleVector offset = hn::Set(Double(), 0x1p20);
    const auto word = hn::PromoteTo(Word64(), hn::LoadU(Word32(), words + i));
    const DoubleVector fraction = hn::Sub(hn::BitCast(Double(), hn::Or(word, hn::BitCast(Word64(), offset))), offset);
    return hn::Floor(hn::Add(ratio, fraction));
  }
};

template <typename Scaling, typename Rounding>
struct Quantiser {
  Scaling scaling;
  Rounding rounding;
  DoubleVector limit;
  // Added to q, 2^52 + 2^51 leaves its last place at 1: the addition itself rounds half to even (2^(B-1) is even), and
  // the low 32 bits of the sum are the code.
  DoubleVector magic;

  HWY_INLINE Quantiser(Scaling scaling_of_x, Rounding rounding_of_ratio, int bits)
      : scaling(scaling_of_x),
        rounding(rounding_of_ratio),
        limit(hn::Set(Double(), largest_quantum(bits))),
        magic(hn::Set(Double(), 0x1p52 + 0x1p51 + zero_code(bits))) {}

  HWY_INLINE void one_vector(const float* values, std::size_t i, std::uint32_t* codes) const {
    const DoubleVector x = hn::PromoteTo(Double(), hn::LoadU(Float(), values));
    const DoubleVector number = hn::IfThenElseZero(hn::Eq(x, x), x);
    const DoubleVector clipped = hn::Min(hn::Max(rounding(scaling(number), i), hn::Neg(limit)), limit);
    hn::StoreU(hn::TruncateTo(Word32(), hn::BitCast(Word64(), hn::Add(clipped, magic))), Word32(), codes);
  }

  HWY_INLINE void all(std::span<const float> values, std::uint32_t* codes) const {
    const std::size_t lanes = hn::Lanes(Double());
    std::size_t i = 0;
    for (; i + lanes <= values.size(); i += lanes) one_vector(values.data() + i, i, codes + i);
    if (i == values.size()) return;
    float last_values[kMostLanes] = {};
    std::uint32_t last_codes[kMostLanes];
    std::copy(values.begin() + i, values.end(), last_values);
    one_vector(last_values, i, last_codes);
    std::copy_n(last_codes, values.size() - i, codes + i);
  }
};

HWY_INLINE void dequantise_vector(const std::uint32_t* codes, hn::Vec<Word32> zero, DoubleVector step, float* values) {
  const Double d;
  const auto q = hn::BitCast(Int32(), hn::Sub(hn::LoadU(Word32(), codes), zero));
  const DoubleVector largest = hn::Set(d, FLT_MAX);
  const DoubleVector value = hn::Mul(hn::PromoteTo(d, q), step);
  hn::StoreU(hn::DemoteTo(Float(), hn::Min(hn::Max(value, hn::Neg(largest)), largest)), Float(), values);
}

std::uint32_t largest_magnitude_of(std::span<const float> values) {
  // As signed integers, which older instruction sets can compare: magnitudes are never negative.
  const hn::ScalableTag<std::int32_t> d;
  const hn::ScalableTag<float> d_float;
  const std::size_t lanes = hn::Lanes(d);
  const auto load = [&](const float* from)
                        HWY_ATTR { return hn::And(hn::BitCast(d, hn::LoadU(d_float, from)), hn::Set(d, 0x7FFFFFFF)); };
  auto largest0 = hn::Zero(d), largest1 = hn::Zero(d), largest2 = hn::Zero(d), largest3 = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 4 * lanes <= values.size(); i += 4 * lanes) {
    largest0 = hn::Max(largest0, load(values.data() + i));
    largest1 = hn::Max(largest1, load(values.data() + i + lanes));
    largest2 = hn::Max(largest2, load(values.data() + i + 2 * lanes));
    largest3 = hn::Max(largest3, load(values.data() + i + 3 * lanes));
  }
  for (; i + lanes <= values.size(); i += lanes) largest0 = hn::Max(largest0, load(values.data() + i));
  if (i < values.size()) {
    float last[HWY_MAX_BYTES / sizeof(float)] = {};
    std::copy(values.begin() + i, values.end(), last);
    largest1 = hn::Max(largest1, load(last));
  }
  const auto largest = hn::Max(hn::Max(largest0, largest1), hn::Max(largest2, largest3));
  return static_cast<std::uint32_t>(hn::GetLane(hn::MaxOfLanes(d, largest)));
}

void quantise_half_even_to(std::span<const float> values, double step, int bits, std::uint32_t* codes) {
  if (is_power_of_two(step)) {
    Quantiser(MultiplyByReciprocal{hn::Set(Double(), 1 / step)}, HalfEven{}, bits).all(values, codes);
  } else {
    Quantiser(MultiplyUnlessNearTie{hn::Set(Double(), step), hn::Set(Double(), 1 / step)}, HalfEven{}, bits)
        .all(values, codes);
  }
}

void quantise_stochastic_to(std::span<const float> values, const std::uint32_t* words, double step, int bits,
                            std::uint32_t* codes) {
  if (is_power_of_two(step)) {
    Quantiser(MultiplyByReciprocal{hn::Set(Double(), 1 / step)}, Stochastic{words}, bits).all(values, codes);
  } else {
    Quantiser(Divide{hn::Set(Double(), step)}, Stochastic{words}, bits).all(values, codes);
  }
}

void dequantise_to(std::span<const std::uint32_t> codes, double step, int bits, float* values) {
  const std::size_t lanes = hn::Lanes(Double());
  const DoubleVector steps = hn::Set(Double(), step);
  const auto zero = hn::Set(Word32(), zero_code(bits));
  std::size_t i = 0;
  for (; i + lanes <= codes.size(); i += lanes) dequantise_vector(codes.data() + i, zero, steps, values + i);
  if (i == codes.size()) return;
  std::uint32_t last_codes[kMostLanes] = {};
  float last_values[kMostLanes];
  std::copy(codes.begin() + i, codes.end(), last_codes);
  dequantise_vector(last_codes, zero, steps, last_values);
  std::copy_n(last_values, codes.size() - i, values + i);
}

}  // namespace
}  // namespace optinc::codec::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace optinc::codec::simd {

HWY_EXPORT(largest_magnitude_of);
HWY_EXPORT(quantise_half_even_to);
HWY_EXPORT(quantise_stochastic_to);
HWY_EXPORT(dequantise_to);

std::uint32_t largest_magnitude(std::span<const float> values) {
  return HWY_DYNAMIC_DISPATCH(largest_magnitude_of)(values);
}

void quantise_half_even(std::span<const float> values, double step, int bits, std::span<std::uint32_t> codes) {
  HWY_DYNAMIC_DISPATCH(quantise_half_even_to)(values, step, bits, codes.data());
}

void quantise_stochastic(std::span<const float> values, double step, int bits, const WordTile& words,
                         std::span<std::uint32_t> codes) {
  HWY_DYNAMIC_DISPATCH(quantise_stochastic_to)(values, words.data(), step, bits, codes.data());
}

void dequantise(std::span<const std::uint32_t> codes, double step, int bits, std::span<float> values) {
  HWY_DYNAMIC_DISPATCH(dequantise_to)(codes, step, bits, values.data());
}

}  // namespace optinc::codec::simd
#endif
