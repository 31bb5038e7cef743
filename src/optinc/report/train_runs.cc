#include "optinc/report/train_runs.h"

#include <cmath>
#include <limits>
#include <utility>

#include "optinc/base/error.h"

namespace optinc::report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::optional<double> optional_number(const RecordFields& fields, std::string_view key) {
  if (!fields.has(key)) return std::nullopt;
  return fields.number(key);
}

bool has_object(const RecordFields& fields, std::string_view key) {
  return fields.has(key) && !fields.value(key).is_null();
}

std::string optional_text(const RecordFields& fields, std::string_view key) {
  return fields.has(key) && !fields.value(key).is_null() ? fields.text(key) : std::string();
}

TrainData read_data(const RecordFields& fields) {
  if (!fields.has("train_images")) {
    return {.train_tokens = fields.count("train_tokens"), .validation_tokens = fields.count("validation_tokens")};
  }
  TrainData data{.train_images = fields.count("train_images"),
                 .validation_images = fields.count("validation_images"),
                 .classes = fields.count("classes"),
                 .steps_per_epoch = fields.number("steps_per_epoch")};
  base::require(data.train_images > 0, "{}: 'train_images' is 0, expected an integer from 1", fields.place());
  base::require(data.steps_per_epoch > 0, "{}: 'steps_per_epoch' is {}, expected a number above 0", fields.place(),
                quote_json(fields.value("steps_per_epoch")));
  return data;
}

DesignUse read_design(const RecordFields& fields) {
  DesignUse design{.file = optional_text(fields, "file"),
                   .bits = fields.count("bits"),
                   .rounding = fields.text("rounding"),
                   .scale_format = optional_text(fields, "scale-format"),
                   .quantiser_rounding = optional_text(fields, "quantiser-rounding"),
                   .block = fields.has("block") ? fields.count("block") : 0,
                   .error_feedback = fields.has("error-feedback") && fields.flag("error-feedback")};
  if (has_object(fields, "injected")) {
    const RecordFields injected(fields.place() + ": injected", fields.object("injected"));
    design.injected =
        InjectedErrors{.source = injected.text("source"), .rate = optional_number(injected, "rate").value_or(kNaN)};
  }
  design.cascade_mode = optional_text(fields, "cascade_mode");
  if (fields.has("hardware")) {
    design.chip = ChipUse{.hardware = fields.text("hardware"),
                          .differences = fields.has("differences") ? fields.value("differences").dump() : "",
                          .correction = optional_text(fields, "correction"),
                          .number = fields.has("chip") ? fields.count("chip") : 0,
                          .hours_per_step = optional_number(fields, "hours_per_step").value_or(0)};
  }
  if (fields.has("fail_step")) design.fail_step = fields.count("fail_step");
  if (has_object(fields, "lost_port")) {
    const RecordFields lost(fields.place() + ": lost_port", fields.object("lost_port"));
    design.lost_port = LostPort{.port = lost.count("port"), .step = lost.count("step")};
  }
  return design;
}

// Options are the program's own affair: one that is missing or of another type says nothing.
std::uint64_t count_or_0(const base::Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::uint64_t planned_steps(const base::Json& config, const TrainData& data) {
  const std::uint64_t steps = count_or_0(config, "steps");
  if (steps > 0) return steps;
  return static_cast<std::uint64_t>(
      std::llround(static_cast<double>(count_or_0(config, "epochs")) * data.steps_per_epoch));
}

Step read_step(const RecordFields& fields) {
  return {.step = fields.count("step"),
          .loss = fields.number("loss"),
          .seconds = fields.number("seconds"),
          .non_finite_blocks = fields.count("non_finite_blocks")};
}

ModelledReduce read_modelled(const RecordFields& fields) {
  const auto number = [&](std::string_view key) { return optional_number(fields, key).value_or(kNaN); };
  return {.line_rate_gbps = fields.number("line_rate_gbps"),
          .round_latency_s = number("round_latency_s"),
          .optinc_seconds = number("optinc_seconds"),
          .ring_seconds = number("ring_seconds")};
}

TrainResult read_result(const RecordFields& fields) {
  TrainResult result{.steps = fields.count("steps"),
                     .validation_loss = fields.number("validation_loss"),
                     .seconds = fields.number("seconds"),
                     .reduce_seconds = fields.number("reduce_seconds"),
                     .payload_bytes = fields.number("payload_bytes"),
                     .wire_bytes = fields.number("wire_bytes"),
                     .compute_seconds = optional_number(fields, "compute_seconds"),
                     .wait_seconds = optional_number(fields, "wait_seconds"),
                     .quantise_seconds = optional_number(fields, "quantise_seconds").value_or(0),
                     .emulate_seconds = optional_number(fields, "emulate_seconds").value_or(0),
                     .apply_seconds = optional_number(fields, "apply_seconds"),
                     .validate_seconds = optional_number(fields, "validate_seconds")};
  if (has_object(fields, "modelled")) {
    result.modelled = read_modelled(RecordFields(fields.place() + ": modelled", fields.object("modelled")));
  }
  return result;
}

}  // namespace

double TrainData::epochs(std::uint64_t steps) const {
  return has_images() ? static_cast<double>(steps) / steps_per_epoch : kNaN;
}

double Validation::value(Metric metric) const {
  if (metric == Metric::loss) return loss;
  return top1 ? 100 * *top1 : kNaN;
}

TrainRun read_train_run(const RecordFields& fields, RunHeader header) {
  TrainRun run{.header = std::move(header),
               .model = fields.has("model") ? fields.text("model") : "llama",
               .reduce = fields.text("reduce"),
               .transport = fields.text("transport"),
               .workers = fields.count("workers"),
               .parameters = fields.count("parameters"),
               .data = read_data(fields)};
  run.planned_steps = planned_steps(fields.object("config"), run.data);
  if (!fields.value("design").is_null()) {
    run.design = read_design(RecordFields(fields.place() + ": design", fields.object("design")));
    if (fields.object("config").value("error-feedback", base::Json()) == true) run.design->error_feedback = true;
  }
  return run;
}

void add_to_training(const RecordFields& fields, const std::string& type, TrainRun& run) {
  if (type == "step") {
    run.steps.push_back(read_step(fields));
  } else if (type == "validation") {
    run.validations.push_back(
        {.step = fields.count("step"), .loss = fields.number("loss"), .top1 = optional_number(fields, "top1")});
  } else if (type == "resume") {
    const std::uint64_t last = fields.count("step");
    run.header.resumed.push_back(last);
    std::erase_if(run.steps, [last](const Step& step) { return step.step > last; });
    std::erase_if(run.validations, [last](const Validation& validation) { return validation.step > last; });
    run.result.reset();
  } else if (type == "result") {
    run.result = read_result(fields);
  }
}

}  // namespace optinc::report
