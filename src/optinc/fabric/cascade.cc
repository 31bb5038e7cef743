#include "optinc/fabric/cascade.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/cascade_preprocessing.h"
#include "optinc/device/preprocessing.h"
#include "optinc/device/splitting.h"
#include "optinc/device/tabulated_averager.h"
#include "optinc/fabric/tiles.h"

namespace optinc::fabric {
namespace {

void require_role(const device::Averager* averager, onn::Role role) {
  base::require(averager != nullptr, "a cascade without an averager of role {}", onn::to_string(role));
  base::require(averager->shape().role == role, "a design for {} in a cascade: expected role {}",
                onn::to_string(averager->shape().role), onn::to_string(role));
}

}  // namespace

std::string to_string(CascadeMode mode) {
  return mode == CascadeMode::snapped ? "snapped" : "analog";
}

CascadeMode parse_cascade_mode(std::string_view name) {
  for (const CascadeMode mode : {CascadeMode::snapped, CascadeMode::analog}) {
    if (name == to_string(mode)) return mode;
  }
  base::refuse("cascade mode \"{}\": expected snapped or analog", name);
}

Cascade::Cascade(std::shared_ptr<const device::Averager> level_1, std::shared_ptr<const device::Averager> level_2,
                 const CascadeOptions& options)
    : level_1_(std::move(level_1)), level_2_(std::move(level_2)), options_(options) {
  require_role(level_1_.get(), onn::Role::cascade_level_1);
  require_role(level_2_.get(), onn::Role::cascade_level_2);
  const device::DeviceShape &first = level_1_->shape(), &second = level_2_->shape();
  base::require(first.bits == second.bits && first.servers == second.servers,
                "a cascade of {} bits, {} ports below {} bits, {} ports: expected the same", first.bits, first.servers,
                second.bits, second.servers);
  base::require(options_.threads >= 0, "threads {}: expected 0 (all) or more", options_.threads);
  base::require(options_.mode == CascadeMode::snapped ||
                    dynamic_cast<const device::TabulatedAverager*>(level_2_.get()) == nullptr,
                "a table as level 2 of an analog cascade: expected an averager that takes inputs off the lattice");
}

void Cascade::average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
                      const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
                      std::span<std::uint8_t> result) const {
  const device::DeviceShape &first = level_1_->shape(), &second = level_2_->shape();
  const auto average_tile = [&](std::size_t begin, std::span<std::uint32_t> codes) {
    thread_local std::vector<float> between, inputs, levels;
    thread_local std::vector<std::uint32_t> averages;
    thread_local std::vector<std::int32_t> steps;
    const std::size_t tile = codes.size();
    between.resize(first.servers * kTile * first.symbols());
    inputs.resize(kTile * second.inputs);
    levels.resize(kTile * second.symbols());
    average_level_1(server_symbols, begin, tile, between.data());
    if (options_.mode == CascadeMode::analog) {
      device::preprocess_levels(second, tile, between.data(), rounding_bits, first_element + begin, inputs.data());
    } else {
      averages.resize(first.servers * kTile);
      steps.resize(kTile * second.inputs);
      device::receive(first, first.servers * tile, between.data(), averages.data());
      device::preprocess_averages(second, tile, averages.data(), rounding_bits, first_element + begin, steps.data());
      device::levels_of_steps(second, tile, steps.data(), inputs.data());
    }
    level_2_->average(tile, inputs.data(), levels.data());
    device::receive(second, tile, levels.data(), codes.data());
  };
  average_in_tiles(*this, server_symbols, count, options_.threads, result, average_tile);
}

void Cascade::average_level_1(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t first,
                              std::size_t count, float* levels) const {
  const device::DeviceShape& shape = level_1_->shape();
  const auto ports = static_cast<std::size_t>(shape.servers), symbols = static_cast<std::size_t>(shape.symbols());
  thread_local std::vector<std::int32_t> steps;
  thread_local std::vector<float> inputs;
  steps.resize(kTile * shape.inputs);
  inputs.resize(kTile * shape.inputs);
  std::size_t device = 0;
  for (; device * ports < server_symbols.size(); ++device) {
    const auto servers =
        server_symbols.subspan(device * ports, std::min(ports, server_symbols.size() - device * ports));
    // Level 1 floors: it uses no rounding bits.
    device::preprocess_steps(shape, servers, first, count, codec::RoundingBits(), 0, steps.data());
    device::levels_of_steps(shape, count, steps.data(), inputs.data());
    level_1_->average(count, inputs.data(), levels + device * count * symbols);
  }
  std::array<float, codec::kMaxBits> absent{};
  shape.levels_of_code(codec::zero_code(shape.bits) * static_cast<std::uint32_t>(ports), absent.data());
  for (float* row = levels + device * count * symbols; row != levels + ports * count * symbols; row += symbols) {
    std::copy_n(absent.begin(), symbols, row);
  }
}

}  // namespace optinc::fabric
