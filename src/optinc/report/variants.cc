#include "optinc/report/variants.h"

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace optinc::report {
namespace {

/// A property of a run in words, with what stands before it; empty: nothing to say.
using Facet = std::function<std::string(const TrainRun&)>;

Facet of_design(std::string (*text)(const DesignUse&)) {
  return [text](const TrainRun& run) { return run.design ? text(*run.design) : std::string(); };
}

std::string listed(const std::string& text) {
  return text.empty() ? text : ", " + text;
}

std::string bits(const DesignUse& design) {
  return fmt::format(" {} bits", design.bits);
}

std::string rounding(const DesignUse& design) {
  return listed(design.rounding);
}

std::string scale_format(const DesignUse& design) {
  return listed(design.scale_format.empty() ? "" : "scales " + design.scale_format);
}

std::string quantiser_rounding(const DesignUse& design) {
  return listed(design.quantiser_rounding.empty() ? "" : design.quantiser_rounding + " quantiser");
}

std::string block(const DesignUse& design) {
  return design.block == 0 ? "" : fmt::format(", blocks of {}", design.block);
}

std::string cascade_mode(const DesignUse& design) {
  return listed(design.cascade_mode);
}

std::string hardware(const DesignUse& design) {
  return design.chip ? ", " + std::filesystem::path(design.chip->hardware).stem().string() : "";
}

std::string differences(const DesignUse& design) {
  return design.chip ? ", but for " + design.chip->differences : "";
}

std::string correction(const DesignUse& design) {
  return listed(design.chip ? "correction " + design.chip->correction : "");
}

std::string chip(const DesignUse& design) {
  return design.chip ? fmt::format(", chip {}", design.chip->number) : "";
}

std::string ageing(const DesignUse& design) {
  if (!design.chip || design.chip->hours_per_step == 0) return "";
  return fmt::format(", ageing {:g} hours a step", design.chip->hours_per_step);
}

std::string error_feedback(const DesignUse& design) {
  return design.error_feedback ? ", error feedback" : "";
}

// "table2:4-7": the row of Table II with those layers approximated.
std::string injected(const DesignUse& design) {
  if (!design.injected) return "";
  constexpr std::string_view kTable = "table2:", kRate = "rate:";
  const std::string& source = design.injected->source;
  if (source.starts_with(kTable)) return fmt::format(", errors of Table II ({})", source.substr(kTable.size()));
  if (source.starts_with(kRate)) return fmt::format(", errors of ±1 at rate {}", source.substr(kRate.size()));
  return fmt::format(", errors of {}", std::filesystem::path(source).filename().string());
}

std::string injected_rate(const DesignUse& design) {
  if (!design.injected || !std::isfinite(design.injected->rate)) return "";
  return fmt::format(", {:.3g} % wrong", 100 * design.injected->rate);
}

std::string trial(const DesignUse& design) {
  std::string text;
  if (design.fail_step > 0) text += fmt::format(", no device from step {}", design.fail_step);
  if (design.lost_port) {
    text += fmt::format(", port {} dark from step {}", design.lost_port->port, design.lost_port->step);
  }
  return text;
}

std::string file(const TrainRun& run) {
  if (!run.design) return "";
  return ", " + (run.design->file.empty() ? "ideal device" : std::filesystem::path(run.design->file).stem().string());
}

std::string transport(const TrainRun& run) {
  return ", " + run.transport;
}

std::string name(const TrainRun& run) {
  return ", " + run.header.name;
}

/// Appends the facet to the names of runs for which `groups` gives the same name and the facet different texts.
void tell_apart(const std::vector<const TrainRun*>& runs, const std::vector<std::string>& groups, const Facet& facet,
                std::vector<std::string>& names) {
  std::map<std::string, std::set<std::string>> texts;
  for (std::size_t i = 0; i < runs.size(); ++i) texts[groups[i]].insert(facet(*runs[i]));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (texts[groups[i]].size() > 1) names[i] += facet(*runs[i]);
  }
}

/// The names, each made one of its own where no seed has it twice: those are told apart enough.
std::vector<std::string> names_in_doubt(const std::vector<const TrainRun*>& runs,
                                        const std::vector<std::string>& names) {
  std::set<std::pair<std::uint64_t, std::string>> seen;
  std::set<std::string> doubtful;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!seen.emplace(runs[i]->header.seed, names[i]).second) doubtful.insert(names[i]);
  }
  std::vector<std::string> groups = names;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!doubtful.contains(names[i])) groups[i] += fmt::format("\n{}", i);
  }
  return groups;
}

}  // namespace

std::string reduce_name(const std::string& reduce) {
  if (reduce == "optinc") return "OptINC";
  if (reduce == "optinc-cascade-basic") return "OptINC basic cascade";
  if (reduce == "optinc-cascade") return "OptINC cascade";
  if (reduce == "chip") return "OptINC chip";
  return reduce;
}

std::vector<std::string> name_variants(const std::vector<const TrainRun*>& runs) {
  std::vector<std::string> reducers;
  for (const TrainRun* run : runs) reducers.push_back(reduce_name(run->reduce));
  std::vector<std::string> names = reducers;
  for (auto* facet : {bits, rounding, scale_format, quantiser_rounding, block, cascade_mode, hardware, correction}) {
    tell_apart(runs, reducers, of_design(facet), names);
  }
  const std::vector<std::string> of_hardware = names;  // other hardware differs in its parts anyway
  for (auto* facet : {differences, chip}) tell_apart(runs, of_hardware, of_design(facet), names);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (auto* facet : {error_feedback, injected, ageing, trial}) names[i] += of_design(facet)(*runs[i]);
  }
  const std::vector<std::string> so_far = names;
  tell_apart(runs, so_far, of_design(injected_rate), names);
  for (auto* facet : {file, transport, name}) tell_apart(runs, names_in_doubt(runs, names), facet, names);
  return names;
}

}  // namespace optinc::report
