#include "optinc/fabric/tiles.h"

#include <array>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/codec/pam4.h"

namespace optinc::fabric {

void average_in_tiles(const Fabric& fabric, std::span<const std::span<const std::uint8_t>> server_symbols,
                      std::size_t count, int threads, std::span<std::uint8_t> result, const AverageTile& average_tile) {
  const int bits = fabric.bits();
  base::require(!server_symbols.empty() && server_symbols.size() <= static_cast<std::size_t>(fabric.ports()),
                "{} servers on {} ports: expected 1 .. {}", server_symbols.size(), fabric.ports(), fabric.ports());
  const std::size_t bytes = codec::packed_bytes(count, bits);
  for (std::size_t server = 0; server < server_symbols.size(); ++server) {
    base::require(server_symbols[server].size() == bytes, "server {} sends {} bytes: {} elements of {} bits take {}",
                  server, server_symbols[server].size(), count, bits, bytes);
  }
  base::require(result.size() == bytes, "room for {} bytes of result: {} elements of {} bits take {}", result.size(),
                count, bits, bytes);

  base::parallel_for(count, kTile, threads, [&](std::size_t begin, std::size_t end, int) {
    std::array<std::uint32_t, kTile> codes;
    const std::size_t tile = end - begin;
    average_tile(begin, {codes.data(), tile});
    codec::pack_symbols({codes.data(), tile}, bits,
                        result.subspan(codec::packed_bytes(begin, bits), codec::packed_bytes(tile, bits)));
  });
}

}  // namespace optinc::fabric
