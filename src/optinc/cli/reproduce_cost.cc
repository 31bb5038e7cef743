#include "optinc/cli/reproduce_cost.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "optinc/base/version.h"
#include "optinc/chip/hardware.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/model_json.h"
#include "optinc/cli/published_tables.h"
#include "optinc/cost/scenario.h"
#include "optinc/cost/schedule.h"

namespace optinc::cli {
namespace {

using base::Json;

Json run_record(const char* figure) {
  return {{"type", "run"},
          {"command", "reproduce"},
          {"version", base::kVersion},
          {"config", {{"table", figure}}},
          {"paper", kPaper}};
}

/// Where the records go, if they are asked for.
std::optional<base::RecordWriter> open_records(const CostFigureOptions& options, const char* figure) {
  std::optional<base::RecordWriter> records;
  if (!options.records.empty()) {
    records.emplace(options.records, base::RecordMode::replace);
    records->write(run_record(figure));
  }
  return records;
}

// --- figure 6 --------------------------------------------------------------------------------------------------------

struct Figure6Row {
  int servers;
  double paper;
};
constexpr std::array kFigure6Rows = {Figure6Row{4, 1.5}, Figure6Row{8, 1.75}, Figure6Row{16, 1.875}};

/// Bytes that the server which sends most sends, counted message by message.
std::uint64_t busiest_server(const char* algorithm, const cost::Reduction& reduction) {
  const cost::Schedule schedule = cost::schedule_of(
      algorithm, {.elements = reduction.elements, .servers = reduction.servers, .pieces = 1, .scale_bytes = 1});
  std::uint64_t most = 0;
  for (int rank = 0; rank < reduction.servers; ++rank) most = std::max(most, schedule.sent_bytes(rank));
  return most;
}

// --- figure 7b -------------------------------------------------------------------------------------------------------

/// "over 25 %" and "about 17 %" less than with a ring.
struct Figure7bRow {
  const char* model;
  double paper;
};
constexpr std::array kFigure7bRows = {Figure7bRow{"resnet50-cifar100", 0.25}, Figure7bRow{"resnet50", 0.25},
                                      Figure7bRow{"llama-paper", 0.17}};

/// What is counted. The paper's server: H100 at 60 TFLOP/s, 0.6 of it used, 8 full-duplex transceivers of 800 Gb/s; 4
/// servers.
struct Assumptions {
  const char* name;
  const char* words;
  int bits;
  bool equal_bits;  // the ring sends as many
  bool wire_only;   // no latency, no scales, no quantising, no update
  bool fused;
};
constexpr std::array kAssumptions = {
    Assumptions{"wire, equal bits", "bytes over links alone; ring and OptINC send 16 bits a gradient", 16, true, true,
                true},
    Assumptions{"wire, 16 of 32 bits", "bytes over links alone; the ring sends float32, OptINC 16 bits", 16, false,
                true, true},
    Assumptions{"all, 16 of 32 bits", "with latencies, scales, quantising and AdamW's update; float32 against 16 bits",
                16, false, false, false},
    Assumptions{"all, 8 of 32 bits, fused", "the same with 8 bits, quantised where gradients are made", 8, false, false,
                true},
};

cost::Scenario scenario_of(const char* model, const Assumptions& assumptions) {
  cost::Scenario scenario{.model = cost::named_model(model)};
  scenario.servers = 4;
  scenario.quantiser = {.bits = assumptions.bits, .scale_format = codec::ScaleFormat::exponent8};
  scenario.fused = assumptions.fused;
  scenario.direct = true;
  scenario.system.device =
      cost::device_of("4-64-128-256-512-256-128-64-8", {4, 64, 128, 256, 512, 256, 128, 64, 8}, "4-6", 16, 4);
  scenario.system.device.bits = assumptions.bits;
  if (assumptions.wire_only) {
    scenario.system.parts.software_s = 0;
    scenario.system.server.memory_bytes_per_s = 1e18;
    scenario.step.update_bytes_per_parameter = 0;
  } else {
    scenario.system.parts = cost::parts_of(chip::load_hardware("silicon"), 1e-6);
  }
  return scenario;
}

struct Figure7bAnswer {
  const Figure7bRow* row;
  const Assumptions* assumptions;
  double ring_s = 0, optinc_s = 0, update_s = 0;
  double most = 0;                ///< saved as computing goes to nothing
  std::optional<double> samples;  ///< at which the paper's figure comes out
  double computing = 0;           ///< of a ring's step, then
};

Figure7bAnswer answer_of(const Figure7bRow& row, const Assumptions& assumptions) {
  cost::Scenario scenario = scenario_of(row.model, assumptions);
  scenario.step.samples = 1;
  const cost::Answer answer = cost::answer(scenario);
  const cost::Outcome& ring = assumptions.equal_bits ? answer.equal_bits.front() : answer.ring();
  Figure7bAnswer found{&row, &assumptions};
  // Of coded rings, bytes alone are what the paper counts.
  found.ring_s = assumptions.wire_only ? ring.all_reduce.seconds.wire : ring.all_reduce.seconds.sum();
  found.optinc_s =
      assumptions.wire_only ? answer.optinc.all_reduce.seconds.wire : answer.optinc.all_reduce.seconds.sum();
  found.update_s = answer.optinc.step.update_s;
  found.most = (found.ring_s - found.optinc_s) / (found.ring_s + found.update_s);
  found.samples = cost::samples_for_gain(scenario.model, scenario.system.server, found.ring_s + found.update_s,
                                         found.optinc_s + found.update_s, row.paper);
  if (found.samples) {
    const double compute_s = *found.samples * scenario.model.training_flop() / scenario.system.server.flop_per_s();
    found.computing = compute_s / (compute_s + found.update_s + found.ring_s);
  }
  return found;
}

Json to_json(const Figure7bAnswer& found) {
  return {{"model", found.row->model},
          {"assumptions", found.assumptions->name},
          {"in_words", found.assumptions->words},
          {"paper", found.row->paper},
          {"ring_s", found.ring_s},
          {"optinc_s", found.optinc_s},
          {"update_s", found.update_s},
          {"most_saved", found.most},
          {"samples", found.samples ? Json(*found.samples) : Json()},
          {"computing_share", found.samples ? Json(found.computing) : Json()}};
}

/// The curve over samples and servers, with all that is counted.
std::vector<ModelledCase> curve(const char* model) {
  std::vector<ModelledCase> cases;
  for (const int servers : {4, 16, 64, 256, 1024, 4096, 16384, 65536}) {
    for (const double samples : {1, 4, 16, 64, 256}) {
      cost::Scenario scenario = scenario_of(model, kAssumptions.back());
      scenario.direct = false;
      scenario.servers = servers;
      scenario.step.samples = samples;
      cases.push_back({scenario, cost::answer(scenario)});
    }
  }
  return cases;
}

}  // namespace

void reproduce_figure6(const CostFigureOptions& options, Context& context) {
  std::optional<base::RecordWriter> records = open_records(options, kFigure6);
  Json rows = Json::array();
  for (const Figure6Row& row : kFigure6Rows) {
    cost::Reduction reduction{.elements = std::uint64_t{1} << 24, .servers = row.servers};
    reduction.quantiser.scale_format = codec::ScaleFormat::exponent8;
    cost::System system;
    system.device = {.design = "one device", .bits = 8, .ports = row.servers};
    const cost::Cost light = cost::optinc(reduction, system, {});
    const double by_ring = static_cast<double>(busiest_server("ring", reduction)) / reduction.gradient_bytes();
    const double codes = static_cast<double>(reduction.elements);
    // Of optinc's schedule, with its scales.
    const double by_light = static_cast<double>(busiest_server("optinc", reduction)) / codes;
    const double scales = light.scale_bytes / codes;
    if (by_ring != row.paper || std::abs(by_light - scales - 1) > 1e-6) context.exit_code = kFailed;
    rows.push_back({{"servers", row.servers},
                    {"paper", {{"ring", row.paper}, {"optinc", 1}}},
                    {"ours", {{"ring", by_ring}, {"optinc", by_light - scales}, {"scales", scales}}}});
    if (records) records->write(tagged("figure6", rows.back()));
  }
  if (options.json) return print_json(context, {{"figure", kFigure6}, {"paper", kPaper}, {"rows", rows}});
  fmt::print(context.out,
             "Figure 6: data that a server sends, over one pass of it ({}); counted\n{:>8} {:>12} {:>12} {:>14} {:>14} "
             "{:>20}\n",
             kPaper, "servers", "ring: paper", "ours", "OptINC: paper", "ours", "and scales (ours)");
  for (const Json& row : rows) {
    fmt::print(context.out, "{:>8} {:>12} {:>12} {:>14} {:>14} {:>20.4f}\n", row["servers"].get<int>(),
               row["paper"]["ring"].get<double>(), row["ours"]["ring"].get<double>(),
               row["paper"]["optinc"].get<double>(), row["ours"]["optinc"].get<double>(),
               row["ours"]["scales"].get<double>());
  }
  fmt::print(context.out,
             "scales: codes of 8 bits, one exponent of 8 bits for 256 of them, agreed on by doubling; the paper: less "
             "than 0.4 %, which is each sent once\n");
}

void reproduce_figure7b(const CostFigureOptions& options, Context& context) {
  std::optional<base::RecordWriter> records = open_records(options, kFigure7b);
  std::vector<Figure7bAnswer> answers;
  Json rows = Json::array();
  bool all_come_out = true;
  for (const Figure7bRow& row : kFigure7bRows) {
    bool comes_out = false;
    for (const Assumptions& assumptions : kAssumptions) {
      answers.push_back(answer_of(row, assumptions));
      comes_out = comes_out || answers.back().samples.has_value();
      rows.push_back(to_json(answers.back()));
      if (records) records->write(tagged("figure7b", rows.back()));
    }
    all_come_out = all_come_out && comes_out;
    if (records) {
      for (const ModelledCase& each : curve(row.model)) records->write(tagged("model", to_json(each)));
    }
  }
  if (!all_come_out) context.exit_code = kFailed;
  if (options.json) return print_json(context, {{"figure", kFigure7b}, {"paper", kPaper}, {"rows", rows}});
  fmt::print(
      context.out,
      "Figure 7b: latency of a step against a ring's, 4 servers ({}); modelled\n"
      "H100 at 60 TFLOP/s, 0.6 of it used, 8 links of 800 Gb/s. The paper does not say how many samples a server "
      "trains on in a step: here are those at which its figures come out.\n",
      kPaper);
  const Figure7bRow* last = nullptr;
  for (const Figure7bAnswer& found : answers) {
    if (found.row != last) {
      last = found.row;
      const cost::Model model = cost::named_model(last->model);
      fmt::print(context.out, "\n{}, {}: paper {:.0f} % less\n{:<26} {:>9} {:>10} {:>10} {:>12} {:>22}\n", last->model,
                 model.sample, 100 * last->paper, "", "ring, us", "OptINC, us", "most saved", "samples",
                 "computing, of a step");
    }
    fmt::print(context.out, "{:<26} {:>9.1f} {:>10.1f} {:>8.1f} % {:>12} {:>22}\n", found.assumptions->name,
               found.ring_s * 1e6, found.optinc_s * 1e6, 100 * found.most,
               found.samples ? fmt::format("{:.3g}", *found.samples) : "none",
               found.samples ? fmt::format("{:.1f} %", 100 * found.computing) : "-");
  }
  fmt::print(context.out, "\n");
  for (const Assumptions& assumptions : kAssumptions) {
    fmt::print(context.out, "{}: {}\n", assumptions.name, assumptions.words);
  }
  fmt::print(context.out,
             "more samples, less saved: optinc model --model resnet50-cifar100 --direct --servers 4,64,1024 --samples "
             "1,4,16,64\n");
}

}  // namespace optinc::cli
