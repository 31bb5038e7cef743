#include "optinc/base/atomic_file.h"
#include "optinc/chip/program.h"
#include "optinc/chip/program_json.h"

namespace optinc::chip {

void save_program(const std::filesystem::path& path, const Program& program) {
  check(program, path.string());
  base::write_file_atomically(path, to_json(program, Lists::inside));
}

Program load_program(const std::filesystem::path& path) {
  const std::string name = path.string();
  Program program = from_json(base::read_file(path), name, Lists::inside);
  check(program, name);
  return program;
}

}  // namespace optinc::chip
