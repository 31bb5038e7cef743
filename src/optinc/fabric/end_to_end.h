// A whole fabric against the exact average, where its inputs are too many to enumerate: a cascade of 16 servers has
// 28,561^4 at 8 bits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "optinc/base/progress.h"
#include "optinc/device/averager.h"
#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

/// Fills codes [servers][count] for the samples `first` .. `first + count - 1`: a function of the samples' numbers
/// alone. Several threads call it.
using DrawCodes = std::function<void(std::uint64_t first, std::size_t count, std::vector<std::vector<std::uint32_t>>&)>;

/// Every code of every server uniform and independent.
DrawCodes uniform_codes(int servers, int bits, std::uint64_t seed);

/// What is hardest for an analog cascade of N^2 servers: at each device of level 1 one of the inputs for which
/// `level_1`, with all of its errors pulling the same output the same way, errs most (the `worst` largest of each
/// output and sign, found by trying all inputs); of the last device, one with which the exact average lies, if any of
/// them can make it, on the edge of `rounding` to which the errors pull. Throws base::InputError for another role than
/// cascade-level-1.
DrawCodes adversarial_codes(const device::Averager& level_1, codec::Rounding rounding, std::uint64_t seed,
                            std::size_t worst = 256, int threads = 0);

struct EndToEnd {
  std::uint64_t samples = 0;
  std::uint64_t wrong = 0;
  std::map<std::int64_t, std::uint64_t> errors;  ///< code given minus exact code -> how many samples (0 is left out)
  double seconds = 0;

  double wrong_share() const { return samples == 0 ? 0 : static_cast<double>(wrong) / static_cast<double>(samples); }
};

/// `samples` elements through `fabric`, all servers in use, against codec::exact_averages. Element i takes rounding bit
/// i of `seed`. The result depends neither on `threads` (0: all that are available) nor on `fabric`'s.
EndToEnd check_end_to_end(const Fabric& fabric, const DrawCodes& draw, std::uint64_t samples, std::uint64_t seed,
                          int threads, base::Progress* progress = nullptr);

}  // namespace optinc::fabric
