// What `optinc simulate` runs: a list of conditions, each with its own hardware or correction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/chip/hardware.h"
#include "optinc/chip/program.h"
#include "optinc/mesh/decompose.h"

namespace optinc::cli {

struct Condition {
  chip::Hardware hardware;
  mesh::Correction correction = mesh::Correction::none;
  std::optional<std::size_t> only_stage;  ///< the others are ideal
  base::Json
      label;  ///< what tells it from the others: correction, and value, component or stage where there are several
};

struct ConditionOptions {
  chip::Hardware hardware;
  std::vector<std::string> corrections{"none"};
  std::string sweep;         ///< "table.key=v1,v2,.."; empty: none
  bool sensitivity = false;  ///< each imperfection alone, then each stage alone
};

/// "table.key=1,2" -> "table.key" and {1, 2}. Throws base::InputError for what is no such text.
std::pair<std::string, std::vector<double>> parse_sweep(const std::string& text);

/// Throws base::InputError for options that mean nothing.
std::vector<Condition> conditions_of(const ConditionOptions& options, const chip::Program& program);

}  // namespace optinc::cli
