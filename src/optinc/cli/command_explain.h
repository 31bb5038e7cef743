// optinc explain: what an all-reduce costs by each algorithm, and when OptINC does not help.
#pragma once

#include "optinc/cli/command.h"

namespace optinc::cli {

void add_explain(CLI::App& program, Context& context);

}  // namespace optinc::cli
