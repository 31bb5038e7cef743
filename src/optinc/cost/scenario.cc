#include "optinc/cost/scenario.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <tuple>

#include "optinc/base/error.h"

namespace optinc::cost {
namespace {

Outcome outcome_of(const Scenario& scenario, bool coded, std::size_t algorithm) {
  StepOptions options = scenario.step;
  options.element_bits = scenario.element_bits;
  const auto all_reduce = [&](std::uint64_t elements) {
    Reduction reduction = scenario.reduction(elements);
    reduction.coded = coded;
    return all_reduces(reduction, scenario.system, scenario.direct)[algorithm];
  };
  return {all_reduce(scenario.model.parameters()),
          step_cost(scenario.model, scenario.system.server, options, all_reduce)};
}

const Outcome& shortest_step(const std::vector<Outcome>& outcomes) {
  return *std::ranges::min_element(outcomes, {}, [](const Outcome& one) { return one.step.seconds(); });
}

using Change = std::function<void(Scenario&, double)>;

/// What may be halved and doubled.
const std::vector<std::pair<const char*, Change>>& numbers() {
  static const std::vector<std::pair<const char*, Change>> all = {
      {"samples of a server", [](Scenario& s, double f) { s.step.samples *= f; }},
      {"FLOP/s in use", [](Scenario& s, double f) { s.system.server.peak_flop_per_s *= f; }},
      {"link rate", [](Scenario& s, double f) { s.system.server.link_bits_per_s *= f; }},
      {"bits of a code",
       [](Scenario& s, double f) { s.quantiser.bits = std::clamp(int(s.quantiser.bits * f), 2, 32); }},
      {"bits of a gradient",
       [](Scenario& s, double f) { s.element_bits = std::clamp(int(s.element_bits * f), 1, 64); }},
      {"elements of a block",
       [](Scenario& s, double f) { s.quantiser.block = std::max(1, int(s.quantiser.block * f)); }},
      {"memory bandwidth", [](Scenario& s, double f) { s.system.server.memory_bytes_per_s *= f; }},
      {"bytes of an update", [](Scenario& s, double f) { s.step.update_bytes_per_parameter *= f; }},
      {"software latency", [](Scenario& s, double f) { s.system.parts.software_s *= f; }},
      {"conversion latency", [](Scenario& s, double f) { s.system.parts.conversion_s *= f; }},
      {"fibre length", [](Scenario& s, double f) { s.system.parts.fibre_s *= f; }},
      {"switch latency", [](Scenario& s, double f) { s.system.parts.switch_s *= f; }},
      {"light through a device",
       [](Scenario& s, double f) {
         s.system.parts.column_s *= f;
         s.system.parts.activation_s *= f;
       }},
      {"bytes of a bucket", [](Scenario& s, double f) { s.step.bucket_bytes *= f; }},
  };
  return all;
}

std::pair<const char*, double> largest_part(const Seconds& s) {
  const std::array parts = {std::pair("launching", s.software),        std::pair("fibres", s.flight),
                            std::pair("conversions", s.conversion),    std::pair("light through devices", s.transit),
                            std::pair("agreeing on scales", s.scales), std::pair("the wire", s.wire),
                            std::pair("quantising", s.accelerator)};
  return *std::ranges::max_element(parts, {}, [](const auto& part) { return part.second; });
}

}  // namespace

Reduction Scenario::reduction(std::uint64_t elements) const {
  return {
      .elements = elements, .element_bits = element_bits, .servers = servers, .quantiser = quantiser, .fused = fused};
}

const Outcome& Answer::best_other() const {
  return shortest_step(others);
}

const Outcome& Answer::best_at_equal_bits() const {
  return shortest_step(equal_bits);
}

Answer answer(const Scenario& scenario) {
  Answer made;
  constexpr std::size_t kOthers = 4;
  for (std::size_t algorithm = 0; algorithm < kOthers; ++algorithm) {
    made.others.push_back(outcome_of(scenario, false, algorithm));
    made.equal_bits.push_back(outcome_of(scenario, true, algorithm));
  }
  made.optinc = outcome_of(scenario, true, kOthers);
  return made;
}

double Sensitivity::moves(double as_is) const {
  return std::max(std::abs(halved - as_is), std::abs(doubled - as_is));
}

std::vector<Sensitivity> sensitivities(const Scenario& scenario, double as_is) {
  std::vector<Sensitivity> all;
  for (const auto& number : numbers()) {
    const auto saved = [&](double factor) {
      Scenario changed = scenario;
      number.second(changed, factor);
      const Answer made = answer(changed);
      return made.saved(made.ring());
    };
    try {
      all.push_back({number.first, saved(0.5), saved(2)});
    } catch (const base::InputError&) {
      // Half or twice of it is no number that can be.
    }
  }
  std::ranges::stable_sort(all, std::greater(), [&](const Sensitivity& one) { return one.moves(as_is); });
  return all;
}

std::vector<Loss> losses(const Scenario& scenario, bool coded) {
  std::vector<Loss> found;
  Scenario one = scenario;
  for (const int servers : {2, 4, 16, 64, 256, 1024, 4096, 16384, 65536}) {
    one.servers = servers;
    Loss loss{.servers = servers};
    for (int power = 8; power <= 32; ++power) {
      Reduction reduction = one.reduction(std::uint64_t{1} << power);
      reduction.coded = coded;
      std::vector<Cost> costs = all_reduces(reduction, one.system, one.direct);
      const Cost light = costs.back();
      costs.pop_back();
      const Cost& best = *std::ranges::min_element(costs, {}, [](const Cost& cost) { return cost.seconds.sum(); });
      const double factor = light.seconds.sum() / best.seconds.sum();
      // Within 1 % of each other nobody loses.
      if (!(factor > 1.01)) continue;
      const bool first = loss.elements == 0;
      loss.elements = reduction.elements;
      if (!first && factor <= loss.factor) continue;
      loss.worst_elements = reduction.elements;
      loss.winner = best.algorithm;
      loss.factor = factor;
      std::tie(loss.largest, loss.largest_s) = largest_part(light.seconds);
    }
    if (loss.elements > 0) found.push_back(loss);
  }
  return found;
}

}  // namespace optinc::cost
