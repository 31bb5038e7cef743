// Answers of the cost model as JSON: the records `model` of doc/format_records.md.
#pragma once

#include "optinc/base/record.h"
#include "optinc/cost/scenario.h"

namespace optinc::cli {

struct ModelledCase {
  cost::Scenario scenario;
  cost::Answer answer;
};

base::Json to_json(const ModelledCase& one);

/// `json` with what moves the answer, and where OptINC loses: seconds of work, so apart.
base::Json with_reasons(base::Json json, const ModelledCase& one);

}  // namespace optinc::cli
