#include "optinc/fabric/end_to_end.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <span>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/base/random.h"
#include "optinc/codec/exact_average.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/preprocessing.h"
#include "optinc/fabric/tiles.h"

namespace optinc::fabric {
namespace {

using Codes = std::vector<std::vector<std::uint32_t>>;

/// Inputs of level 1 by their error, and what they add up to.
struct Candidate {
  float error;           // towards the sign that the list is for
  std::uint64_t number;  // of the input
  std::uint32_t sum;     // of the N codes
};

/// Among equals, any order that is not that of the inputs.
bool errs_more(const Candidate& a, const Candidate& b) {
  const auto scattered = [](const Candidate& candidate) { return candidate.number * 0x9e3779b97f4a7c15u; };
  return a.error != b.error ? a.error > b.error : scattered(a) < scattered(b);
}

/// The largest errors of each output and sign: lists[2 m + (0: above, 1: below)], largest first.
std::vector<std::vector<Candidate>> find_worst(const device::Averager& averager, std::size_t most, int threads) {
  const device::DeviceShape& shape = averager.shape();
  const auto symbols = static_cast<std::size_t>(shape.symbols());
  std::vector<std::vector<Candidate>> lists(2 * symbols);
  std::mutex mutex;
  base::parallel_for(shape.input_count(), kTile, threads, [&](std::size_t begin, std::size_t end, int) {
    const std::size_t count = end - begin;
    std::vector<std::int32_t> steps(count * shape.inputs);
    std::vector<float> inputs(count * shape.inputs), levels(count * symbols), right(count * symbols);
    std::vector<std::uint32_t> sums(count);
    shape.enumerate_steps(begin, count, steps.data());
    device::levels_of_steps(shape, count, steps.data(), inputs.data());
    averager.average(count, inputs.data(), levels.data());
    shape.exact_codes(count, steps.data(), sums.data());
    shape.levels_of_codes(count, sums.data(), right.data());
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t m = 0; m < symbols; ++m) {
        const float error = levels[i * symbols + m] - right[i * symbols + m];
        std::vector<Candidate>& list = lists[2 * m + (error < 0 ? 1 : 0)];
        list.push_back({std::abs(error), begin + i, sums[i]});
        if (list.size() < 2 * most) continue;
        std::ranges::nth_element(list, list.begin() + static_cast<std::ptrdiff_t>(most), errs_more);
        list.resize(most);
      }
    }
  });
  for (std::vector<Candidate>& list : lists) {
    std::ranges::sort(list, errs_more);
    list.resize(std::min(list.size(), most));
  }
  return lists;
}

/// Codes [servers] of one device that add up to the input with this number: each S_k is dealt out from a server drawn
/// at random on, as much as each can take.
void codes_of_input(const device::DeviceShape& shape, std::uint64_t number, std::uint32_t random,
                    std::span<std::uint32_t* const> codes) {
  std::vector<std::int32_t> steps(shape.inputs);
  shape.enumerate_steps(number, 1, steps.data());
  const auto servers = static_cast<std::size_t>(shape.servers);
  for (std::uint32_t* code : codes) *code = 0;
  for (int k = 0; k < shape.inputs; ++k) {
    const auto most = static_cast<std::int32_t>((std::int64_t{1} << shape.bits_of_input(k)) - 1);
    std::int32_t rest = steps[k];
    for (std::size_t i = 0; i < servers; ++i) {
      const std::int32_t level = std::min(rest, most);
      *codes[(random + i + static_cast<std::size_t>(k)) % servers] |= static_cast<std::uint32_t>(level)
                                                                      << shape.shift_of_input(k);
      rest -= level;
    }
  }
}

}  // namespace

DrawCodes uniform_codes(int servers, int bits, std::uint64_t seed) {
  const auto mask = static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
  return [=](std::uint64_t first, std::size_t count, Codes& codes) {
    for (int server = 0; server < servers; ++server) {
      const base::CounterStream stream(seed, static_cast<std::uint64_t>(server));
      for (std::size_t i = 0; i < count; ++i) codes[server][i] = stream.word(first + i) & mask;
    }
  };
}

DrawCodes adversarial_codes(const device::Averager& level_1, codec::Rounding rounding, std::uint64_t seed,
                            std::size_t worst, int threads) {
  const device::DeviceShape shape = level_1.shape();
  base::require(shape.role == onn::Role::cascade_level_1, "adversarial codes for role {}: expected cascade-level-1",
                onn::to_string(shape.role));
  auto lists = std::make_shared<std::vector<std::vector<Candidate>>>(find_worst(level_1, worst, threads));
  return [=](std::uint64_t first, std::size_t count, Codes& codes) {
    const auto ports = static_cast<std::size_t>(shape.servers);
    const auto all = static_cast<std::uint32_t>(ports * ports);
    const auto light = static_cast<std::uint32_t>(codec::constant_light_steps(rounding, static_cast<int>(all), 0));
    std::vector<std::uint32_t*> of_device(ports);
    for (std::size_t i = 0; i < count; ++i) {
      // Stream 2^32 on: away from those of uniform_codes.
      const base::CounterStream stream(seed, (std::uint64_t{1} << 32) + first + i);
      std::size_t which = stream.word(0) % lists->size();
      while ((*lists)[which].empty()) which = (which + 1) % lists->size();
      const std::vector<Candidate>& list = (*lists)[which];
      // Errors above push an average just below an edge over it, errors below one on the edge under it.
      const std::uint32_t edge = which % 2 == 0 ? all - 1 : 0;
      std::uint32_t sum = light;
      for (std::size_t device = 0; device < ports; ++device) {
        std::size_t chosen = stream.word(1 + 2 * device) % list.size();
        if (device + 1 == ports) {
          const std::size_t start = chosen;
          do {
            if ((sum + list[chosen].sum) % all == edge) break;
            chosen = (chosen + 1) % list.size();
          } while (chosen != start);
        }
        sum += list[chosen].sum;
        for (std::size_t port = 0; port < ports; ++port) of_device[port] = &codes[device * ports + port][i];
        codes_of_input(shape, list[chosen].number, stream.word(2 + 2 * device), of_device);
      }
    }
  };
}

EndToEnd check_end_to_end(const Fabric& fabric, const DrawCodes& draw, std::uint64_t samples, std::uint64_t seed,
                          int threads, base::Progress* progress) {
  const auto start = std::chrono::steady_clock::now();
  const codec::RoundingBits rounding_bits(seed);
  const int bits = fabric.bits();
  const auto servers = static_cast<std::size_t>(fabric.ports());
  EndToEnd result{.samples = samples};
  std::mutex mutex;
  std::uint64_t done = 0;
  base::parallel_for(samples, kTile, threads, [&](std::size_t begin, std::size_t end, int) {
    const std::size_t count = end - begin, bytes = codec::packed_bytes(count, bits);
    Codes codes(servers, std::vector<std::uint32_t>(count));
    draw(begin, count, codes);
    std::vector<std::vector<std::uint8_t>> packed(servers, std::vector<std::uint8_t>(bytes));
    for (std::size_t server = 0; server < servers; ++server) codec::pack_symbols(codes[server], bits, packed[server]);
    std::vector<std::uint8_t> averaged(bytes);
    std::vector<std::uint32_t> given(count), exact(count);
    const std::vector<std::span<const std::uint8_t>> streams(packed.begin(), packed.end());
    fabric.average(streams, count, rounding_bits, begin, averaged);
    codec::unpack_symbols(averaged, bits, 0, given);
    const std::vector<std::span<const std::uint32_t>> all(codes.begin(), codes.end());
    codec::exact_averages(all, fabric.ports(), bits, fabric.rounding(), rounding_bits, begin, exact);

    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < count; ++i) {
      if (given[i] == exact[i]) continue;
      ++result.wrong;
      ++result.errors[std::int64_t{given[i]} - std::int64_t{exact[i]}];
    }
    done += count;
    if (progress != nullptr) progress->update(static_cast<double>(done));
  });
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace optinc::fabric
