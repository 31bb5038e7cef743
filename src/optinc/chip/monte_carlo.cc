#include "optinc/chip/monte_carlo.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>

#include "optinc/base/parallel.h"
#include "optinc/base/random.h"
#include "optinc/chip/chip_run.h"
#include "optinc/chip/server_levels.h"
#include "optinc/device/preprocessing.h"
#include "optinc/device/splitting.h"
#include "optinc/verify/inputs.h"

namespace optinc::chip {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kTile = 960;

/// Inputs of a tile: their numbers and steps, and the codes that are right.
struct Tile {
  std::vector<std::uint64_t> numbers;  // [count]
  std::vector<std::int32_t> steps;     // [count, K]
  std::vector<std::uint32_t> exact;    // [count]

  Tile(const device::DeviceShape& shape, std::uint64_t seed, std::uint64_t sample, std::uint64_t first,
       std::size_t count)
      : numbers(count), steps(count * shape.inputs), exact(count) {
    if (sample > 0) {
      verify::draw_inputs(shape, seed, first, count, numbers.data(), steps.data());
    } else {
      for (std::size_t i = 0; i < count; ++i) numbers[i] = first + i;
      shape.enumerate_steps(first, count, steps.data());
    }
    shape.exact_codes(count, steps.data(), exact.data());
  }
};

/// Counts what the servers received: received [count, N M], against [count, M] or empty.
void judge(const device::DeviceShape& shape, const Tile& tile, const std::vector<float>& received,
           const std::vector<float>& against, ChipResult& result) {
  const std::size_t count = tile.numbers.size(), servers = shape.servers, symbols = shape.symbols();
  std::vector<float> right(count * symbols), one(count * symbols), decided(symbols);
  std::vector<std::uint32_t> codes(count), codes_against(count);
  std::vector<bool> wrong(count);
  shape.levels_of_codes(count, tile.exact.data(), right.data());
  if (!against.empty()) device::receive(shape, count, against.data(), codes_against.data());
  for (std::size_t server = 0; server < servers; ++server) {
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t m = 0; m < symbols; ++m) {
        one[i * symbols + m] = received[(i * symbols + m) * servers + server];
      }
    }
    device::receive(shape, count, one.data(), codes.data());
    for (std::size_t i = 0; i < count * symbols; ++i) {
      const double error = std::abs(static_cast<double>(one[i]) - static_cast<double>(right[i]));
      if (!(error <= result.largest_error)) result.largest_error = error;
      if (against.empty()) continue;
      const double difference = std::abs(static_cast<double>(one[i]) - static_cast<double>(against[i]));
      if (!(difference <= result.largest_difference)) result.largest_difference = difference;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (!against.empty() && codes[i] != codes_against[i]) ++result.different;
      if (codes[i] == tile.exact[i]) continue;
      wrong[i] = true;
      ++result.wrong_codes;
      ++result.errors[std::int64_t{codes[i]} - std::int64_t{tile.exact[i]}];
      shape.levels_of_code(codes[i], decided.data());
      for (std::size_t m = 0; m < symbols; ++m) result.wrong_symbols += decided[m] != right[i * symbols + m] ? 1 : 0;
    }
  }
  result.inputs += count;
  result.codes += count * servers;
  result.symbols += count * servers * symbols;
  result.wrong += static_cast<std::uint64_t>(std::ranges::count(wrong, true));
}

}  // namespace

void ChipResult::merge(const ChipResult& other) {
  inputs += other.inputs;
  wrong += other.wrong;
  codes += other.codes;
  wrong_codes += other.wrong_codes;
  symbols += other.symbols;
  wrong_symbols += other.wrong_symbols;
  for (const auto& [value, count] : other.errors) errors[value] += count;
  largest_error = std::max(largest_error, other.largest_error);
  largest_difference = std::max(largest_difference, other.largest_difference);
  different += other.different;
}

ChipResult simulate(const Fab& fab, std::uint64_t number, const SimulationOptions& options, base::Progress* progress,
                    double done) {
  const auto start = Clock::now();
  const device::DeviceShape& shape = fab.program().shape;
  const Hardware& hardware = fab.hardware();
  const std::uint64_t inputs = options.sample > 0 ? options.sample : shape.input_count();
  const Chip chip = fab.make(number);
  const bool noisy = hardware.phase_noise_rms_rad > 0;
  const auto hold = noisy ? static_cast<std::uint64_t>(hardware.phase_noise_hold) : inputs;
  ChipResult whole;
  std::mutex mutex;
  const auto run_tile = [&](const ChipRun& run, std::uint64_t first, std::size_t count, ChipResult& result) {
    const Tile tile(shape, fab.seed(), options.sample, first, count);
    const std::size_t ports = static_cast<std::size_t>(shape.servers) * shape.symbols();
    std::vector<float> levels(count * ports), received(count * ports), against;
    deal_levels(shape, fab.seed(), count, tile.numbers.data(), tile.steps.data(), levels.data());
    run.pass(first, count, levels.data(), received.data());
    if (options.against != nullptr) {
      std::vector<float> onn_inputs(count * shape.inputs);
      against.resize(count * shape.symbols());
      device::levels_of_steps(shape, count, tile.steps.data(), onn_inputs.data());
      options.against->average(count, onn_inputs.data(), against.data());
    }
    judge(shape, tile, received, against, result);
  };
  const auto merge = [&](const ChipResult& result) {
    const std::lock_guard lock(mutex);
    whole.merge(result);
    if (progress != nullptr) progress->update(done + static_cast<double>(whole.inputs));
  };
  if (noisy) {
    // A shot after another; each has its own matrices.
    base::parallel_for(inputs, hold, options.threads, [&](std::size_t begin, std::size_t end, int) {
      const ChipRun run(fab, chip, begin / hold);
      ChipResult result;
      for (std::size_t first = begin; first < end; first += kTile) {
        run_tile(run, first, std::min(kTile, end - first), result);
      }
      merge(result);
    });
  } else {
    const ChipRun run(fab, chip, 0);
    base::parallel_for(inputs, kTile, options.threads, [&](std::size_t begin, std::size_t end, int) {
      ChipResult result;
      run_tile(run, begin, end - begin, result);
      merge(result);
    });
  }
  whole.chip = number;
  whole.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return whole;
}

std::vector<ChipResult> simulate_all(const Fab& fab, const std::vector<std::uint64_t>& numbers,
                                     const SimulationOptions& options, base::Progress* progress, double done) {
  std::vector<ChipResult> results(numbers.size());
  if (numbers.size() == 1) {
    results[0] = simulate(fab, numbers[0], options, progress, done);
    return results;
  }
  SimulationOptions alone = options;
  alone.threads = 1;
  std::mutex mutex;
  base::parallel_for(numbers.size(), 1, options.threads, [&](std::size_t index, std::size_t, int) {
    results[index] = simulate(fab, numbers[index], alone);
    const std::lock_guard lock(mutex);
    done += static_cast<double>(results[index].inputs);
    if (progress != nullptr) progress->update(done);
  });
  return results;
}

base::Json to_json(const ChipResult& result) {
  base::Json errors = base::Json::array();
  for (const auto& [value, count] : result.errors) errors.push_back({{"value", value}, {"count", count}});
  return {{"chip", result.chip},
          {"inputs", result.inputs},
          {"wrong", result.wrong},
          {"exact_symbol_rate", result.exact_symbol_rate()},
          {"codes", result.codes},
          {"wrong_codes", result.wrong_codes},
          {"symbols", result.symbols},
          {"wrong_symbols", result.wrong_symbols},
          {"errors", errors},
          {"largest_error", result.largest_error},
          {"largest_difference", result.largest_difference},
          {"different", result.different},
          {"seconds", result.seconds}};
}

ChipResult chip_result_from_json(const base::Json& json) {
  ChipResult result;
  json.at("chip").get_to(result.chip);
  json.at("inputs").get_to(result.inputs);
  json.at("wrong").get_to(result.wrong);
  json.at("codes").get_to(result.codes);
  json.at("wrong_codes").get_to(result.wrong_codes);
  json.at("symbols").get_to(result.symbols);
  json.at("wrong_symbols").get_to(result.wrong_symbols);
  for (const base::Json& error : json.at("errors")) {
    result.errors[error.at("value").get<std::int64_t>()] = error.at("count").get<std::uint64_t>();
  }
  json.at("largest_error").get_to(result.largest_error);
  json.at("largest_difference").get_to(result.largest_difference);
  json.at("different").get_to(result.different);
  json.at("seconds").get_to(result.seconds);
  return result;
}

namespace {

/// Bootstrap over chips: draw b of resample r is a word of the stream.
Interval bootstrap_mean(const std::vector<double>& rates, std::uint64_t seed) {
  constexpr std::uint64_t kResamples = 2000;
  const base::CounterStream random(seed, 0x626f6f74);  // "boot"
  std::vector<double> means(kResamples);
  for (std::uint64_t r = 0; r < kResamples; ++r) {
    double sum = 0;
    for (std::uint64_t i = 0; i < rates.size(); ++i)
      sum += rates[random.word(r * rates.size() + i) * rates.size() >> 32];
    means[r] = sum / static_cast<double>(rates.size());
  }
  std::ranges::sort(means);
  return {means[kResamples * 25 / 1000], means[kResamples * 975 / 1000 - 1]};
}

/// E. Wilson, J. Am. Stat. Assoc. 22, 209 (1927).
Interval wilson(double successes, double trials) {
  constexpr double kZ = 1.959963984540054;
  const double share = successes / trials, spread = kZ * kZ / trials;
  const double middle = (share + spread / 2) / (1 + spread);
  const double half = kZ / (1 + spread) * std::sqrt(share * (1 - share) / trials + spread / (4 * trials));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

base::Json to_json(const Interval& interval) {
  return base::Json::array({interval.low, interval.high});
}

}  // namespace

YieldSummary summarise(const std::vector<ChipResult>& results, double threshold, std::uint64_t seed) {
  YieldSummary summary{.chips = results.size(), .threshold = threshold};
  std::vector<double> rates;
  std::uint64_t symbols = 0, wrong_symbols = 0, good = 0;
  for (const ChipResult& result : results) {
    rates.push_back(result.exact_symbol_rate());
    good += rates.back() >= threshold ? 1 : 0;
    summary.inputs += result.inputs;
    summary.wrong += result.wrong;
    symbols += result.symbols;
    wrong_symbols += result.wrong_symbols;
    for (const auto& [value, count] : result.errors) summary.errors[value] += count;
    summary.largest_error = std::max(summary.largest_error, result.largest_error);
  }
  const auto chips = static_cast<double>(results.size());
  for (const double rate : rates) summary.exact_symbol_rate += rate / chips;
  summary.rate_interval = bootstrap_mean(rates, seed);
  std::ranges::sort(rates);
  summary.least_rate = rates.front();
  summary.largest_rate = rates.back();
  summary.median_rate = (rates[(rates.size() - 1) / 2] + rates[rates.size() / 2]) / 2;
  summary.symbol_error_rate = static_cast<double>(wrong_symbols) / static_cast<double>(symbols);
  summary.yield = static_cast<double>(good) / chips;
  summary.yield_interval = wilson(static_cast<double>(good), chips);
  return summary;
}

base::Json to_json(const YieldSummary& summary) {
  base::Json errors = base::Json::array();
  for (const auto& [value, count] : summary.errors) errors.push_back({{"value", value}, {"count", count}});
  return {{"chips", summary.chips},
          {"inputs", summary.inputs},
          {"wrong", summary.wrong},
          {"exact_symbol_rate", summary.exact_symbol_rate},
          {"rate_interval", to_json(summary.rate_interval)},
          {"least_rate", summary.least_rate},
          {"median_rate", summary.median_rate},
          {"largest_rate", summary.largest_rate},
          {"symbol_error_rate", summary.symbol_error_rate},
          {"threshold", summary.threshold},
          {"yield", summary.yield},
          {"yield_interval", to_json(summary.yield_interval)},
          {"errors", errors},
          {"largest_error", summary.largest_error}};
}

}  // namespace optinc::chip
