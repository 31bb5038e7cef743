#include "optinc/design/batch_gradient.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "optinc/base/gaussian.h"
#include "optinc/base/parallel.h"
#include "optinc/linalg/blas.h"

namespace optinc::design {

/// Forward and backward pass of a part of the batch; every buffer is made once.
class BatchGradient::Shard {
 public:
  Shard(const ParameterLayout& layout, std::size_t largest) : layout_(layout), gradient_(layout.size()) {
    for (const ParameterLayout::Place& layer : layout.layers()) {
      activations_.emplace_back(largest * layer.outputs);
      deltas_.emplace_back(largest * layer.outputs);
      lit_.emplace_back(largest * layer.outputs);
    }
  }

  const std::vector<float>& gradient() const { return gradient_; }
  double loss() const { return loss_; }

  /// Adds up, not averages, over the samples; `weight` is one sample's in the batch's mean.
  void compute(const std::vector<float>& parameters, std::size_t samples, const float* inputs, const float* targets,
               const Objective& objective, double weight, Fare* fares, const SumNoise& noise,
               std::size_t first_sample) {
    const std::vector<ParameterLayout::Place>& layers = layout_.layers();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const float* below = i == 0 ? inputs : activations_[i - 1].data();
      sum(layers[i], parameters, samples, below, activations_[i].data());
      const std::size_t width = layers[i].outputs;
      const auto disturb = [&] {
        if (!noise.rms.empty()) add_noise(noise, i, first_sample, samples, width, activations_[i].data());
      };
      if (!noise.behind_relu) disturb();
      if (i + 1 < layers.size()) activate(samples * width, activations_[i].data());
      if (noise.behind_relu) {  // which hides what was lit
        for (std::size_t j = 0; j < samples * width; ++j) lit_[i][j] = activations_[i][j] > 0;
        disturb();
      }
    }
    differentiate(samples, targets, objective, weight, fares);
    for (std::size_t i = layers.size(); i-- > 0;) {
      const ParameterLayout::Place& layer = layers[i];
      const std::size_t outputs = layer.outputs, width = layer.inputs;
      const float* delta = deltas_[i].data();
      const float* below = i == 0 ? inputs : activations_[i - 1].data();
      linalg::transposed_multiply(outputs, width, samples, delta, below, &gradient_[layer.weight]);
      add_rows(samples, outputs, delta, &gradient_[layer.bias]);
      if (i == 0) break;
      float* delta_below = deltas_[i - 1].data();
      linalg::multiply(samples, width, outputs, delta, &parameters[layer.weight], delta_below);
      if (noise.behind_relu) {
        for (std::size_t j = 0; j < samples * width; ++j) delta_below[j] = lit_[i - 1][j] != 0 ? delta_below[j] : 0.0f;
      } else {
        for (std::size_t j = 0; j < samples * width; ++j) delta_below[j] = below[j] > 0 ? delta_below[j] : 0.0f;
      }
    }
  }

 private:
  static void sum(const ParameterLayout::Place& layer, const std::vector<float>& parameters, std::size_t samples,
                  const float* below, float* above) {
    const std::size_t outputs = layer.outputs;
    for (std::size_t row = 0; row < samples; ++row) {
      std::copy_n(&parameters[layer.bias], outputs, above + row * outputs);
    }
    linalg::multiply_transposed(samples, outputs, layer.inputs, below, &parameters[layer.weight], above, 1.0f);
  }

  static void activate(std::size_t count, float* values) {
    for (std::size_t j = 0; j < count; ++j) values[j] = values[j] > 0 ? values[j] : 0.0f;
  }

  static void add_noise(const SumNoise& noise, std::size_t layer, std::size_t first_sample, std::size_t samples,
                        std::size_t width, float* sums) {
    constexpr std::uint64_t kMostLayers = 64, kMostSamples = std::uint64_t{1} << 20;
    if (noise.rms[layer] == 0) return;
    for (std::size_t row = 0; row < samples; ++row) {
      const std::uint64_t stream = (noise.batch * kMostSamples + first_sample + row) * kMostLayers + layer;
      base::add_gaussians(noise.seed, stream, noise.rms[layer], width, sums + row * width);
    }
  }

  static void add_rows(std::size_t rows, std::size_t width, const float* matrix, float* sums) {
    std::fill_n(sums, width, 0.0f);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t j = 0; j < width; ++j) sums[j] += matrix[row * width + j];
    }
  }

  /// From the outputs to the loss and its derivative by the outputs.
  void differentiate(std::size_t samples, const float* targets, const Objective& objective, double weight,
                     Fare* fares) {
    const std::size_t symbols = objective.steps.size();
    const float* outputs = activations_.back().data();
    float* delta = deltas_.back().data();
    const auto shift = static_cast<float>(objective.normalisation.output_shift);
    const auto scale = static_cast<float>(objective.normalisation.output_scale);
    const auto slope = static_cast<float>(2 * weight * objective.normalisation.output_scale);
    const float margin = objective.margin;
    loss_ = 0;
    for (std::size_t sample = 0; sample < samples; ++sample) {
      float sum = 0, reconstructed = 0;
      float largest = 0;
      for (std::size_t i = 0; i < symbols; ++i) {
        const std::size_t at = sample * symbols + i;
        const float error = outputs[at] * scale + shift - targets[at];
        const float in_steps = error * objective.steps[i];
        largest = std::max(largest, std::abs(in_steps));
        float pull = 0;
        switch (objective.loss) {
          case Loss::symbols:
            pull = objective.symbol_weights[i] * error;
            sum += pull * error;
            break;
          case Loss::margin: {
            const float beyond = in_steps > 0 ? std::max(0.0f, in_steps - margin) : std::min(0.0f, in_steps + margin);
            pull = objective.steps[i] * beyond;
            sum += beyond * beyond;
            break;
          }
          case Loss::gradient:
            reconstructed += std::ldexp(error, -2 * static_cast<int>(i));
            break;
        }
        delta[at] = slope * pull;
      }
      if (objective.loss == Loss::gradient) {
        for (std::size_t i = 0; i < symbols; ++i) {
          delta[sample * symbols + i] = slope * std::ldexp(reconstructed, -2 * static_cast<int>(i));
        }
        sum = reconstructed * reconstructed;
      }
      loss_ += sum * weight;
      // Ordered so that NaN is wrong.
      fares[sample] = largest < margin ? Fare::quiet : largest < 0.5f ? Fare::loud : Fare::wrong;
    }
  }

  const ParameterLayout& layout_;
  std::vector<std::vector<float>> activations_;  // [largest, width of layer i's outputs], behind the ReLU
  std::vector<std::vector<std::uint8_t>> lit_;   // where noise comes behind the ReLU: whether that let light through
  std::vector<std::vector<float>> deltas_;       // the loss's derivative by the layer's sums
  std::vector<float> gradient_;
  double loss_ = 0;
};

BatchGradient::BatchGradient(const ParameterLayout& layout, std::size_t largest_batch, int threads)
    : input_width_(layout.layers().front().inputs), output_width_(layout.layers().back().outputs), threads_(threads) {
  const std::size_t largest = (largest_batch + kShards - 1) / kShards;
  for (int shard = 0; shard < kShards; ++shard) shards_.push_back(std::make_unique<Shard>(layout, largest));
}

BatchGradient::~BatchGradient() = default;

double BatchGradient::compute(const std::vector<float>& parameters, std::size_t samples, const float* inputs,
                              const float* targets, const Objective& objective, Fare* fares, const SumNoise& noise) {
  const std::size_t share = (samples + kShards - 1) / kShards;
  base::parallel_for(kShards, 1, threads_, [&](std::size_t shard, std::size_t, int) {
    const std::size_t begin = std::min(samples, shard * share), end = std::min(samples, begin + share);
    shards_[shard]->compute(parameters, end - begin, inputs + begin * input_width_, targets + begin * output_width_,
                            objective, 1.0 / static_cast<double>(samples), fares + begin, noise, begin);
  });
  double sum = 0;
  for (const auto& shard : shards_) sum += shard->loss();
  return sum;
}

std::vector<const float*> BatchGradient::shard_gradients() const {
  std::vector<const float*> gradients;
  for (const auto& shard : shards_) gradients.push_back(shard->gradient().data());
  return gradients;
}

}  // namespace optinc::design
