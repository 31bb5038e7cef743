#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/report/html.h"
#include "optinc/report/sections.h"

namespace optinc::report {
namespace {

std::string percent(double value, int decimals) {
  return std::isfinite(value) ? format_number(value, decimals) + " %" : "–";
}

/// Five decimals, as many as the paper gives, without zeros at the end; more where 100 would be false.
std::string accuracy(double value) {
  if (!std::isfinite(value)) return "–";
  int decimals = 5;
  std::string text = fmt::format("{:.{}f}", value, decimals);
  while (value < 100 && decimals < 12 && std::stod(text) == 100) text = fmt::format("{:.{}f}", value, ++decimals);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " %";
}

/// Ours less the paper's.
std::string points(double difference, int decimals) {
  return std::isfinite(difference) ? format_difference(difference, decimals) : "–";
}

/// A cascade's levels are measured against the structure of Table I, all others against dense layers.
Table empty_table(bool is_cascade) {
  return Table({{"design", false},
                {"approximated layers", false},
                {"origin", false},
                {"inputs checked"},
                {"wrong"},
                {"accuracy, paper"},
                {"accuracy, ours"},
                {is_cascade ? "additional MZIs, paper" : "area, paper"},
                {is_cascade ? "additional MZIs, ours" : "area, ours"},
                {"MZIs"}});
}

bool is_cascade(const Reproduction& row) {
  return std::isfinite(row.paper_additional_mzis_percent);
}

void add_row(Table& table, const Reproduction& row) {
  const bool cascade = is_cascade(row);
  const double paper_area = cascade ? row.paper_additional_mzis_percent : row.paper_area_percent;
  if (!row.there) {
    table.add_row({row.design, row.approximated, "not there", "–", "–", accuracy(row.paper_accuracy_percent), "–",
                   percent(paper_area, 1), "–", "–"});
    return;
  }
  const double area = cascade ? row.additional_mzis_percent : row.area_percent;
  table.add_row(
      {row.design, row.approximated, row.origin, with_commas(row.inputs) + (row.sampled ? " sampled" : ""),
       with_commas(row.wrong), accuracy(row.paper_accuracy_percent), accuracy(100 * row.accuracy),
       percent(paper_area, 1), percent(area, 2),
       cascade ? with_commas(row.mzis) : fmt::format("{} of {}", with_commas(row.mzis), with_commas(row.dense_mzis))});
}

void add_designs(Page& page, const std::vector<Reproduction>& reproductions) {
  if (reproductions.empty()) return;
  page.add_text(
      "Tables: each published row beside a design that ships, every symbol checked after the receiver, area counted "
      "with units P and T. Constructed designs stand apart, since they bear little noise.");
  std::string title;
  for (std::size_t first = 0; first < reproductions.size();) {
    const Reproduction& head = reproductions[first];
    if (head.table != title) page.add_heading(title = head.table);
    Table table = empty_table(is_cascade(head));
    for (; first < reproductions.size(); ++first) {
      const Reproduction& row = reproductions[first];
      if (row.table != head.table || row.group != head.group) break;
      add_row(table, row);
    }
    page.add_table(table, head.group, {Source::published, Source::measured, Source::counted});
  }
}

/// What all rows have in common.
std::vector<std::string> shared_differences(const std::vector<TrainingReproduction>& rows) {
  std::vector<std::string> shared = rows.front().differs;
  for (const TrainingReproduction& row : rows) {
    std::erase_if(shared, [&](const std::string& difference) {
      return std::ranges::find(row.differs, difference) == row.differs.end();
    });
  }
  return shared;
}

Table training_table(const std::vector<TrainingReproduction>& rows, const std::vector<std::string>& shared,
                     bool is_top1) {
  const int decimals = is_top1 ? 2 : 4;
  Table table({{"variant", false},
               {"seeds"},
               {is_top1 ? "top-1 accuracy, %" : "validation loss, nats"},
               {"difference, paper"},
               {"difference, ours"},
               {"95 % interval"},
               {"differs, too", false}});
  for (const TrainingReproduction& row : rows) {
    std::string mean = format_number(row.mean, decimals);
    if (row.seeds > 1) mean += "\u00a0±\u00a0" + format_number(row.standard_deviation, decimals);
    std::vector<std::string> differs = row.differs;
    std::erase_if(differs,
                  [&](const std::string& difference) { return std::ranges::find(shared, difference) != shared.end(); });
    std::string interval = row.pairs == 1 ? "one seed: none" : "–";
    if (std::isfinite(row.interval_low) && std::isfinite(row.interval_high)) {
      const bool contains_zero = row.interval_low <= 0 && 0 <= row.interval_high;
      interval =
          fmt::format("{} to {}, {} zero", format_difference(row.interval_low, decimals),
                      format_difference(row.interval_high, decimals), contains_zero ? "contains" : "does not contain");
    }
    table.add_row({row.variant, with_commas(row.seeds), mean, points(row.paper_difference, is_top1 ? 2 : 3),
                   points(row.difference, decimals), interval, fmt::format("{}", fmt::join(differs, "; "))});
  }
  return table;
}

/// A table an experiment.
void add_training_rows(Page& page, const std::vector<TrainingReproduction>& rows) {
  std::string title;
  for (std::size_t first = 0; first < rows.size();) {
    const TrainingReproduction& head = rows[first];
    if (head.figure != title) page.add_heading(title = head.figure);
    std::vector<TrainingReproduction> of_experiment;
    for (; first < rows.size(); ++first) {
      if (rows[first].figure != head.figure || rows[first].experiment != head.experiment) break;
      of_experiment.push_back(rows[first]);
    }
    const bool is_top1 = head.metric == "validation_top1_percent";
    const std::vector<std::string> shared = shared_differences(of_experiment);
    page.add_table(training_table(of_experiment, shared, is_top1), head.experiment,
                   {Source::published, Source::measured});
    if (!shared.empty()) {
      page.add_text(
          fmt::format("Differs from the paper: {}.", escape_html(fmt::format("{}", fmt::join(shared, "; ")))));
    }
  }
}

}  // namespace

void add_published_tables(Page& page, const std::vector<Reproduction>& reproductions,
                          const std::vector<TrainingReproduction>& trainings) {
  if (reproductions.empty() && trainings.empty()) return;
  page.open_section("published", "Beside the paper",
                    "What the paper publishes, and what came out here, each with what differs.");
  add_designs(page, reproductions);
  add_training_rows(page, trainings);
}

}  // namespace optinc::report
