#include "optinc/report/report.h"

#include "optinc/report/experiments.h"
#include "optinc/report/page.h"
#include "optinc/report/runs.h"
#include "optinc/report/sections.h"
#include "optinc/report/summary.h"

namespace optinc::report {

std::string write_report(const ReportInputs& inputs) {
  const Runs runs = read_runs(inputs.records);
  const std::vector<Experiment> experiments = group_by_experiment(runs.trainings);
  Page page(inputs.title, summary_sentence(runs, experiments));
  add_key_figures(page, runs, experiments);
  // What came out first, then what it rests on.
  add_published_tables(page, runs.reproductions, runs.training_reproductions);
  add_front(page, runs.front);
  add_searches(page, runs.searches);
  add_scale(page, runs.scale);
  add_training_curves(page, experiments);
  add_onn_training(page, runs.designs);
  add_area(page, runs.designs);
  add_verification(page, runs.designs);
  add_light(page, runs.light);
  add_what_was_run(page, runs);
  return page.html(summarise(runs, experiments));
}

base::Json report_summary(const ReportInputs& inputs) {
  const Runs runs = read_runs(inputs.records);
  return summarise(runs, group_by_experiment(runs.trainings));
}

}  // namespace optinc::report
