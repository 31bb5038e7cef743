// One fabricated chip as the device that gradients go through.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>

#include "optinc/chip/chip.h"
#include "optinc/chip/chip_run.h"
#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

struct ChipDeviceOptions {
  int threads = 1;   ///< as in SingleDeviceOptions
  int receiver = 0;  ///< the server whose receiver decides, 0 .. N - 1
};

/// What chip::simulate does to an input, done to the servers' symbols: transmitters with their errors, the chip's hops
/// with noise and activations between them, receivers. Idle ports have transmitters, too; they send the zero gradient.
/// For nearest-unbiased rounding the last server's last symbol brings the constant light of the element's rounding bit;
/// other modes are in the design's bias.
///
/// **One server's result stands for all.** On a real chip every server has levels of its own and can decide otherwise
/// where the chip errs, so that replicas of a model drift apart. A fabric has one result: this is what server
/// `receiver` gets.
///
/// Element i of a call has the place first_element + i in the streams of noise, of the fab's seed and the chip's
/// number: an element gets the same noise however a tensor is cut into calls, tiles, threads or ranks. Phase noise is
/// that of shot place / noise_hold. After 2^37 places noise begins anew; that of phases after 2^36 /
/// (meshes and attenuators of the chip) shots, if that is sooner. The matrices are worked out anew for every shot,
/// which for b8-n4 takes as long as some 7,000 elements: a short noise_hold costs far more than they do.
class ChipDevice : public Fabric {
 public:
  /// Makes chip number `chip` of `fab`. Throws base::InputError for a program of another role than single, and for a
  /// chip, receiver or `threads` that can't be.
  ChipDevice(chip::Fab fab, std::uint64_t chip, const ChipDeviceOptions& options = {});
  ChipDevice(const ChipDevice&) = delete;
  ChipDevice& operator=(const ChipDevice&) = delete;

  int ports() const override { return fab_.program().shape.servers; }
  int bits() const override { return fab_.program().shape.bits; }
  codec::Rounding rounding() const override { return fab_.program().shape.rounding; }
  const chip::Fab& fab() const { return fab_; }
  std::uint64_t chip() const { return chip_.number; }

  /// Drift as it is after so many hours: every phase moves by drift_rms sqrt(hours) z, z being the same for all ages.
  /// Makes the chip anew, and nothing else of it changes. Not while another thread is in average(). Throws
  /// base::InputError for hours out of the hardware's range; the chip then stays as it was.
  void set_hours_since_calibration(double hours);

  void average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
               const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
               std::span<std::uint8_t> result) const override;

 private:
  using Run = std::shared_ptr<const chip::ChipRun>;

  /// Codes of the elements `begin` .. `begin + count - 1` -> levels [count, N M], as transmitters should send them.
  void levels_to_send(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t begin,
                      std::size_t count, const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
                      float* levels) const;
  /// levels [count, N M] of the elements from place `first` on -> received [count, N M].
  void pass(std::uint64_t first, std::size_t count, float* levels, float* received) const;
  /// The chip in shot `shot`: one that is kept, or worked out.
  Run run_of(std::uint64_t shot) const;

  chip::Fab fab_;
  ChipDeviceOptions options_;
  chip::Chip chip_;
  std::uint64_t hold_ = 0;   // places that share a shot
  std::uint64_t shots_ = 0;  // before phase noise begins anew

  /// Shots in use: tiles side by side, on several threads, mostly share one.
  struct Kept {
    std::uint64_t shot = 0;
    Run run;
  };
  mutable std::mutex mutex_;
  mutable std::array<Kept, 16> kept_;  // shot s is at s % 16
};

}  // namespace optinc::fabric
