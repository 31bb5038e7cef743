// The parts of a decoder layer whose gradients are worth writing by hand: fewer passes over memory, and fewer copies,
// than a chain of elementary operations. Internal to the folder; checked against finite differences in llama.test.cc.
#pragma once

#include <cstdint>

namespace at {
class Tensor;
}

namespace optinc::workload {

/// x [n, hidden] -> x / sqrt(mean over a row of x^2 + epsilon) * gain [hidden].
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double epsilon);

/// gate_up [n, 2 ffn], the gates first -> silu(gate) * up, [n, ffn].
at::Tensor swiglu(const at::Tensor& gate_up);

/// cos and sin of position t times frequency i, base^(-2i / width): float32 [2, positions, width / 2].
at::Tensor rotary_table(std::int64_t positions, std::int64_t width);

/// qkv [sequences * length, 3 * heads * width]: queries, keys, values, each head by head -> [sequences * length, heads
/// * width]. Softmax attention of each position over itself and those before it, scores divided by sqrt(width). Queries
/// and keys are rotated by their position: pairs (i, i + width / 2) of a head by the angle of `table` (J. Su et al.,
/// arXiv:2104.09864).
at::Tensor causal_attention(const at::Tensor& qkv, const at::Tensor& table, std::int64_t sequences, std::int64_t heads);

}  // namespace optinc::workload
