#include <cmath>

#include <fmt/format.h>

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
                {"difference, points"},
                {is_cascade ? "additional MZIs, paper" : "area, paper"},
                {is_cascade ? "additional MZIs, ours" : "area, ours"},
                {"difference, points"},
                {"MZIs"}});
}

bool is_cascade(const Reproduction& row) {
  return std::isfinite(row.paper_additional_mzis_percent);
}

void add_row(Table& table, const Reproduction& row) {
  const bool cascade = is_cascade(row);
  const double paper_area = cascade ? row.paper_additional_mzis_percent : row.paper_area_percent;
  if (!row.there) {
    table.add_row({row.design, row.approximated, "not there", "–", "–", accuracy(row.paper_accuracy_percent), "–", "–",
                   percent(paper_area, 1), "–", "–", "–"});
    return;
  }
  const double area = cascade ? row.additional_mzis_percent : row.area_percent;
  const double accuracy_points = 100 * row.accuracy - row.paper_accuracy_percent;
  table.add_row({row.design, row.approximated, row.origin, format_count(row.inputs) + (row.sampled ? " sampled" : ""),
                 format_count(row.wrong), accuracy(row.paper_accuracy_percent), accuracy(100 * row.accuracy),
                 points(accuracy_points, accuracy_points == 0 ? 0 : 5), percent(paper_area, 1), percent(area, 2),
                 points(area - paper_area, 2),
                 cascade ? format_count(row.mzis)
                         : fmt::format("{} of {}", format_count(row.mzis), format_count(row.dense_mzis))});
}

}  // namespace

void add_published_tables(Page& page, const std::vector<Reproduction>& reproductions) {
  if (reproductions.empty()) return;
  page.open_section(
      "published", "The paper's tables",
      "Each published row beside a design that ships: every symbol checked after the receiver, area counted "
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

}  // namespace optinc::report
