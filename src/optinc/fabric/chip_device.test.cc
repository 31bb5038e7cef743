#include "optinc/fabric/chip_device.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/chip/monte_carlo.h"
#include "optinc/chip/server_levels.h"
#include "optinc/chip/testing.h"
#include "optinc/fabric/integer_fabric.h"
#include "optinc/fabric/testing.h"

namespace optinc::fabric {
namespace {

using chip::Fab;
using chip::Hardware;
using mesh::Correction;

const codec::RoundingBits kRoundingBits(1);

Fab fab_of(const Hardware& hardware, Correction correction = Correction::none) {
  return {chip::shipped_program(), hardware, correction, 1};
}

/// Every kind of noise, and shots that end within tiles.
Hardware noisy() {
  Hardware hardware = chip::load_hardware("shen-2017");
  hardware.phase_noise_rms_rad = 2e-3;
  hardware.phase_noise_hold = 700;
  hardware.transmitter_noise_rms = 0.01;
  hardware.skew_rms_ps = 0.1;
  hardware.level_error_rms = 0.01;
  return hardware;
}

Codes unpack(const Bytes& packed, std::size_t count) {
  Codes codes(count);
  codec::unpack_symbols(packed, 8, 0, codes);
  return codes;
}

/// Elements that the exact average gives another code.
std::size_t count_wrong(const Fabric& fabric, std::size_t count) {
  const std::vector<Bytes> packed = pack_all(draw_codes(4, count, 8, 5), 8);
  const Bytes exact = average(IntegerFabric(4, 8, fabric.rounding()), packed, count, kRoundingBits, 0);
  const Bytes given = average(fabric, packed, count, kRoundingBits, 0);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < count; ++i) wrong += given[i] != exact[i];
  return wrong;
}

/// Ideal chips of b8-n4 for each rounding mode. nearest-unbiased is the design of floor, with light from outside.
const ChipDevice& ideal_device(codec::Rounding rounding) {
  static const auto devices = [] {
    std::map<codec::Rounding, std::unique_ptr<ChipDevice>> made;
    const auto make = [&](chip::Program program) {
      const auto rounding_of_program = program.shape.rounding;
      made[rounding_of_program] =
          std::make_unique<ChipDevice>(Fab(std::move(program), {}, Correction::none, 1), 0,
                                       ChipDeviceOptions{.threads = 2, .receiver = static_cast<int>(made.size())});
    };
    make(chip::shipped_program());
    make(chip::assemble(chip::shipped_design("b8-n4-nearest"), "b8-n4-nearest", {}));
    chip::Program unbiased = chip::shipped_program();
    unbiased.shape.rounding = codec::Rounding::nearest_unbiased;
    make(std::move(unbiased));
    return made;
  }();
  return *devices.at(rounding);
}

RC_GTEST_PROP(ChipDevice, AnIdealChipIsTheExactAverage, ()) {
  const auto rounding =
      *rc::gen::element(codec::Rounding::floor, codec::Rounding::nearest, codec::Rounding::nearest_unbiased);
  const auto count = *rc::gen::weightedOneOf<std::size_t>(
      {{4, rc::gen::inRange<std::size_t>(0, 100)}, {1, rc::gen::inRange<std::size_t>(1000, 4000)}});
  const int servers = *rc::gen::inRange(1, 5);
  const auto first_element = *rc::gen::arbitrary<std::uint64_t>();
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 1000);
  const ChipDevice& device = ideal_device(rounding);
  RC_ASSERT(device.rounding() == rounding);
  const std::vector<Bytes> packed = pack_all(draw_codes(servers, count, 8, seed), 8);
  const codec::RoundingBits rounding_bits(seed);
  RC_ASSERT(average(device, packed, count, rounding_bits, first_element) ==
            average(IntegerFabric(4, 8, rounding), packed, count, rounding_bits, first_element));
}

TEST(ChipDevice, GivesTheSameBitsForAnyThreadCountAndCut) {
  constexpr std::size_t kCount = 5003, kCut = 1111, kFirst = 1234;
  const std::vector<Codes> codes = draw_codes(3, kCount, 8, 1);
  const ChipDevice one(fab_of(noisy()), 3), three(fab_of(noisy()), 3, {.threads = 3});
  const Bytes whole = average(one, pack_all(codes, 8), kCount, kRoundingBits, kFirst);
  EXPECT_EQ(whole, average(three, pack_all(codes, 8), kCount, kRoundingBits, kFirst));
  // Once more, with other shots kept.
  EXPECT_EQ(whole, average(three, pack_all(codes, 8), kCount, kRoundingBits, kFirst));
  std::vector<Codes> head, tail;
  for (const Codes& each : codes) {
    head.emplace_back(each.begin(), each.begin() + kCut);
    tail.emplace_back(each.begin() + kCut, each.end());
  }
  Bytes parts = average(one, pack_all(head, 8), kCut, kRoundingBits, kFirst);
  const Bytes rest = average(one, pack_all(tail, 8), kCount - kCut, kRoundingBits, kFirst + kCut);
  parts.insert(parts.end(), rest.begin(), rest.end());
  EXPECT_EQ(whole, parts);
  // Another place is other noise, another number another chip.
  EXPECT_NE(whole, average(one, pack_all(codes, 8), kCount, kRoundingBits, kFirst + 1));
  EXPECT_NE(whole, average(ChipDevice(fab_of(noisy()), 4), pack_all(codes, 8), kCount, kRoundingBits, kFirst));
}

TEST(ChipDevice, NoiseBeginsAnewBeyondItsPlaces) {
  constexpr std::uint64_t kPlaces = std::uint64_t{1} << 37;
  constexpr std::size_t kCount = 200;
  Hardware hardware = noisy();
  hardware.phase_noise_rms_rad = 0;
  const ChipDevice device(fab_of(hardware), 3);
  const std::vector<Codes> codes = draw_codes(4, kCount, 8, 1);
  EXPECT_EQ(average(device, pack_all(codes, 8), kCount, kRoundingBits, 50),
            average(device, pack_all(codes, 8), kCount, kRoundingBits, 3 * kPlaces + 50));
  average(device, pack_all(codes, 8), kCount, kRoundingBits, kPlaces - 50);
}

// Every input of the ONN, dealt as chip::simulate deals them, at the same places: so the same noise, and with all
// receivers added up the same errors, each of them.
TEST(ChipDevice, ErrsAsTheSimulationDoes) {
  Hardware hardware = noisy();
  hardware.phase_noise_hold = 5000;
  const Fab fab = fab_of(hardware);
  const device::DeviceShape& shape = fab.program().shape;
  const std::size_t count = shape.input_count(), servers = shape.servers, symbols = shape.symbols();
  std::vector<std::uint64_t> numbers(count);
  std::vector<std::int32_t> steps(count * shape.inputs);
  std::vector<float> levels(count * servers * symbols);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = i;
  shape.enumerate_steps(0, count, steps.data());
  chip::deal_levels(shape, fab.seed(), count, numbers.data(), steps.data(), levels.data());
  std::vector<Codes> codes(servers, Codes(count));
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t m = 0; m < symbols; ++m) {
      for (std::size_t n = 0; n < servers; ++n) {
        codes[n][i] = codes[n][i] * 4 + static_cast<std::uint32_t>(levels[(i * symbols + m) * servers + n]);
      }
    }
  }
  Codes exact(count);
  shape.exact_codes(count, steps.data(), exact.data());
  std::uint64_t wrong = 0;
  std::map<std::int64_t, std::uint64_t> errors;
  std::vector<Bytes> results;
  for (int receiver = 0; receiver < shape.servers; ++receiver) {
    const ChipDevice device(fab, 2, {.receiver = receiver});
    results.push_back(average(device, pack_all(codes, 8), count, kRoundingBits, 0));
    const Codes given = unpack(results.back(), count);
    for (std::size_t i = 0; i < count; ++i) {
      if (given[i] == exact[i]) continue;
      ++wrong;
      ++errors[std::int64_t{given[i]} - std::int64_t{exact[i]}];
    }
  }
  const chip::ChipResult simulated = chip::simulate(fab, 2, {.threads = 1});
  EXPECT_GT(wrong, 100u);
  EXPECT_EQ(wrong, simulated.wrong_codes);
  EXPECT_EQ(errors, simulated.errors);
  // Servers differ where the chip errs.
  EXPECT_NE(results[0], results[1]);
}

TEST(ChipDevice, DriftsWithTheHoursAndNothingElseChanges) {
  Hardware hardware;
  hardware.phase_error_rms_rad = 0.003;
  hardware.phase_drift_rms_rad_per_sqrt_h = 1e-3;
  constexpr std::size_t kCount = 4000;
  ChipDevice device(fab_of(hardware), 1);
  const std::size_t fresh = count_wrong(device, kCount);
  device.set_hours_since_calibration(100);
  EXPECT_GT(count_wrong(device, kCount), fresh + 100);
  // The chip that has this age from the start.
  Hardware aged = hardware;
  aged.hours_since_calibration = 100;
  EXPECT_EQ(count_wrong(device, kCount), count_wrong(ChipDevice(fab_of(aged), 1), kCount));
  EXPECT_THROW(device.set_hours_since_calibration(-1), base::InputError);
  EXPECT_EQ(device.fab().hardware().hours_since_calibration, 100);
  device.set_hours_since_calibration(0);
  hardware.phase_drift_rms_rad_per_sqrt_h = 0;
  const ChipDevice without(fab_of(hardware), 1);
  const std::vector<Bytes> packed = pack_all(draw_codes(4, kCount, 8, 9), 8);
  EXPECT_EQ(average(device, packed, kCount, kRoundingBits, 0), average(without, packed, kCount, kRoundingBits, 0));
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(ChipDevice, RefusesWhatDoesNotFit) {
  const ChipDevice& device = ideal_device(codec::Rounding::floor);
  EXPECT_EQ(message_of([&] { average(device, std::vector<Bytes>(5, Bytes{128}), 1, kRoundingBits, 0); }),
            "5 servers on 4 ports: expected 1 .. 4");
  EXPECT_EQ(message_of([&] { average(device, {}, 1, kRoundingBits, 0); }), "0 servers on 4 ports: expected 1 .. 4");
  EXPECT_EQ(message_of([&] {
              average(device, {{128}, {128, 128}}, 1, kRoundingBits, 0);
            }),
            "server 1 sends 2 bytes: 1 elements of 8 bits take 1");
  EXPECT_EQ(message_of([&] { ChipDevice(fab_of({}), 0, {.receiver = 4}); }), "receiver 4: expected 0 .. 3");
  EXPECT_EQ(message_of([&] { ChipDevice(fab_of({}), 0, {.threads = -1}); }), "threads -1: expected 0 (all) or more");
  EXPECT_THAT(message_of([&] { ChipDevice(fab_of({}), 1 << 20); }), testing::HasSubstr("chip 1048576"));
  chip::Program level_1 = chip::assemble(chip::shipped_design("b8-n4-cascade-1"), "b8-n4-cascade-1", {});
  EXPECT_THAT(message_of([&] { ChipDevice(Fab(level_1, {}, Correction::none, 1), 0); }),
              testing::HasSubstr("expected role single"));
}

}  // namespace
}  // namespace optinc::fabric
