#include "optinc/verify/verify.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/preprocessing.h"
#include "optinc/device/splitting.h"
#include "optinc/verify/inputs.h"

namespace optinc::verify {
namespace {

// Small enough that the threads end together on a few ten thousand inputs; whole blocks of rows of the forward pass,
// whether a vector has 16 lanes, 8 or 4.
constexpr std::size_t kTile = 960;

/// Buffers of one tile, reused over the tiles of a thread.
struct Tile {
  std::vector<std::uint64_t> numbers;       // [kTile]
  std::vector<std::int32_t> steps;          // [kTile, K]
  std::vector<float> inputs;                // [kTile, K]
  std::vector<float> levels, right;         // [kTile, M]: as given, as they should be
  std::vector<std::uint32_t> codes, exact;  // [kTile]

  explicit Tile(const device::DeviceShape& shape)
      : numbers(kTile),
        steps(kTile * shape.inputs),
        inputs(kTile * shape.inputs),
        levels(kTile * shape.symbols()),
        right(kTile * shape.symbols()),
        codes(kTile),
        exact(kTile) {}
};

/// The largest |level - right level| of each output so far, with those of `count` rows.
void keep_largest_errors(std::size_t count, std::size_t symbols, const Tile& tile, std::vector<double>& so_far) {
  so_far.resize(symbols);
  std::array<double, codec::kMaxBits> largest;
  std::ranges::copy(so_far, largest.begin());
  const float *level = tile.levels.data(), *right = tile.right.data();
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t m = 0; m < symbols; ++m) {
      const double error = std::abs(static_cast<double>(*level++) - static_cast<double>(*right++));
      if (!(error <= largest[m])) largest[m] = std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
    }
  }
  std::copy_n(largest.begin(), symbols, so_far.begin());
}

/// Puts a number among the lowest `most`, which are in order, each once.
void keep_lowest(std::vector<std::uint64_t>& numbers, std::uint64_t number, std::size_t most) {
  if (numbers.size() >= most && (most == 0 || number >= numbers.back())) return;
  const auto place = std::ranges::lower_bound(numbers, number);
  if (place != numbers.end() && *place == number) return;
  numbers.insert(place, number);
  if (numbers.size() > most) numbers.pop_back();
}

void verify_tile(const device::Averager& averager, const VerifyOptions& options, std::uint64_t first, std::size_t count,
                 Tile& tile, Verification& found) {
  const device::DeviceShape& shape = averager.shape();
  if (options.sampled) {
    draw_inputs(shape, options.seed, first, count, tile.numbers.data(), tile.steps.data());
  } else {
    shape.enumerate_steps(first, count, tile.steps.data());
  }
  device::levels_of_steps(shape, count, tile.steps.data(), tile.inputs.data());
  averager.average(count, tile.inputs.data(), tile.levels.data());
  device::receive(shape, count, tile.levels.data(), tile.codes.data());
  shape.exact_codes(count, tile.steps.data(), tile.exact.data());
  shape.levels_of_codes(count, tile.exact.data(), tile.right.data());
  found.inputs += count;
  keep_largest_errors(count, shape.symbols(), tile, found.largest_errors);
  for (std::size_t i = 0; i < count; ++i) {
    if (tile.codes[i] == tile.exact[i]) continue;
    ++found.wrong;
    ++found.errors[std::int64_t{tile.codes[i]} - std::int64_t{tile.exact[i]}];
    const std::uint64_t number = options.sampled ? tile.numbers[i] : first + i;
    found.first_wrong = std::min(found.first_wrong.value_or(number), number);
    keep_lowest(found.wrong_numbers, number, options.keep_wrong);
  }
}

/// JSON has no infinity: null says that some level was not a number.
base::Json finite_or_null(double value) {
  return std::isfinite(value) ? base::Json(value) : base::Json(nullptr);
}

}  // namespace

void Verification::merge(const Verification& other, std::size_t keep_wrong) {
  inputs += other.inputs;
  wrong += other.wrong;
  for (const auto& [value, count] : other.errors) errors[value] += count;
  largest_errors.resize(std::max(largest_errors.size(), other.largest_errors.size()));
  for (std::size_t m = 0; m < other.largest_errors.size(); ++m) {
    largest_errors[m] = std::max(largest_errors[m], other.largest_errors[m]);
  }
  if (other.first_wrong) first_wrong = std::min(first_wrong.value_or(*other.first_wrong), *other.first_wrong);
  std::vector<std::uint64_t> numbers;
  std::ranges::set_union(wrong_numbers, other.wrong_numbers, std::back_inserter(numbers));
  if (numbers.size() > keep_wrong) numbers.resize(keep_wrong);
  wrong_numbers = std::move(numbers);
  seconds = std::max(seconds, other.seconds);
}

Verification verify(const device::Averager& averager, const VerifyOptions& options, base::Progress* progress) {
  const std::uint64_t all = options.sampled ? 0 : averager.shape().input_count();
  if (options.sampled) {
    base::require(options.count > 0, "a sample of 0 inputs: expected 1 or more");
  } else {
    base::require(options.first < all && options.count <= all - options.first,
                  "inputs {} .. {}: expected a range within 0 .. {}", options.first, options.first + options.count,
                  all);
  }
  const auto [begin, end] =
      share_of_rank(options.count == 0 ? all - options.first : options.count, kTile, options.rank, options.ranks);
  const std::uint64_t first = options.first + begin;
  const int threads = options.threads > 0 ? options.threads : base::available_threads();

  const auto start = std::chrono::steady_clock::now();
  std::vector<Tile> tiles(threads, Tile(averager.shape()));
  std::vector<Verification> found(threads);
  std::mutex progress_mutex;
  std::uint64_t done = 0, wrong = 0;
  base::parallel_for(end - begin, kTile, threads, [&](std::size_t tile_begin, std::size_t tile_end, int thread) {
    const std::uint64_t wrong_before = found[thread].wrong;
    verify_tile(averager, options, first + tile_begin, tile_end - tile_begin, tiles[thread], found[thread]);
    if (progress == nullptr) return;
    const std::lock_guard lock(progress_mutex);
    done += tile_end - tile_begin;
    wrong += found[thread].wrong - wrong_before;
    progress->update(static_cast<double>(done), fmt::format("{} wrong", wrong));
  });
  Verification whole;
  for (const Verification& part : found) whole.merge(part, options.keep_wrong);
  whole.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return whole;
}

base::Json to_json(const Verification& verification) {
  std::vector<std::pair<std::int64_t, std::uint64_t>> errors(verification.errors.begin(), verification.errors.end());
  std::stable_sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  base::Json listed = base::Json::array();
  for (const auto& [value, count] : errors) {
    listed.push_back({{"value", value},
                      {"count", count},
                      {"share", static_cast<double>(count) / static_cast<double>(verification.wrong)}});
  }
  base::Json largest = base::Json::array();
  for (const double error : verification.largest_errors) largest.push_back(finite_or_null(error));
  base::Json json{{"inputs", verification.inputs},
                  {"wrong", verification.wrong},
                  {"accuracy", verification.accuracy()},
                  {"errors", listed},
                  {"largest_analog_error", finite_or_null(verification.largest_analog_error())},
                  {"largest_errors", largest},
                  {"seconds", verification.seconds},
                  {"inputs_per_second", static_cast<double>(verification.inputs) / verification.seconds}};
  return json;
}

std::vector<std::byte> to_bytes(const Verification& verification) {
  base::Json json{{"inputs", verification.inputs},  {"wrong", verification.wrong},
                  {"errors", verification.errors},  {"largest_errors", verification.largest_errors},
                  {"first_wrong", nullptr},         {"wrong_numbers", verification.wrong_numbers},
                  {"seconds", verification.seconds}};
  if (verification.first_wrong) json["first_wrong"] = *verification.first_wrong;
  const std::vector<std::uint8_t> cbor = base::Json::to_cbor(json);
  std::vector<std::byte> bytes(cbor.size());
  std::ranges::transform(cbor, bytes.begin(), [](std::uint8_t byte) { return std::byte{byte}; });
  return bytes;
}

Verification from_bytes(std::span<const std::byte> bytes) {
  const base::Json json = base::Json::from_cbor(bytes.begin(), bytes.end());
  Verification verification;
  json["inputs"].get_to(verification.inputs);
  json["wrong"].get_to(verification.wrong);
  json["errors"].get_to(verification.errors);
  json["largest_errors"].get_to(verification.largest_errors);
  if (!json["first_wrong"].is_null()) verification.first_wrong = json["first_wrong"].get<std::uint64_t>();
  json["wrong_numbers"].get_to(verification.wrong_numbers);
  json["seconds"].get_to(verification.seconds);
  return verification;
}

}  // namespace optinc::verify
