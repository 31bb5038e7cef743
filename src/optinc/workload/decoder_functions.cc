#include "optinc/workload/decoder_functions.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace optinc::workload {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::Variable;
using torch::autograd::variable_list;

struct RmsNorm : Function<RmsNorm> {
  static Variable forward(AutogradContext* context, const Variable& x, const Variable& gain, double epsilon) {
    const Tensor scale = x.square().mean(-1, /*keepdim=*/true).add_(epsilon).rsqrt_();  // [n, 1]
    const Tensor normed = x * scale;
    context->save_for_backward({normed, scale, gain});
    return normed * gain;
  }

  // With y = x s, s = (mean x^2 + e)^(-1/2): dx = s (dy - y mean(dy y)).
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &normed = saved[0], &scale = saved[1], &gain = saved[2], &d_out = gradients[0];
    const Tensor d_gain = (d_out * normed).sum(0);
    Tensor d_normed = d_out * gain;
    const Tensor projection = (d_normed * normed).mean(-1, /*keepdim=*/true);
    return {d_normed.addcmul_(normed, projection, -1).mul_(scale), d_gain, {}};
  }
};

struct Swiglu : Function<Swiglu> {
  static Variable forward(AutogradContext* context, const Variable& gate_up) {
    const std::int64_t width = gate_up.size(1) / 2;
    context->save_for_backward({gate_up});
    return at::silu(gate_up.narrow(1, 0, width)).mul_(gate_up.narrow(1, width, width));
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Tensor gate_up = context->get_saved_variables()[0];
    const std::int64_t width = gate_up.size(1) / 2;
    const Tensor gate = gate_up.narrow(1, 0, width), up = gate_up.narrow(1, width, width);
    const Tensor d_gate_up = at::empty_like(gate_up);
    Tensor d_gate = d_gate_up.narrow(1, 0, width), d_up = d_gate_up.narrow(1, width, width);
    at::mul_out(d_up, gradients[0], at::silu(gate));
    at::silu_backward_out(d_gate, gradients[0] * up, gate);
    return {d_gate_up};
  }
};

/// Rotates the pairs (i, i + width / 2) of `from` into `to`, both [sequences, length, heads, width] with rows of unit
/// stride, by the table's angle times `sign`.
void rotate(const Tensor& from, const Tensor& to, const Tensor& table, float sign) {
  const std::int64_t half = from.size(3) / 2;
  const float* const cosine = table.data_ptr<float>();
  const float* const sine = cosine + table.stride(0);
  for (std::int64_t s = 0; s < from.size(0); ++s) {
    for (std::int64_t t = 0; t < from.size(1); ++t) {
      for (std::int64_t h = 0; h < from.size(2); ++h) {
        const float* const x = from.data_ptr<float>() + s * from.stride(0) + t * from.stride(1) + h * from.stride(2);
        float* const y = to.data_ptr<float>() + s * to.stride(0) + t * to.stride(1) + h * to.stride(2);
        for (std::int64_t i = 0; i < half; ++i) {
          const float c = cosine[t * half + i], n = sign * sine[t * half + i];
          y[i] = x[i] * c - x[i + half] * n;
          y[i + half] = x[i] * n + x[i + half] * c;
        }
      }
    }
  }
}

struct CausalAttention : Function<CausalAttention> {
  static Variable forward(AutogradContext* context, const Variable& qkv, const Variable& table, std::int64_t sequences,
                          std::int64_t heads) {
    const std::int64_t length = qkv.size(0) / sequences, width = qkv.size(1) / (3 * heads);
    const Tensor from = qkv.view({sequences, length, 3, heads, width});
    // Head by head, as the batched products want them: [3, sequences, heads, length, width].
    const Tensor by_head = at::empty({3, sequences, heads, length, width}, qkv.options());
    for (int part = 0; part < 2; ++part) rotate(from.select(2, part), by_head[part].transpose(1, 2), table, 1);
    by_head[2].transpose(1, 2).copy_(from.select(2, 2));

    const Tensor heads_qkv = by_head.view({3, sequences * heads, length, width});
    const Tensor future = at::full({length, length}, -std::numeric_limits<float>::infinity(), qkv.options()).triu_(1);
    const Tensor scores = at::baddbmm(future.expand({sequences * heads, length, length}), heads_qkv[0],
                                      heads_qkv[1].transpose(1, 2), 1, 1 / std::sqrt(static_cast<double>(width)));
    const Tensor weights = at::softmax(scores, -1);
    context->save_for_backward({heads_qkv, weights, table});
    context->saved_data["sequences"] = sequences;
    return at::bmm(weights, heads_qkv[2])
        .view({sequences, heads, length, width})
        .transpose(1, 2)
        .reshape({sequences * length, heads * width});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &heads_qkv = saved[0], &weights = saved[1], &table = saved[2];
    const std::int64_t sequences = context->saved_data["sequences"].toInt(), heads = heads_qkv.size(1) / sequences;
    const std::int64_t length = heads_qkv.size(2), width = heads_qkv.size(3);

    const Tensor d_out = gradients[0]
                             .view({sequences, length, heads, width})
                             .transpose(1, 2)
                             .reshape({sequences * heads, length, width});
    const Tensor d_weights = at::bmm(d_out, heads_qkv[2].transpose(1, 2));
    const Tensor d_scores =
        at::_softmax_backward_data(d_weights, weights, -1, at::kFloat).mul_(1 / std::sqrt(static_cast<double>(width)));

    const Tensor d_by_head = at::empty_like(heads_qkv);
    Tensor d_q = d_by_head[0], d_k = d_by_head[1], d_v = d_by_head[2];
    at::bmm_out(d_q, d_scores, heads_qkv[1]);
    at::bmm_out(d_k, d_scores.transpose(1, 2), heads_qkv[0]);
    at::bmm_out(d_v, weights.transpose(1, 2), d_out);

    const Tensor by_head = d_by_head.view({3, sequences, heads, length, width});
    const Tensor d_qkv = at::empty({sequences, length, 3, heads, width}, heads_qkv.options());
    // A rotation's transpose is the rotation back.
    for (int part = 0; part < 2; ++part) rotate(by_head[part].transpose(1, 2), d_qkv.select(2, part), table, -1);
    d_qkv.select(2, 2).copy_(by_head[2].transpose(1, 2));
    return {d_qkv.view({sequences * length, 3 * heads * width}), {}, {}, {}};
  }
};

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& gain, double epsilon) {
  return RmsNorm::apply(x, gain, epsilon);
}

Tensor swiglu(const Tensor& gate_up) {
  return Swiglu::apply(gate_up);
}

Tensor rotary_table(std::int64_t positions, std::int64_t width) {
  constexpr double kBase = 10000;
  const Tensor frequencies = at::pow(kBase, at::arange(0, width, 2, at::kDouble) / -static_cast<double>(width));
  const Tensor angles = at::outer(at::arange(positions, at::kDouble), frequencies);
  return at::stack({angles.cos(), angles.sin()}).to(at::kFloat);
}

Tensor causal_attention(const Tensor& qkv, const Tensor& table, std::int64_t sequences, std::int64_t heads) {
  return CausalAttention::apply(qkv, table, sequences, heads);
}

}  // namespace optinc::workload
