#include "optinc/onn/rank_count.h"

#include <algorithm>
#include <numeric>

#include "optinc/linalg/svd.h"

namespace optinc::onn {
namespace {

/// Which nodes hang together.
class Groups {
 public:
  explicit Groups(int count) : parents_(count) { std::iota(parents_.begin(), parents_.end(), 0); }
  int of(int node) {
    while (parents_[node] != node) node = parents_[node] = parents_[parents_[node]];
    return node;
  }
  void join(int a, int b) { parents_[of(a)] = of(b); }

 private:
  std::vector<int> parents_;
};

int rank_of(const linalg::Matrix& matrix, double least) {
  if (matrix.rows() == 1 || matrix.cols() == 1) return 1;
  const Eigen::VectorXd values = linalg::singular_values(matrix);
  return static_cast<int>(std::ranges::count_if(values, [&](double value) { return value > least; }));
}

}  // namespace

std::int64_t mzis_of_rank(std::int64_t outputs, std::int64_t inputs, std::int64_t rank) {
  return rank * (2 * outputs - rank - 1) / 2 + rank * (2 * inputs - rank - 1) / 2 + rank;
}

std::vector<Block> blocks_of(const Layer& layer, double tolerance) {
  Groups groups(layer.outputs + layer.inputs);
  const auto weight = [&](int row, int column) {
    return layer.weight[static_cast<std::size_t>(row) * layer.inputs + column];
  };
  for (int row = 0; row < layer.outputs; ++row) {
    for (int column = 0; column < layer.inputs; ++column) {
      if (weight(row, column) != 0) groups.join(row, layer.outputs + column);
    }
  }
  std::vector<std::vector<int>> rows(layer.outputs + layer.inputs), columns(layer.outputs + layer.inputs);
  for (int row = 0; row < layer.outputs; ++row) rows[groups.of(row)].push_back(row);
  for (int column = 0; column < layer.inputs; ++column) columns[groups.of(layer.outputs + column)].push_back(column);

  std::vector<Block> blocks;
  for (std::size_t group = 0; group < rows.size(); ++group) {
    if (rows[group].empty() || columns[group].empty()) continue;  // a dark wire, or one that nobody reads
    linalg::Matrix matrix(rows[group].size(), columns[group].size());
    for (std::size_t i = 0; i < rows[group].size(); ++i) {
      for (std::size_t j = 0; j < columns[group].size(); ++j) {
        matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = weight(rows[group][i], columns[group][j]);
      }
    }
    blocks.push_back({static_cast<int>(matrix.rows()), static_cast<int>(matrix.cols()),
                      rank_of(matrix, tolerance * matrix.rowwise().norm().maxCoeff())});
  }
  return blocks;
}

std::vector<std::int64_t> count_by_rank(const Network& network) {
  std::vector<std::int64_t> counts;
  for (const Layer& layer : network.layers) {
    std::int64_t count = 0;
    for (const Block& block : blocks_of(layer)) count += mzis_of_rank(block.outputs, block.inputs, block.rank);
    counts.push_back(count);
  }
  return counts;
}

}  // namespace optinc::onn
