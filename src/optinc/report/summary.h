// The key figures of a report, for machines and as one sentence.
#pragma once

#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/report/experiments.h"
#include "optinc/report/runs.h"

namespace optinc::report {

/// The object in <script type="application/json" id="summary">, described in doc/report.md.
base::Json summarise(const Runs& runs, const std::vector<Experiment>& experiments);

/// "28,561 of 28,561 inputs right; 41,936 of 106,784 MZIs (39.27 %); ..." Plain text, to be escaped.
std::string summary_sentence(const Runs& runs, const std::vector<Experiment>& experiments);

/// Areas that differ, in the order of the runs, each with the names of the runs that have it.
struct SharedArea {
  const Area* area = nullptr;
  std::vector<const DesignRun*> runs;
};
std::vector<SharedArea> shared_areas(const std::vector<DesignRun>& designs);

}  // namespace optinc::report
