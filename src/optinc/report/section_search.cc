#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections.h"

namespace optinc::report {
namespace {

using base::Json;
using Device = std::pair<std::uint64_t, std::uint64_t>;  // bits, servers

/// A search by what it went over; by its name where that tells no two apart.
std::vector<std::string> names_of(const std::vector<const SearchRun*>& runs) {
  std::set<std::string> kinds;
  for (const SearchRun* run : runs) kinds.insert(run->over);
  std::vector<std::string> names;
  for (const SearchRun* run : runs) names.push_back(kinds.size() == runs.size() ? run->over : run->header.name);
  return names;
}

/// What a chart shows of a design, on a logarithmic axis.
struct Shown {
  const char* key;    ///< of a value
  const char* title;  ///< of the axis
  double (*of)(const SearchedDesign&);
};

/// Designs of all searches over their size; those whose value is 0 are left out.
Json chart(const std::vector<const SearchRun*>& runs, const Shown& shown) {
  const std::vector<std::string> names = names_of(runs);
  Json values = Json::array();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const SearchedDesign& design : runs[i]->front) {
      const double value = shown.of(design);
      if (!(value > 0)) continue;
      Json entry{{"search", names[i]},
                 {"mzis", design.mzis},
                 {"layers", design.layers},
                 {"right", base::number_or_null(design.accuracy)},
                 {shown.key, value}};
      if (!design.file.empty()) entry["file"] = design.file;
      values.push_back(std::move(entry));
    }
  }
  std::vector<std::string> colours;
  for (std::size_t i = 0; i < names.size(); ++i) colours.push_back(series_colour(i));
  const Json log{{"type", "log"}, {"nice", false}, {"padding", 12}};
  const Json mark{{"type", "point"}, {"filled", true}, {"size", 40}, {"opacity", 1}};
  return {
      {"height", 300},
      {"data", {{"values", values}}},
      {"mark", mark},
      {"encoding",
       {{"x", quantity("mzis", "MZIs, P and T apart", log, {{"format", ","}, {"labelOverlap", "greedy"}})},
        {"y", quantity(shown.key, shown.title, log, {{"format", "~g"}, {"labelOverlap", "greedy"}, {"grid", true}})},
        {"color", colour_by("search", names, colours, "circle")},
        {"tooltip",
         {{{"field", "file"}},
          {{"field", "mzis"}},
          {{"field", "layers"}},
          {{"field", "right"}, {"type", "quantitative"}},
          {{"field", shown.key}, {"type", "quantitative"}}}}}}};
}

void add_device(Page& page, const std::vector<const SearchRun*>& runs) {
  const std::vector<std::string> names = names_of(runs);
  std::string said;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::vector<SearchedDesign>& front = runs[i]->front;
    const auto bears = std::ranges::count_if(front, [](const SearchedDesign& one) { return one.noise > 0; });
    said += fmt::format(" {}: {} designs that none beats, {} of which bear noise.", capitalised(names[i]),
                        with_commas(front.size()), with_commas(bears));
  }
  page.open_row();
  page.add_chart(chart(runs, {"noise", "relative noise borne", [](const SearchedDesign& one) { return one.noise; }}),
                 "Noise borne, by size", Source::modelled,
                 fmt::format("Upper left is better: {} of the inputs stay right.{}", format_share(runs.front()->rate),
                             escape_html(said)));
  const bool has_chips = std::ranges::all_of(runs, [](const SearchRun* run) { return run->chips > 0; });
  if (has_chips) {
    page.add_chart(chart(runs, {"wrong", "share of inputs not right",
                                [](const SearchedDesign& one) { return 1 - one.chip_rate; }}),
                   "Inputs not right on chips, by size", Source::modelled,
                   fmt::format("Lower left is better: mean of {} simulated chips, {}. On other chips it may be more.",
                               runs.front()->chips, escape_html(runs.front()->parts)));
  }
  page.close_row();
}

}  // namespace

void add_searches(Page& page, const std::vector<SearchRun>& searches) {
  std::vector<const SearchRun*> drawn;
  for (const SearchRun& run : searches) {
    if (!run.front.empty()) drawn.push_back(&run);
  }
  if (drawn.empty()) return;
  page.open_section(
      "search", "Searched fronts",
      "Designs that no other of their search beats in everything that it was after. The figures are the search’s own.");
  std::set<Device> devices;
  for (const SearchRun* run : drawn) devices.insert({run->bits, run->servers});
  for (const Device& device : devices) {
    std::vector<const SearchRun*> runs;
    for (const SearchRun* run : drawn) {
      if (Device{run->bits, run->servers} == device) runs.push_back(run);
    }
    if (devices.size() > 1) page.add_heading(fmt::format("{} bits, {} servers", device.first, device.second));
    add_device(page, runs);
  }
}

}  // namespace optinc::report
