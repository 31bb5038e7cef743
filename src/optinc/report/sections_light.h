// The parts of the section "Light". Each adds nothing where its records aren't there.
#pragma once

#include <string>
#include <vector>

#include "optinc/report/light_runs.h"
#include "optinc/report/page.h"

namespace optinc::report {

/// The phases of the largest meshes as colour, and every program's stages.
void add_meshes(Page& page, const std::vector<ProgramRun>& runs);
/// What was swept, as curves; all else that isn't about a single imperfection or stage, as a table.
void add_yield(Page& page, const std::vector<SimulationRun>& runs);
/// What each imperfection, and each stage, costs alone: the worst first.
void add_sensitivity(Page& page, const std::vector<SimulationRun>& runs);
void add_link_budgets(Page& page, const std::vector<LinkBudgetRun>& runs);
void add_error_laws(Page& page, const std::vector<ErrorLawRun>& runs);

/// "rectangular, MZI cells".
std::string mesh_kind(const std::string& layout, const std::string& cell);

/// "uncorrected", "local correction", "self-configured"; another one as it is.
std::string correction_name(const std::string& correction);

/// What tells each run from the others, one text a run: design, cells and hardware where they aren't the same
/// everywhere; as far as needed the layout, the program and the run's name too. Empty for a single run.
std::vector<std::string> tell_apart(const std::vector<const SimulationRun*>& runs);

}  // namespace optinc::report
