#include <algorithm>

#include <fmt/format.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

constexpr std::size_t kMostBars = 24;

Json error_chart(const std::vector<ErrorCount>& errors) {
  // The most frequent values, drawn from the lowest to the highest.
  std::vector<ErrorCount> shown = errors;
  std::ranges::stable_sort(shown, std::greater{}, &ErrorCount::count);
  if (shown.size() > kMostBars) shown.resize(kMostBars);
  std::ranges::sort(shown, {}, &ErrorCount::value);
  Json values = Json::array();
  for (const ErrorCount& error : shown) {
    values.push_back({{"error", format_difference(static_cast<double>(error.value), 0)},
                      {"share", number_or_null(error.share)},
                      {"label", fmt::format("{} ({})", with_commas(error.count), format_share(error.share))}});
  }
  return {
      {"height", 26 * shown.size()},
      {"data", {{"values", values}}},
      {"encoding",
       {{"y", {{"field", "error"}, {"type", "nominal"}, {"sort", nullptr}, {"title", "error, in steps"}}},
        {"x", quantity("share", "share of the wrong inputs", {{"domain", {0, 1.35}}},
                       {{"format", ".0%"}, {"values", {0, 0.25, 0.5, 0.75, 1}}})}}},
      {"layer",
       {{{"mark", {{"type", "bar"}, {"color", "var(--optinc)"}}}},
        {{"mark", {{"type", "text"}, {"align", "left"}, {"dx", 4}}}, {"encoding", {{"text", {{"field", "label"}}}}}}}}};
}

Table verification_table(const std::vector<DesignRun>& designs) {
  Table table({{"design", false},
               {"inputs checked"},
               {"of possible"},
               {"wrong"},
               {"accuracy"},
               {"largest analogue error"},
               {"time"},
               {"inputs/s"}});
  for (const DesignRun& run : designs) {
    if (!run.verification) {
      table.add_row({run.header.name, "not yet", with_commas(run.inputs), "–", "–", "–", "–", "–"});
      continue;
    }
    const Verification& verification = *run.verification;
    const double rate = verification.inputs_per_second;
    table.add_row({run.header.name, with_commas(verification.inputs), with_commas(run.inputs),
                   with_commas(verification.wrong), format_share(verification.accuracy),
                   format_number(verification.largest_analog_error, 3), format_seconds(verification.seconds),
                   rate >= 0 && rate < 1e18 ? with_commas(static_cast<std::uint64_t>(rate)) : "–"});
  }
  return table;
}

}  // namespace

void add_verification(Page& page, const std::vector<DesignRun>& designs) {
  if (designs.empty()) return;
  page.open_section(
      "verification", "Verification",
      "Every possible input goes through the network and is compared with the exact average. The receiver "
      "snaps each symbol to the nearest level, so an analogue error below 0.5 levels does no harm.");
  page.add_table(verification_table(designs), "Against the exact average", {Source::measured});
  for (const DesignRun& run : designs) {
    if (!run.verification) continue;
    const Verification& verification = *run.verification;
    if (verification.wrong == 0) continue;  // no error to draw
    const std::size_t left_out = verification.errors.size() - std::min(verification.errors.size(), kMostBars);
    const std::string rest = left_out == 0 ? "" : fmt::format(" The {} rarest values are left out.", left_out);
    page.add_chart(
        error_chart(verification.errors), fmt::format("Errors of {}", run.header.name), Source::measured,
        fmt::format("Decoded minus exact average, in quantisation steps; how many of the {} wrong inputs have "
                    "it.{}",
                    with_commas(verification.wrong), rest));
  }
}

}  // namespace optinc::report
