// The sections of a report, in the order of the page. A section whose records aren't there is left out; one whose runs
// aren't finished says in words what is missing.
#pragma once

#include <vector>

#include "optinc/report/experiments.h"
#include "optinc/report/page.h"
#include "optinc/report/runs.h"

namespace optinc::report {

void add_key_figures(Page& page, const Runs& runs, const std::vector<Experiment>& experiments);
void add_onn_training(Page& page, const std::vector<DesignRun>& designs);
void add_area(Page& page, const std::vector<DesignRun>& designs);
void add_verification(Page& page, const std::vector<DesignRun>& designs);
void add_published_tables(Page& page, const std::vector<Reproduction>& reproductions,
                          const std::vector<TrainingReproduction>& trainings);
void add_training_curves(Page& page, const std::vector<Experiment>& experiments);
/// Meshes, yield, sensitivity, link budgets and error laws.
void add_light(Page& page, const LightRuns& light);
/// What searches found.
void add_searches(Page& page, const std::vector<SearchRun>& searches);
/// The front of designs: how large, and how much noise each bears.
void add_front(Page& page, const FrontRuns& front);
/// Costs at scale: figures 6 and 7b, curves over servers and samples.
void add_scale(Page& page, const ScaleRuns& scale);
void add_what_was_run(Page& page, const Runs& runs);

}  // namespace optinc::report
