#include "optinc/design/batch_gradient.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <torch/torch.h>

#include "optinc/base/parallel.h"

namespace optinc::design {

/// Forward and backward pass of a part of the batch, written out: every buffer is made once. (Autograd allocates each
/// intermediate anew.)
class BatchGradient::Shard {
 public:
  Shard(const ParameterLayout& layout, std::size_t largest, std::vector<float> symbol_weights)
      : layout_(layout), symbol_weights_(std::move(symbol_weights)), gradient_(layout.size()) {
    for (const ParameterLayout::Place& layer : layout.layers()) {
      activations_.push_back(torch::empty({int64_t(largest), layer.outputs}));
      deltas_.push_back(torch::empty({int64_t(largest), layer.outputs}));
    }
  }

  const std::vector<float>& gradient() const { return gradient_; }
  double loss() const { return loss_; }

  /// Adds up, not averages, over the samples; `weight` is one sample's in the batch's mean.
  void compute(const std::vector<float>& parameters, std::size_t samples, const float* inputs, const float* targets,
               const Normalisation& normalisation, Loss loss, double weight, Fare* fares) {
    const torch::NoGradGuard no_grad;
    const auto rows = static_cast<int64_t>(samples);
    const auto view = [](const float* data, at::IntArrayRef sizes) {
      return torch::from_blob(const_cast<float*>(data), sizes);
    };
    const std::size_t depth = layout_.layers().size();
    const torch::Tensor x = view(inputs, {rows, layout_.layers().front().inputs});
    for (std::size_t i = 0; i < depth; ++i) {
      const ParameterLayout::Place& layer = layout_.layers()[i];
      torch::Tensor z = activations_[i].narrow(0, 0, rows);
      at::addmm_out(z, view(&parameters[layer.bias], {layer.outputs}),
                    i == 0 ? x : activations_[i - 1].narrow(0, 0, rows),
                    view(&parameters[layer.weight], {layer.outputs, layer.inputs}).t());
      if (i + 1 < depth) z.relu_();
    }
    differentiate(samples, targets, normalisation, loss, weight, fares);
    for (std::size_t i = depth; i-- > 0;) {
      const ParameterLayout::Place& layer = layout_.layers()[i];
      torch::Tensor delta = deltas_[i].narrow(0, 0, rows);
      torch::Tensor weight_gradient = view(&gradient_[layer.weight], {layer.outputs, layer.inputs});
      torch::Tensor bias_gradient = view(&gradient_[layer.bias], {layer.outputs});
      at::mm_out(weight_gradient, delta.t(), i == 0 ? x : activations_[i - 1].narrow(0, 0, rows));
      at::sum_out(bias_gradient, delta, 0);
      if (i == 0) break;
      torch::Tensor below = deltas_[i - 1].narrow(0, 0, rows);
      at::mm_out(below, delta, view(&parameters[layer.weight], {layer.outputs, layer.inputs}));
      at::threshold_backward_out(below, below, activations_[i - 1].narrow(0, 0, rows), 0);
    }
  }

 private:
  /// From the outputs to the loss and its derivative by the outputs.
  void differentiate(std::size_t samples, const float* targets, const Normalisation& normalisation, Loss loss,
                     double weight, Fare* fares) {
    const std::size_t symbols = symbol_weights_.size();
    const float* outputs = activations_.back().data_ptr<float>();
    float* delta = deltas_.back().data_ptr<float>();
    const auto shift = static_cast<float>(normalisation.output_shift);
    const auto scale = static_cast<float>(normalisation.output_scale);
    const auto slope = static_cast<float>(2 * weight * normalisation.output_scale);
    loss_ = 0;
    for (std::size_t sample = 0; sample < samples; ++sample) {
      float sum = 0, reconstructed = 0;
      float largest = 0;
      for (std::size_t i = 0; i < symbols; ++i) {
        const std::size_t at = sample * symbols + i;
        const float error = outputs[at] * scale + shift - targets[at];
        largest = std::max(largest, std::abs(error));
        float pull = 0;
        switch (loss) {
          case Loss::symbols:
            pull = symbol_weights_[i] * error;
            sum += pull * error;
            break;
          case Loss::margin:
            pull = error > 0 ? std::max(0.0f, error - 0.25f) : std::min(0.0f, error + 0.25f);
            sum += pull * pull;
            break;
          case Loss::gradient:
            reconstructed += std::ldexp(error, -2 * static_cast<int>(i));
            break;
        }
        delta[at] = slope * pull;
      }
      if (loss == Loss::gradient) {
        for (std::size_t i = 0; i < symbols; ++i) {
          delta[sample * symbols + i] = slope * std::ldexp(reconstructed, -2 * static_cast<int>(i));
        }
        sum = reconstructed * reconstructed;
      }
      loss_ += sum * weight;
      fares[sample] = largest < 0.25f ? Fare::quiet : largest < 0.5f ? Fare::loud : Fare::wrong;
    }
  }

  const ParameterLayout& layout_;
  std::vector<float> symbol_weights_;
  std::vector<torch::Tensor> activations_;  // [largest, width of layer i's outputs], behind the ReLU
  std::vector<torch::Tensor> deltas_;       // the loss's derivative by the layer's sums
  std::vector<float> gradient_;
  double loss_ = 0;
};

BatchGradient::BatchGradient(const ParameterLayout& layout, std::size_t largest_batch,
                             std::vector<float> symbol_weights, int threads)
    : layout_(layout), threads_(threads) {
  const std::size_t largest = (largest_batch + kShards - 1) / kShards;
  for (int shard = 0; shard < kShards; ++shard) {
    shards_.push_back(std::make_unique<Shard>(layout, largest, symbol_weights));
  }
}

BatchGradient::~BatchGradient() = default;

double BatchGradient::compute(const std::vector<float>& parameters, std::size_t samples, const float* inputs,
                              const float* targets, const Normalisation& normalisation, Loss loss,
                              std::vector<float>& gradient, Fare* fares) {
  const std::size_t share = (samples + kShards - 1) / kShards;
  const std::size_t input_width = layout_.layers().front().inputs, output_width = layout_.layers().back().outputs;
  base::parallel_for(kShards, 1, threads_, [&](std::size_t shard, std::size_t, int) {
    at::set_num_threads(1);  // of this thread: LibTorch's own threads and OpenBLAS's fight with each other
    const std::size_t begin = std::min(samples, shard * share), end = std::min(samples, begin + share);
    shards_[shard]->compute(parameters, end - begin, inputs + begin * input_width, targets + begin * output_width,
                            normalisation, loss, 1.0 / static_cast<double>(samples), fares + begin);
  });
  double sum = 0;
  gradient.assign(layout_.size(), 0.0f);
  for (const auto& shard : shards_) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += shard->gradient()[i];
    sum += shard->loss();
  }
  return sum;
}

}  // namespace optinc::design
