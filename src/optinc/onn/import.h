// Anyone's own multilayer perceptron, read from the files that other tools write.
#pragma once

#include <filesystem>

#include "optinc/onn/network.h"

namespace optinc::onn {

/// Reads a network of linear layers with ReLU between them (none after the last). What the file is, its bytes say:
///   ONNX     a chain of Gemm, or MatMul and Add, with Relu and Identity; float32 or float64 initialisers.
///   .npz     NumPy's archive; a weight [outputs, inputs] and perhaps a bias [outputs] a layer, layers in the natural
///            order of their names (fc2 before fc10): layer.0.weight, layer.0.bias, ...; W1, b1, ...; arr_0, arr_1, ...
///   .pt      a state dict as torch.save writes it (PyTorch 1.6 or later), layers in its own order; no code in it runs.
/// A layer without a bias gets zeros. float64 is rounded to float32. Files need not be trusted: what one makes of
/// itself in memory is limited to some gigabytes. Throws base::InputError, one line that begins with the file's name,
/// for a file that is missing, malformed or something else, for layers that don't follow each other and for numbers
/// that are not finite.
Network import_network(const std::filesystem::path& path);

}  // namespace optinc::onn
