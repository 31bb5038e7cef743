// The record `area` of doc/format_records.md.
#pragma once

#include "optinc/base/record.h"
#include "optinc/onn/mzi_count.h"

namespace optinc::cli {

/// Without its `type`.
base::Json area_json(const onn::Area& area);

}  // namespace optinc::cli
