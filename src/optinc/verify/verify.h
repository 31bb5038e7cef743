// Any averager against the exact average, on every possible input or a sample of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "optinc/base/progress.h"
#include "optinc/base/record.h"
#include "optinc/device/averager.h"

namespace optinc::verify {

struct VerifyOptions {
  int threads = 0;  ///< 0: all that are available; the result does not depend on it
  /// The inputs to check, by number: [first, first + count); count 0: all from `first` on. Long verifications are cut
  /// so.
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  /// Inputs drawn at random (inputs.h) in place of all in order: `first` and `count` number the draws of `seed`.
  bool sampled = false;
  std::uint64_t seed = 1;
  std::size_t keep_wrong = 0;  ///< how many numbers of wrong inputs to keep, the lowest
  /// One process's share of these inputs, of `ranks`; merged, the shares give the whole.
  int rank = 0;
  int ranks = 1;
};

/// What was found. Results of neighbouring ranges merge into that of the whole.
struct Verification {
  std::uint64_t inputs = 0;
  std::uint64_t wrong = 0;
  /// Decoded code minus exact code -> how many inputs (0 is left out).
  std::map<std::int64_t, std::uint64_t> errors;
  /// Of each output, the largest |analog level - right level| over all inputs; NaN counts as infinite. The receiver
  /// errs from 0.5 on (level 1 of a cascade: from 1/(2N) on at symbol M).
  std::vector<double> largest_errors;
  std::optional<std::uint64_t> first_wrong;  ///< its number
  std::vector<std::uint64_t> wrong_numbers;  ///< the lowest VerifyOptions::keep_wrong, in order, each once
  double seconds = 0;

  /// Share of inputs for which every symbol is right after the receiver.
  double accuracy() const {
    return inputs == 0 ? 0 : static_cast<double>(inputs - wrong) / static_cast<double>(inputs);
  }
  double largest_analog_error() const { return largest_errors.empty() ? 0 : *std::ranges::max_element(largest_errors); }
  /// Keeps the lowest `keep_wrong` numbers of wrong inputs of both.
  void merge(const Verification& other, std::size_t keep_wrong = std::numeric_limits<std::size_t>::max());
  bool operator==(const Verification&) const = default;
};

/// Streams the inputs in tiles over the threads; no input matrix is ever in memory. Throws base::InputError for a range
/// beyond the inputs, or a sample of none. `progress` (may be null) is told of inputs done.
Verification verify(const device::Averager& averager, const VerifyOptions& options, base::Progress* progress = nullptr);

/// The record `verification` of doc/format_records.md, without its `type`.
base::Json to_json(const Verification& verification);

/// All of a verification as bytes (CBOR), for the way between ranks; and back.
std::vector<std::byte> to_bytes(const Verification& verification);
Verification from_bytes(std::span<const std::byte> bytes);

}  // namespace optinc::verify
