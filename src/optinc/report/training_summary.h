// The key figures of training through the interconnect, for machines and as parts of the headline.
#pragma once

#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/report/experiments.h"

namespace optinc::report {

/// An item of `experiments`, described in doc/report.md.
base::Json summarise_experiment(const Experiment& experiment);

/// An item of its `comparisons`.
base::Json summarise_comparison(const Experiment& experiment, const Comparison& comparison);

/// Adds what came out, a part a subject: "validation loss ring 4.875, OptINC 5.062 after 4 steps ...", ... Plain text,
/// to be escaped.
void say_experiments(const std::vector<Experiment>& experiments, std::vector<std::string>& parts);

}  // namespace optinc::report
