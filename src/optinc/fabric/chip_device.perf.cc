// Elements a second through one chip of b8-n4, on one thread. Run it where designs/ is.
#include "optinc/fabric/chip_device.h"

#include <vector>

#include <benchmark/benchmark.h>

#include "optinc/chip/testing.h"
#include "optinc/fabric/testing.h"

namespace optinc::fabric {
namespace {

chip::Hardware phase_noise(double hold) {
  chip::Hardware hardware;
  hardware.phase_noise_rms_rad = 1e-4;
  hardware.phase_noise_hold = hold;
  return hardware;
}

void chip_device(benchmark::State& state, const chip::Hardware& hardware) {
  constexpr std::size_t kCount = 1 << 15;
  const ChipDevice device({chip::shipped_program(), hardware, mesh::Correction::none, 1}, 0);
  const std::vector<Bytes> packed = pack_all(draw_codes(4, kCount, 8, 1), 8);
  Bytes result(kCount);
  std::uint64_t first = 0;
  for (auto _ : state) {
    device.average(spans_of(packed), kCount, codec::RoundingBits(), first, result);
    first += kCount;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(first));
}

void another_age(benchmark::State& state, mesh::Correction correction) {
  ChipDevice device({chip::shipped_program(), chip::load_hardware("shen-2017"), correction, 1}, 0);
  double hours = 0;
  for (auto _ : state) device.set_hours_since_calibration(hours += 1);
}

BENCHMARK_CAPTURE(chip_device, ideal, chip::Hardware())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(chip_device, detector_noise, chip::load_hardware("shen-2017"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(chip_device, phase_noise_held_for_1024, phase_noise(1024))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(chip_device, phase_noise_held_for_10000, phase_noise(10000))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(another_age, uncorrected, mesh::Correction::none)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(another_age, self_configured, mesh::Correction::self_configured)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace optinc::fabric
