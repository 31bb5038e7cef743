#include "optinc/fabric/basic_cascade.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"
#include "optinc/fabric/tiles.h"

namespace optinc::fabric {

BasicCascade::BasicCascade(std::shared_ptr<const Fabric> level_1, std::shared_ptr<const Fabric> level_2, int threads)
    : level_1_(std::move(level_1)), level_2_(std::move(level_2)), threads_(threads) {
  base::require(level_1_ != nullptr && level_2_ != nullptr, "a cascade without one of its levels");
  base::require(level_1_->bits() == level_2_->bits(), "a cascade of {} bits below {} bits: expected the same",
                level_1_->bits(), level_2_->bits());
  base::require(threads_ >= 0, "threads {}: expected 0 (all) or more", threads_);
}

void BasicCascade::average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
                           const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
                           std::span<std::uint8_t> result) const {
  const auto average_tile = [&](std::size_t begin, std::span<std::uint32_t> codes) {
    const std::size_t begin_byte = codec::packed_bytes(begin, bits()),
                      bytes = codec::packed_bytes(codes.size(), bits());
    std::vector<std::span<const std::uint8_t>> servers;
    for (const auto symbols : server_symbols) servers.push_back(symbols.subspan(begin_byte, bytes));
    const auto ports = static_cast<std::size_t>(level_1_->ports());
    const std::size_t groups = (servers.size() + ports - 1) / ports;
    std::vector<std::uint8_t> between(groups * bytes), averaged(bytes);
    std::vector<std::span<const std::uint8_t>> of_groups;
    for (std::size_t group = 0; group < groups; ++group) {
      const std::span<std::uint8_t> of_group(between.data() + group * bytes, bytes);
      const std::size_t first = group * ports;
      level_1_->average(std::span(servers).subspan(first, std::min(ports, servers.size() - first)), codes.size(),
                        rounding_bits, first_element + begin, of_group);
      of_groups.emplace_back(of_group);
    }
    level_2_->average(of_groups, codes.size(), rounding_bits, first_element + begin, averaged);
    codec::unpack_symbols(averaged, bits(), 0, codes);
  };
  average_in_tiles(*this, server_symbols, count, threads_, result, average_tile);
}

}  // namespace optinc::fabric
