#include "optinc/fabric/code_errors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::fabric {
namespace {

constexpr std::uint64_t kPlaces = 0x636f646573202020;  // "codes   " in ASCII
constexpr std::uint64_t kValues = 0x76616c7565732020;  // "values  "

}  // namespace

void check(const ErrorModel& model) {
  using base::require;
  require(model.rate >= 0 && model.rate <= 1, "error rate {}: expected 0 to 1", model.rate);
  double sum = 0;
  for (const CodeError& error : model.errors) {
    require(error.value != 0, "an error of 0: expected errors that change the code");
    require(error.share >= 0 && error.share <= 1, "share {} of errors of {}: expected 0 to 1", error.share,
            error.value);
    sum += error.share;
  }
  constexpr double kRounded = 0.01;  // published shares are rounded
  require(model.rate == 0 || std::abs(sum - 1) <= kRounded, "shares of the errors add up to {}: expected 1", sum);
}

CodeErrors::CodeErrors(std::shared_ptr<const Fabric> fabric, const ErrorModel& model, std::uint64_t seed)
    : fabric_(std::move(fabric)), model_(model), places_(seed, kPlaces), values_(seed, kValues) {
  base::require(fabric_ != nullptr, "errors without a fabric: expected one");
  check(model);
}

void CodeErrors::average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
                         const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
                         std::span<std::uint8_t> result) const {
  fabric_->average(server_symbols, count, rounding_bits, first_element, result);
  const auto threshold = static_cast<std::uint64_t>(std::llround(model_.rate * 0x1p32));
  if (threshold == 0) return;
  std::uint64_t errors = 0;
  // Four places a block of random words.
  for (std::uint64_t block = first_element / 4; 4 * block < first_element + count; ++block) {
    const std::array<std::uint32_t, 4> words = places_.block(block);
    for (std::uint64_t i = 0; i < words.size(); ++i) {
      const std::uint64_t place = 4 * block + i;
      if (words[i] >= threshold || place < first_element || place >= first_element + count) continue;
      change(static_cast<std::size_t>(place - first_element), draw_value(place), count, result);
      ++errors;
    }
  }
  errors_ += errors;
}

std::int64_t CodeErrors::draw_value(std::uint64_t place) const {
  double left = values_.uniform(place);
  for (const CodeError& error : model_.errors) {
    left -= error.share;
    if (left < 0) return error.value;
  }
  return model_.errors.back().value;  // what rounded shares leave over
}

void CodeErrors::change(std::size_t element, std::int64_t value, std::size_t count,
                        std::span<std::uint8_t> result) const {
  // Four codes are whole bytes.
  const std::size_t first = element / 4 * 4, codes = std::min<std::size_t>(4, count - first);
  const std::span<std::uint8_t> bytes =
      result.subspan(codec::packed_bytes(first, bits()), codec::packed_bytes(codes, bits()));
  std::array<std::uint32_t, 4> four{};
  const auto taken = std::span(four).first(codes);
  codec::unpack_symbols(bytes, bits(), 0, taken);
  const std::int64_t top = (std::int64_t{1} << bits()) - 1;
  std::uint32_t& code = four[element - first];
  code = static_cast<std::uint32_t>(std::clamp<std::int64_t>(std::int64_t{code} + value, 0, top));
  codec::pack_symbols(taken, bits(), bytes);
}

}  // namespace optinc::fabric
