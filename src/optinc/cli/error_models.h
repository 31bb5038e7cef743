// The errors that a device makes, as the command line names them: by a row of the paper, or by a record of a check.
#pragma once

#include <string>

#include "optinc/base/record.h"
#include "optinc/fabric/code_errors.h"

namespace optinc::cli {

/// `source`: "table2:LAYERS" for a row of the paper's Table II by its approximated layers ("table2:4-7"), "rate:R" for
/// errors of +-1 in equal parts at that rate, or a file: what `optinc verify --json` prints, or records (JSON lines) of
/// which the last `verification` or `chip` counts. Throws base::InputError for anything else.
fabric::ErrorModel load_error_model(const std::string& source);

/// {"source", "rate", "errors": [{"value", "share"}]}.
base::Json to_json(const fabric::ErrorModel& model, const std::string& source);

}  // namespace optinc::cli
