// A vector lane works on one Philox block, from its counter to its four numbers. No lane looks at another and no
// operation rounds otherwise on longer vectors, hence the same bits on each. Highway's own Log, Sin and Cos would do,
// too, but reduce ranges that integers reduce exactly here.
#include "optinc/base/gaussian.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

#include "optinc/base/random.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optinc/base/gaussian.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace optinc::base::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Int32s = hn::RebindToSigned<Floats>;
using Word32s = hn::RebindToUnsigned<Floats>;
using Word64s = hn::RepartitionToWide<Word32s>;
using FloatVector = hn::Vec<Floats>;
using WordVector = hn::Vec<Word32s>;

constexpr std::size_t kBlockWords = 4;
constexpr int kRounds = 10;
/// Blocks, and lanes, of a step.
constexpr std::size_t kLanes = hn::MaxLanes(Floats());
constexpr std::size_t kStep = kBlockWords * kLanes;

/// philox4x32 of random.h. A word lies in the lower half of a 64-bit lane, where the widening multiply reads it and
/// leaves its product: the new word. The upper halves hold what is left of products, and nobody looks at them.
class Philox {
 public:
  Philox(std::uint64_t seed, std::uint64_t stream) : stream_(stream) {
    auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < kRounds; ++round) {
      keys_[round] = {key0, key1};
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
  }

  struct Words {
    WordVector w0, w1, w2, w3;
  };

  /// Lane i: the four words of block first + i.
  HWY_INLINE Words operator()(std::uint64_t first) const {
    const Word64s d;
    // Not Iota(d, first): it goes through memory, in small stores that the load of the vector has to wait for.
    const auto even = hn::Add(hn::Set(d, first), hn::ShiftLeft<1>(hn::Iota(d, 0)));
    const State a = rounds(even), b = rounds(hn::Add(even, hn::Set(d, 1)));
    return {interleave(a.c0, b.c0), interleave(a.c1, b.c1), interleave(a.c2, b.c2), interleave(a.c3, b.c3)};
  }

 private:
  struct State {
    hn::Vec<Word64s> c0, c1, c2, c3;
  };

  static HWY_INLINE hn::Vec<Word64s> multiply(hn::Vec<Word64s> words, std::uint32_t multiplier) {
    return hn::MulEven(hn::BitCast(Word32s(), words), hn::Set(Word32s(), multiplier));
  }

  HWY_INLINE State rounds(hn::Vec<Word64s> block) const {
    const Word64s d;
    State s{block, hn::ShiftRight<32>(block), hn::Set(d, stream_), hn::Set(d, stream_ >> 32)};
    for (const auto& [key0, key1] : keys_) {
      const auto product0 = multiply(s.c0, 0xD2511F53);
      const auto product1 = multiply(s.c2, 0xCD9E8D57);
      s = {hn::Xor3(hn::ShiftRight<32>(product1), s.c1, hn::Set(d, key0)), product1,
           hn::Xor3(hn::ShiftRight<32>(product0), s.c3, hn::Set(d, key1)), product0};
    }
    return s;
  }

  static HWY_INLINE WordVector interleave(hn::Vec<Word64s> even, hn::Vec<Word64s> odd) {
    return hn::OddEven(hn::BitCast(Word32s(), hn::ShiftLeft<32>(odd)), hn::BitCast(Word32s(), even));
  }

  struct RoundKey {
    std::uint64_t key0, key1;
  };
  std::array<RoundKey, kRounds> keys_;
  std::uint64_t stream_;
};

/// `yes` where the number is negative. Not Highway 1.0.3's IfNegativeThenElse: on SSSE3 it takes the word for a mask of
/// all its bits.
HWY_INLINE FloatVector if_negative(hn::Vec<Int32s> number, FloatVector yes, FloatVector no) {
  return hn::IfThenElse(hn::RebindMask(Floats(), hn::Lt(number, hn::Zero(Int32s()))), yes, no);
}

/// -2 ln((word + 1/2) 2^-32), for every word to 2.5e-7 of itself: also where the logarithm goes to 0.
HWY_INLINE FloatVector squared_radius(WordVector word) {
  const Floats d;
  const Int32s di;
  const auto signed_word = hn::BitCast(di, word);
  // Words of the upper half count from the top: x is u or, there, 1 - u, and keeps its own 24 bits near either end.
  const auto folded = hn::Xor(signed_word, hn::BroadcastSignBit(signed_word));
  const FloatVector x = hn::MulAdd(hn::ConvertTo(d, folded), hn::Set(d, 0x1p-32f), hn::Set(d, 0x1p-33f));
  const auto u = hn::BitCast(di, if_negative(signed_word, hn::Sub(hn::Set(d, 1.0f), x), x));
  // u = 2^exponent * mantissa, the mantissa in [sqrt(1/2), sqrt(2)).
  const auto offset = hn::Sub(u, hn::Set(di, std::bit_cast<std::int32_t>(std::numbers::sqrt2_v<float> / 2)));
  const auto exponent = hn::ShiftRight<23>(offset);
  const FloatVector mantissa = hn::BitCast(d, hn::Sub(u, hn::ShiftLeft<23>(exponent)));
  // f = mantissa - 1; where the exponent is 0 it is -x.
  const FloatVector f = if_negative(offset, hn::Sub(mantissa, hn::Set(d, 1.0f)), hn::Neg(x));
  // ln(1 + f) = f - f^2 / 2 + f^3 p(f), with the p of Cephes' logf (S. L. Moshier), all of it times -2.
  FloatVector p = hn::Set(d, -2 * 7.0376836292e-2f);
  for (const float coefficient : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                                  -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f, -0.5f}) {
    p = hn::MulAdd(p, f, hn::Set(d, -2 * coefficient));
  }
  const FloatVector linear = hn::MulAdd(hn::ConvertTo(d, exponent), hn::Set(d, -2 * std::numbers::ln2_v<float>),
                                        hn::Mul(hn::Set(d, -2.0f), f));
  return hn::MulAdd(hn::Mul(f, f), p, linear);
}

/// radius * cos and radius * sin of the angle 2 pi 2^-32 word. The cosine and sine are right to 1.1e-7.
HWY_INLINE void polar(FloatVector radius, WordVector word, FloatVector& z_cos, FloatVector& z_sin) {
  const Floats d;
  // The angle is quadrant * pi/2 + rest, the rest in [-pi/4, pi/4): exact, on integers. The quadrant's two bits are the
  // highest of `turned`.
  const WordVector turned = hn::Add(word, hn::Set(Word32s(), 1u << 29));
  const auto rest = hn::BitCast(Int32s(), hn::ShiftLeft<2>(word));
  const FloatVector x = hn::Mul(hn::ConvertTo(d, rest), hn::Set(d, std::numbers::pi_v<float> / 2 * 0x1p-32f));
  // Polynomials of Cephes' sinf and cosf.
  const FloatVector square = hn::Mul(x, x);
  FloatVector s = hn::MulAdd(square, hn::Set(d, -1.9515295891e-4f), hn::Set(d, 8.3321608736e-3f));
  s = hn::MulAdd(square, s, hn::Set(d, -1.6666654611e-1f));
  const FloatVector sine = hn::MulAdd(hn::Mul(square, s), x, x);
  FloatVector c = hn::MulAdd(square, hn::Set(d, 2.443315711809948e-5f), hn::Set(d, -1.388731625493765e-3f));
  c = hn::MulAdd(square, c, hn::Set(d, 4.166664568298827e-2f));
  c = hn::MulAdd(square, c, hn::Set(d, -0.5f));
  const FloatVector cosine = hn::MulAdd(square, c, hn::Set(d, 1.0f));
  // Quadrants 0 .. 3: (cos, sin) is (c, s), (-s, c), (-c, -s), (s, -c).
  const WordVector sign = hn::Set(Word32s(), 1u << 31);
  const auto swap = hn::BitCast(Int32s(), hn::ShiftLeft<1>(turned));
  const auto cos_sign = hn::And(hn::Add(turned, hn::Set(Word32s(), 1u << 30)), sign);
  const auto sin_sign = hn::And(turned, sign);
  z_cos = hn::Xor(hn::Mul(radius, if_negative(swap, sine, cosine)), hn::BitCast(d, cos_sign));
  z_sin = hn::Xor(hn::Mul(radius, if_negative(swap, cosine, sine)), hn::BitCast(d, sin_sign));
}

/// values [kStep] += scale * z of the blocks first ..
HWY_INLINE void add_step(const Philox& philox, std::uint64_t first, FloatVector scale, float* HWY_RESTRICT values) {
  const Floats d;
  const Philox::Words words = philox(first);
  FloatVector z0, z1, z2, z3;
  polar(hn::Sqrt(squared_radius(words.w0)), words.w1, z0, z1);
  polar(hn::Sqrt(squared_radius(words.w2)), words.w3, z2, z3);
  HWY_ALIGN float z[kStep];
  hn::StoreInterleaved4(z0, z1, z2, z3, d, z);
  for (std::size_t i = 0; i < kStep; i += kLanes) {
    hn::StoreU(hn::MulAdd(scale, hn::Load(d, z + i), hn::LoadU(d, values + i)), d, values + i);
  }
}

void add_gaussian_steps(std::uint64_t seed, std::uint64_t stream, float scale, std::size_t count, float* values) {
  const Philox philox(seed, stream);
  const FloatVector scales = hn::Set(Floats(), scale);
  std::size_t begin = 0;
  for (; begin + kStep <= count; begin += kStep) add_step(philox, begin / kBlockWords, scales, values + begin);
  if (begin == count) return;
  float rest[kStep] = {};
  std::copy(values + begin, values + count, rest);
  add_step(philox, begin / kBlockWords, scales, rest);
  std::copy(rest, rest + (count - begin), values + begin);
}

}  // namespace
}  // namespace optinc::base::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace optinc::base {

HWY_EXPORT(add_gaussian_steps);

void add_gaussians(std::uint64_t seed, std::uint64_t stream, float scale, std::size_t count, float* values) {
  HWY_DYNAMIC_DISPATCH(add_gaussian_steps)(seed, stream, scale, count, values);
}

void gaussians(std::uint64_t seed, std::uint64_t stream, std::size_t count, double* values) {
  const CounterStream words(seed, stream);
  for (std::size_t begin = 0; begin < count; begin += 4) {
    const std::array<std::uint32_t, 4> block = words.block(begin / 4);
    for (std::size_t i = begin; i < std::min(begin + 4, count); ++i) {
      const std::size_t pair = (i - begin) / 2 * 2;
      const double radius = std::sqrt(-2 * std::log((block[pair] + 0.5) * 0x1p-32));
      const double angle = 2 * std::numbers::pi * 0x1p-32 * block[pair + 1];
      values[i] = radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
    }
  }
}

namespace reference {

void add_gaussians(std::uint64_t seed, std::uint64_t stream, float scale, std::size_t count, float* values) {
  std::vector<double> z(count);
  gaussians(seed, stream, count, z.data());
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(values[i] + scale * z[i]);
}

}  // namespace reference
}  // namespace optinc::base
#endif
