// Mesh programs in their three forms, told apart by the file's ending: .json, .npz and netlists (.yml).
#pragma once

#include <filesystem>
#include <vector>

#include "optinc/chip/netlist.h"
#include "optinc/chip/program.h"

namespace optinc::cli {

/// From .json or .npz. Throws base::InputError for another ending, or a file that is no program.
chip::Program load_program_file(const std::filesystem::path& path);
/// Throws base::InputError for a name that save_program_file can't write.
void check_program_name(const std::filesystem::path& path);
/// To .json, .npz, .yml or .yaml.
void save_program_file(const std::filesystem::path& path, const chip::Program& program);
/// The matrices and biases of the stages, from any of them.
std::vector<chip::NetlistStage> stages_of_file(const std::filesystem::path& path);

}  // namespace optinc::cli
