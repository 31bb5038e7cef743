// The paper's training runs (figure 7a) beside ours, from record files alone.
#pragma once

#include <filesystem>

#include "optinc/cli/command.h"

namespace optinc::cli {

inline constexpr const char* kFigure7a = "fig7a";

struct TrainingFigureOptions {
  std::filesystem::path runs;     ///< a folder: every *.jsonl below it that has records of `optinc train` is read
  std::filesystem::path records;  ///< to write, for `optinc report`; empty: none
  bool json = false;
};

/// Prints, or gives as JSON, each variant's mean over seeds, its paired difference to exact averaging (else ring) with
/// its 95 % interval, the paper's figure, and what differs in scale. The exit code is 1 if no run has been validated
/// yet. Throws base::InputError for a folder without such records, and for records that can't be read.
void reproduce_training(const TrainingFigureOptions& options, Context& context);

}  // namespace optinc::cli
