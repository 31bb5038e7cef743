// Hardware as a verb takes it: a preset or a file, and single values over it.
#pragma once

#include <string>
#include <vector>

#include "optinc/chip/hardware.h"
#include "optinc/cli/command.h"

namespace optinc::cli {

struct HardwareOptions {
  std::string preset_or_file = "ideal";
  std::vector<std::string> set;  ///< "table.key=value"
};

void add_hardware_options(CLI::App& verb, HardwareOptions& options);

/// Throws base::InputError for what is no hardware, or no assignment.
chip::Hardware load(const HardwareOptions& options);
/// "table.key=value" over `hardware`; --option names it in errors.
void assign(chip::Hardware& hardware, const std::string& assignment, const std::string& option);
/// The field "table.key". Throws base::InputError for one there is not.
const chip::HardwareField& hardware_field(const std::string& name, const std::string& option);

/// What differs from ideal parts: {"table.key": value, ...}.
base::Json differences_from_ideal(const chip::Hardware& hardware);

}  // namespace optinc::cli
