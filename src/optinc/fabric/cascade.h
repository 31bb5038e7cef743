// Two levels of devices: N^2 servers, and an average as exact as one device's (paper section III-C).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "optinc/device/averager.h"
#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

/// What is between the levels:
///   snapped  a regenerator; level 2's inputs are on their lattice.
///   analog   nothing; level 1's errors are errors of level 2's inputs.
enum class CascadeMode { snapped, analog };

/// "snapped", "analog".
std::string to_string(CascadeMode mode);
/// The inverse. Throws base::InputError with the names that exist.
CascadeMode parse_cascade_mode(std::string_view name);

struct CascadeOptions {
  CascadeMode mode = CascadeMode::snapped;
  int threads = 1;  ///< as in SingleDeviceOptions
};

/// N devices of level 1, all with the same averager, on the N ports of one device of level 2. Server i is on port i % N
/// of device i / N. Idle ports are fed the zero gradient; an absent device is constant light that says so, without
/// error. Level 2 holds the rounding mode. In tiles of elements: memory does not grow with the tensor.
class Cascade : public Fabric {
 public:
  /// Throws base::InputError where an averager is missing or for another role, where bits or ports differ, where
  /// `threads` is negative, and for a table as analog level 2: it would round its inputs to the lattice.
  Cascade(std::shared_ptr<const device::Averager> level_1, std::shared_ptr<const device::Averager> level_2,
          const CascadeOptions& options = {});

  int ports() const override { return level_2_->shape().servers * level_2_->shape().servers; }
  int bits() const override { return level_2_->shape().bits; }
  codec::Rounding rounding() const override { return level_2_->shape().rounding; }

  void average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
               const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
               std::span<std::uint8_t> result) const override;

 private:
  /// What all devices of level 1 say of the elements `first` .. `first + count - 1`: levels [N, count, M].
  void average_level_1(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t first,
                       std::size_t count, float* levels) const;

  std::shared_ptr<const device::Averager> level_1_, level_2_;
  CascadeOptions options_;
};

}  // namespace optinc::fabric
