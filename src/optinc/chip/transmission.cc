#include "optinc/chip/transmission.h"

#include <algorithm>

#include "optinc/base/gaussian.h"
#include "optinc/base/random.h"
#include "optinc/chip/streams.h"

namespace optinc::chip {

void transmit(const Fab& fab, const Chip& chip, std::uint64_t first, std::size_t count, float* levels) {
  const std::size_t ports = chip.threshold_error.size(), servers = chip.server.size();
  const auto noise = static_cast<float>(fab.hardware().transmitter_noise_rms);
  if (fab.hardware().level_error_rms > 0) {
    for (std::size_t i = 0; i < count * ports; ++i) {
      const auto level = static_cast<std::size_t>(std::clamp(levels[i], 0.0f, 3.0f));
      levels[i] += chip.level_error[4 * (i % ports) + level];
    }
  }
  if (fab.hardware().skew_rms_ps > 0) {
    for (std::size_t row = 0; row < count; ++row) {
      const base::CounterStream before(fab.seed(), stream_of(Purpose::transmission, chip.number, 2 * (first + row)));
      for (std::size_t port = 0; port < ports; ++port) {
        const auto share = static_cast<float>(chip.skew_symbols[port % servers]);
        float& level = levels[row * ports + port];
        level += share * (static_cast<float>(before.word(port) >> 30) - level);
      }
    }
  }
  for (std::size_t row = 0; row < count && noise > 0; ++row) {
    base::add_gaussians(fab.seed(), stream_of(Purpose::transmission, chip.number, 2 * (first + row) + 1), noise, ports,
                        levels + row * ports);
  }
}

}  // namespace optinc::chip
