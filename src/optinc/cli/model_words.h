// Answers of the cost model in words.
#pragma once

#include <vector>

#include "optinc/cli/command.h"
#include "optinc/cli/model_json.h"

namespace optinc::cli {

/// One case: every algorithm, what moves the answer, where OptINC loses.
void print_case(const ModelledCase& one, Context& context);

/// Cases, [servers][samples]: what OptINC saves of a step against a ring and against the best of the others.
void print_curve(const std::vector<ModelledCase>& cases, const std::vector<int>& servers,
                 const std::vector<double>& samples, Context& context);

}  // namespace optinc::cli
