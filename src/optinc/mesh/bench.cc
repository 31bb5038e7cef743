#include "optinc/mesh/bench.h"

#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include "optinc/base/error.h"

namespace optinc::mesh {

using std::numbers::pi;

Bench::Bench(const MeshShape& shape, std::vector<Couplers> couplers)
    : mesh_{shape, std::vector<double>(shape.cells(), pi), std::vector<double>(shape.cells(), pi),
            std::vector<double>(shape.size)},
      couplers_(std::move(couplers)),
      input_(Eigen::VectorXcd::Zero(shape.size)) {
  base::require(shape.layout == Layout::triangular, "a {} mesh on the bench: expected a triangular one",
                to_string(shape.layout));
  base::require(couplers_.size() == shape.cells(), "couplers of {} cells: expected {}", couplers_.size(),
                shape.cells());
  for (const Column& column : shape.columns()) {
    for (int i = 0; i < column.count; ++i) modes_.push_back(column.first_mode + 2 * i);
  }
}

void Bench::set_cell(std::size_t cell, double theta_rad, double phi_rad) {
  mesh_.theta[cell] = wrap_phase(theta_rad);
  mesh_.phi[cell] = wrap_phase(phi_rad);
}

Eigen::VectorXcd Bench::pass(std::size_t end) const {
  const auto make = mesh_.shape.kind == CellKind::mzi ? mzi : three_mzi;
  Eigen::VectorXcd fields = input_;
  for (std::size_t cell = 0; cell < end; ++cell) {
    const Transfer t = make(mesh_.theta[cell], mesh_.phi[cell], couplers_[cell], {});
    const Complex upper = fields[modes_[cell]], lower = fields[modes_[cell] + 1];
    fields[modes_[cell]] = t.a * upper + t.b * lower;
    fields[modes_[cell] + 1] = t.c * upper + t.d * lower;
  }
  return fields;
}

double Bench::measure_power(std::size_t cell) {
  ++measurements_;
  return std::norm(pass(cell + 1)[modes_[cell]]);
}

Complex Bench::measure_output(int mode) {
  ++measurements_;
  return std::polar(1.0, mesh_.output_phase[mode]) * pass(mesh_.shape.cells())[mode];
}

namespace {

/// The x with the least f(x) = a + b cos(x - c), b >= 0, from f at three places.
double least_of_sine(const std::function<double(double)>& f) {
  const double at_0 = f(0), at_1 = f(2 * pi / 3), at_2 = f(4 * pi / 3);
  const double cosine = 2 * at_0 - at_1 - at_2, sine = std::sqrt(3.0) * (at_1 - at_2);
  return std::atan2(sine, cosine) + pi;
}

void null_upper_output(Bench& bench, std::size_t cell) {
  // With ideal couplers the best phi does not depend on theta, so that one round is enough; errors of a few percent
  // leave a few percent squared of it each round.
  constexpr int kRounds = 6;
  double theta = pi / 2, phi = 0;
  for (int round = 0; round < kRounds; ++round) {
    phi = least_of_sine([&](double x) {
      bench.set_cell(cell, theta, x);
      return bench.measure_power(cell);
    });
    theta = least_of_sine([&](double x) {
      bench.set_cell(cell, x, phi);
      return bench.measure_power(cell);
    });
  }
  bench.set_cell(cell, theta, phi);
}

}  // namespace

void self_configure(Bench& bench, const linalg::ComplexMatrix& unitary) {
  const int size = bench.shape().size;
  base::require(unitary.rows() == size && unitary.cols() == size, "a {} x {} matrix: expected {} x {}", unitary.rows(),
                unitary.cols(), size, size);
  const std::vector<Column> columns = bench.shape().columns();
  for (int row = size - 1; row >= 0; --row) {
    bench.send(unitary.row(row).adjoint());
    for (int mode = 0; mode < row; ++mode) {
      const Column& column = columns[2 * (size - 1 - row) + mode];
      null_upper_output(bench, column.first_cell + (mode - column.first_mode) / 2);
    }
  }
  for (int row = 0; row < size; ++row) {
    bench.send(unitary.row(row).adjoint());
    bench.set_output_phase(row, 0);
    bench.set_output_phase(row, wrap_phase(-std::arg(bench.measure_output(row))));
  }
}

}  // namespace optinc::mesh
