#include "optinc/fabric/chip_device.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/splitting.h"
#include "optinc/fabric/tiles.h"

namespace optinc::fabric {
namespace {

/// Streams of a chip have numbers for so many places, two a place (chip/transmission.cc) ...
constexpr std::uint64_t kPlaces = std::uint64_t{1} << 37;
/// ... and for so many pairs of a shot and an element, four a pair (chip/chip.cc).
constexpr std::uint64_t kShotElements = std::uint64_t{1} << 36;

}  // namespace

ChipDevice::ChipDevice(chip::Fab fab, std::uint64_t chip, const ChipDeviceOptions& options)
    : fab_(std::move(fab)), options_(options), chip_(fab_.make(chip)) {
  const device::DeviceShape& shape = fab_.program().shape;
  base::require(shape.role == onn::Role::single, "a chip for {} as the only device: expected role single",
                onn::to_string(shape.role));
  base::require(options_.threads >= 0, "threads {}: expected 0 (all) or more", options_.threads);
  base::require(options_.receiver >= 0 && options_.receiver < shape.servers, "receiver {}: expected 0 .. {}",
                options_.receiver, shape.servers - 1);
  const bool noisy = fab_.hardware().phase_noise_rms_rad > 0;
  hold_ = noisy ? static_cast<std::uint64_t>(fab_.hardware().phase_noise_hold) : kPlaces;
  shots_ = kShotElements / chip_.elements.size();
}

void ChipDevice::set_hours_since_calibration(double hours) {
  fab_.set_hours_since_calibration(hours);
  chip_ = fab_.make(chip_.number);
  kept_ = {};
}

void ChipDevice::average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
                         const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
                         std::span<std::uint8_t> result) const {
  const device::DeviceShape& shape = fab_.program().shape;
  const std::size_t servers = shape.servers, symbols = shape.symbols(), lanes = servers * symbols;
  const auto average_tile = [&](std::size_t begin, std::span<std::uint32_t> codes) {
    // A thread keeps its buffers from call to call.
    thread_local std::vector<float> levels, received, decided;
    levels.resize(kTile * lanes);
    received.resize(kTile * lanes);
    decided.resize(kTile * symbols);
    levels_to_send(server_symbols, begin, codes.size(), rounding_bits, first_element, levels.data());
    pass(first_element + begin, codes.size(), levels.data(), received.data());
    for (std::size_t i = 0; i < codes.size() * symbols; ++i) decided[i] = received[i * servers + options_.receiver];
    device::receive(shape, codes.size(), decided.data(), codes.data());
  };
  average_in_tiles(*this, server_symbols, count, options_.threads, result, average_tile);
}

void ChipDevice::levels_to_send(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t begin,
                                std::size_t count, const codec::RoundingBits& rounding_bits,
                                std::uint64_t first_element, float* levels) const {
  const device::DeviceShape& shape = fab_.program().shape;
  const std::size_t servers = shape.servers, symbols = shape.symbols(), lanes = servers * symbols;
  std::array<std::uint32_t, kTile> codes;
  for (std::size_t server = 0; server < servers; ++server) {
    if (server < server_symbols.size()) {
      codec::unpack_symbols(server_symbols[server], shape.bits, begin, {codes.data(), count});
    } else {
      std::fill_n(codes.begin(), count, codec::zero_code(shape.bits));
    }
    for (std::size_t i = 0; i < count; ++i) {
      float* const of_element = levels + i * lanes + server;
      for (std::size_t m = 0; m < symbols; ++m) {
        of_element[m * servers] = static_cast<float>(codes[i] >> (2 * (symbols - 1 - m)) & 3u);
      }
    }
  }
  if (shape.rounding != codec::Rounding::nearest_unbiased) return;
  // A step is a level of one server in N: chip::deal_levels puts it there, too.
  for (std::size_t i = 0; i < count; ++i) {
    const int bit = rounding_bits.bit(first_element + begin + i);
    levels[i * lanes + lanes - 1] += static_cast<float>(shape.light_of_preprocessing(bit));
  }
}

void ChipDevice::pass(std::uint64_t first, std::size_t count, float* levels, float* received) const {
  const std::size_t lanes = chip_.threshold_error.size();
  for (std::size_t done = 0; done < count;) {
    const std::uint64_t place = (first + done) % kPlaces;
    const std::uint64_t left = std::min(hold_ - place % hold_, kPlaces - place);
    const auto rows = static_cast<std::size_t>(std::min<std::uint64_t>(count - done, left));
    run_of(place / hold_ % shots_)->pass(place, rows, levels + done * lanes, received + done * lanes);
    done += rows;
  }
}

ChipDevice::Run ChipDevice::run_of(std::uint64_t shot) const {
  const std::size_t slot = shot % kept_.size();
  {
    const std::lock_guard lock(mutex_);
    if (kept_[slot].run != nullptr && kept_[slot].shot == shot) return kept_[slot].run;
  }
  // Unlocked: others go on with their shots. Two threads may work out the same one; they get the same.
  Run run = std::make_shared<const chip::ChipRun>(fab_, chip_, shot);
  const std::lock_guard lock(mutex_);
  kept_[slot] = {shot, run};
  return run;
}

}  // namespace optinc::fabric
