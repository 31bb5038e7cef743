#include "optinc/cli/reproduce_training.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <fmt/ranges.h>

#include "optinc/base/error.h"
#include "optinc/base/version.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/published_tables.h"
#include "optinc/cli/published_training.h"
#include "optinc/report/experiments.h"
#include "optinc/report/runs.h"
#include "optinc/report/training_summary.h"
#include "optinc/report/training_words.h"
#include "optinc/report/variants.h"

namespace optinc::cli {
namespace {

using base::Json;
using base::number_or_null;

constexpr const char* kTitle = "Figure 7a: training with quantised averages";

/// A variant of an experiment, with all that is said of it.
struct Row {
  const report::VariantRuns* runs = nullptr;
  const report::Comparison* comparison = nullptr;  ///< null for the baseline, and where no run has one beside it
  std::optional<double> paper_difference;
  std::vector<std::string> differs;  ///< from the paper, beyond what the whole experiment does
  std::size_t finished = 0;          ///< runs
  std::uint64_t first_step = 0;      ///< of the runs' last validations, the least
  std::uint64_t last_step = 0;       ///< the most; 0: none was validated
};

// --- what is read ----------------------------------------------------------------------------------------------------

bool has_training(const std::filesystem::path& file) {
  return std::ranges::any_of(base::read_records(file), [](const Json& record) {
    return record.value("type", Json()) == "run" && record.value("command", Json()) == "train";
  });
}

/// In the order of their paths, so that the same folder gives the same words.
std::vector<std::filesystem::path> training_files(const std::filesystem::path& folder) {
  base::require(std::filesystem::is_directory(folder), "--runs {}: no such folder", folder.string());
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::erase_if(files, [](const std::filesystem::path& file) { return !has_training(file); });
  base::require(!files.empty(), "--runs {}: no records of optinc train in it, expected *.jsonl", folder.string());
  return files;
}

std::vector<Row> rows_of(const report::Experiment& experiment, const std::vector<report::VariantRuns>& variants) {
  std::vector<Row> rows;
  for (const report::VariantRuns& variant : variants) {
    const report::TrainRun& first = *variant.runs.front();
    Row row{.runs = &variant,
            .paper_difference = paper_difference(experiment, first),
            .differs = differs_from_paper(first)};
    const auto compared = std::ranges::find(experiment.comparisons, variant.variant, &report::Comparison::variant);
    if (compared != experiment.comparisons.end()) row.comparison = &*compared;
    for (const report::TrainRun* run : variant.runs) {
      if (run->result) ++row.finished;
      if (run->validations.empty()) continue;
      const std::uint64_t step = run->validations.back().step;
      row.first_step = row.last_step == 0 ? step : std::min(row.first_step, step);
      row.last_step = std::max(row.last_step, step);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// --- as JSON ---------------------------------------------------------------------------------------------------------

Json ours_json(const report::Experiment& experiment, const Row& row) {
  const report::Estimate value = row.runs->last(experiment.headline());
  Json json{{"runs", row.runs->runs.size()},
            {"finished", row.finished},
            {"seeds", value.count},
            {"step", row.last_step},
            {"epochs", number_or_null(experiment.data.epochs(row.last_step))},
            {"mean", number_or_null(value.mean)},
            {"standard_deviation", number_or_null(value.standard_deviation)},
            {"pairs", 0},
            {"difference", nullptr},
            {"difference_standard_deviation", nullptr},
            {"interval_95", nullptr},
            {"contains_zero", nullptr}};
  if (row.comparison == nullptr) return json;
  const report::Estimate difference = row.comparison->difference(experiment.headline());
  json["pairs"] = difference.count;
  json["difference"] = number_or_null(difference.mean);
  json["difference_standard_deviation"] = number_or_null(difference.standard_deviation);
  if (difference.interval) {
    json["interval_95"] = {difference.interval->low, difference.interval->high};
    json["contains_zero"] = difference.interval->contains(0);
  }
  return json;
}

std::string experiment_title(const report::Experiment& experiment) {
  return report::model_name(experiment.model) + ": " + report::experiment_words(experiment);
}

Json row_json(const report::Experiment& experiment, const Row& row) {
  const std::string metric = report::metric_words(experiment.headline(), experiment.data).key;
  Json json{{"variant", row.runs->variant},
            {"reduce", row.runs->runs.front()->reduce},
            {"baseline", row.comparison != nullptr ? Json(experiment.baseline) : Json(nullptr)},
            {"metric", metric},
            {"paper_difference", row.paper_difference ? Json(*row.paper_difference) : Json(nullptr)},
            {"ours", ours_json(experiment, row)},
            {"differs", row.differs}};
  json["comparison"] =
      row.comparison != nullptr ? report::summarise_comparison(experiment, *row.comparison) : Json(nullptr);
  return json;
}

Json experiment_json(const report::Experiment& experiment, const std::vector<Row>& rows) {
  const PublishedTraining& paper = published_training(experiment.data.has_images());
  const report::MetricWords words = report::metric_words(experiment.headline(), experiment.data);
  Json json{{"experiment", experiment_title(experiment)},
            {"model", experiment.model},
            {"workers", experiment.workers},
            {"parameters", experiment.parameters},
            {"planned_steps", experiment.planned_steps > 0 ? Json(experiment.planned_steps) : Json(nullptr)},
            {"paper",
             {{"experiment", paper.words},
              {"difference_quantised", paper.quantised},
              {"difference_with_errors", paper.with_errors},
              {"unit", words.difference_unit}}},
            {"differs", differs_from_paper(experiment)},
            {"rows", Json::array()}};
  for (const Row& row : rows) json["rows"].push_back(row_json(experiment, row));
  return json;
}

/// What `optinc report` draws of a row: with all that differs.
Json row_record(const report::Experiment& experiment, const Row& row) {
  Json json{{"table", kFigure7a}, {"title", kTitle}, {"experiment", experiment_title(experiment)}};
  json.update(row_json(experiment, row));
  json.erase("comparison");
  std::vector<std::string> differs = differs_from_paper(experiment);
  differs.insert(differs.end(), row.differs.begin(), row.differs.end());
  json["differs"] = differs;
  return tagged("training_reproduction", json);
}

// --- in words --------------------------------------------------------------------------------------------------------

std::string number(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "not finite";
}

/// With a sign, but 0 has none.
std::string signed_number(double value, int decimals) {
  if (!std::isfinite(value)) return "not finite";
  std::string text = fmt::format("{:+.{}f}", value, decimals);
  return text.find_first_not_of("+-0.") == std::string::npos ? text.substr(1) : text;
}

std::string mean_in_words(const report::Estimate& value, int decimals) {
  if (value.count == 0) return "-";
  if (value.count == 1) return number(value.mean, decimals);
  return number(value.mean, decimals) + " ± " + number(value.standard_deviation, decimals);
}

std::string reached_in_words(const report::Experiment& experiment, const Row& row) {
  if (row.last_step == 0) return "not validated yet";
  std::string text = row.first_step == row.last_step
                         ? "step " + with_commas(row.last_step)
                         : fmt::format("steps {} to {}", with_commas(row.first_step), with_commas(row.last_step));
  if (experiment.data.has_images()) {
    text += fmt::format(" (epoch {:.4g})", experiment.data.epochs(row.last_step));
  }
  if (row.finished < row.runs->runs.size()) {
    text += fmt::format(", {} of {} runs not finished", row.runs->runs.size() - row.finished, row.runs->runs.size());
  }
  return text;
}

std::string interval_in_words(const report::Estimate& difference, int decimals) {
  if (!difference.interval) return difference.count == 1 ? "one seed: none" : "not finite: none";
  return fmt::format("{} to {}: {} zero", signed_number(difference.interval->low, decimals),
                     signed_number(difference.interval->high, decimals),
                     difference.interval->contains(0) ? "contains" : "without");
}

void print_line(Context& context, std::size_t width, const std::vector<std::string>& cells) {
  fmt::print(context.out, "  {:<{}}{:>7}{:>18}{:>12}{:>9}  {:<36}{}\n", cells[0], width, cells[1], cells[2], cells[3],
             cells[4], cells[5], cells[6]);
}

void print_experiment(Context& context, const report::Experiment& experiment, const std::vector<Row>& rows) {
  const report::MetricWords words = report::metric_words(experiment.headline(), experiment.data);
  const PublishedTraining& paper = published_training(experiment.data.has_images());
  fmt::print(context.out, "\n{}\n  paper: {}\n  differs: {}\n", experiment_title(experiment), paper.words,
             fmt::join(differs_from_paper(experiment), "; "));
  const bool has_baseline = !experiment.baseline.empty();
  fmt::print(context.out, "  {}, {}; differences{} in {}\n", words.name, words.unit,
             has_baseline ? " to " + report::reduce_name(experiment.baseline) : "", words.difference_unit);
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.runs->variant.size());
  print_line(context, width, {"", "seeds", "mean ± deviation", "difference", "paper", "95 % interval", "reached"});
  const int published_decimals = experiment.data.has_images() ? 2 : 3;
  for (const Row& row : rows) {
    const report::Estimate value = row.runs->last(experiment.headline());
    std::string difference = "-";
    std::string interval = "-";
    if (row.comparison != nullptr) {
      const report::Estimate found = row.comparison->difference(experiment.headline());
      difference = signed_number(found.mean, words.decimals);
      interval = interval_in_words(found, words.decimals);
    }
    std::string remark = reached_in_words(experiment, row);
    if (!row.differs.empty()) remark += fmt::format("; {}", fmt::join(row.differs, "; "));
    print_line(
        context, width,
        {row.runs->variant, std::to_string(value.count), mean_in_words(value, words.decimals), difference,
         row.paper_difference ? signed_number(*row.paper_difference, published_decimals) : "-", interval, remark});
  }
}

// ---------------------------------------------------------------------------------------------------------------------

Json run_record(const TrainingFigureOptions& options) {
  return {{"type", "run"},
          {"command", "reproduce"},
          {"version", base::kVersion},
          {"seed", 0},  // nothing is drawn at random
          {"config", {{"table", kFigure7a}, {"runs", options.runs.string()}}},
          {"paper", kPaper}};
}

}  // namespace

void reproduce_training(const TrainingFigureOptions& options, Context& context) {
  const report::Runs runs = report::read_runs(training_files(options.runs));
  const std::vector<report::Experiment> experiments = report::group_by_experiment(runs.trainings);
  std::optional<base::RecordWriter> records;
  if (!options.records.empty()) {
    const std::filesystem::path folder = options.records.parent_path();
    base::require(folder.empty() || std::filesystem::is_directory(folder), "--records {}: no such folder as {}",
                  options.records.string(), folder.string());
    records.emplace(options.records, base::RecordMode::replace);
    records->write(run_record(options));
  }
  if (!options.json) {
    fmt::print(context.out, "{} ({})\nours: records of optinc train in {}\n", kTitle, kPaper, options.runs.string());
  }
  context.exit_code = kFailed;
  Json as_json = Json::array();
  for (const report::Experiment& experiment : experiments) {
    const std::vector<report::VariantRuns> variants = report::runs_by_variant(experiment);
    const std::vector<Row> rows = rows_of(experiment, variants);
    if (std::ranges::any_of(rows, [](const Row& row) { return row.last_step > 0; })) context.exit_code = kOk;
    for (const Row& row : rows) {
      if (records) records->write(row_record(experiment, row));
    }
    if (options.json) {
      as_json.push_back(experiment_json(experiment, rows));
    } else {
      print_experiment(context, experiment, rows);
    }
  }
  if (options.json) {
    print_json(context, {{"table", kFigure7a},
                         {"title", kTitle},
                         {"paper", kPaper},
                         {"runs", options.runs.string()},
                         {"experiments", as_json}});
  } else if (context.exit_code != kOk) {
    fmt::print(context.out, "\nno run has been validated yet\n");
  } else {
    fmt::print(
        context.out,
        "\nIntervals are those of the mean difference over seeds, by Student's t. One that contains zero shows no "
        "difference at this number of seeds.\n");
  }
}

}  // namespace optinc::cli
