// The losses of hardware-aware training (paper section III-B) and the one that works best here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace optinc::design {

/// Of an output's error e_i = O_i - O*_i, in levels:
///   symbols   sum_i w_i e_i^2                         the paper's first stage
///   gradient  (sum_i 4^(M-i) e_i)^2, over 4^(2M-2)     the paper's second: the error of the reconstructed gradient
///   margin    sum_i max(0, |e_i| - 1/4)^2             ours: asks for no more than the receiver needs (|e_i| < 1/2)
enum class Loss { symbols, gradient, margin };

std::string to_string(Loss loss);
Loss parse_loss(std::string_view name);

}  // namespace optinc::design
