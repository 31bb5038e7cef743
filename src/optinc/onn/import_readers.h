// The readers behind import_network. Each throws base::InputError, one line that begins with `file_name`.
#pragma once

#include <string_view>
#include <vector>

#include "optinc/onn/network.h"
#include "optinc/onn/safetensors.h"
#include "optinc/onn/zip.h"

namespace optinc::onn {

/// The most numbers that a network may have: 2^26, a quarter of a gigabyte.
inline constexpr std::uint64_t kMostNumbers = std::uint64_t{1} << 26;
/// The most arrays or tensors in a file.
inline constexpr std::size_t kMostTensors = 4096;

/// What import_network does with the file's bytes; the ending of `file_name` is for messages alone.
Network read_network(std::string_view bytes, std::string_view file_name);

Network read_onnx(std::string_view bytes, std::string_view file_name);
/// The arrays of an .npz file, in its order.
std::vector<Tensor> read_npz(Zip& zip);
/// The tensors of a state dict, in its order.
std::vector<Tensor> read_torch(Zip& zip);

/// 2 tensors -> weight and bias. Tensors whose names differ in words like "weight" and "bias" alone are one layer; a
/// vector without such a word (arr_1) is the bias of the matrix before it. Layers come in the order of their first
/// tensor.
Network network_of_tensors(const std::vector<Tensor>& tensors, std::string_view file_name);

/// "fc2.weight" before "fc10.weight": runs of digits compare as numbers.
bool natural_less(std::string_view a, std::string_view b);

/// A text from a file, fit for a message of one line: cut after 200 bytes.
std::string printable(std::string_view text);
/// A shape, fit for a message: "[5, 3]", at most 8 sizes of it.
std::string show(const std::vector<std::uint64_t>& shape);

/// `bytes` as `count` little-endian numbers of `number_bytes` bytes: float32 (4) or float64 (8, rounded to float32).
std::vector<float> floats_of_bytes(std::string_view bytes, std::size_t number_bytes);

/// The product of a shape's sizes. Throws where it exceeds kMostNumbers.
std::uint64_t count_numbers(const std::vector<std::uint64_t>& shape, std::string_view file_name, std::string_view name);

}  // namespace optinc::onn
