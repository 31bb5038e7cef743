#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections.h"
#include "optinc/report/summary.h"

namespace optinc::report {
namespace {

using base::Json;

constexpr const char* kDense = "every layer dense";
constexpr const char* kBuilt = "as designed";

struct Part {
  std::string name;
  std::string shape;
  bool is_layer = false;
  bool approximated = false;
  std::uint64_t mzis = 0;
  std::uint64_t dense_mzis = 0;
};

// Units and layers in the order in which light passes them.
std::vector<Part> parts_of(const Area& area) {
  std::vector<Part> parts;
  parts.push_back(
      {.name = "P", .shape = "preprocessing", .mzis = area.preprocessing_mzis, .dense_mzis = area.preprocessing_mzis});
  int number = 0;
  for (const LayerArea& layer : area.layers) {
    parts.push_back({.name = fmt::format("layer\u00a0{}", ++number),
                     .shape = fmt::format("{} → {}", layer.inputs, layer.outputs),
                     .is_layer = true,
                     .approximated = layer.approximated,
                     .mzis = layer.mzis,
                     .dense_mzis = layer.dense_mzis});
  }
  parts.push_back({.name = "T", .shape = "splitting", .mzis = area.splitting_mzis, .dense_mzis = area.splitting_mzis});
  return parts;
}

Json area_chart(const std::vector<Part>& parts) {
  Json values = Json::array();
  Json order = Json::array();
  for (const Part& part : parts) {
    const std::string name = fmt::format("{}: {}", part.name, part.shape);
    order.push_back(name);
    for (const auto& [kind, mzis] : {std::pair{kDense, part.dense_mzis}, std::pair{kBuilt, part.mzis}}) {
      values.push_back({{"part", name}, {"kind", kind}, {"mzis", mzis}, {"label", with_commas(mzis)}});
    }
  }
  std::uint64_t largest = 0;
  for (const Part& part : parts) largest = std::max({largest, part.mzis, part.dense_mzis});
  const std::vector<std::string> kinds = {kDense, kBuilt};
  const Json offset{{"field", "kind"}, {"type", "nominal"}, {"scale", {{"domain", kinds}}}};
  return {{"height", 34 * parts.size()},
          {"data", {{"values", values}}},
          {"encoding",
           {{"x", quantity("mzis", "MZIs", room_for_labels(static_cast<double>(largest)), {{"format", ",d"}})},
            {"y",
             {{"field", "part"},
              {"type", "nominal"},
              {"sort", nullptr},
              {"title", nullptr},
              {"scale", {{"domain", order}, {"paddingInner", 0.25}}}}},
            {"yOffset", offset}}},
          {"layer",
           {{{"mark", {{"type", "bar"}}},
             {"encoding", {{"color", colour_by("kind", kinds, {"var(--baseline)", "var(--optinc)"}, "square")}}}},
            {{"mark", {{"type", "text"}, {"align", "left"}, {"baseline", "middle"}, {"dx", 4}}},
             {"encoding", {{"text", {{"field", "label"}}}}}}}}};
}

Table area_table(const Area& area, const std::vector<Part>& parts) {
  Table table(
      {{"part", false}, {"shape", false}, {"approximated", false}, {"MZIs, dense"}, {"MZIs, as designed"}, {"share"}});
  const auto share = [](std::uint64_t mzis, std::uint64_t dense) {
    return dense == 0 ? std::string("–") : format_share(static_cast<double>(mzis) / static_cast<double>(dense));
  };
  for (const Part& part : parts) {
    table.add_row({part.name, part.shape, part.is_layer ? (part.approximated ? "yes" : "no") : "–",
                   with_commas(part.dense_mzis), with_commas(part.mzis), share(part.mzis, part.dense_mzis)});
  }
  table.add_total({"total", "", "", with_commas(area.dense_mzis), with_commas(area.mzis), format_share(area.ratio)});
  return table;
}

Table beside_table(const Area& area) {
  Table table({{"counted apart", false}, {"elements"}});
  table.add_row({"bias light: attenuators, splitters, combiners (reference_mzis)", with_commas(area.reference_mzis)});
  table.add_row({"ReLU elements (activations)", with_commas(area.activations)});
  return table;
}

}  // namespace

void add_area(Page& page, const std::vector<DesignRun>& designs) {
  const std::vector<SharedArea> areas = shared_areas(designs);
  if (areas.empty()) return;
  page.open_section(
      "area", "Area",
      "Area is counted in Mach-Zehnder interferometers (MZIs). A dense matrix takes two triangular meshes; an "
      "approximated one is cut into squares, each an orthogonal mesh and a diagonal: about half.");
  for (const SharedArea& shared : areas) {
    std::vector<std::string> names;
    for (const DesignRun* run : shared.runs) names.push_back(run->header.name);
    const std::vector<Part> parts = parts_of(*shared.area);
    page.add_heading(fmt::format("{}", fmt::join(names, ", ")));
    page.add_chart(area_chart(parts), "MZIs of each part, with and without approximation", Source::counted,
                   fmt::format("From input to output. In all {} instead of {}: <strong>{}</strong>.",
                               with_commas(shared.area->mzis), with_commas(shared.area->dense_mzis),
                               format_share(shared.area->ratio)));
    page.add_table(area_table(*shared.area, parts), "Count", {Source::counted});
    page.add_table(beside_table(*shared.area), "Beside the meshes", {Source::counted});
  }
}

}  // namespace optinc::report
