#include "optinc/codec/packed_quantiser_simd.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optinc/codec/packed_quantiser_simd.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "optinc/codec/block_quantiser_simd.h"

HWY_BEFORE_NAMESPACE();
namespace optinc::codec::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Float = hn::ScalableTag<float>;
using Int32 = hn::RebindToSigned<Float>;
using Byte = hn::Rebind<std::uint8_t, Float>;
using FloatVector = hn::Vec<Float>;

// 8 bits in float32, twice as many elements a vector as in double. With the step's reciprocal rounded to float32, r =
// fl(x fl(1 / step)) differs from x / step by at most 2^-23 |r| (1 + 2^-23), that is by less than 2^-15 while |r| <=
// 128; beyond, q is clipped whatever it is. So q is that of the division unless r is within 2^-15 of a tie. The bound
// wants a reciprocal and products that are normal numbers: a product below 2^-126 is 0 either way.
constexpr float kNearTie = 0.5f - 0x1p-15f;
constexpr double kSmallestStep = 0x1p-120, kLargestStep = 0x1p120;

/// Four vectors of ratios at once, so that one test serves them all.
HWY_INLINE FloatVector ratio_of(const float* values, FloatVector reciprocal) {
  const FloatVector x = hn::LoadU(Float(), values);
  return hn::Mul(hn::IfThenElseZero(hn::Eq(x, x), x), reciprocal);
}

HWY_INLINE void store_code(FloatVector rounded, std::uint8_t* code) {
  const Float d;
  const FloatVector clipped = hn::Min(hn::Max(rounded, hn::Set(d, -127.0f)), hn::Set(d, 127.0f));
  const auto q = hn::ConvertTo(Int32(), clipped);
  hn::StoreU(hn::DemoteTo(Byte(), hn::Add(q, hn::Set(Int32(), 128))), Byte(), code);
}

HWY_INLINE FloatVector distance(FloatVector ratio, FloatVector rounded) {
  return hn::Abs(hn::Sub(ratio, rounded));
}

/// Exactly, by division: for what is left over, and for what is near a tie.
void quantise_some_8(std::span<const float> values, double step, std::uint8_t* codes) {
  std::uint32_t wide[64];
  for (std::size_t i = 0; i < values.size(); i += 64) {
    const std::size_t count = std::min<std::size_t>(64, values.size() - i);
    quantise_half_even(values.subspan(i, count), step, 8, {wide, count});
    std::copy_n(wide, count, codes + i);
  }
}

void quantise_8_to(std::span<const float> values, double step, std::uint8_t* codes) {
  const Float d;
  const std::size_t lanes = hn::Lanes(d), stride = 4 * lanes;
  std::size_t i = 0;
  if (step >= kSmallestStep && step <= kLargestStep) {
    const FloatVector reciprocal = hn::Set(d, static_cast<float>(1 / step)), near = hn::Set(d, kNearTie);
    for (; i + stride <= values.size(); i += stride) {
      const float* const x = values.data() + i;
      const FloatVector ratio0 = ratio_of(x, reciprocal), ratio1 = ratio_of(x + lanes, reciprocal);
      const FloatVector ratio2 = ratio_of(x + 2 * lanes, reciprocal), ratio3 = ratio_of(x + 3 * lanes, reciprocal);
      const FloatVector rounded0 = hn::Round(ratio0), rounded1 = hn::Round(ratio1);
      const FloatVector rounded2 = hn::Round(ratio2), rounded3 = hn::Round(ratio3);
      const FloatVector off = hn::Max(hn::Max(distance(ratio0, rounded0), distance(ratio1, rounded1)),
                                      hn::Max(distance(ratio2, rounded2), distance(ratio3, rounded3)));
      if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Gt(off, near)))) {
        quantise_some_8(values.subspan(i, stride), step, codes + i);
        continue;
      }
      store_code(rounded0, codes + i);
      store_code(rounded1, codes + i + lanes);
      store_code(rounded2, codes + i + 2 * lanes);
      store_code(rounded3, codes + i + 3 * lanes);
    }
  }
  quantise_some_8(values.subspan(i), step, codes + i);
}

void quantise_16_to(std::span<const float> values, double step, std::uint8_t* codes) {
  std::uint32_t wide[256];
  for (std::size_t i = 0; i < values.size(); i += 256) {
    const std::size_t count = std::min<std::size_t>(256, values.size() - i);
    quantise_half_even(values.subspan(i, count), step, 16, {wide, count});
    for (std::size_t k = 0; k < count; ++k) {
      codes[2 * (i + k)] = static_cast<std::uint8_t>(wide[k] >> 8);
      codes[2 * (i + k) + 1] = static_cast<std::uint8_t>(wide[k]);
    }
  }
}

using Double = hn::ScalableTag<double>;
using HalfFloat = hn::Rebind<float, Double>;
using HalfInt32 = hn::Rebind<std::int32_t, Double>;
using EighthByte = hn::Rebind<std::uint8_t, Double>;

HWY_INLINE void store_value(hn::Vec<HalfInt32> q, hn::Vec<Double> step, float* value) {
  const Double d;
  const auto largest = hn::Set(d, FLT_MAX);
  const auto product = hn::Mul(hn::PromoteTo(d, q), step);
  hn::StoreU(hn::DemoteTo(HalfFloat(), hn::Min(hn::Max(product, hn::Neg(largest)), largest)), HalfFloat(), value);
}

void dequantise_8_to(const std::uint8_t* codes, double step, std::span<float> values) {
  const std::size_t lanes = hn::Lanes(Double());
  const auto steps = hn::Set(Double(), step);
  const auto zero = hn::Set(HalfInt32(), 128);
  std::size_t i = 0;
  for (; i + lanes <= values.size(); i += lanes) {
    const auto code = hn::PromoteTo(HalfInt32(), hn::LoadU(EighthByte(), codes + i));
    store_value(hn::Sub(code, zero), steps, values.data() + i);
  }
  for (; i < values.size(); ++i) {
    const double value = (codes[i] - 128) * step;
    values[i] = static_cast<float>(std::min(std::max(value, -double{FLT_MAX}), double{FLT_MAX}));
  }
}

void dequantise_16_to(const std::uint8_t* codes, double step, std::span<float> values) {
  std::uint32_t wide[256];
  for (std::size_t i = 0; i < values.size(); i += 256) {
    const std::size_t count = std::min<std::size_t>(256, values.size() - i);
    for (std::size_t k = 0; k < count; ++k) {
      wide[k] = std::uint32_t{codes[2 * (i + k)]} << 8 | codes[2 * (i + k) + 1];
    }
    dequantise({wide, count}, step, 16, values.subspan(i, count));
  }
}

}  // namespace
}  // namespace optinc::codec::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace optinc::codec::simd {

HWY_EXPORT(quantise_8_to);
HWY_EXPORT(quantise_16_to);
HWY_EXPORT(dequantise_8_to);
HWY_EXPORT(dequantise_16_to);

void quantise_half_even_8(std::span<const float> values, double step, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(quantise_8_to)(values, step, codes);
}

void quantise_half_even_16(std::span<const float> values, double step, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(quantise_16_to)(values, step, codes);
}

void dequantise_8(const std::uint8_t* codes, double step, std::span<float> values) {
  HWY_DYNAMIC_DISPATCH(dequantise_8_to)(codes, step, values);
}

void dequantise_16(const std::uint8_t* codes, double step, std::span<float> values) {
  HWY_DYNAMIC_DISPATCH(dequantise_16_to)(codes, step, values);
}

}  // namespace optinc::codec::simd
#endif
