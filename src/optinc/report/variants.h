// Names that tell the runs of an experiment apart.
#pragma once

#include <string>
#include <vector>

#include "optinc/report/train_runs.h"

namespace optinc::report {

/// "exact", "ring", "OptINC", "OptINC basic cascade", "OptINC cascade", "OptINC chip"; another name as it is.
std::string reduce_name(const std::string& reduce);

/// A name for each run, in their order: how it reduces; where runs that reduce alike differ in it, bits, rounding, the
/// scales' format, the quantiser's rounding, the block, the mode of a cascade, hardware, correction and number of a
/// chip; always error feedback, ageing and what was made to fail. Runs of one seed that still look the same get the
/// design, the transport, at last the run's name, so far as these differ.
std::vector<std::string> name_variants(const std::vector<const TrainRun*>& runs);

}  // namespace optinc::report
