#include "optinc/fabric/code_errors.h"

#include <cmath>
#include <map>
#include <memory>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/fabric/integer_fabric.h"
#include "optinc/fabric/testing.h"

namespace optinc::fabric {
namespace {

std::shared_ptr<const Fabric> device_of(int bits) {
  return std::make_shared<IntegerFabric>(4, bits, codec::Rounding::nearest);
}

Codes unpacked(const Bytes& packed, std::size_t count, int bits) {
  Codes codes(count);
  codec::unpack_symbols(packed, bits, 0, codes);
  return codes;
}

RC_GTEST_PROP(CodeErrors, ChangeCodesByTheirValuesWithinTheRange, ()) {
  const int bits = *rc::gen::element(8, 7, 16, 5);
  const auto count = *rc::gen::inRange<std::size_t>(0, 3000);
  const double rate = *rc::gen::element(0.0, 0.01, 0.5, 1.0);
  const CodeErrors noisy(device_of(bits), {rate, {{-1, 0.25}, {4, 0.75}}}, 3);
  const std::vector<Bytes> packed = pack_all(draw_codes(4, count, bits, 1), bits);
  const auto clean = unpacked(average(*device_of(bits), packed, count, codec::RoundingBits(), 40), count, bits);
  const auto dirty = unpacked(average(noisy, packed, count, codec::RoundingBits(), 40), count, bits);
  const std::int64_t top = (1 << bits) - 1;
  std::uint64_t changed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t difference = std::int64_t{dirty[i]} - clean[i];
    const bool up = difference == std::min<std::int64_t>(4, top - clean[i]);
    const bool down = difference == -std::min<std::int64_t>(1, clean[i]);
    RC_ASSERT(difference == 0 || up || down);
    changed += difference != 0;
  }
  RC_ASSERT(changed <= noisy.errors());
  if (rate == 0) RC_ASSERT(noisy.errors() == 0u);
  if (rate == 1) RC_ASSERT(noisy.errors() == count);
}

// 1,000,000 codes at 1 %: 10,000 expected, standard deviation 99.5; of those nine in ten are +-1, 9,000 +- 30.
TEST(CodeErrors, HappenAtTheirRatesAndShares) {
  constexpr std::size_t kCount = 1'000'000;
  const CodeErrors noisy(device_of(16), {0.01, {{1, 0.45}, {-1, 0.45}, {-64, 0.1}}}, 7);
  const std::vector<Bytes> packed = pack_all(std::vector<Codes>(4, Codes(kCount, 30000)), 16);
  std::map<std::int64_t, int> found;
  for (const std::uint32_t code : unpacked(average(noisy, packed, kCount, codec::RoundingBits(), 0), kCount, 16)) {
    ++found[std::int64_t{code} - 30000];
  }
  EXPECT_NEAR(found[1] + found[-1], 9000, 500);
  EXPECT_NEAR(found[1], 4500, 340);
  EXPECT_NEAR(found[-64], 1000, 160);
  EXPECT_EQ(found[0] + found[1] + found[-1] + found[-64], static_cast<int>(kCount));
  EXPECT_EQ(noisy.errors(), kCount - found[0]);
}

// Shares of the elements, in any order: the same errors. 401 is no multiple of the four places of a random block.
TEST(CodeErrors, GoByTheElementsPlace) {
  const CodeErrors noisy(device_of(8), {0.1, {{1, 1}}}, 7);
  const std::vector<Codes> codes = draw_codes(4, 1000, 8, 1);
  const Bytes whole = average(noisy, pack_all(codes, 8), 1000, codec::RoundingBits(), 0);
  std::vector<Codes> rest;
  for (const Codes& each : codes) rest.emplace_back(each.begin() + 401, each.end());
  const Bytes tail = average(noisy, pack_all(rest, 8), 599, codec::RoundingBits(), 401);
  EXPECT_EQ(Bytes(whole.begin() + 401, whole.end()), tail);
}

TEST(CodeErrors, RefuseModelsThatAreNone) {
  const auto with = [](const ErrorModel& model) { CodeErrors(device_of(8), model, 0); };
  EXPECT_THROW(with({-0.1, {{1, 1}}}), base::InputError);
  EXPECT_THROW(with({NAN, {{1, 1}}}), base::InputError);
  EXPECT_THROW(with({0.1, {}}), base::InputError);
  EXPECT_THROW(with({0.1, {{0, 1}}}), base::InputError);
  EXPECT_THROW(with({0.1, {{1, 0.5}}}), base::InputError);
  EXPECT_NO_THROW(with({0, {}}));
  EXPECT_THROW(CodeErrors(nullptr, {0, {}}, 0), base::InputError);
}

}  // namespace
}  // namespace optinc::fabric
