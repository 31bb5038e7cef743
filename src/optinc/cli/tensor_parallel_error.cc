#include "optinc/cli/tensor_parallel_error.h"

#include <cmath>
#include <memory>
#include <span>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/gaussian.h"
#include "optinc/collective/exact_all_reduce.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/fabric/integer_fabric.h"

namespace optinc::cli {
namespace {

using Floats = std::vector<float>;

Floats gaussians(std::uint64_t seed, std::uint64_t stream, std::size_t count, double deviation) {
  Floats values(count, 0.0f);
  base::add_gaussians(seed, stream, static_cast<float>(deviation), count, values.data());
  return values;
}

/// out [rows, columns] += left [rows, inner] right [inner, columns].
void add_product(const Floats& left, const Floats& right, int rows, int inner, int columns, Floats& out) {
  for (int row = 0; row < rows; ++row) {
    for (int k = 0; k < inner; ++k) {
      const float factor = left[static_cast<std::size_t>(row) * inner + k];
      for (int column = 0; column < columns; ++column) {
        out[static_cast<std::size_t>(row) * columns + column] +=
            factor * right[static_cast<std::size_t>(k) * columns + column];
      }
    }
  }
}

Floats transposed(const Floats& matrix, int rows, int columns) {
  Floats other(matrix.size());
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      other[static_cast<std::size_t>(column) * rows + row] = matrix[static_cast<std::size_t>(row) * columns + column];
    }
  }
  return other;
}

/// A rank's share of a layer: A_r [hidden, share], B_r [share, hidden].
struct Share {
  Floats a, b;
};

class Rank {
 public:
  Rank(const TensorParallelQuestion& question, int rank, collective::AllReduce& all_reduce)
      : question_(question), share_(4 * question.hidden / question.servers), all_reduce_(all_reduce) {
    for (int layer = 0; layer < question.layers; ++layer) {
      const std::uint64_t stream = 2 * (static_cast<std::uint64_t>(layer) * question.servers + rank);
      const std::size_t size = static_cast<std::size_t>(question.hidden) * share_;
      shares_.push_back({gaussians(question.seed, stream, size, 1 / std::sqrt(question.hidden)),
                         gaussians(question.seed, stream + 1, size, 1 / std::sqrt(4.0 * question.hidden))});
    }
  }

  /// Output of the last layer, then the gradient by the input for a Gaussian one by the output.
  std::vector<Floats> run() {
    const int tokens = question_.tokens, hidden = question_.hidden;
    const std::size_t size = static_cast<std::size_t>(tokens) * hidden;
    const std::uint64_t after_weights = 2 * static_cast<std::uint64_t>(question_.layers) * question_.servers;
    Floats x = gaussians(question_.seed, after_weights, size, 1);
    for (std::size_t i = 0; i < size; ++i) {
      if (i % hidden % 100 == 0) x[i] *= static_cast<float>(question_.outlier);
    }
    std::vector<Floats> activations;
    for (const Share& share : shares_) {
      Floats within(static_cast<std::size_t>(tokens) * share_, 0.0f), y(size, 0.0f);
      add_product(x, share.a, tokens, hidden, share_, within);
      for (float& value : within) value = std::max(value, 0.0f);
      add_product(within, share.b, tokens, share_, hidden, y);
      sum(y);
      for (std::size_t i = 0; i < size; ++i) x[i] += y[i];
      activations.push_back(std::move(within));
    }
    Floats gradient = gaussians(question_.seed, after_weights + 1, size, 1);
    for (std::size_t layer = shares_.size(); layer-- > 0;) {
      Floats within(static_cast<std::size_t>(tokens) * share_, 0.0f), dx(size, 0.0f);
      add_product(gradient, transposed(shares_[layer].b, share_, hidden), tokens, hidden, share_, within);
      for (std::size_t i = 0; i < within.size(); ++i) within[i] = activations[layer][i] > 0 ? within[i] : 0.0f;
      add_product(within, transposed(shares_[layer].a, hidden, share_), tokens, share_, hidden, dx);
      sum(dx);
      for (std::size_t i = 0; i < size; ++i) gradient[i] += dx[i];
    }
    return {std::move(x), std::move(gradient)};
  }

 private:
  void sum(Floats& values) {
    auto* bytes = reinterpret_cast<std::byte*>(values.data());
    all_reduce_.all_reduce({.count = values.size(), .input = bytes, .output = bytes},
                           {.op = collective::ReduceOp::sum, .first_element = calls_++ * values.size()});
  }

  const TensorParallelQuestion& question_;
  int share_;
  collective::AllReduce& all_reduce_;
  std::vector<Share> shares_;
  std::uint64_t calls_ = 0;
};

std::vector<Floats> run_layers(const TensorParallelQuestion& question, bool by_light) {
  const fabric::IntegerFabric device(question.servers, question.quantiser.bits, question.rounding);
  std::vector<Floats> of_rank_0;
  collective::run_ranks(question.servers, {}, [&](collective::Transport& transport) {
    std::unique_ptr<collective::AllReduce> all_reduce;
    if (by_light) {
      all_reduce = std::make_unique<collective::OpticalAllReduce>(
          transport, device,
          collective::OpticalAllReduceOptions{.network = {.quantiser = question.quantiser, .seed = question.seed}});
    } else {
      all_reduce = std::make_unique<collective::ExactAllReduce>(transport);
    }
    std::vector<Floats> results = Rank(question, transport.rank(), *all_reduce).run();
    if (transport.rank() == 0) of_rank_0 = std::move(results);
  });
  return of_rank_0;
}

double nmse(const Floats& given, const Floats& exact) {
  double error = 0, signal = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double off = static_cast<double>(given[i]) - exact[i];
    error += off * off;
    signal += static_cast<double>(exact[i]) * exact[i];
  }
  return error / signal;
}

}  // namespace

TensorParallelError tensor_parallel_error(const TensorParallelQuestion& question) {
  base::require(question.servers >= 1, "servers {}: expected 1 or more", question.servers);
  base::require(question.hidden >= 1 && 4 * question.hidden % question.servers == 0,
                "hidden {}: 4 times it does not divide over {} servers", question.hidden, question.servers);
  base::require(question.layers >= 1 && question.tokens >= 1, "layers {}, tokens {}: expected 1 or more",
                question.layers, question.tokens);
  const std::vector<Floats> exact = run_layers(question, false), light = run_layers(question, true);
  return {nmse(light[0], exact[0]), nmse(light[1], exact[1])};
}

}  // namespace optinc::cli
