#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections_light.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

/// Laws of meshes of one kind share a chart.
struct LawGroup {
  std::string layout;
  std::string cell;
  std::vector<const ErrorLaw*> laws;
  std::vector<std::string> names;  ///< of the laws
};

std::vector<LawGroup> group_laws(const std::vector<ErrorLawRun>& runs) {
  std::vector<LawGroup> groups;
  for (const ErrorLawRun& run : runs) {
    for (const ErrorLaw& law : run.laws) {
      auto group = std::ranges::find_if(
          groups, [&](const LawGroup& other) { return other.layout == law.layout && other.cell == law.cell; });
      if (group == groups.end()) group = groups.insert(groups.end(), {.layout = law.layout, .cell = law.cell});
      const std::string name = correction_name(law.correction);
      const bool is_taken = std::ranges::find(group->names, name) != group->names.end();
      group->laws.push_back(&law);
      group->names.push_back(is_taken ? name + ", " + run.header.name : name);
    }
  }
  return groups;
}

constexpr const char* kUncorrected = "c sqrt(2 N) sigma";
constexpr const char* kCorrected = "c N sigma^2";

std::string law_text(const std::string& law) {
  return law == kUncorrected ? "c √(2N) σ" : law == kCorrected ? "c N σ²" : law;
}

/// E of a law; NaN for one that isn't known here.
double value_of(const ErrorLaw& law, double size, double sigma) {
  if (law.law == kUncorrected) return law.constant * std::sqrt(2 * size) * sigma;
  if (law.law == kCorrected) return law.constant * size * sigma * sigma;
  return std::numeric_limits<double>::quiet_NaN();
}

std::string size_name(std::uint64_t size) {
  return fmt::format("N = {}", size);
}

/// Least value that is drawn: what an error bar that reaches 0 ends at.
double floor_of(const LawGroup& group) {
  double least = std::numeric_limits<double>::infinity();
  for (const ErrorLaw* law : group.laws) {
    for (const ErrorLawPoint& point : law->points) {
      if (point.mean > 0) least = std::min(least, point.mean);
    }
  }
  return least / 3;
}

Json point_values(const LawGroup& group) {
  const double floor = floor_of(group);
  Json values = Json::array();
  for (std::size_t i = 0; i < group.laws.size(); ++i) {
    for (const ErrorLawPoint& point : group.laws[i]->points) {
      if (!(point.sigma > 0) || !(point.mean > 0)) continue;
      values.push_back({{"law", group.names[i]},
                        {"size", size_name(point.size)},
                        {"sigma", number_or_null(point.sigma)},
                        {"error", number_or_null(point.mean)},
                        {"low", number_or_null(std::max(point.mean - point.standard_error, floor))},
                        {"high", number_or_null(point.mean + point.standard_error)}});
    }
  }
  return values;
}

/// The ends of each law's line, for each size: straight on logarithmic axes.
Json line_values(const LawGroup& group) {
  Json values = Json::array();
  for (std::size_t i = 0; i < group.laws.size(); ++i) {
    const ErrorLaw& law = *group.laws[i];
    std::set<std::uint64_t> sizes;
    for (const ErrorLawPoint& point : law.points) sizes.insert(point.size);
    for (const std::uint64_t size : sizes) {
      double least = std::numeric_limits<double>::infinity(), most = 0;
      for (const ErrorLawPoint& point : law.points) {
        if (point.size != size || !(point.sigma > 0)) continue;
        least = std::min(least, point.sigma);
        most = std::max(most, point.sigma);
      }
      for (const double sigma : {least, most}) {
        const double error = value_of(law, static_cast<double>(size), sigma);
        if (!(error > 0) || !std::isfinite(error)) continue;
        values.push_back({{"law", group.names[i]}, {"size", size_name(size)}, {"sigma", sigma}, {"error", error}});
      }
    }
  }
  return values;
}

Json law_chart(const LawGroup& group) {
  std::set<std::uint64_t> sizes;
  std::set<double> sigmas;
  double most = 0;
  for (const ErrorLaw* law : group.laws) {
    for (const ErrorLawPoint& point : law->points) {
      sizes.insert(point.size);
      if (point.sigma > 0) sigmas.insert(point.sigma);
      most = std::max(most, point.mean + point.standard_error);
    }
  }
  std::vector<std::string> size_names;
  for (const std::uint64_t size : sizes) size_names.push_back(size_name(size));
  const Json log{{"type", "log"}, {"nice", false}, {"padding", 12}};
  const Json ticks = powers_of_ten(floor_of(group), most);
  Json axis{{"format", "~g"}};
  if (ticks.size() > 1) axis["values"] = ticks;
  const auto error = [&](const char* field) { return quantity(field, "E", log, axis); };
  Json shape{{"field", "size"}, {"type", "nominal"}, {"title", nullptr}, {"scale", {{"domain", size_names}}}};
  shape["legend"] = size_names.size() < 2
                        ? Json(nullptr)
                        : Json{{"symbolFillColor", "var(--muted)"}, {"symbolStrokeColor", "var(--muted)"}};
  Json layers = {{{"mark", {{"type", "rule"}, {"strokeWidth", 1.4}}},
                  {"encoding", {{"y", error("low")}, {"y2", {{"field", "high"}}}}}},
                 {{"mark", {{"type", "point"}, {"filled", true}, {"size", 60}, {"opacity", 1}}},
                  {"encoding", {{"y", error("error")}, {"shape", shape}}}}};
  const Json lines = line_values(group);
  if (!lines.empty()) {
    layers.push_back({{"data", {{"values", lines}}},
                      {"mark", {{"type", "line"}, {"strokeWidth", 1.4}, {"opacity", 0.75}}},
                      {"encoding", {{"y", error("error")}, {"detail", {{"field", "size"}}}}}});
  }
  return {{"height", 320},
          {"data", {{"values", point_values(group)}}},
          {"encoding",
           {{"x", quantity("sigma", "σ, rad", log, {{"format", "~g"}, {"values", sigmas}})},
            {"color", colour_by("law", group.names)}}},
          {"layer", layers}};
}

Table constants_table(const LawGroup& group) {
  const auto known = [](double value) { return std::isfinite(value) ? format_number(value, 2) : std::string("–"); };
  Table table({{"correction", false}, {"law, E =", false}, {"c, fitted"}, {"c, expected"}, {"fitted / expected"}});
  for (std::size_t i = 0; i < group.laws.size(); ++i) {
    const ErrorLaw& law = *group.laws[i];
    if (law.law) {
      table.add_row({group.names[i], law_text(*law.law), format_number(law.constant, 3), known(law.expected),
                     known(law.constant / law.expected)});
    } else {
      table.add_row({group.names[i], "none known", "–", "–", "–"});
    }
  }
  return table;
}

}  // namespace

void add_error_laws(Page& page, const std::vector<ErrorLawRun>& runs) {
  for (const LawGroup& group : group_laws(runs)) {
    page.add_heading(fmt::format("Error law: {}", mesh_kind(group.layout, group.cell)));
    if (!point_values(group).empty()) {
      page.add_chart(
          law_chart(group), "Error of random meshes over that of their couplers", Source::measured,
          "E = ‖U′ − U‖ / √N (Frobenius) over random unitary U of N modes; σ: rms error of each coupler’s "
          "angle. Points: mean with its standard error; lines: the law with its fitted constant. Logarithmic "
          "axes.");
    }
    page.add_table(constants_table(group), "Constants", {Source::measured, Source::published});
  }
}

}  // namespace optinc::report
