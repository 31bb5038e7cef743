#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "optinc/report/chart.h"
#include "optinc/report/curves.h"
#include "optinc/report/html.h"
#include "optinc/report/sections.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

constexpr std::size_t kMostPoints = 1500;

std::vector<std::string> names_of(const std::vector<DesignRun>& designs) {
  std::vector<std::string> names;
  for (const DesignRun& run : designs) names.push_back(run.header.name);
  return names;
}

Json epoch_values(const std::vector<DesignRun>& designs) {
  Json values = Json::array();
  for (const DesignRun& run : designs) {
    for (const std::size_t i : thin(run.epochs.size(), kMostPoints)) {
      const Epoch& epoch = run.epochs[i];
      // A loss of exactly 0 has no place on a logarithmic axis: a gap, as for one that isn't finite.
      const Json loss = epoch.loss > 0 ? number_or_null(epoch.loss) : Json(nullptr);
      values.push_back({{"run", run.header.name}, {"epoch", epoch.epoch}, {"wrong", epoch.wrong}, {"loss", loss}});
    }
  }
  return values;
}

// The first epoch of each later stage, per run.
Json stage_changes(const std::vector<DesignRun>& designs) {
  Json values = Json::array();
  for (const DesignRun& run : designs) {
    for (std::size_t i = 1; i < run.epochs.size(); ++i) {
      if (run.epochs[i].stage == run.epochs[i - 1].stage) continue;
      values.push_back({{"run", run.header.name}, {"epoch", run.epochs[i].epoch}});
    }
  }
  return values;
}

// One label a stage, where the first run gets there: labels of several runs would hide each other.
Json stage_labels(const std::vector<DesignRun>& designs) {
  std::map<std::uint64_t, std::uint64_t> first;
  for (const DesignRun& run : designs) {
    for (std::size_t i = 1; i < run.epochs.size(); ++i) {
      const auto& [epoch, stage] = std::pair{run.epochs[i].epoch, run.epochs[i].stage};
      if (stage == run.epochs[i - 1].stage) continue;
      const auto [entry, is_new] = first.emplace(stage, epoch);
      if (!is_new) entry->second = std::min(entry->second, epoch);
    }
  }
  Json values = Json::array();
  for (const auto& [stage, epoch] : first) {
    values.push_back({{"epoch", epoch}, {"label", fmt::format("stage {} from here", stage)}});
  }
  return values;
}

Json last_epochs(const std::vector<DesignRun>& designs) {
  Json values = Json::array();
  for (const DesignRun& run : designs) {
    if (run.epochs.empty()) continue;
    const Epoch& last = run.epochs.back();
    values.push_back({{"run", run.header.name},
                      {"epoch", last.epoch},
                      {"wrong", last.wrong},
                      {"label", with_commas(last.wrong) + " wrong"}});
  }
  return values;
}

// 0 and the powers of ten up to the largest value.
Json wrong_ticks(const std::vector<DesignRun>& designs) {
  std::uint64_t largest = 1;
  for (const DesignRun& run : designs) {
    for (const Epoch& epoch : run.epochs) largest = std::max(largest, epoch.wrong);
  }
  Json ticks = powers_of_ten(1, static_cast<double>(largest));
  ticks.insert(ticks.begin(), 0);
  return ticks;
}

// Powers of ten too: by itself the axis would draw a line at each multiple of them. Within less than a decade, its own
// choice.
Json loss_axis(const std::vector<DesignRun>& designs) {
  double least = std::numeric_limits<double>::infinity();
  double most = 0;
  for (const DesignRun& run : designs) {
    for (const Epoch& epoch : run.epochs) {
      if (!std::isfinite(epoch.loss) || epoch.loss <= 0) continue;
      least = std::min(least, epoch.loss);
      most = std::max(most, epoch.loss);
    }
  }
  Json axis{{"format", "~g"}};
  const Json ticks = most > 0 ? powers_of_ten(least, most) : Json::array();
  if (ticks.size() >= 2) axis["values"] = ticks;
  return axis;
}

Json stage_layers(const std::vector<DesignRun>& designs) {
  const Json epoch{{"field", "epoch"}, {"type", "quantitative"}};
  return {
      {{"data", {{"values", stage_changes(designs)}}},
       {"mark", {{"type", "rule"}, {"strokeDash", {3, 3}}, {"opacity", 0.8}}},
       {"encoding", {{"x", epoch}}}},
      {{"data", {{"values", stage_labels(designs)}}},
       {"mark", {{"type", "text"}, {"align", "left"}, {"baseline", "bottom"}, {"y", -3}, {"color", "var(--muted)"}}},
       {"encoding", {{"x", epoch}, {"color", nullptr}, {"text", {{"field", "label"}}}}}}};
}

Json epochs_chart(const std::vector<DesignRun>& designs, Json y) {
  return {{"height", 260},
          {"data", {{"values", epoch_values(designs)}}},
          {"encoding", {{"x", quantity("epoch", "epoch")}, {"color", colour_by("run", names_of(designs))}}},
          {"layer",
           Json::array({{{"mark", {{"type", "line"}, {"strokeWidth", 1.8}}}, {"encoding", {{"y", std::move(y)}}}}})},
          {"resolve", {{"scale", {{"y", "shared"}}}}}};
}

Json wrong_chart(const std::vector<DesignRun>& designs) {
  Json chart = epochs_chart(designs, quantity("wrong", "wrong inputs", {{"type", "symlog"}, {"constant", 0.3}},
                                              {{"values", wrong_ticks(designs)}, {"format", ",d"}}));
  for (Json& layer : stage_layers(designs)) chart["layer"].push_back(std::move(layer));
  const Json values = last_epochs(designs);
  chart["layer"].push_back({{"data", {{"values", values}}},
                            {"mark", {{"type", "point"}, {"filled", true}, {"size", 70}, {"opacity", 1}}},
                            {"encoding", {{"y", quantity("wrong", "wrong inputs")}}}});
  if (values.size() == 1) {
    chart["layer"].push_back(
        {{"data", {{"values", values}}},
         {"mark", {{"type", "text"}, {"align", "right"}, {"dx", -9}, {"dy", -8}, {"fontWeight", 600}}},
         {"encoding", {{"y", quantity("wrong", "wrong inputs")}, {"text", {{"field", "label"}}}}}});
  }
  return chart;
}

Json loss_chart(const std::vector<DesignRun>& designs) {
  Json chart = epochs_chart(designs, quantity("loss", "loss", {{"type", "log"}, {"nice", false}}, loss_axis(designs)));
  for (Json& layer : stage_layers(designs)) chart["layer"].push_back(std::move(layer));
  return chart;
}

Table training_table(const std::vector<DesignRun>& designs) {
  Table table({{"design", false},
               {"seed"},
               {"outcome", false},
               {"epochs"},
               {"wrong at the end"},
               {"time"},
               {"GFLOP/s"},
               {"GFLOP/s of sgemm"}});
  const auto rate = [](const std::optional<double>& gflops) {
    return gflops ? format_number(*gflops, 1) : std::string("–");
  };
  for (const DesignRun& run : designs) {
    const bool has_epochs = !run.epochs.empty();
    std::string outcome = run.result ? run.result->outcome : "not finished";
    if (!run.header.resumed.empty()) outcome += fmt::format(" (resumed {}×)", run.header.resumed.size());
    const std::uint64_t epochs = run.result ? run.result->epochs : has_epochs ? run.epochs.back().epoch : 0;
    const double seconds = run.result ? run.result->seconds : has_epochs ? run.epochs.back().seconds : 0;
    table.add_row({run.header.name, std::to_string(run.header.seed), outcome, with_commas(epochs),
                   has_epochs ? with_commas(run.epochs.back().wrong) : "–", format_seconds(seconds),
                   rate(run.result ? run.result->gflops : std::nullopt),
                   rate(run.result ? run.result->sgemm_gflops : std::nullopt)});
  }
  return table;
}

}  // namespace

void add_onn_training(Page& page, const std::vector<DesignRun>& designs) {
  if (designs.empty()) return;
  page.open_section(
      "onn", "ONN training",
      "The optical neural network must give the right average for <em>every</em> input that can occur. It is "
      "trained with its hardware in mind: chosen layers are held to what a mesh at half the area can do.");
  const bool has_epochs = std::ranges::any_of(designs, [](const DesignRun& run) { return !run.epochs.empty(); });
  if (has_epochs) {
    std::set<std::uint64_t> sizes;
    for (const DesignRun& run : designs) sizes.insert(run.inputs);
    const std::string possible = sizes.size() == 1 ? fmt::format(" of {} possible", with_commas(*sizes.begin())) : "";
    page.add_chart(
        wrong_chart(designs), fmt::format("Wrong inputs{}", possible), Source::measured,
        "Symmetric logarithmic axis: evenly spaced powers of ten that reach down to 0, the goal. The dot is the "
        "last epoch; a dashed line is where the loss changes to stage 2.");
    page.add_chart(loss_chart(designs), "Training loss", Source::measured,
                   "Logarithmic axis. Stage 1 is the error of the symbols, stage 2 the margin or the error of the "
                   "gradient: across the dashed line the values can’t be compared.");
  } else {
    page.add_text("No epoch is finished yet.");
  }
  page.add_table(training_table(designs), "Runs", {Source::measured});
}

}  // namespace optinc::report
