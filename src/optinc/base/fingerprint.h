// A short name for a long text, to notice that it is another one.
#pragma once

#include <cstdint>
#include <string_view>

namespace optinc::base {

/// FNV-1a, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo). Against accidents, not against attackers.
constexpr std::uint64_t fingerprint(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace optinc::base
