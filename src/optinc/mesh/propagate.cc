// Vectors lie side by side: a tile is [modes][kTile], real and imaginary parts apart, so that a cell is one loop over
// vectors with eight numbers held in registers. A tile of 32 double vectors over 256 modes takes 128 KB: it streams
// from the second-level cache while the arithmetic goes on.
#include "optinc/mesh/propagate.h"

#include <algorithm>

#include "optinc/base/error.h"
#include "optinc/linalg/blas.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optinc/mesh/propagate.cc"
#include <hwy/aligned_allocator.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace optinc::mesh::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Vectors of a tile: whole SIMD vectors whatever their width.
constexpr std::size_t kTile = 32;

template <typename T>
void pass_cell(const Transfer& transfer, T* HWY_RESTRICT p_re, T* HWY_RESTRICT p_im, T* HWY_RESTRICT q_re,
               T* HWY_RESTRICT q_im) {
  const hn::CappedTag<T, kTile> d;
  const auto set = [&](double x) { return hn::Set(d, static_cast<T>(x)); };
  const auto a_re = set(transfer.a.real()), a_im = set(transfer.a.imag());
  const auto b_re = set(transfer.b.real()), b_im = set(transfer.b.imag());
  const auto c_re = set(transfer.c.real()), c_im = set(transfer.c.imag());
  const auto d_re = set(transfer.d.real()), d_im = set(transfer.d.imag());
  using hn::MulAdd, hn::NegMulAdd, hn::Mul;
  for (std::size_t i = 0; i < kTile; i += hn::Lanes(d)) {
    const auto pr = hn::Load(d, p_re + i), pi = hn::Load(d, p_im + i);
    const auto qr = hn::Load(d, q_re + i), qi = hn::Load(d, q_im + i);
    hn::Store(NegMulAdd(b_im, qi, MulAdd(b_re, qr, NegMulAdd(a_im, pi, Mul(a_re, pr)))), d, p_re + i);
    hn::Store(MulAdd(b_im, qr, MulAdd(b_re, qi, MulAdd(a_im, pr, Mul(a_re, pi)))), d, p_im + i);
    hn::Store(NegMulAdd(d_im, qi, MulAdd(d_re, qr, NegMulAdd(c_im, pi, Mul(c_re, pr)))), d, q_re + i);
    hn::Store(MulAdd(d_im, qr, MulAdd(d_re, qi, MulAdd(c_im, pr, Mul(c_re, pi)))), d, q_im + i);
  }
}

/// The cells of all columns on a tile re, im [size][kTile]; light is in the modes lit_first .. lit_last only.
template <typename T>
void pass_columns(const std::vector<Column>& columns, const std::vector<Transfer>& cells, int lit_first, int lit_last,
                  T* re, T* im) {
  for (const Column& column : columns) {
    const int begin = std::max(0, (lit_first - column.first_mode) / 2);
    const int end = std::min(column.count, (lit_last - column.first_mode) / 2 + 1);
    for (int i = begin; i < end; ++i) {
      const std::size_t at = static_cast<std::size_t>(column.first_mode + 2 * i) * kTile;
      pass_cell(cells[column.first_cell + i], re + at, im + at, re + at + kTile, im + at + kTile);
    }
    --lit_first;
    ++lit_last;
  }
}

/// The phase shifters behind the cells.
template <typename T>
void pass_outputs(const std::vector<Complex>& outputs, T* re, T* im) {
  const hn::CappedTag<T, kTile> d;
  for (std::size_t mode = 0; mode < outputs.size(); ++mode) {
    const auto turn_re = hn::Set(d, static_cast<T>(outputs[mode].real()));
    const auto turn_im = hn::Set(d, static_cast<T>(outputs[mode].imag()));
    for (std::size_t i = mode * kTile; i < (mode + 1) * kTile; i += hn::Lanes(d)) {
      const auto x = hn::Load(d, re + i), y = hn::Load(d, im + i);
      hn::Store(hn::NegMulAdd(turn_im, y, hn::Mul(turn_re, x)), d, re + i);
      hn::Store(hn::MulAdd(turn_im, x, hn::Mul(turn_re, y)), d, im + i);
    }
  }
}

template <typename T>
void pass_vectors(const std::vector<Column>& columns, const std::vector<Transfer>& cells,
                  const std::vector<Complex>& outputs, std::size_t count, const std::complex<T>* in,
                  std::complex<T>* out) {
  const std::size_t size = outputs.size();
  const auto scratch = hwy::AllocateAligned<T>(2 * size * kTile);
  T *const re = scratch.get(), *const im = re + size * kTile;
  for (std::size_t first = 0; first < count; first += kTile) {
    const std::size_t vectors = std::min(kTile, count - first);
    std::fill(re, re + 2 * size * kTile, T{0});
    for (std::size_t v = 0; v < vectors; ++v) {
      for (std::size_t mode = 0; mode < size; ++mode) {
        re[mode * kTile + v] = in[(first + v) * size + mode].real();
        im[mode * kTile + v] = in[(first + v) * size + mode].imag();
      }
    }
    pass_columns(columns, cells, 0, static_cast<int>(size) - 1, re, im);
    pass_outputs(outputs, re, im);
    for (std::size_t v = 0; v < vectors; ++v) {
      for (std::size_t mode = 0; mode < size; ++mode) {
        out[(first + v) * size + mode] = {re[mode * kTile + v], im[mode * kTile + v]};
      }
    }
  }
}

void pass_doubles(const std::vector<Column>& columns, const std::vector<Transfer>& cells,
                  const std::vector<Complex>& outputs, std::size_t count, const std::complex<double>* in,
                  std::complex<double>* out) {
  pass_vectors(columns, cells, outputs, count, in, out);
}

void pass_floats(const std::vector<Column>& columns, const std::vector<Transfer>& cells,
                 const std::vector<Complex>& outputs, std::size_t count, const std::complex<float>* in,
                 std::complex<float>* out) {
  pass_vectors(columns, cells, outputs, count, in, out);
}

/// matrix [size, size]: the images of the unit vectors, kTile of them at a time.
void build_matrix(const std::vector<Column>& columns, const std::vector<Transfer>& cells,
                  const std::vector<Complex>& outputs, Complex* matrix) {
  const std::size_t size = outputs.size();
  const auto scratch = hwy::AllocateAligned<double>(2 * size * kTile);
  double *const re = scratch.get(), *const im = re + size * kTile;
  for (std::size_t first = 0; first < size; first += kTile) {
    const std::size_t vectors = std::min(kTile, size - first);
    std::fill(re, re + 2 * size * kTile, 0.0);
    for (std::size_t v = 0; v < vectors; ++v) re[(first + v) * kTile + v] = 1;
    pass_columns(columns, cells, static_cast<int>(first) - 1, static_cast<int>(first + vectors - 1), re, im);
    pass_outputs(outputs, re, im);
    for (std::size_t mode = 0; mode < size; ++mode) {
      for (std::size_t v = 0; v < vectors; ++v) {
        matrix[mode * size + first + v] = {re[mode * kTile + v], im[mode * kTile + v]};
      }
    }
  }
}

}  // namespace
}  // namespace optinc::mesh::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace optinc::mesh {

HWY_EXPORT(pass_doubles);
HWY_EXPORT(pass_floats);
HWY_EXPORT(build_matrix);

namespace {

void require_fit(const Mesh& mesh, const Parts& parts) {
  const std::size_t cells = mesh.shape.cells();
  base::require(mesh.theta.size() == cells && mesh.phi.size() == cells &&
                    mesh.output_phase.size() == static_cast<std::size_t>(mesh.shape.size),
                "a mesh of {} modes with {} theta, {} phi and {} output phases: expected {}, {} and {}",
                mesh.shape.size, mesh.theta.size(), mesh.phi.size(), mesh.output_phase.size(), cells, cells,
                mesh.shape.size);
  base::require(
      (parts.couplers.empty() || parts.couplers.size() == cells) && (parts.arms.empty() || parts.arms.size() == cells),
      "parts of {} and {} cells: expected {}", parts.couplers.size(), parts.arms.size(), cells);
}

Transfer transfer_of(const Mesh& mesh, const Parts& parts, std::size_t cell) {
  const auto make = mesh.shape.kind == CellKind::mzi ? mzi : three_mzi;
  return make(mesh.theta[cell], mesh.phi[cell], parts.couplers.empty() ? Couplers{} : parts.couplers[cell],
              parts.arms.empty() ? Arms{} : parts.arms[cell]);
}

}  // namespace

Propagator::Propagator(const Mesh& mesh, const Parts& parts) : shape_(mesh.shape), columns_(mesh.shape.columns()) {
  require_fit(mesh, parts);
  cells_.reserve(shape_.cells());
  for (std::size_t cell = 0; cell < shape_.cells(); ++cell) cells_.push_back(transfer_of(mesh, parts, cell));
  for (const double phase : mesh.output_phase) outputs_.push_back(std::polar(1.0, phase));
}

linalg::ComplexMatrix Propagator::matrix() const {
  linalg::ComplexMatrix result(size(), size());
  HWY_DYNAMIC_DISPATCH(build_matrix)(columns_, cells_, outputs_, result.data());
  return result;
}

void Propagator::propagate(std::size_t count, const std::complex<double>* in, std::complex<double>* out,
                           Engine engine) const {
  if (engine == Engine::cells || (engine == Engine::automatic && count < crossover_double())) {
    HWY_DYNAMIC_DISPATCH(pass_doubles)(columns_, cells_, outputs_, count, in, out);
    return;
  }
  const linalg::ComplexMatrix built = matrix();
  linalg::multiply_transposed(count, size(), size(), in, built.data(), out);
}

void Propagator::propagate(std::size_t count, const std::complex<float>* in, std::complex<float>* out,
                           Engine engine) const {
  if (engine == Engine::cells || (engine == Engine::automatic && count < crossover_float())) {
    HWY_DYNAMIC_DISPATCH(pass_floats)(columns_, cells_, outputs_, count, in, out);
    return;
  }
  const Eigen::MatrixXcf built = matrix().transpose().cast<std::complex<float>>();  // column-major: row-major as is
  linalg::multiply_transposed(count, size(), size(), in, built.data(), out);
}

namespace reference {

linalg::ComplexMatrix matrix_of(const Mesh& mesh, const Parts& parts) {
  require_fit(mesh, parts);
  linalg::ComplexMatrix matrix = linalg::ComplexMatrix::Identity(mesh.shape.size, mesh.shape.size);
  for (const Column& column : mesh.shape.columns()) {
    for (int i = 0; i < column.count; ++i) {
      const Transfer t = transfer_of(mesh, parts, column.first_cell + i);
      const int mode = column.first_mode + 2 * i;
      const Eigen::RowVectorXcd upper = matrix.row(mode), lower = matrix.row(mode + 1);
      matrix.row(mode) = t.a * upper + t.b * lower;
      matrix.row(mode + 1) = t.c * upper + t.d * lower;
    }
  }
  for (int mode = 0; mode < mesh.shape.size; ++mode) matrix.row(mode) *= std::polar(1.0, mesh.output_phase[mode]);
  return matrix;
}

}  // namespace reference
}  // namespace optinc::mesh
#endif
