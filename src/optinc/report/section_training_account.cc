#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "optinc/report/account.h"
#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections_training.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

/// Three significant digits, and never an exponent for what is large.
std::string three_digits(double value) {
  if (!std::isfinite(value)) return "–";
  const double size = std::abs(value);
  return (value < 0 ? "\u2212" : "") +
         (size < 1000 ? fmt::format("{:.3g}", size) : with_commas(static_cast<std::uint64_t>(std::llround(size))));
}

// --- measured --------------------------------------------------------------------------------------------------------

Table time_table(const Experiment& experiment) {
  Table table({{"run", false},
               {"reduction", false},
               {"seed"},
               {"transport", false},
               {"steps"},
               {"time"},
               {"per step"},
               {"in all-reduce"},
               {"blocks not finite"}});
  for (const SeedGroup& group : experiment.seeds) {
    for (const Member& member : group.members) {
      const TrainRun& run = *member.run;
      const std::uint64_t steps = run.steps.empty() ? 0 : run.steps.back().step;
      const double seconds = run.result ? run.result->seconds : run.steps.empty() ? 0 : run.steps.back().seconds;
      std::uint64_t non_finite = 0;
      for (const Step& step : run.steps) non_finite += step.non_finite_blocks;
      const std::string reduce = run.result
                                     ? fmt::format("{} ({})", format_seconds(run.result->reduce_seconds),
                                                   format_share(run.result->reduce_seconds / run.result->seconds))
                                     : "–";
      table.add_row({run.header.name, member.variant, std::to_string(group.seed), run.transport,
                     with_commas(steps) + (run.result ? "" : " (not finished)"), format_seconds(seconds),
                     steps == 0 ? "–" : fmt::format("{:.0f}\u00a0ms", 1000 * seconds / static_cast<double>(steps)),
                     reduce, with_commas(non_finite)});
    }
  }
  return table;
}

/// The parts of a step, in the order in which they come.
constexpr std::pair<const char*, double StepAccount::*> kParts[] = {
    {"compute", &StepAccount::compute_ms},         {"wait", &StepAccount::wait_ms},
    {"quantise", &StepAccount::quantise_ms},       {"emulate", &StepAccount::emulate_ms},
    {"rest of all-reduce", &StepAccount::move_ms}, {"apply", &StepAccount::apply_ms}};

Table account_table(const std::vector<StepAccount>& accounts) {
  std::vector<Column> columns = {{"reduction", false}, {"runs"}};
  for (const auto& [name, part] : kParts) columns.push_back({fmt::format("{}, ms", name)});
  columns.push_back({"step, ms"});
  columns.push_back({"emulation and quantisation, of the step"});
  Table table(std::move(columns));
  for (const StepAccount& account : accounts) {
    std::vector<std::string> row = {account.variant, with_commas(account.runs)};
    for (const auto& [name, part] : kParts) row.push_back(three_digits(account.*part));
    row.push_back(three_digits(account.step_ms()));
    row.push_back(format_share(account.emulation_share()));
    table.add_row(row);
  }
  return table;
}

Json account_chart(const std::vector<StepAccount>& accounts) {
  Json values = Json::array();
  std::vector<std::string> parts;
  for (const auto& [name, part] : kParts) parts.emplace_back(name);
  for (const StepAccount& account : accounts) {
    std::size_t order = 0;
    for (const auto& [name, part] : kParts) {
      values.push_back(
          {{"variant", account.variant}, {"part", name}, {"order", order++}, {"ms", number_or_null(account.*part)}});
    }
  }
  std::vector<std::string> colours;
  for (std::size_t i = 0; i < parts.size(); ++i) colours.push_back(series_colour(i));
  std::vector<std::string> variants;
  for (const StepAccount& account : accounts) variants.push_back(account.variant);
  const VariantRows rows = variant_rows(variants);
  return {{"height", rows.height},
          {"data", {{"values", values}}},
          {"mark", {{"type", "bar"}}},
          {"encoding",
           {{"y", rows.y},
            {"x", quantity("ms", "milliseconds a step")},
            {"order", {{"field", "order"}, {"type", "quantitative"}}},
            {"color", colour_by("part", parts, colours, "square")}}}};
}

// --- modelled --------------------------------------------------------------------------------------------------------

Table modelled_table(const std::vector<ModelledStep>& steps) {
  Table table({{"reduction", false},
               {"line rate, Gb/s"},
               {"latency of a round, µs"},
               {"optical hardware, ms"},
               {"ring at the same rate, ms"},
               {"optical by ring"}});
  for (const ModelledStep& step : steps) {
    const double ratio = step.optinc_ms / step.ring_ms;
    table.add_row({step.variant, three_digits(step.line_rate_gbps), three_digits(1e6 * step.round_latency_s),
                   three_digits(step.optinc_ms), three_digits(step.ring_ms),
                   std::isfinite(ratio) ? format_factor(ratio) : "–"});
  }
  return table;
}

Table bytes_table(const Experiment& experiment) {
  Table table({{"run", false},
               {"reduction", false},
               {"seed"},
               {"payload (a worker’s gradients)"},
               {"one port sends"},
               {"per byte of payload"}});
  for (const SeedGroup& group : experiment.seeds) {
    for (const Member& member : group.members) {
      if (!member.run->result) continue;
      const TrainResult& result = *member.run->result;
      table.add_row({member.run->header.name, member.variant, std::to_string(group.seed),
                     format_bytes(result.payload_bytes), format_bytes(result.wire_bytes),
                     format_factor(result.wire_bytes / result.payload_bytes)});
    }
  }
  return table;
}

Json bytes_chart(const Experiment& experiment, const std::vector<WireFactor>& wires) {
  Json values = Json::array();
  double largest = 0;
  std::vector<std::string> variants;
  for (const WireFactor& wire : wires) {
    variants.push_back(wire.variant);
    values.push_back({{"variant", wire.variant}, {"factor", wire.factor}, {"label", format_factor(wire.factor)}});
    largest = std::max(largest, wire.factor);
  }
  Json colour = colour_by_variant(experiment);
  colour["legend"] = nullptr;
  const VariantRows rows = variant_rows(variants);
  return {{"height", rows.height},
          {"data", {{"values", values}}},
          {"encoding",
           {{"y", rows.y}, {"x", quantity("factor", "bytes sent per byte of payload", room_for_labels(largest))}}},
          {"layer",
           {{{"mark", {{"type", "bar"}}}, {"encoding", {{"color", colour}}}},
            {{"mark", {{"type", "text"}, {"align", "left"}, {"dx", 5}, {"fontWeight", 600}}},
             {"encoding", {{"text", {{"field", "label"}}}}}}}}};
}

}  // namespace

void add_training_account(Page& page, const Experiment& experiment) {
  page.add_table(time_table(experiment), "Time", {Source::measured});
  page.add_text(
      "All measured times are those of this machine, which emulates the interconnect: they say nothing about the speed "
      "of the hardware itself.");
  const std::vector<StepAccount> accounts = step_accounts(experiment);
  if (!accounts.empty()) {
    page.add_chart(
        account_chart(accounts), "Where the time of a step goes", Source::measured,
        "Compute: forward, backward, data. Wait: for the slowest rank. Quantise: scales, encoding, decoding. "
        "Emulate: what stands for the device. Rest of all-reduce: bytes between ranks. Apply: clipping and "
        "optimiser. Validation is apart.");
    page.add_table(account_table(accounts), "A step, part by part", {Source::measured});
  }
  const std::vector<ModelledStep> modelled = modelled_steps(experiment);
  if (!modelled.empty()) {
    page.add_table(modelled_table(modelled), "The all-reduce of a step on hardware", {Source::modelled});
    page.add_text(
        "By formula, from the bytes, the line rate and the latency: nothing here was measured, and nothing of it is in "
        "the times above.");
  }
  const std::vector<WireFactor> wires = wire_factors(experiment);
  if (wires.empty()) return;
  page.add_chart(
      bytes_chart(experiment, wires), "Bytes one port sends for each byte of gradients", Source::modelled,
      "Ring sends every byte 2(N − 1)/N times. With OptINC a port sends its quantised gradients once, and the "
      "scale of each block.");
  page.add_table(bytes_table(experiment), "Bytes", {Source::modelled});
}

}  // namespace optinc::report
