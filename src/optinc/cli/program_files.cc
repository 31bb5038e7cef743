#include "optinc/cli/program_files.h"

#include "optinc/base/error.h"
#include "optinc/chip/program_npz.h"

namespace optinc::cli {
namespace {

bool is_netlist(const std::filesystem::path& path) {
  return path.extension() == ".yml" || path.extension() == ".yaml";
}

}  // namespace

chip::Program load_program_file(const std::filesystem::path& path) {
  if (path.extension() == ".json") return chip::load_program(path);
  if (path.extension() == ".npz") return chip::load_npz(path);
  base::refuse("{}: expected a mesh program, .json or .npz", path.string());
}

void check_program_name(const std::filesystem::path& path) {
  base::require(path.extension() == ".json" || path.extension() == ".npz" || is_netlist(path),
                "{}: expected a name that ends in .json, .npz, .yml or .yaml", path.string());
}

void save_program_file(const std::filesystem::path& path, const chip::Program& program) {
  check_program_name(path);
  if (path.extension() == ".json") return chip::save_program(path, program);
  if (path.extension() == ".npz") return chip::save_npz(path, program);
  chip::save_netlist(path, program);
}

std::vector<chip::NetlistStage> stages_of_file(const std::filesystem::path& path) {
  if (is_netlist(path)) return chip::load_netlist(path);
  const chip::Program program = load_program_file(path);
  std::vector<chip::NetlistStage> stages;
  for (std::size_t s = 0; s < program.stages.size(); ++s) {
    const bool relu = s > 0 && s + 2 < program.stages.size();
    stages.push_back({chip::stage_matrix(program.stages[s]), program.stages[s].bias, relu});
  }
  return stages;
}

}  // namespace optinc::cli
