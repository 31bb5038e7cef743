#include "optinc/workload/llama.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "optinc/base/error.h"
#include "optinc/workload/decoder_functions.h"
#include "optinc/workload/flat_parameters.h"

namespace optinc::workload {
namespace {

using at::Tensor;

constexpr double kNormEpsilon = 1e-5;
// Standard deviations at the start. Small models learn several times faster from these than from 0.02 for everything:
// matrices make outputs of about the size of their inputs, and embeddings stand out from what the layers add.
constexpr double kEmbeddingDeviation = 0.3;

double matrix_deviation(std::int64_t inputs) {
  return std::sqrt(0.5 / static_cast<double>(inputs));
}

/// One decoder layer; a matrix [m, n] makes m outputs of n inputs.
struct Layer {
  Tensor qkv;             // [3 hidden, hidden]
  Tensor attention_out;   // [hidden, hidden]
  Tensor gate_up;         // [2 ffn_hidden, hidden]
  Tensor down;            // [hidden, ffn_hidden]
  Tensor attention_norm;  // [hidden]
  Tensor ffn_norm;        // [hidden]
};

}  // namespace

LlamaOptions checked(LlamaOptions options) {
  using base::require;
  require(options.vocab >= 2, "vocabulary of {} tokens: expected at least 2", options.vocab);
  require(options.layers >= 1, "{} layers: expected at least 1", options.layers);
  require(options.heads >= 1, "{} heads: expected at least 1", options.heads);
  require(options.hidden >= 1 && options.hidden % (2 * options.heads) == 0,
          "hidden size {}: expected a multiple of {}, twice the number of heads", options.hidden, 2 * options.heads);
  require(options.ffn_hidden >= 0, "feed-forward size {}: expected at least 1, or 0 for 8/3 of the hidden size",
          options.ffn_hidden);
  require(options.context >= 1, "context of {} tokens: expected at least 1", options.context);
  if (options.ffn_hidden == 0) options.ffn_hidden = (8 * options.hidden + 47) / 48 * 16;
  return options;
}

class Llama::Network {
 public:
  Network(const LlamaOptions& options, std::uint64_t seed) : options_(checked(options)) {
    compute_alone_in_this_thread();
    const std::int64_t vocab = options_.vocab, hidden = options_.hidden, ffn = options_.ffn_hidden;
    const std::int64_t layers = options_.layers;
    // What 2 * layers parts add up to should not grow with their number.
    const double share = 1 / std::sqrt(2.0 * static_cast<double>(layers));
    add_matrix("embedding", vocab, hidden, kEmbeddingDeviation);
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      const std::string name = fmt::format("layers.{}.", layer);
      add_matrix(name + "qkv", 3 * hidden, hidden, matrix_deviation(hidden));
      add_matrix(name + "attention_out", hidden, hidden, share * matrix_deviation(hidden));
      add_matrix(name + "gate_up", 2 * ffn, hidden, matrix_deviation(hidden));
      add_matrix(name + "down", hidden, ffn, share * matrix_deviation(ffn));
    }
    add_matrix("output", vocab, hidden, matrix_deviation(hidden));
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      parameters_.add(fmt::format("layers.{}.attention_norm", layer), {hidden}, /*decayed=*/false);
      parameters_.add(fmt::format("layers.{}.ffn_norm", layer), {hidden}, /*decayed=*/false);
    }
    parameters_.add("output_norm", {hidden}, /*decayed=*/false);
    parameters_.allocate();
    draw(seed);
    take_tensors(layers);
    rotary_table_ = rotary_table(options_.context, hidden / options_.heads);
  }

  /// Cross-entropy of the predictions: [sequences * length], or the mean of them.
  Tensor losses(std::span<const std::int32_t> tokens, int sequences, at::Reduction::Reduction reduction) const {
    base::require(sequences >= 1 && tokens.size() % sequences == 0, "{} tokens: expected {} sequences of one length",
                  tokens.size(), sequences);
    const std::int64_t length = static_cast<std::int64_t>(tokens.size()) / sequences - 1;
    base::require(length >= 1 && length <= options_.context, "sequences of {} tokens: expected 2 to {}", length + 1,
                  options_.context + 1);
    for (const std::int32_t token : tokens) {
      base::require(token >= 0 && token < options_.vocab, "token {}: expected 0 to {}", token, options_.vocab - 1);
    }
    const Tensor all = at::empty({sequences, length + 1}, at::kLong);
    std::copy(tokens.begin(), tokens.end(), all.data_ptr<std::int64_t>());
    const Tensor inputs = all.narrow(1, 0, length).reshape({-1}), targets = all.narrow(1, 1, length).reshape({-1});

    Tensor x = at::embedding(embedding_, inputs);
    for (const Layer& layer : layers_) {
      const Tensor qkv = at::mm(rms_norm(x, layer.attention_norm, kNormEpsilon), layer.qkv.t());
      const Tensor attended = causal_attention(qkv, rotary_table_, sequences, options_.heads);
      x = at::addmm(x, attended, layer.attention_out.t());
      const Tensor gate_up = at::mm(rms_norm(x, layer.ffn_norm, kNormEpsilon), layer.gate_up.t());
      x = at::addmm(x, swiglu(gate_up), layer.down.t());
    }
    const Tensor logits = at::mm(rms_norm(x, output_norm_, kNormEpsilon), output_.t());
    return at::cross_entropy_loss(logits, targets, {}, reduction);
  }

  const FlatParameters& parameters() const { return parameters_; }

 private:
  void add_matrix(const std::string& name, std::int64_t m, std::int64_t n, double deviation) {
    parameters_.add(name, {m, n}, /*decayed=*/true);
    deviations_.push_back(deviation);
  }

  void draw(std::uint64_t seed) {
    // A generator of its own: the global one is shared by all threads.
    at::Generator generator = at::detail::createCPUGenerator(seed);
    for (std::size_t matrix = 0; matrix < deviations_.size(); ++matrix) {
      parameters_.tensor(matrix).detach().normal_(0, deviations_[matrix], generator);
    }
    const auto gains = parameters_.values().subspan(parameters_.decayed_count());
    std::fill(gains.begin(), gains.end(), 1.0f);
  }

  void take_tensors(std::int64_t layers) {
    std::size_t next = 0;
    const auto take = [&] { return parameters_.tensor(next++); };
    layers_.resize(layers);
    embedding_ = take();
    for (Layer& layer : layers_) {
      layer.qkv = take();
      layer.attention_out = take();
      layer.gate_up = take();
      layer.down = take();
    }
    output_ = take();
    for (Layer& layer : layers_) {
      layer.attention_norm = take();
      layer.ffn_norm = take();
    }
    output_norm_ = take();
  }

  LlamaOptions options_;
  FlatParameters parameters_;
  std::vector<double> deviations_;  // of the matrices at the start, in their order
  Tensor embedding_, output_;       // [vocab, hidden]
  Tensor output_norm_;              // [hidden]
  std::vector<Layer> layers_;
  Tensor rotary_table_;
};

Llama::Llama(const LlamaOptions& options, std::uint64_t seed) : network_(std::make_unique<Network>(options, seed)) {}

Llama::~Llama() = default;

std::span<float> Llama::parameters() {
  return network_->parameters().values();
}

std::size_t Llama::matrix_parameter_count() const {
  return network_->parameters().decayed_count();
}

std::vector<NamedArray> Llama::named_arrays() const {
  return network_->parameters().named();
}

std::vector<float> Llama::losses(std::span<const std::int32_t> tokens, int sequences) const {
  const at::NoGradGuard no_gradient;
  const Tensor losses = network_->losses(tokens, sequences, at::Reduction::None);
  const float* const begin = losses.data_ptr<float>();
  return {begin, begin + losses.numel()};
}

double Llama::loss_and_gradient(std::span<const std::int32_t> tokens, int sequences, std::span<float> gradient) const {
  const Tensor loss = network_->losses(tokens, sequences, at::Reduction::Mean);
  network_->parameters().gradient(loss, gradient);
  return loss.item<float>();
}

}  // namespace optinc::workload
