#include "optinc/cli/chip_rates.h"

#include <numeric>

#include <fmt/format.h>

#include "optinc/base/progress.h"
#include "optinc/chip/compile.h"
#include "optinc/chip/hardware.h"
#include "optinc/chip/monte_carlo.h"
#include "optinc/device/onn_averager.h"
#include "optinc/verify/inputs.h"

namespace optinc::cli {

base::Json chip_rates(const onn::Design& design, const std::string& name, const ChipRateOptions& options) {
  const chip::Program program = chip::compile(design, name, {.threads = options.threads});
  std::vector<std::uint64_t> numbers(options.chips);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  base::Json rates = base::Json::array();
  for (const double error : options.phase_errors_rad) {
    chip::Hardware hardware;  // ideal
    hardware.phase_error_rms_rad = error;
    const chip::Fab fab(program, hardware, mesh::Correction::none, options.seed);
    const double inputs =
        options.sample > 0 ? static_cast<double>(options.sample) : verify::possible_inputs(device::shape_of(design));
    base::Progress progress(fmt::format("{}: phases off by {:g} rad", name, error),
                            inputs * static_cast<double>(options.chips));
    const chip::YieldSummary found = chip::summarise(
        chip::simulate_all(fab, numbers, {.sample = options.sample, .threads = options.threads}, &progress), 0.99,
        options.seed);
    rates.push_back({{"phase_error_rad", error},
                     {"chips", options.chips},
                     {"rate", found.exact_symbol_rate},
                     {"low", found.rate_interval.low},
                     {"high", found.rate_interval.high},
                     {"least", found.least_rate}});
  }
  return rates;
}

}  // namespace optinc::cli
