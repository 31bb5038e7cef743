#include "optinc/fabric/single_device.h"

#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/device/preprocessing.h"
#include "optinc/device/splitting.h"
#include "optinc/fabric/tiles.h"

namespace optinc::fabric {

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
  const auto average_tile = [&](std::size_t begin, std::span<std::uint32_t> codes) {
    // A thread keeps its buffers from call to call: allocating them costs as much as a fast averager's tile.
    thread_local std::vector<std::int32_t> steps;
    thread_local std::vector<float> inputs, levels;
    steps.resize(kTile * shape.inputs);
    inputs.resize(kTile * shape.inputs);
    levels.resize(kTile * shape.symbols());

    device::preprocess_steps(shape, server_symbols, begin, codes.size(), rounding_bits, first_element, steps.data());
    device::levels_of_steps(shape, codes.size(), steps.data(), inputs.data());
    averager_->average(codes.size(), inputs.data(), levels.data());
    device::receive(shape, codes.size(), levels.data(), codes.data());
  };
  average_in_tiles(*this, server_symbols, count, options_.threads, result, average_tile);
}

}  // namespace optinc::fabric
