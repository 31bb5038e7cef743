// A LLaMA-like language model: a decoder with RMSNorm before each part, rotary positions, SwiGLU, no biases.
// Source: H. Touvron et al., "LLaMA: Open and Efficient Foundation Language Models", arXiv:2302.13971.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optinc/workload/named_array.h"

namespace optinc::workload {

struct LlamaOptions {
  int vocab = 512;  ///< tokens are 0 .. vocab - 1
  int layers = 4;
  int hidden = 128;
  int heads = 4;       ///< divides `hidden` into heads of even width
  int ffn_hidden = 0;  ///< width of the SwiGLU part; 0: 8/3 of `hidden`, rounded up to a multiple of 16
  int context = 64;    ///< longest sequence, in tokens
};

/// `options` with `ffn_hidden` filled in. Throws base::InputError that names the option which can't be.
LlamaOptions checked(LlamaOptions options);

/// The model with its parameters. Used by one thread, the one that made it; what it computes is a function of its
/// parameters and the tokens alone, whatever else the process does at the same time.
class Llama {
 public:
  /// Random parameters, a function of (options, seed). Throws base::InputError as checked() does.
  Llama(const LlamaOptions& options, std::uint64_t seed);
  ~Llama();
  Llama(const Llama&) = delete;
  Llama& operator=(const Llama&) = delete;

  /// All parameters, one behind the other: first the matrices, then the gains of the RMSNorms.
  std::span<float> parameters();
  /// How many of them are elements of matrices: those that weight decay is meant for.
  std::size_t matrix_parameter_count() const;

  std::vector<NamedArray> named_arrays() const;

  /// `tokens`, [sequences, length + 1] row-major, 1 <= length <= context: each token of a sequence but the first is
  /// predicted from those before it. Returns the cross-entropies of the predictions in nats, [sequences, length].
  /// Throws base::InputError for tokens outside the vocabulary and impossible lengths.
  std::vector<float> losses(std::span<const std::int32_t> tokens, int sequences) const;
  /// The mean of losses(), and its gradient in the order of parameters(), which overwrites `gradient`.
  double loss_and_gradient(std::span<const std::int32_t> tokens, int sequences, std::span<float> gradient) const;

 private:
  class Network;
  std::unique_ptr<Network> network_;
};

}  // namespace optinc::workload
