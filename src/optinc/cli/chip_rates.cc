#include "optinc/cli/chip_rates.h"

#include <numeric>

#include <fmt/format.h>

#include "optinc/base/progress.h"
#include "optinc/chip/compile.h"
#include "optinc/chip/monte_carlo.h"
#include "optinc/cli/hardware_options.h"
#include "optinc/cli/simulation_conditions.h"
#include "optinc/device/onn_averager.h"
#include "optinc/verify/inputs.h"

namespace optinc::cli {

std::vector<ChipCondition> chip_conditions(const std::vector<std::string>& sweeps,
                                           const std::vector<std::string>& hardware) {
  std::vector<ChipCondition> conditions;
  for (const std::string& sweep : sweeps) {
    const auto [key, values] = parse_sweep(sweep);
    for (const double value : values) {
      conditions.push_back({fmt::format("{}={:g}", key, value), {}});
      ChipCondition& condition = conditions.back();
      condition.hardware.*hardware_field(key, "--sweep").value = value;
      chip::check(condition.hardware);
    }
  }
  for (const std::string& each : hardware) {
    const chip::Hardware loaded = chip::load_hardware(each);
    conditions.push_back({loaded.name, loaded});
  }
  return conditions;
}

base::Json chip_rates(const onn::Design& design, const std::string& name, const std::vector<double>& largest,
                      const ChipRateOptions& options) {
  chip::Program program = chip::assemble(design, name, {.threads = options.threads});
  chip::set_largest_outputs(program, largest);
  std::vector<std::uint64_t> numbers(options.chips);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  base::Json rates = base::Json::array();
  for (const ChipCondition& condition : options.conditions) {
    const chip::Fab fab(program, condition.hardware, mesh::Correction::none, options.seed);
    const double inputs =
        options.sample > 0 ? static_cast<double>(options.sample) : verify::possible_inputs(device::shape_of(design));
    base::Progress progress(fmt::format("{}: {}", name, condition.name), inputs * static_cast<double>(options.chips));
    const chip::YieldSummary found = chip::summarise(
        chip::simulate_all(fab, numbers, {.sample = options.sample, .threads = options.threads}, &progress), 0.99,
        options.seed);
    rates.push_back({{"condition", condition.name},
                     {"chips", options.chips},
                     {"rate", found.exact_symbol_rate},
                     {"low", found.rate_interval.low},
                     {"high", found.rate_interval.high},
                     {"least", found.least_rate}});
  }
  return rates;
}

}  // namespace optinc::cli
