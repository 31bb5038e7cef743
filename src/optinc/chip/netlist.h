// A program as a circuit: a netlist in the YAML that gdsfactory and SAX read (doc/format_program.md).
//
// Every cell, phase shifter, attenuator, splitter, combiner, gain, reference and ReLU is an instance of its own; its
// name begins with its stage, s0_ for P. The comment at the file's top states every component's transfer matrix.
#pragma once

#include <filesystem>
#include <vector>

#include "optinc/chip/program.h"
#include "optinc/linalg/unitary.h"

namespace optinc::chip {

inline constexpr const char* kNetlistFormat = "optinc-netlist/1";

/// Settings with 17 digits. Whole or not at all. Throws base::InputError for a program that check() refuses, and for
/// blocks that want more copies of an input's light, or bring more fields to an output, than the stage's splits and
/// combined say.
void save_netlist(const std::filesystem::path& path, const Program& program);

/// What a netlist says about one stage.
struct NetlistStage {
  linalg::ComplexMatrix matrix;  ///< [outputs, inputs], gain and all, without the bias
  std::vector<double> bias;      ///< [outputs]; empty where no reference joins
  bool relu = false;             ///< behind it
};

/// Reads a netlist that save_netlist wrote, and works out its stages by sending light along the connections; what it
/// knows of the names is the stage, and the number of a stage's output. Throws base::InputError, one line `FILE:LINE:
/// ..`, for a file that is missing, cut short or otherwise than save_netlist writes, and for connections that make no
/// such chain of stages.
std::vector<NetlistStage> load_netlist(const std::filesystem::path& path);

/// The matrices alone.
std::vector<linalg::ComplexMatrix> netlist_matrices(const std::filesystem::path& path);

}  // namespace optinc::chip
