// What the paper publishes about training (arXiv:2603.28290v1, figure 7a), and what differs from it in a run of ours.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "optinc/report/experiments.h"

namespace optinc::cli {

/// What the paper trains, and what it says came out: differences to exact averaging.
struct PublishedTraining {
  std::string words;
  double quantised = 0;    ///< percentage points of top-1, or nats a token
  double with_errors = 0;  ///< the same with Table II's errors at their rates
};

const PublishedTraining& published_training(bool images);

/// The figure that stands beside a run's difference: the paper trains with one OptINC, without errors or with those of
/// Table II. Cascades, chips and other errors have none.
std::optional<double> paper_difference(const report::Experiment& experiment, const report::TrainRun& run);

/// In words, one a difference in scale: "30 epochs, paper 300".
std::vector<std::string> differs_from_paper(const report::Experiment& experiment);
/// What a run adds to that: "8 bits, paper 16".
std::vector<std::string> differs_from_paper(const report::TrainRun& run);

}  // namespace optinc::cli
