// PAM4 symbols of B-bit codes (paper eq. 2), packed four to a byte.
//
// Symbol i = 1..M of code G is floor(G / 4^(M-i)) mod 4, M = ceil(B/2): symbol 1 is the most significant base-4 digit
// (with odd B it has two levels only). A packed stream holds the symbols of element 0, then of element 1, and so on,
// without gaps; the first symbol of a byte is in its two highest bits, so that for B = 8 a byte *is* its code. What is
// left of the last byte is zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace optinc::codec {

inline constexpr int kMinBits = 2;
inline constexpr int kMaxBits = 32;

/// M = ceil(B / 2), the PAM4 symbols of a B-bit code.
constexpr int symbols_per_code(int bits) {
  return (bits + 1) / 2;
}

/// The bytes that `count` codes of `bits` bits take, packed: ceil(count * M / 4).
constexpr std::size_t packed_bytes(std::size_t count, int bits) {
  return (count * symbols_per_code(bits) + 3) / 4;
}

/// The code of a zero gradient in offset binary, 2^(B-1): what an idle port is fed.
constexpr std::uint32_t zero_code(int bits) {
  return std::uint32_t{1} << (bits - 1);
}

/// codes [n], each < 2^B -> packed [packed_bytes(n, B)]. Throws base::InputError for bits out of range or another
/// length.
void pack_symbols(std::span<const std::uint32_t> codes, int bits, std::span<std::uint8_t> packed);

/// packed -> codes [n]: the elements from `first` on. `packed` is the stream from element 0 on. Throws base::InputError
/// for bits out of range or a stream that ends before element first + n.
void unpack_symbols(std::span<const std::uint8_t> packed, int bits, std::size_t first, std::span<std::uint32_t> codes);

/// Symbol `i` (1 = most significant .. M) of one code, by eq. 2.
constexpr std::uint32_t symbol(std::uint32_t code, int bits, int i) {
  return code >> (2 * (symbols_per_code(bits) - i)) & 3u;
}

}  // namespace optinc::codec
