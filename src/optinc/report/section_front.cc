#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections.h"

namespace optinc::report {
namespace {

using base::Json;

/// Designs for one device, the smallest first.
using Device = std::pair<std::uint64_t, std::uint64_t>;  // bits, servers
std::vector<NoiseRow> rows_of(const std::vector<NoiseRow>& rows, const Device& device) {
  std::vector<NoiseRow> found;
  for (const NoiseRow& row : rows) {
    if (Device{row.bits, row.servers} == device) found.push_back(row);
  }
  std::ranges::stable_sort(found, {}, &NoiseRow::mzis);
  return found;
}

std::string sigma_name(double sigma) {
  return fmt::format("noise {:g}", sigma);
}

/// Share of inputs that are not right over size. None wrong is drawn where one in all trials would be.
Json front_chart(const std::vector<NoiseRow>& rows) {
  Json values = Json::array();
  std::set<double> sigmas;
  double least = 1;
  for (const NoiseRow& row : rows) {
    for (const NoiseRate& rate : row.rates) {
      sigmas.insert(rate.sigma);
      const double wrong = std::max(1 - rate.rate, 1 / static_cast<double>(std::max<std::uint64_t>(rate.trials, 1)));
      least = std::min(least, wrong);
      values.push_back({{"design", row.design},
                        {"origin", row.origin},
                        {"mzis", row.mzis},
                        {"noise", sigma_name(rate.sigma)},
                        {"right", base::number_or_null(rate.rate)},
                        {"wrong", wrong}});
    }
  }
  std::vector<std::string> names, colours;
  for (const double sigma : sigmas) {
    colours.push_back(series_colour(names.size()));
    names.push_back(sigma_name(sigma));
  }
  const Json log{{"type", "log"}, {"nice", false}, {"padding", 12}};
  const Json shapes{
      {"field", "origin"}, {"type", "nominal"}, {"title", nullptr}, {"legend", {{"symbolStrokeWidth", 1}}}};
  const Json mark{{"type", "point"}, {"filled", true}, {"size", 60}, {"opacity", 1}};
  return {{"height", 340},
          {"data", {{"values", values}}},
          {"mark", mark},
          {"encoding",
           {{"x", quantity("mzis", "MZIs, P and T apart", log, {{"format", ","}, {"labelOverlap", "greedy"}})},
            {"y", quantity("wrong", "share of inputs not right", log,
                           {{"values", powers_of_ten(least, 1)}, {"format", "~g"}, {"grid", true}})},
            {"color", colour_by("noise", names, colours, "circle")},
            {"shape", shapes},
            {"tooltip",
             {{{"field", "design"}},
              {{"field", "mzis"}},
              {{"field", "noise"}},
              {{"field", "right"}, {"type", "quantitative"}}}}}}};
}

Table rates_table(const std::vector<NoiseRow>& rows) {
  std::vector<Column> columns{{"design", false}, {"origin", false}, {"MZIs"}, {"layers"}, {"without noise"}};
  for (const NoiseRate& rate : rows.front().rates) columns.push_back({sigma_name(rate.sigma)});
  Table table(columns);
  for (const NoiseRow& row : rows) {
    std::vector<std::string> cells{row.design, row.origin, with_commas(row.mzis), with_commas(row.layers),
                                   format_share(row.accuracy)};
    for (std::size_t i = 0; i + 5 < columns.size(); ++i) {
      cells.push_back(i < row.rates.size() ? format_share(row.rates[i].rate) : "–");
    }
    table.add_row(cells);
  }
  return table;
}

/// "phase_shifter.error_rms_rad=0.01" as words, which a column's head can break.
std::string in_words(std::string condition) {
  for (char& letter : condition) {
    if (letter == '=') {
      letter = ' ';
      break;
    }
    if (letter == '.' || letter == '_') letter = ' ';
  }
  return condition;
}

Table chips_table(const std::vector<NoiseRow>& rows) {
  std::vector<Column> columns{{"design", false}, {"origin", false}, {"MZIs"}};
  for (const ChipRate& rate : rows.front().chip_rates) columns.push_back({in_words(rate.condition)});
  Table table(columns);
  for (const NoiseRow& row : rows) {
    std::vector<std::string> cells{row.design, row.origin, with_commas(row.mzis)};
    for (std::size_t i = 0; i + 3 < columns.size(); ++i) {
      cells.push_back(i < row.chip_rates.size() ? format_share(row.chip_rates[i].rate) : "–");
    }
    table.add_row(cells);
  }
  return table;
}

}  // namespace

void add_front(Page& page, const FrontRuns& front) {
  if (front.rows.empty()) return;
  page.open_section(
      "front", "Size against noise",
      "How many interferometers an ONN takes, and how much noise it bears. Relative noise: on every output of "
      "every layer, Gaussian, so much of that layer’s largest output.");
  std::set<Device> devices;
  for (const NoiseRow& row : front.rows) devices.insert({row.bits, row.servers});
  for (const Device& device : devices) {
    const std::vector<NoiseRow> rows = rows_of(front.rows, device);
    if (devices.size() > 1) page.add_heading(fmt::format("{} bits, {} servers", device.first, device.second));
    if (rows.size() > 1) {
      page.add_chart(front_chart(rows), "Inputs not right, by size and noise", Source::modelled,
                     "Lower left is better. The lowest points stand for none wrong in all trials.");
    }
    page.add_table(rates_table(rows), "Share of inputs whose every symbol is right", {Source::modelled});
    std::vector<NoiseRow> on_chips = rows;
    std::erase_if(on_chips, [](const NoiseRow& row) { return row.chip_rates.empty(); });
    if (on_chips.empty()) continue;
    page.add_table(chips_table(on_chips),
                   fmt::format("The same on {} simulated chips each; one value alone, all else ideal, or a preset",
                               on_chips.front().chip_rates.front().chips),
                   {Source::modelled});
  }
}

}  // namespace optinc::report
