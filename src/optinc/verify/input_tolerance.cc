#include "optinc/verify/input_tolerance.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <functional>
#include <mutex>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/cascade_preprocessing.h"
#include "optinc/device/preprocessing.h"
#include "optinc/onn/forward.h"
#include "optinc/verify/rounding_allowance.h"
#include "optinc/verify/zonotope.h"

namespace optinc::verify {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kTile = 64;

enum class Verdict { proved, refuted, undecided };

/// All inputs within `radius` of `centre`, both [K].
struct Box {
  std::vector<double> centre, radius;
  int splits = 0;
};

class Prover {
 public:
  Prover(const onn::Network& network, const device::DeviceShape& shape, int most_splits)
      : network_(network), shape_(shape), most_splits_(most_splits), allowance_(network) {
    for (const onn::Layer& layer : network.layers) layers_.emplace_back(layer);
  }

  /// Whether all of `box` gives the levels `right` [M] behind the receiver; `boxes` counts zonotopes.
  Verdict decide(Box box, const float* right, std::uint64_t& boxes) const {
    if (is_wrong_at_a_corner(box, right)) return Verdict::refuted;
    // A single input: what float32 gave is the proof.
    if (std::ranges::all_of(box.radius, [](double radius) { return radius == 0; })) return Verdict::proved;
    std::vector<Box> open{std::move(box)};
    while (!open.empty()) {
      Box next = std::move(open.back());
      open.pop_back();
      ++boxes;
      const std::optional<int> widest = find_doubt(next, right);
      if (!widest) continue;
      if (next.splits == most_splits_) return Verdict::undecided;
      for (const double side : {-0.5, 0.5}) {
        Box half = next;
        half.centre[*widest] += side * next.radius[*widest];
        half.radius[*widest] /= 2;
        ++half.splits;
        if (side > 0 && is_wrong(half.centre, right)) return Verdict::refuted;
        open.push_back(std::move(half));
      }
    }
    return Verdict::proved;
  }

 private:
  /// Half of the distance between two answers of output m.
  double half_step(int m) const { return m + 1 == shape_.symbols() ? 0.5 / shape_.steps_per_output_level() : 0.5; }

  /// The receiver takes what is below the lowest level for the lowest, and likewise above.
  bool is_right(int m, double low, double high, double right) const {
    const double top = m == 0 && shape_.bits % 2 == 1 ? 1 : 4 - 2 * half_step(m);
    return (right == 0 || low > right - half_step(m)) && (right >= top || high < right + half_step(m));
  }

  bool is_wrong(const std::vector<double>& point, const float* right) const {
    std::array<float, codec::kMaxBits> inputs{}, outputs{};
    std::ranges::transform(point, inputs.begin(), [](double value) { return static_cast<float>(value); });
    onn::forward(network_, 1, inputs.data(), outputs.data());
    for (int m = 0; m < shape_.symbols(); ++m) {
      if (!is_right(m, double{outputs[m]}, double{outputs[m]}, double{right[m]})) return true;
    }
    return false;
  }

  bool is_wrong_at_a_corner(const Box& box, const float* right) const {
    const std::size_t inputs = box.centre.size();
    const std::uint64_t corners = std::uint64_t{1} << std::min<std::size_t>(inputs, 8);
    const std::size_t rows = corners + 1;  // and the centre
    std::vector<float> points, outputs(rows * shape_.symbols());
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t k = 0; k < inputs; ++k) {
        const double side = row == corners ? 0 : row >> k & 1 ? 1 : -1;
        const double end = box.centre[k] + side * box.radius[k];
        auto point = static_cast<float>(end);
        // Rounding must not leave the box.
        if (side * (double{point} - end) > 0) point = std::nextafterf(point, static_cast<float>(box.centre[k]));
        points.push_back(point);
      }
    }
    onn::forward(network_, rows, points.data(), outputs.data());
    for (std::size_t row = 0; row < rows; ++row) {
      for (int m = 0; m < shape_.symbols(); ++m) {
        const double output = outputs[row * shape_.symbols() + m];
        if (!is_right(m, output, output, double{right[m]})) return true;
      }
    }
    return false;
  }

  /// Follows the box through the network. Nothing where every output is right; else the input to split.
  std::optional<int> find_doubt(const Box& box, const float* right) const {
    Zonotope set(box.centre, box.radius);
    Deviation deviation{std::vector<double>(box.centre.size(), 0.0), 0};
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const std::vector<double> magnitudes = set.magnitudes();
      set.affine(layers_[l]);
      deviation = allowance_.behind(l, magnitudes, deviation);
      if (l + 1 == layers_.size()) break;
      RoundingAllowance::relu(set.highest(), deviation);
      set.relu();
    }
    bool doubt = false;
    std::vector<double> moves(box.centre.size(), 0.0);
    for (int m = 0; m < shape_.symbols(); ++m) {
      const double reach = set.radius()[m] + deviation.each[m];
      if (is_right(m, set.centre(m) - reach, set.centre(m) + reach, double{right[m]})) continue;
      doubt = true;
      for (std::size_t k = 0; k < moves.size(); ++k) moves[k] += std::abs(set.generator(static_cast<int>(k), m));
    }
    if (!doubt) return std::nullopt;
    return static_cast<int>(std::ranges::max_element(moves) - moves.begin());
  }

  const onn::Network& network_;
  device::DeviceShape shape_;
  int most_splits_;
  RoundingAllowance allowance_;
  std::vector<DoubleLayer> layers_;
};

/// The inputs `first` .. `first + count - 1`: their levels [count, K], and what is right [count, M].
struct Tile {
  std::vector<float> inputs, right;

  Tile(const device::DeviceShape& shape, std::uint64_t first, std::size_t count)
      : inputs(count * shape.inputs), right(count * shape.symbols()) {
    std::vector<std::int32_t> steps(count * shape.inputs);
    std::vector<std::uint32_t> codes(count);
    shape.enumerate_steps(first, count, steps.data());
    device::levels_of_steps(shape, count, steps.data(), inputs.data());
    shape.exact_codes(count, steps.data(), codes.data());
    shape.levels_of_codes(count, codes.data(), right.data());
  }

  Box box(std::size_t row, std::span<const double> radius) const {
    const std::size_t k = radius.size();
    return {{inputs.begin() + static_cast<std::ptrdiff_t>(row * k),
             inputs.begin() + static_cast<std::ptrdiff_t>((row + 1) * k)},
            {radius.begin(), radius.end()}};
  }
};

/// Calls `work(first input, count)` for tiles of the range that `options` name, over the threads.
void for_tiles(const device::DeviceShape& shape, const ToleranceOptions& options, base::Progress* progress,
               const std::function<void(std::uint64_t first, std::size_t count)>& work) {
  const std::uint64_t all = shape.input_count();
  base::require(options.first < all && options.count <= all - options.first,
                "inputs {} .. {}: expected a range within 0 .. {}", options.first, options.first + options.count - 1,
                all - 1);
  const std::uint64_t count = options.count > 0 ? options.count : all - options.first;
  std::mutex mutex;
  std::uint64_t done = 0;
  base::parallel_for(count, kTile, options.threads, [&](std::size_t begin, std::size_t end, int) {
    work(options.first + begin, end - begin);
    const std::lock_guard lock(mutex);
    done += end - begin;
    if (progress != nullptr) progress->update(static_cast<double>(done));
  });
}

void require_fit(const onn::Network& network, const device::DeviceShape& shape) {
  base::require(network.inputs() == shape.inputs && network.outputs() == shape.symbols(),
                "a network of {} inputs and {} outputs: expected {} and {}", network.inputs(), network.outputs(),
                shape.inputs, shape.symbols());
}

}  // namespace

ToleranceProof prove_tolerance(const onn::Network& network, const device::DeviceShape& shape,
                               std::span<const double> radius, const ToleranceOptions& options,
                               base::Progress* progress) {
  require_fit(network, shape);
  base::require(radius.size() == static_cast<std::size_t>(shape.inputs), "{} radii: expected {}, one an input",
                radius.size(), shape.inputs);
  for (const double r : radius) base::require(r >= 0, "an error of at most {} levels: expected 0 or more", r);
  const auto start = Clock::now();
  const Prover prover(network, shape, options.most_splits);
  ToleranceProof proof;
  std::mutex mutex;
  for_tiles(shape, options, progress, [&](std::uint64_t first, std::size_t count) {
    ToleranceProof mine{.inputs = count};
    const Tile tile(shape, first, count);
    for (std::size_t row = 0; row < count; ++row) {
      // An error without a bound, that of a level 1 with NaN among its outputs, proves nothing.
      const Verdict verdict = std::ranges::all_of(radius, [](double r) { return std::isfinite(r); })
                                  ? prover.decide(tile.box(row, radius), &tile.right[row * shape.symbols()], mine.boxes)
                                  : Verdict::undecided;
      if (verdict == Verdict::proved) ++mine.proved;
      if (verdict == Verdict::refuted) ++mine.refuted;
      if (verdict != Verdict::proved && !mine.first_unproved) mine.first_unproved = first + row;
    }
    const std::lock_guard lock(mutex);
    proof.inputs += mine.inputs;
    proof.proved += mine.proved;
    proof.refuted += mine.refuted;
    proof.boxes += mine.boxes;
    if (mine.first_unproved) {
      proof.first_unproved = std::min(proof.first_unproved.value_or(*mine.first_unproved), *mine.first_unproved);
    }
  });
  proof.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return proof;
}

double proved_tolerance(const onn::Network& network, const device::DeviceShape& shape, double most,
                        const ToleranceOptions& options, base::Progress* progress) {
  require_fit(network, shape);
  base::require(most > 0 && std::isfinite(most), "a tolerance of at most {} levels: expected more than 0", most);
  const Prover prover(network, shape, options.most_splits);
  constexpr int kFinest = 80;  // 20 octaves down
  const auto tolerance = [&](int notch) { return most * std::exp2(-notch / 4.0); };
  int lowest = 0;  // notch that every input so far bears
  std::mutex mutex;
  // A tile begins at `most` whatever others have found, so that the result does not depend on their order: what holds
  // for a box holds for the boxes within it.
  for_tiles(shape, options, progress, [&](std::uint64_t first, std::size_t count) {
    const Tile tile(shape, first, count);
    std::uint64_t boxes = 0;
    int notch = 0;
    for (std::size_t row = 0; row < count; ++row) {
      const float* const right = &tile.right[row * shape.symbols()];
      while (notch < kFinest) {
        const std::vector<double> radius(shape.inputs, tolerance(notch));
        if (prover.decide(tile.box(row, radius), right, boxes) == Verdict::proved) break;
        ++notch;
      }
    }
    const std::lock_guard lock(mutex);
    lowest = std::max(lowest, notch);
  });
  return lowest == kFinest ? 0 : tolerance(lowest);
}

std::vector<double> input_errors(const device::DeviceShape& level_2, std::span<const double> errors) {
  base::require(errors.size() == static_cast<std::size_t>(level_2.symbols()), "errors of {} outputs: expected {}",
                errors.size(), level_2.symbols());
  std::vector<double> radius(level_2.inputs);
  device::join_levels(level_2, errors.data(), radius.data());
  const bool exact = std::has_single_bit(static_cast<unsigned>(level_2.servers)) &&
                     std::ranges::all_of(errors, [](double error) { return error == 0; });
  if (exact) return radius;
  for (int k = 0; k < level_2.inputs; ++k) {
    // Level 1's right levels and A_k itself are float32 numbers: half a unit of the largest each, and the centre's own.
    const double largest = static_cast<double>(level_2.last_step(k)) / level_2.steps_per_level(k) + radius[k];
    radius[k] += 3 * 0x1p-24 * largest;
  }
  return radius;
}

}  // namespace optinc::verify
