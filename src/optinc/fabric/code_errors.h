// A fabric that errs as a device was found to err: codes of the result are off by given values at given rates.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "optinc/base/random.h"
#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

struct CodeError {
  std::int64_t value = 0;  ///< received code less right code
  double share = 0;        ///< of all errors
};

/// What verification says of a device (verify/), or the paper's Table II: the share of possible inputs for which the
/// code is wrong, and by how much it is then.
struct ErrorModel {
  double rate = 0;
  std::vector<CodeError> errors;
};

/// Throws base::InputError for a rate out of 0 .. 1, a rate above 0 without errors, and shares that are negative, of an
/// error of 0, or do not add up to 1 within 1 %.
void check(const ErrorModel& model);

/// Each code that `fabric` gives becomes, with probability model.rate (in steps of 2^-32), code + value, kept within 0
/// .. 2^B - 1. Which codes these are, and the values, goes by the element's place and `seed` alone.
class CodeErrors : public Fabric {
 public:
  /// Throws base::InputError as check() does, and where there is no fabric.
  CodeErrors(std::shared_ptr<const Fabric> fabric, const ErrorModel& model, std::uint64_t seed);

  int ports() const override { return fabric_->ports(); }
  int bits() const override { return fabric_->bits(); }
  codec::Rounding rounding() const override { return fabric_->rounding(); }
  void average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
               const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
               std::span<std::uint8_t> result) const override;

  /// How many codes have been hit so far, by this copy of the fabric.
  std::uint64_t errors() const { return errors_; }

 private:
  std::int64_t draw_value(std::uint64_t place) const;
  void change(std::size_t element, std::int64_t value, std::size_t count, std::span<std::uint8_t> result) const;

  std::shared_ptr<const Fabric> fabric_;
  ErrorModel model_;
  base::CounterStream places_, values_;
  mutable std::atomic<std::uint64_t> errors_ = 0;
};

}  // namespace optinc::fabric
