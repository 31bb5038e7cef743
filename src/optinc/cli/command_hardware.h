#pragma once

#include "optinc/cli/command.h"

namespace optinc::cli {

void add_hardware(CLI::App& program, Context& context);

}  // namespace optinc::cli
