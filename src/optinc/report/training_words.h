// Experiments and their differences in words. Plain text, to be escaped in a page.
#pragma once

#include <string>

#include "optinc/report/experiments.h"

namespace optinc::report {

/// "LLaMA-like model", "ResNet20"; another name as it is.
std::string model_name(const std::string& model);

struct MetricWords {
  std::string key;              ///< for machines: "validation_loss" or "validation_top1_percent"
  std::string name;             ///< "validation loss", "top-1 accuracy"
  std::string unit;             ///< of a value: "nats per token", "%"
  std::string difference_unit;  ///< "nats per token", "percentage points"
  int decimals = 0;             ///< of a value in a table, and of a difference
};
MetricWords metric_words(Metric metric, const TrainData& data);

/// "4 workers; 935,040 parameters; 300 steps; trained on 785,958 tokens, validated on 72,828".
std::string experiment_words(const Experiment& experiment);

/// "95 % interval −0.0120 to +0.0171, which contains zero"; "one seed: no interval"; "not finite: no interval".
std::string interval_words(const Estimate& difference, int decimals);

/// "−0.0120 to +0.0171"; "–" where there is none.
std::string interval_text(const Estimate& difference, int decimals);

/// "3.3500 ± 0.0123"; without the deviation for a single value.
std::string mean_text(const Estimate& value, int decimals);

}  // namespace optinc::report
