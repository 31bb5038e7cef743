#include "optinc/chip/unit_matrices.h"

#include <algorithm>
#include <cmath>

namespace optinc::chip {

linalg::Matrix preprocessing_matrix(const device::DeviceShape& shape) {
  const int symbols = shape.symbols(), joined = shape.symbols_per_input();
  linalg::Matrix matrix = linalg::Matrix::Zero(shape.inputs, shape.servers * symbols);
  for (int server = 0; server < shape.servers; ++server) {
    for (int symbol = 0; symbol < symbols; ++symbol) {
      // From the least significant symbol on, `joined` to an input.
      const int place = symbols - 1 - symbol;
      const int input = shape.inputs - 1 - place / joined;
      matrix(input, symbol * shape.servers + server) = std::ldexp(1.0, 2 * (place % joined)) / shape.servers;
    }
  }
  return matrix;
}

linalg::Matrix splitting_matrix(const device::DeviceShape& shape) {
  const int symbols = shape.symbols();
  linalg::Matrix matrix = linalg::Matrix::Zero(shape.servers * symbols, symbols);
  for (int row = 0; row < matrix.rows(); ++row) matrix(row, row / shape.servers) = 1;
  return matrix;
}

double largest_level(const device::DeviceShape& shape) {
  double largest = 0;
  for (int k = 0; k < shape.inputs; ++k) {
    largest = std::max(largest, static_cast<double>(shape.last_step(k)) / shape.steps_per_level(k));
  }
  return largest;
}

double largest_symbol(const device::DeviceShape& shape, int symbol) {
  const bool has_decimals = shape.role == onn::Role::cascade_level_2 && symbol == shape.symbols() - 1;
  const double most = symbol == 0 && shape.bits % 2 == 1 ? 1 : 3;
  return most + (has_decimals ? 1 - 1.0 / shape.servers : 0);
}

}  // namespace optinc::chip
