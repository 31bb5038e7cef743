#include "optinc/report/chart.h"

#include <cmath>

#include <fmt/format.h>

namespace optinc::report {

using base::Json;

std::string series_colour(std::size_t index) {
  constexpr std::size_t kColours = 6;  // --series-1 .. --series-6 in page.css
  return fmt::format("var(--series-{})", index % kColours + 1);
}

Json colour_by(const std::string& field, const std::vector<std::string>& names, const std::vector<std::string>& colours,
               const std::string& symbol) {
  Json channel{{"field", field}, {"type", "nominal"}, {"scale", {{"domain", names}, {"range", colours}}}};
  channel["title"] = nullptr;
  channel["legend"] = names.size() < 2 ? Json(nullptr) : Json{{"symbolType", symbol}, {"symbolOpacity", 1}};
  return channel;
}

Json colour_by(const std::string& field, const std::vector<std::string>& names) {
  std::vector<std::string> colours;
  for (std::size_t i = 0; i < names.size(); ++i) colours.push_back(series_colour(i));
  return colour_by(field, names, colours);
}

Json quantity(const std::string& field, const std::string& title, Json scale, Json axis) {
  Json channel{{"field", field}, {"type", "quantitative"}, {"title", title}};
  if (!scale.empty()) channel["scale"] = std::move(scale);
  if (!axis.empty()) channel["axis"] = std::move(axis);
  return channel;
}

Json powers_of_ten(double least, double most) {
  Json ticks = Json::array();
  if (!(least > 0) || !std::isfinite(most)) return ticks;
  for (double exponent = std::ceil(std::log10(least)); exponent <= std::floor(std::log10(most)); ++exponent) {
    ticks.push_back(std::pow(10, exponent));
  }
  return ticks;
}

Json room_for_labels(double longest) {
  const double end = longest > 0 ? 1.25 * longest : 1;
  return {{"domain", {0.0, end}}, {"nice", false}};
}

}  // namespace optinc::report
