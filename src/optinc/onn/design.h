// A design: an ONN and what it is for. One safetensors file holds it (doc/format_design.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "optinc/codec/rounding.h"
#include "optinc/onn/layer_set.h"
#include "optinc/onn/network.h"
#include "optinc/onn/role.h"

namespace optinc::onn {

inline constexpr const char* kDesignFormat = "optinc-design/1";
/// The largest approximation_error that a file may have in a layer it calls approximated.
inline constexpr double kApproximationTolerance = 1e-5;

struct Design {
  int bits = 8;     ///< B
  int servers = 4;  ///< N, the ports of the device
  int inputs = 4;   ///< K
  codec::Rounding rounding = codec::Rounding::floor;
  Role role = Role::single;
  LayerSet approximated;
  std::string origin = "trained";  ///< trained | constructed | trained-from-constructed | searched | imported
  std::uint64_t wrong = 0;         ///< of all possible inputs, when it was made
  double accuracy = 0;             ///< share of all possible inputs that are right, 0 .. 1
  std::int64_t area_mzi = 0;       ///< P and T included
  std::uint64_t seed = 0;
  std::string version;  ///< of the program that made it
  std::string stages;   ///< of a constructed one, what its wires stand for (verify/stages.h); else empty
  /// Takes A_k in PAM4 level units, gives symbols in levels.
  Network network;
};

/// Throws base::InputError, one line that begins with `name`, for a design that can't be: a value out of range, layers
/// that don't fit each other, the bits or the inputs, weights that are not finite, a layer that is called approximated
/// and is not.
void check(const Design& design, std::string_view name);

/// Throws base::InputError, one line, for a file that is missing, cut short, oversized, mis-shaped, not finite or that
/// says of a layer that it is approximated when it is not.
Design load_design(const std::filesystem::path& path);
/// Whole or not at all. Throws base::RunError if it can't be written, base::InputError if check refuses it.
void save_design(const std::filesystem::path& path, const Design& design);
/// The network as an ONNX model (Gemm and Relu nodes, input "levels" [batch, K], output "symbols" [batch, M]); the
/// design's metadata as metadata_props. Whole or not at all; throws as save_design does.
void export_onnx(const std::filesystem::path& path, const Design& design);

}  // namespace optinc::onn
