#pragma once

#include "optinc/cli/command.h"

namespace optinc::cli {

void add_search(CLI::App& program, Context& context);

}  // namespace optinc::cli
