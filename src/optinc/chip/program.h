// A mesh program: a design as settings of a photonic chip. One JSON file holds it (doc/format_program.md).
//
// Light passes the stages P, layer 1, .., layer L, T. Behind each layer but the last a detector, the ReLU and a new
// emission stand; between P and layer 1, and between layer L and T, nothing does. A stage's matrix W [outputs, inputs]
// is built from passive blocks:
//
//     W = gain / sqrt(splits * combined) * sum over blocks of second * diag(attenuation) * first, each at its place
//
// A dense layer is one block: first = V^T, second = U of its SVD. An approximated one has a block a square, first = its
// orthogonal matrix, and no second: stacked squares split the light of every input `splits` ways, squares side by side
// combine `combined` fields an output. P and T have a dense block for every input and output of the ONN: digits meet
// nowhere else. gain is what no passive part gives: norms taken out, so that the largest attenuation of a stage is 1.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "optinc/device/device_shape.h"
#include "optinc/linalg/unitary.h"
#include "optinc/mesh/mesh.h"
#include "optinc/onn/layer_set.h"

namespace optinc::chip {

inline constexpr const char* kProgramFormat = "optinc-program/1";

/// A column of MZIs of which light takes the upper input and the upper output: line i passes
/// mzi(theta_i, phi_i).a = attenuation_i, real, 0 .. 1.
struct Attenuators {
  std::vector<double> theta;  ///< [lines], rad, in [0, 2 pi)
  std::vector<double> phi;    ///< [lines], rad, in [0, 2 pi)

  std::size_t lines() const { return theta.size(); }
  bool operator==(const Attenuators&) const = default;
};

/// The settings that pass these shares of the field. Throws base::InputError for one beyond 0 .. 1.
Attenuators set_attenuators(const std::vector<double>& attenuation);

struct Block {
  int row = 0, column = 0;  ///< of its first entry in W
  mesh::Mesh first;
  Attenuators attenuators;  ///< [min(rows, columns)]: the lines beyond stay dark
  std::optional<mesh::Mesh> second;

  int rows() const { return second ? second->shape.size : first.shape.size; }
  int columns() const { return first.shape.size; }
  bool operator==(const Block&) const = default;
};

struct Stage {
  std::string name;  ///< "P", "1" .. "L", "T"
  int outputs = 0, inputs = 0;
  bool approximated = false;
  double gain = 1;
  std::vector<double> bias;   ///< [outputs], in level units, by reference light; empty for P and T
  double largest_output = 0;  ///< over all possible inputs, behind the ReLU (of the last layer: |.|), level units
  std::vector<Block> blocks;

  int splits() const;    ///< blocks in the same columns: copies of every input's light
  int combined() const;  ///< blocks in the same rows: fields that meet in an output
  bool operator==(const Stage&) const = default;
};

struct Program {
  std::string design;  ///< name of the design's file, without its extension
  device::DeviceShape shape;
  onn::LayerSet approximated;
  std::string origin;
  std::int64_t area_mzi = 0;  ///< by the paper's count, P and T included
  std::string version;
  std::vector<Stage> stages;  ///< P, layers, T

  int layers() const { return static_cast<int>(stages.size()) - 2; }
  bool operator==(const Program&) const = default;
};

/// What is really laid, beside the paper's count of the same stage (onn/mzi_count.h).
struct Placed {
  std::int64_t cells = 0;        ///< MZIs of meshes
  std::int64_t attenuators = 0;  ///< MZIs
  std::int64_t splitters = 0;    ///< between squares: 1 x 2
  std::int64_t combiners = 0;    ///< between squares: 2 x 1
  std::int64_t reference = 0;    ///< for the bias: m attenuators, m - 1 splitters, m combiners
  std::int64_t output_phases = 0;
  std::int64_t mzis() const { return cells + attenuators; }
};
Placed count_placed(const Stage& stage);

/// The matrix W of a stage with ideal parts, without its gain if `passive`.
linalg::ComplexMatrix stage_matrix(const Stage& stage, bool passive = false);

/// Throws base::InputError, one line that begins with `name`, for a program that can't be: stages that don't follow
/// each other, meshes of other sizes, phases that are not finite.
void check(const Program& program, const std::string& name);

/// JSON, 17 digits. Whole or not at all.
void save_program(const std::filesystem::path& path, const Program& program);
/// Throws base::InputError, one line, for a file that is missing, cut short or no such program.
Program load_program(const std::filesystem::path& path);

}  // namespace optinc::chip
