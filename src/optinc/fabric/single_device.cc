#include "optinc/fabric/single_device.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/preprocessing.h"
#include "optinc/device/splitting.h"

namespace optinc::fabric {
namespace {

// Elements a tile: large enough for the matrix products of an ONN, small enough that its activations stay in the cache.
// A multiple of 4, so that every tile starts on a byte of the packed streams whatever the bits.
constexpr std::size_t kTile = 1024;

}  // namespace

SingleDevice::SingleDevice(std::shared_ptr<const device::Averager> averager, const SingleDeviceOptions& options)
    : averager_(std::move(averager)), options_(options) {
  base::require(averager_ != nullptr, "a device without an averager");
  base::require(averager_->shape().role == onn::Role::single,
                "a design for {} as the only device: expected role single", onn::to_string(averager_->shape().role));
  base::require(options_.threads >= 0, "threads {}: expected 0 (all) or more", options_.threads);
}

void SingleDevice::average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
                           const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
                           std::span<std::uint8_t> result) const {
  const device::DeviceShape& shape = averager_->shape();
  base::require(!server_symbols.empty() && server_symbols.size() <= static_cast<std::size_t>(ports()),
                "{} servers on a device of {} ports: expected 1 .. {}", server_symbols.size(), ports(), ports());
  const std::size_t bytes = codec::packed_bytes(count, shape.bits);
  for (std::size_t server = 0; server < server_symbols.size(); ++server) {
    base::require(server_symbols[server].size() == bytes, "server {} sends {} bytes: {} elements of {} bits take {}",
                  server, server_symbols[server].size(), count, shape.bits, bytes);
  }
  base::require(result.size() == bytes, "room for {} bytes of result: {} elements of {} bits take {}", result.size(),
                count, shape.bits, bytes);

  base::parallel_for(count, kTile, options_.threads, [&](std::size_t begin, std::size_t end, int) {
    // A thread keeps its buffers from call to call: allocating them costs as much as a fast averager's tile.
    thread_local std::vector<std::int32_t> steps;
    thread_local std::vector<float> inputs, levels;
    std::array<std::uint32_t, kTile> codes;
    const std::size_t tile = end - begin;
    steps.resize(kTile * shape.inputs);
    inputs.resize(kTile * shape.inputs);
    levels.resize(kTile * shape.symbols());

    device::preprocess_steps(shape, server_symbols, begin, tile, rounding_bits, first_element, steps.data());
    device::levels_of_steps(shape, tile, steps.data(), inputs.data());
    averager_->average(tile, inputs.data(), levels.data());
    device::receive(shape, tile, levels.data(), codes.data());
    codec::pack_symbols({codes.data(), tile}, shape.bits,
                        result.subspan(codec::packed_bytes(begin, shape.bits), codec::packed_bytes(tile, shape.bits)));
  });
}

}  // namespace optinc::fabric
