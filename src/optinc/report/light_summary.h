// The key figures about light, for machines and as parts of the headline.
#pragma once

#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/report/light_runs.h"

namespace optinc::report {

/// Adds `programs`, `simulations`, `link_budgets` and `error_laws`, described in doc/report.md.
void summarise_light(const LightRuns& light, base::Json& summary);

/// Adds how many inputs came out exact on simulated chips.
void say_simulations(const std::vector<SimulationRun>& runs, std::vector<std::string>& parts);
/// Adds what came out, a part a subject: "41,720 MZIs placed for b8-n4", ... Plain text, to be escaped.
void say_light(const LightRuns& light, std::vector<std::string>& parts);

/// The hop with the least signal-to-noise ratio; null if none has a finite one.
const HopBudget* weakest_hop(const LinkBudget& budget);

}  // namespace optinc::report
