// Rows lie in memory, so rotating two rows is a vector loop. Rotating columns is not: eight rows at a time are
// transposed into a strip [columns][8], all steps are applied there, and the strip is written back. Steps whose
// rotation the strip's own rows call for are found on the way: strips go from the bottom to the top.
#include "optinc/mesh/elimination.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optinc/mesh/elimination.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace optinc::mesh::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Eight doubles, or what a vector holds of them.
using Doubles = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Doubles>;
constexpr std::size_t kStripRows = 8;

/// p, q: real and imaginary parts of two vectors, multiplied by a 2 x 2 matrix: p' = a p + b q, q' = c p + d q.
struct Coefficients {
  Vector a_re, a_im, b_re, b_im, c_re, c_im, d_re, d_im;
  HWY_INLINE explicit Coefficients(const Transfer& t) {
    const Doubles d;
    a_re = hn::Set(d, t.a.real()), a_im = hn::Set(d, t.a.imag());
    b_re = hn::Set(d, t.b.real()), b_im = hn::Set(d, t.b.imag());
    c_re = hn::Set(d, t.c.real()), c_im = hn::Set(d, t.c.imag());
    d_re = hn::Set(d, t.d.real()), d_im = hn::Set(d, t.d.imag());
  }
};

HWY_INLINE void combine(const Coefficients& t, double* HWY_RESTRICT p_re, double* HWY_RESTRICT p_im,
                        double* HWY_RESTRICT q_re, double* HWY_RESTRICT q_im) {
  const Doubles d;
  const Vector pr = hn::LoadU(d, p_re), pi = hn::LoadU(d, p_im), qr = hn::LoadU(d, q_re), qi = hn::LoadU(d, q_im);
  using hn::MulAdd, hn::NegMulAdd, hn::Mul;
  hn::StoreU(NegMulAdd(t.b_im, qi, MulAdd(t.b_re, qr, NegMulAdd(t.a_im, pi, Mul(t.a_re, pr)))), d, p_re);
  hn::StoreU(MulAdd(t.b_im, qr, MulAdd(t.b_re, qi, MulAdd(t.a_im, pr, Mul(t.a_re, pi)))), d, p_im);
  hn::StoreU(NegMulAdd(t.d_im, qi, MulAdd(t.d_re, qr, NegMulAdd(t.c_im, pi, Mul(t.c_re, pr)))), d, q_re);
  hn::StoreU(MulAdd(t.d_im, qr, MulAdd(t.d_re, qi, MulAdd(t.c_im, pr, Mul(t.c_re, pi)))), d, q_im);
}

HWY_INLINE void combine(const Coefficients& t, double* HWY_RESTRICT p, double* HWY_RESTRICT q) {
  const Doubles d;
  const Vector from_p = hn::LoadU(d, p), from_q = hn::LoadU(d, q);
  hn::StoreU(hn::MulAdd(t.b_re, from_q, hn::Mul(t.a_re, from_p)), d, p);
  hn::StoreU(hn::MulAdd(t.d_re, from_q, hn::Mul(t.c_re, from_p)), d, q);
}

/// Two rows from `first` to `end`, both multiples of the vector; im null: real.
void rotate_pair(const Transfer& left, std::size_t first, std::size_t end, double* re, double* im, std::size_t stride) {
  const Coefficients t(left);
  for (std::size_t i = first; i < end; i += hn::Lanes(Doubles())) {
    if (im == nullptr) {
      combine(t, re + i, re + stride + i);
    } else {
      combine(t, re + i, im + i, re + stride + i, im + stride + i);
    }
  }
}

/// Steps on a strip; column 0 of the strip is mode `first`.
void rotate_strip(const Elimination::Rotation* steps, std::size_t count, int first, double* re, double* im) {
  for (std::size_t k = 0; k < count; ++k) {
    // From the right: (p, q) times [[a, b], [c, d]] is p' = a p + c q, q' = b p + d q.
    const Transfer& right = steps[k].right;
    const Coefficients t({right.a, right.c, right.b, right.d});
    const std::size_t at = static_cast<std::size_t>(steps[k].mode - first) * kStripRows;
    for (std::size_t i = at; i < at + kStripRows; i += hn::Lanes(Doubles())) {
      if (im == nullptr) {
        combine(t, re + i, re + kStripRows + i);
      } else {
        combine(t, re + i, im + i, re + kStripRows + i, im + kStripRows + i);
      }
    }
  }
}

}  // namespace
}  // namespace optinc::mesh::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace optinc::mesh {
namespace {

HWY_EXPORT(rotate_pair);
HWY_EXPORT(rotate_strip);

constexpr int kStripRows = 8;

}  // namespace

Elimination::Elimination(const linalg::ComplexMatrix& matrix, Arithmetic arithmetic, bool keep_residues)
    : size_(static_cast<int>(matrix.rows())),
      stride_((matrix.rows() + kStripRows - 1) / kStripRows * kStripRows),
      keep_residues_(keep_residues),
      re_(stride_ * stride_),
      strip_re_(stride_ * kStripRows) {
  for (int row = 0; row < size_; ++row) {
    for (int column = 0; column < size_; ++column) re_[row * stride_ + column] = matrix(row, column).real();
  }
  if (arithmetic == Arithmetic::real) return;
  im_.resize(re_.size());
  strip_im_.resize(strip_re_.size());
  for (int row = 0; row < size_; ++row) {
    for (int column = 0; column < size_; ++column) im_[row * stride_ + column] = matrix(row, column).imag();
  }
}

Complex Elimination::at(int row, int column) const {
  const std::size_t place = row * stride_ + column;
  return {re_[place], is_real() ? 0.0 : im_[place]};
}

void Elimination::rotate_rows(int mode, int first, const Transfer& left) {
  const std::size_t begin = keep_residues_ ? 0 : first / kStripRows * kStripRows;
  const std::size_t row = mode * stride_;
  HWY_DYNAMIC_DISPATCH(rotate_pair)
  (left, begin, stride_, re_.data() + row, is_real() ? nullptr : im_.data() + row, stride_);
}

void Elimination::load(int top, int first, int last) {
  const auto transpose = [&](const std::vector<double>& plane, std::vector<double>& strip) {
    for (int lane = 0; lane < kStripRows; ++lane) {
      const double* const row = plane.data() + (top + lane) * stride_;
      for (int column = first; column <= last; ++column) strip[(column - first) * kStripRows + lane] = row[column];
    }
  };
  transpose(re_, strip_re_);
  if (!is_real()) transpose(im_, strip_im_);
}

void Elimination::store(int top, int first, int last) {
  const auto transpose = [&](const std::vector<double>& strip, std::vector<double>& plane) {
    for (int lane = 0; lane < kStripRows; ++lane) {
      double* const row = plane.data() + (top + lane) * stride_;
      for (int column = first; column <= last; ++column) row[column] = strip[(column - first) * kStripRows + lane];
    }
  };
  transpose(strip_re_, re_);
  if (!is_real()) transpose(strip_im_, im_);
}

void Elimination::rotate_columns(std::span<const ColumnStep> steps, const Choose& choose) {
  if (steps.empty()) return;
  const auto [least, largest] = std::ranges::minmax(steps, {}, &ColumnStep::mode);
  const int first = least.mode, last = largest.mode + 1;
  double* const im = is_real() ? nullptr : strip_im_.data();
  const auto apply = [&](std::size_t begin, std::size_t end) {
    if (begin < end) {
      HWY_DYNAMIC_DISPATCH(rotate_strip)(known_.data() + begin, end - begin, first, strip_re_.data(), im);
    }
  };
  known_.clear();
  const int bottom = steps.front().row / kStripRows * kStripRows;
  // How many steps the strips below have seen; one at a time.
  std::vector<std::size_t> seen;
  for (int top = bottom; top >= 0; top -= kStripRows) {
    load(top, first, last);
    apply(0, known_.size());
    while (known_.size() < steps.size() && steps[known_.size()].row >= top) {
      const std::size_t step = known_.size();
      const auto [mode, row] = steps[step];
      const std::size_t place = static_cast<std::size_t>(mode - first) * kStripRows + (row - top);
      const auto entry = [&](std::size_t i) { return Complex(strip_re_[i], im == nullptr ? 0.0 : im[i]); };
      known_.push_back({mode, choose(step, entry(place), entry(place + kStripRows))});
      apply(step, step + 1);
    }
    store(top, first, last);
    seen.push_back(known_.size());
  }
  if (!keep_residues_) return;
  for (int top = static_cast<int>(stride_) - kStripRows; top >= 0; top -= kStripRows) {
    const std::size_t applied = top > bottom ? 0 : seen[(bottom - top) / kStripRows];
    if (applied == known_.size()) continue;
    load(top, first, last);
    apply(applied, known_.size());
    store(top, first, last);
  }
}

}  // namespace optinc::mesh
#endif
