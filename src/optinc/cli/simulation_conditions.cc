#include "optinc/cli/simulation_conditions.h"

#include <charconv>

#include "optinc/base/error.h"
#include "optinc/chip/sensitivity.h"
#include "optinc/cli/hardware_options.h"

namespace optinc::cli {

std::pair<std::string, std::vector<double>> parse_sweep(const std::string& text) {
  const std::size_t equals = text.find('=');
  base::require(equals != std::string::npos, "--sweep {}: expected table.key=value,value,..", text);
  std::vector<double> values;
  const char* at = text.data() + equals + 1;
  const char* const end = text.data() + text.size();
  while (true) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    base::require(error == std::errc() && (next == end || *next == ','),
                  "--sweep {}: expected numbers with commas behind =", text);
    values.push_back(value);
    if (next == end) break;
    at = next + 1;
  }
  return {text.substr(0, equals), values};
}

std::vector<Condition> conditions_of(const ConditionOptions& options, const chip::Program& program) {
  base::require(options.sweep.empty() || !options.sensitivity, "--sweep and --sensitivity: expected one of them");
  std::vector<Condition> conditions;
  for (const std::string& name : options.corrections) {
    const mesh::Correction correction = mesh::parse_correction(name);
    const Condition plain{options.hardware, correction, {}, {{"correction", name}}};
    if (!options.sweep.empty()) {
      const auto [key, values] = parse_sweep(options.sweep);
      for (const double value : values) {
        Condition& condition = conditions.emplace_back(plain);
        condition.hardware.*hardware_field(key, "--sweep").value = value;
        chip::check(condition.hardware);
        condition.label["key"] = key;
        condition.label["value"] = value;
      }
      continue;
    }
    conditions.push_back(plain);
    if (!options.sensitivity) continue;
    for (const chip::Isolated& isolated : chip::isolate_components(options.hardware)) {
      Condition& condition = conditions.emplace_back(plain);
      condition.hardware = isolated.hardware;
      condition.label["component"] = isolated.component;
      condition.label["value"] = isolated.value;
    }
    for (std::size_t stage = 0; stage < program.stages.size(); ++stage) {
      Condition& condition = conditions.emplace_back(plain);
      condition.only_stage = stage;
      condition.label["stage"] = program.stages[stage].name;
    }
  }
  return conditions;
}

}  // namespace optinc::cli
