#include "optinc/report/training_words.h"

#include <string_view>

#include <fmt/format.h>

#include "optinc/report/html.h"

namespace optinc::report {

std::string model_name(const std::string& model) {
  if (model == "llama") return "LLaMA-like model";
  constexpr std::string_view kResNet = "resnet";
  if (model.starts_with(kResNet)) return "ResNet" + model.substr(kResNet.size());
  return model;
}

MetricWords metric_words(Metric metric, const TrainData& data) {
  if (metric == Metric::top1) {
    return {.key = "validation_top1_percent",
            .name = "top-1 accuracy",
            .unit = "%",
            .difference_unit = "percentage points",
            .decimals = 2};
  }
  const char* unit = data.has_images() ? "nats per image" : "nats per token";
  return {.key = "validation_loss", .name = "validation loss", .unit = unit, .difference_unit = unit, .decimals = 4};
}

std::string experiment_words(const Experiment& experiment) {
  const TrainData& data = experiment.data;
  std::string words =
      fmt::format("{} workers; {} parameters; ", experiment.workers, with_commas(experiment.parameters));
  if (experiment.planned_steps > 0) {
    words += with_commas(experiment.planned_steps) + " steps";
    if (data.has_images()) words += fmt::format(" ({:.4g} epochs)", data.epochs(experiment.planned_steps));
    words += "; ";
  }
  if (data.has_images()) {
    return words + fmt::format("trained on {} images of {} classes, validated on {}", with_commas(data.train_images),
                               data.classes, with_commas(data.validation_images));
  }
  return words + fmt::format("trained on {} tokens, validated on {}", with_commas(data.train_tokens),
                             with_commas(data.validation_tokens));
}

std::string interval_text(const Estimate& difference, int decimals) {
  if (!difference.interval) return "–";
  return fmt::format("{} to {}", format_difference(difference.interval->low, decimals),
                     format_difference(difference.interval->high, decimals));
}

std::string interval_words(const Estimate& difference, int decimals) {
  if (difference.interval) {
    return fmt::format("95\u00a0% interval {}, which {} zero", interval_text(difference, decimals),
                       difference.interval->contains(0) ? "contains" : "does not contain");
  }
  return difference.count == 1 ? "one seed: no interval" : "not finite: no interval";
}

std::string mean_text(const Estimate& value, int decimals) {
  std::string mean = format_number(value.mean, decimals);
  if (value.count < 2) return mean;
  return fmt::format("{}\u00a0±\u00a0{}", mean, format_number(value.standard_deviation, decimals));
}

}  // namespace optinc::report
