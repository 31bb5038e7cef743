// optinc drill: breaks something on purpose, and shows who is told what, and how soon.
#pragma once

#include "optinc/cli/command.h"

namespace optinc::cli {

void add_drill(CLI::App& program, Context& context);

}  // namespace optinc::cli
