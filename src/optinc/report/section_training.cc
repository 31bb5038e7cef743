#include <fmt/format.h>

#include "optinc/report/html.h"
#include "optinc/report/sections.h"
#include "optinc/report/sections_training.h"
#include "optinc/report/training_words.h"

namespace optinc::report {

void add_training_curves(Page& page, const std::vector<Experiment>& experiments) {
  if (experiments.empty()) return;
  page.open_section("training", "Training through the interconnect",
                    "The same model, trained from the same start on the same data in the same order: runs of one seed "
                    "differ only in how gradients are averaged.");
  for (std::size_t i = 0; i < experiments.size(); ++i) {
    const Experiment& experiment = experiments[i];
    const std::string model = model_name(experiment.model);
    page.add_heading(experiments.size() > 1 ? fmt::format("Experiment {}: {}", i + 1, model) : model);
    page.add_text(escape_html(experiment_words(experiment)) + ".");
    add_training_seeds(page, experiment);
    add_training_comparisons(page, experiment);
    add_training_account(page, experiment);
  }
}

}  // namespace optinc::report
