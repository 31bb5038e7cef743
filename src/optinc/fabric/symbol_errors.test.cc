#include "optinc/fabric/symbol_errors.h"

#include <cmath>
#include <memory>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/single_device.h"
#include "optinc/fabric/testing.h"

namespace optinc::fabric {
namespace {

SingleDevice device_of(int bits) {
  return SingleDevice(std::make_shared<device::ExactAverager>(
      device::DeviceShape{.bits = bits, .servers = 4, .inputs = codec::symbols_per_code(bits)}));
}

RC_GTEST_PROP(SymbolErrors, ChangesSomeSymbolsByOneLevelAndCountsThem, ()) {
  const int bits = *rc::gen::element(8, 7, 16);
  const auto count = *rc::gen::inRange<std::size_t>(0, 3000);
  const double rate = *rc::gen::element(0.0, 0.01, 0.5, 1.0);
  const SingleDevice device = device_of(bits);
  const SymbolErrors noisy(device, rate, 3);
  const std::vector<Bytes> packed = pack_all(draw_codes(4, count, bits, 1), bits);
  Codes clean(count), dirty(count);
  codec::unpack_symbols(average(device, packed, count, codec::RoundingBits(), 40), bits, 0, clean);
  codec::unpack_symbols(average(noisy, packed, count, codec::RoundingBits(), 40), bits, 0, dirty);
  const int symbols = codec::symbols_per_code(bits);
  std::uint64_t changed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    RC_ASSERT(dirty[i] < 1u << bits);
    for (int m = 1; m <= symbols; ++m) {
      const int difference =
          static_cast<int>(codec::symbol(dirty[i], bits, m)) - static_cast<int>(codec::symbol(clean[i], bits, m));
      RC_ASSERT(std::abs(difference) <= 1);
      changed += difference != 0;
    }
  }
  RC_ASSERT(changed == noisy.errors());
  if (rate == 0) RC_ASSERT(changed == 0u);
  if (rate == 1) RC_ASSERT(changed == count * symbols);
}

// 400,000 symbols at 1 %: 4,000 expected, standard deviation 63; five of them make a false alarm in 2 million runs.
TEST(SymbolErrors, HappenAtTheRate) {
  const SingleDevice device = device_of(8);
  const SymbolErrors noisy(device, 0.01, 7);
  constexpr std::size_t kCount = 100'000;
  average(noisy, pack_all(draw_codes(4, kCount, 8, 1), 8), kCount, codec::RoundingBits(), 0);
  EXPECT_NEAR(static_cast<double>(noisy.errors()), 4000, 315);
}

// Shares of the elements, in any order: the same errors.
TEST(SymbolErrors, GoByTheElementsPlace) {
  const SingleDevice device = device_of(8);
  const SymbolErrors noisy(device, 0.1, 7);
  const std::vector<Codes> codes = draw_codes(4, 1000, 8, 1);
  const Bytes whole = average(noisy, pack_all(codes, 8), 1000, codec::RoundingBits(), 0);
  std::vector<Codes> rest;
  for (const Codes& each : codes) rest.emplace_back(each.begin() + 400, each.end());
  const Bytes tail = average(noisy, pack_all(rest, 8), 600, codec::RoundingBits(), 400);
  EXPECT_EQ(Bytes(whole.begin() + 400, whole.end()), tail);
}

TEST(SymbolErrors, RefusesARateThatIsNone) {
  const SingleDevice device = device_of(8);
  EXPECT_THROW(SymbolErrors(device, -0.1, 0), base::InputError);
  EXPECT_THROW(SymbolErrors(device, NAN, 0), base::InputError);
}

}  // namespace
}  // namespace optinc::fabric
