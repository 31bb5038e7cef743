// optinc perf: all-reduce algorithms timed and checked side by side, with nccl-tests' flags and columns.
#pragma once

#include "optinc/cli/command.h"

namespace optinc::cli {

void add_perf(CLI::App& program, Context& context);

}  // namespace optinc::cli
