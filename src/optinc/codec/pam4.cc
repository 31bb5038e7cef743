#include "optinc/codec/pam4.h"

#include "optinc/base/error.h"

namespace optinc::codec {
namespace {

void check_bits(int bits) {
  base::require(bits >= kMinBits && bits <= kMaxBits, "bits {}: expected {} to {}", bits, kMinBits, kMaxBits);
}

/// Codes that fill whole bytes (M = 4 * bytes symbols), most significant byte first.
template <int bytes>
void pack_whole_bytes(std::span<const std::uint32_t> codes, std::uint8_t* packed) {
  for (std::size_t n = 0; n < codes.size(); ++n) {
    for (int byte = 0; byte < bytes; ++byte) {
      packed[n * bytes + byte] = static_cast<std::uint8_t>(codes[n] >> (8 * (bytes - 1 - byte)));
    }
  }
}

template <int bytes>
void unpack_whole_bytes(const std::uint8_t* packed, std::span<std::uint32_t> codes) {
  for (std::size_t n = 0; n < codes.size(); ++n) {
    std::uint32_t code = 0;
    for (int byte = 0; byte < bytes; ++byte) code = code << 8 | packed[n * bytes + byte];
    codes[n] = code;
  }
}

/// The lowest `width` bits, 1 .. 32.
constexpr std::uint32_t low_bits(int width) {
  return ~std::uint32_t{0} >> (32 - width);
}

// Any M: a queue of bits, at most 7 of them left over plus one code of up to 32, filled at the low end.
void pack_any(std::span<const std::uint32_t> codes, int width, std::uint8_t* packed) {
  std::uint64_t queue = 0;
  int queued = 0;
  for (const std::uint32_t code : codes) {
    queue = queue << width | (code & low_bits(width));
    queued += width;
    while (queued >= 8) {
      queued -= 8;
      *packed++ = static_cast<std::uint8_t>(queue >> queued);
    }
  }
  if (queued > 0) *packed = static_cast<std::uint8_t>(queue << (8 - queued));
}

void unpack_any(const std::uint8_t* packed, int width, std::size_t first_bit, std::span<std::uint32_t> codes) {
  packed += first_bit / 8;
  std::uint64_t queue = 0;
  int queued = -static_cast<int>(first_bit % 8);  // the bits of the first byte that belong to earlier elements
  for (std::uint32_t& code : codes) {
    while (queued < width) {
      queue = queue << 8 | *packed++;
      queued += 8;
    }
    queued -= width;
    code = static_cast<std::uint32_t>(queue >> queued) & low_bits(width);
  }
}

}  // namespace

void pack_symbols(std::span<const std::uint32_t> codes, int bits, std::span<std::uint8_t> packed) {
  check_bits(bits);
  base::require(packed.size() == packed_bytes(codes.size(), bits),
                "packed symbols of {} bytes: expected {} for {} codes", packed.size(), packed_bytes(codes.size(), bits),
                codes.size());
  switch (symbols_per_code(bits)) {
    case 4:
      return pack_whole_bytes<1>(codes, packed.data());
    case 8:
      return pack_whole_bytes<2>(codes, packed.data());
    case 16:
      return pack_whole_bytes<4>(codes, packed.data());
    default:
      return pack_any(codes, 2 * symbols_per_code(bits), packed.data());
  }
}

void unpack_symbols(std::span<const std::uint8_t> packed, int bits, std::size_t first, std::span<std::uint32_t> codes) {
  check_bits(bits);
  base::require(packed.size() >= packed_bytes(first + codes.size(), bits),
                "packed symbols of {} bytes: expected at least {} for codes {} to {}", packed.size(),
                packed_bytes(first + codes.size(), bits), first, first + codes.size());
  switch (symbols_per_code(bits)) {
    case 4:
      return unpack_whole_bytes<1>(packed.data() + first, codes);
    case 8:
      return unpack_whole_bytes<2>(packed.data() + 2 * first, codes);
    case 16:
      return unpack_whole_bytes<4>(packed.data() + 4 * first, codes);
    default:
      return unpack_any(packed.data(), 2 * symbols_per_code(bits), 2 * symbols_per_code(bits) * first, codes);
  }
}

}  // namespace optinc::codec
