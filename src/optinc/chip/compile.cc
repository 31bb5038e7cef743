#include "optinc/chip/compile.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/base/version.h"
#include "optinc/chip/unit_matrices.h"
#include "optinc/device/onn_averager.h"
#include "optinc/linalg/polar.h"
#include "optinc/linalg/svd.h"
#include "optinc/mesh/decompose.h"
#include "optinc/verify/relative_noise.h"

namespace optinc::chip {
namespace {

using linalg::Matrix;

/// A mesh still to be found.
struct Task {
  Matrix orthogonal;
  std::size_t stage, block;
  bool second;
};

/// A matrix that is zero outside its parts: a block each.
struct Part {
  int row, column;
  Matrix weight;
};

Stage dense_stage(std::string name, int outputs, int inputs, const std::vector<Part>& parts, std::size_t number,
                  std::vector<Task>& tasks) {
  Stage stage{std::move(name), outputs, inputs};
  std::vector<Eigen::VectorXd> values;
  double largest = 0;
  for (const Part& part : parts) {
    const linalg::Svd svd = linalg::full_svd(part.weight);
    values.push_back(svd.values);
    largest = std::max(largest, values.back()[0]);
    tasks.push_back({svd.v.transpose(), number, stage.blocks.size(), false});
    tasks.push_back({svd.u, number, stage.blocks.size(), true});
    stage.blocks.push_back({.row = part.row, .column = part.column, .second = mesh::Mesh{}});
  }
  stage.gain = largest > 0 ? largest : 1;
  for (std::size_t b = 0; b < values.size(); ++b) {
    std::vector<double> attenuation;
    for (const double value : values[b]) attenuation.push_back(std::min(value / stage.gain, 1.0));
    stage.blocks[b].attenuators = set_attenuators(attenuation);
  }
  return stage;
}

/// P: the columns of every input, which are neighbours.
std::vector<Part> parts_of_preprocessing(const device::DeviceShape& shape) {
  const Matrix matrix = preprocessing_matrix(shape);
  std::vector<Part> parts;
  int column = 0;
  for (int k = 0; k < shape.inputs; ++k) {
    int end = column;
    while (end < matrix.cols() && matrix(k, end) != 0) ++end;
    parts.push_back({k, column, matrix.block(k, column, 1, end - column)});
    column = end;
  }
  return parts;
}

/// T: the rows of every output.
std::vector<Part> parts_of_splitting(const device::DeviceShape& shape) {
  const Matrix matrix = splitting_matrix(shape);
  std::vector<Part> parts;
  for (int i = 0; i < shape.symbols(); ++i) {
    parts.push_back({i * shape.servers, i, matrix.block(i * shape.servers, i, shape.servers, 1)});
  }
  return parts;
}

Stage approximated_stage(std::string name, const Matrix& weight, std::size_t number, std::vector<Task>& tasks) {
  Stage stage{std::move(name), static_cast<int>(weight.rows()), static_cast<int>(weight.cols()), true};
  const Eigen::Index side = std::min(weight.rows(), weight.cols());
  const double largest = weight.rowwise().norm().maxCoeff();
  std::vector<std::vector<double>> diagonals;
  double most = 0;
  for (Eigen::Index row = 0; row < weight.rows(); row += side) {
    for (Eigen::Index column = 0; column < weight.cols(); column += side) {
      Matrix square = weight.block(row, column, side, side);
      std::vector<double>& diagonal = diagonals.emplace_back();
      for (Eigen::Index i = 0; i < side; ++i) {
        // Rows that float32 can't tell from dark: their light is put out, whatever their direction.
        const double length = square.row(i).norm();
        diagonal.push_back(length > 1e-30 * largest ? length : 0);
        square.row(i) *= diagonal.back() > 0 ? 1 / length : 0;
      }
      most = std::max(most, *std::ranges::max_element(diagonal));
      tasks.push_back({std::move(square), number, stage.blocks.size(), false});
      stage.blocks.push_back({static_cast<int>(row), static_cast<int>(column)});
    }
  }
  if (most == 0) most = 1;
  for (std::size_t b = 0; b < diagonals.size(); ++b) {
    for (double& value : diagonals[b]) value /= most;
    stage.blocks[b].attenuators = set_attenuators(diagonals[b]);
  }
  stage.gain = most * std::sqrt(static_cast<double>(stage.splits()) * stage.combined());
  return stage;
}

}  // namespace

Program assemble(const onn::Design& design, const std::string& name, const CompileOptions& options) {
  Program program{.design = name,
                  .shape = device::shape_of(design),
                  .approximated = design.approximated,
                  .origin = design.origin,
                  .area_mzi = design.area_mzi,
                  .version = base::kVersion};
  std::vector<Task> tasks;
  const auto add_dense = [&](std::string stage, int outputs, int inputs, const std::vector<Part>& parts) {
    program.stages.push_back(dense_stage(std::move(stage), outputs, inputs, parts, program.stages.size(), tasks));
  };
  const int ports = program.shape.servers * program.shape.symbols();
  add_dense("P", program.shape.inputs, ports, parts_of_preprocessing(program.shape));
  for (const onn::Layer& layer : design.network.layers) {
    const int number = static_cast<int>(program.stages.size());
    const Matrix weight = Eigen::Map<const Eigen::Matrix<float, -1, -1, Eigen::RowMajor>>(layer.weight.data(),
                                                                                          layer.outputs, layer.inputs)
                              .cast<double>();
    if (design.approximated.contains(number)) {
      program.stages.push_back(approximated_stage(std::to_string(number), weight, program.stages.size(), tasks));
      program.stages.back().approximated = true;
    } else {
      add_dense(std::to_string(number), layer.outputs, layer.inputs, {{0, 0, weight}});
    }
    program.stages.back().bias.assign(layer.bias.begin(), layer.bias.end());
  }
  add_dense("T", ports, program.shape.symbols(), parts_of_splitting(program.shape));

  // The largest first: they are dealt out one by one.
  std::ranges::stable_sort(tasks, std::greater<>(), [](const Task& task) { return task.orthogonal.rows(); });
  std::vector<linalg::ComplexMatrix> unitaries(tasks.size());
  base::parallel_for(tasks.size(), 1, options.threads, [&](std::size_t index, std::size_t, int) {
    const Matrix& given = tasks[index].orthogonal;
    const bool exact = linalg::orthogonality_error(given) < 1e-13;
    unitaries[index] = (exact ? given : linalg::nearest_orthogonal(given)).cast<linalg::Complex>();
  });
  std::vector<mesh::Mesh> meshes = mesh::program_all(unitaries, options.layout, options.cell, options.threads);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Block& block = program.stages[tasks[i].stage].blocks[tasks[i].block];
    (tasks[i].second ? *block.second : block.first) = std::move(meshes[i]);
  }
  program.stages.front().largest_output = largest_level(program.shape);
  return program;
}

void set_largest_outputs(Program& program, const std::vector<double>& largest) {
  base::require(largest.size() == static_cast<std::size_t>(program.layers()),
                "largest outputs of {} layers: expected {}", largest.size(), program.layers());
  for (std::size_t l = 0; l < largest.size(); ++l) program.stages[l + 1].largest_output = largest[l];
  program.stages.back().largest_output = largest.back();
}

Program compile(const onn::Design& design, const std::string& name, const CompileOptions& options,
                base::Progress* progress) {
  Program program = assemble(design, name, options);
  set_largest_outputs(program,
                      verify::largest_outputs(design.network, program.shape, {.threads = options.threads}, progress));
  return program;
}

}  // namespace optinc::chip
