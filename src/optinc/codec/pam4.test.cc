#include "optinc/codec/pam4.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"

namespace optinc::codec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::uint8_t> pack(const std::vector<std::uint32_t>& codes, int bits) {
  std::vector<std::uint8_t> packed(packed_bytes(codes.size(), bits), 0xFF);
  pack_symbols(codes, bits, packed);
  return packed;
}

std::vector<std::uint32_t> random_codes(int bits, std::size_t count, std::uint64_t seed) {
  const base::CounterStream stream(seed, 0);
  std::vector<std::uint32_t> codes(count);
  for (std::size_t n = 0; n < count; ++n) codes[n] = stream.word(n) >> (32 - bits);
  return codes;
}

// 182 = 10 11 01 10 in binary: base-4 digits 2, 3, 1, 2 = 2*64 + 3*16 + 1*4 + 2.
TEST(Pam4, SymbolsAreTheBase4DigitsOfEquation2) {
  EXPECT_EQ(symbol(182, 8, 1), 2u);
  EXPECT_EQ(symbol(182, 8, 2), 3u);
  EXPECT_EQ(symbol(182, 8, 3), 1u);
  EXPECT_EQ(symbol(182, 8, 4), 2u);
}

TEST(Pam4, AnOddNumberOfBitsHasATwoLevelFirstSymbol) {
  EXPECT_EQ(symbols_per_code(5), 3);
  EXPECT_EQ(symbol(31, 5, 1), 1u);  // 31 = 1*16 + 3*4 + 3
  EXPECT_EQ(symbol(31, 5, 2), 3u);
  EXPECT_EQ(symbol(31, 5, 3), 3u);
}

TEST(Pam4, With8BitsAByteIsItsCode) {
  EXPECT_THAT(pack({0, 1, 182, 255}, 8), ElementsAre(0, 1, 182, 255));
}

TEST(Pam4, With16BitsACodeIsTwoBytesMostSignificantFirst) {
  EXPECT_THAT(pack({0x1234, 0xFF00}, 16), ElementsAre(0x12, 0x34, 0xFF, 0x00));
}

TEST(Pam4, With32BitsACodeIsFourBytesMostSignificantFirst) {
  EXPECT_THAT(pack({0x12345678}, 32), ElementsAre(0x12, 0x34, 0x56, 0x78));
}

// 6 bits, three symbols a code: 27 = 01 10 11, 57 = 11 10 01, 2 = 00 00 10. One behind the other, four symbols a byte:
// 01 10 11 11 | 10 01 00 00 | 10 .. .. .. with zeros in what is left.
TEST(Pam4, With6BitsCodesRunOnAcrossBytes) {
  EXPECT_THAT(pack({27, 57, 2}, 6), ElementsAre(0b01101111, 0b10010000, 0b10000000));
}

// 5 bits also take three symbols, the first of them 0 or 1: 19 = 01 00 11, 8 = 00 10 00.
TEST(Pam4, With5BitsTheFirstSymbolIsZeroOrOne) {
  EXPECT_THAT(pack({19, 8}, 5), ElementsAre(0b01001100, 0b10000000));
}

TEST(Pam4, NoCodesTakeNoBytes) {
  EXPECT_THAT(pack({}, 8), ElementsAre());
  EXPECT_THAT(pack({}, 6), ElementsAre());
  unpack_symbols({}, 6, 0, {});
}

TEST(Pam4, RefusesBitsAndLengthsThatDoNotFit) {
  std::vector<std::uint32_t> codes(3);
  std::vector<std::uint8_t> packed(3);
  const auto message = [](auto&& call) -> std::string {
    try {
      call();
    } catch (const base::InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message([&] { pack_symbols(codes, 1, packed); }), "bits 1: expected 2 to 32");
  EXPECT_EQ(message([&] { unpack_symbols(packed, 33, 0, codes); }), "bits 33: expected 2 to 32");
  EXPECT_EQ(message([&] { pack_symbols(codes, 16, packed); }), "packed symbols of 3 bytes: expected 6 for 3 codes");
  EXPECT_THAT(message([&] { unpack_symbols(packed, 8, 1, codes); }), HasSubstr("3 bytes: expected at least 4"));
}

RC_GTEST_PROP(Pam4, APackedStreamHoldsEquation2SymbolBySymbol, ()) {
  const int bits = *rc::gen::inRange(kMinBits, kMaxBits + 1);
  const auto codes = random_codes(bits, *rc::gen::inRange<std::size_t>(0, 70), *rc::gen::arbitrary<std::uint64_t>());
  const std::vector<std::uint8_t> packed = pack(codes, bits);
  const std::size_t count = codes.size() * symbols_per_code(bits);
  for (std::size_t s = 0; s < 4 * packed.size(); ++s) {
    const std::uint32_t expected =
        s < count ? symbol(codes[s / symbols_per_code(bits)], bits, 1 + static_cast<int>(s % symbols_per_code(bits)))
                  : 0;
    RC_ASSERT((packed[s / 4] >> (6 - 2 * (s % 4)) & 3u) == expected);
  }
}

RC_GTEST_PROP(Pam4, UnpackingFromAnyElementGivesTheCodesBack, ()) {
  const int bits = *rc::gen::inRange(kMinBits, kMaxBits + 1);
  const auto codes = random_codes(bits, *rc::gen::inRange<std::size_t>(0, 70), *rc::gen::arbitrary<std::uint64_t>());
  const auto first = *rc::gen::inRange<std::size_t>(0, codes.size() + 1);
  const auto count = *rc::gen::inRange<std::size_t>(0, codes.size() - first + 1);
  std::vector<std::uint32_t> unpacked(count, ~0u);
  unpack_symbols(pack(codes, bits), bits, first, unpacked);
  RC_ASSERT(unpacked == std::vector<std::uint32_t>(codes.begin() + first, codes.begin() + first + count));
}

}  // namespace
}  // namespace optinc::codec
