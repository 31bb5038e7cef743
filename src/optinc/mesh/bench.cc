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

void Bench::send(const Eigen::VectorXcd& fields) {
  input_ = fields;
  passed_ = 0;
}

void Bench::set_cell(std::size_t cell, double theta_rad, double phi_rad) {
  mesh_.theta[cell] = wrap_phase(theta_rad);
  mesh_.phi[cell] = wrap_phase(phi_rad);
  if (cell < passed_) passed_ = 0;
}

void Bench::pass_cell(std::size_t cell, Eigen::VectorXcd& fields) const {
  const auto make = mesh_.shape.kind == CellKind::mzi ? mzi : three_mzi;
  const Transfer t = make(mesh_.theta[cell], mesh_.phi[cell], couplers_[cell], {});
  const Complex upper = fields[modes_[cell]], lower = fields[modes_[cell] + 1];
  fields[modes_[cell]] = t.a * upper + t.b * lower;
  fields[modes_[cell] + 1] = t.c * upper + t.d * lower;
}

const Eigen::VectorXcd& Bench::fields_before(std::size_t cell) {
  if (passed_ == 0 || passed_ > cell) {
    passed_ = 0;
    fields_ = input_;
  }
  for (; passed_ < cell; ++passed_) pass_cell(passed_, fields_);
  return fields_;
}

double Bench::measure_power(std::size_t cell) {
  ++measurements_;
  Eigen::VectorXcd fields = fields_before(cell);
  pass_cell(cell, fields);
  return std::norm(fields[modes_[cell]]);
}

Complex Bench::measure_output(int mode) {
  ++measurements_;
  return std::polar(1.0, mesh_.output_phase[mode]) * fields_before(mesh_.shape.cells())[mode];
}

namespace {

/// The x with the least f(x) = a + b cos(x - c), b >= 0, from f at three places.
double least_of_sine(const std::function<double(double)>& f) {
  const double at_0 = f(0), at_1 = f(2 * pi / 3), at_2 = f(4 * pi / 3);
  const double cosine = 2 * at_0 - at_1 - at_2, sine = std::sqrt(3.0) * (at_1 - at_2);
  return std::atan2(sine, cosine) + pi;
}

/// Sets the cell to this theta and the phi with the least power, and measures that.
double power_at_best_phi(Bench& bench, std::size_t cell, double theta) {
  const double phi = least_of_sine([&](double x) {
    bench.set_cell(cell, theta, x);
    return bench.measure_power(cell);
  });
  bench.set_cell(cell, theta, phi);
  return bench.measure_power(cell);
}

/// The least power over phi falls with theta from the cross state on, then rises to the bar state: golden section.
/// (Setting theta and phi in turn creeps where a split is at the edge of reach.)
void null_upper_output(Bench& bench, std::size_t cell) {
  constexpr int kSteps = 72;  // 0.618^72 of pi: 3e-15
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double low = 0, high = pi;
  double left = high - golden * (high - low), right = low + golden * (high - low);
  double at_left = power_at_best_phi(bench, cell, left), at_right = power_at_best_phi(bench, cell, right);
  for (int step = 0; step < kSteps; ++step) {
    if (at_left < at_right) {
      high = right, right = left, at_right = at_left;
      left = high - golden * (high - low);
      at_left = power_at_best_phi(bench, cell, left);
    } else {
      low = left, left = right, at_left = at_right;
      right = low + golden * (high - low);
      at_right = power_at_best_phi(bench, cell, right);
    }
  }
  power_at_best_phi(bench, cell, at_left < at_right ? left : right);
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
