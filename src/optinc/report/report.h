// Record files -> one self-contained HTML page.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "optinc/base/record.h"

namespace optinc::report {

struct ReportInputs {
  std::vector<std::filesystem::path> records;  ///< of any of the commands in doc/report.md, shown in this order
  std::string title = "OptINC report";
};

/// The page. It opens offline and asks for nothing; the same records give the same bytes. Throws base::InputError, one
/// line, when there is no file, a file can't be read or has no record, or a record lacks a key that is drawn.
std::string write_report(const ReportInputs& inputs);

/// The key figures that the page embeds (doc/report.md). Throws as write_report.
base::Json report_summary(const ReportInputs& inputs);

}  // namespace optinc::report
