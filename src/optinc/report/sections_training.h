// The parts of the section about training through the interconnect, each of one experiment.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/report/experiments.h"
#include "optinc/report/page.h"

namespace optinc::report {

/// Loss, and top-1 of images, over the steps: a chart a seed.
void add_training_seeds(Page& page, const Experiment& experiment);
/// Each variant against the baseline: all of them beside each other, then seed by seed.
void add_training_comparisons(Page& page, const Experiment& experiment);
/// Where the time goes, what hardware would take, what is sent.
void add_training_account(Page& page, const Experiment& experiment);

/// A colour for each of the experiment's variants: the baseline keeps its own.
base::Json colour_by_variant(const Experiment& experiment, const std::string& symbol = "stroke");

/// A row a variant in the order of `variants`, their long names in several lines.
struct VariantRows {
  base::Json y;            ///< the channel
  std::size_t height = 0;  ///< of all rows, in pixels
};
VariantRows variant_rows(const std::vector<std::string>& variants);

}  // namespace optinc::report
