#include "optinc/cli/model_words.h"

#include <algorithm>
#include <cmath>

#include "optinc/cli/byte_sizes.h"

namespace optinc::cli {
namespace {

std::string engineering(double value, const char* unit) {
  constexpr const char* kPrefixes[] = {"p", "n", "u", "m", "", "k", "M", "G", "T", "P"};
  if (value == 0) return fmt::format("0 {}", unit);
  const int power = std::clamp(static_cast<int>(std::floor(std::log10(value) / 3 + 1e-12)), -4, 5);
  return fmt::format("{:.4g} {}{}", value / std::pow(1000.0, power), kPrefixes[power + 4], unit);
}

/// "+12.3 %", "-0.4 %".
std::string percent(double share) {
  return fmt::format("{:+.1f} %", 100 * share);
}

void print_head(const ModelledCase& one, Context& context) {
  const cost::Scenario& scenario = one.scenario;
  const cost::Server& server = scenario.system.server;
  const cost::Device& device = scenario.system.device;
  const int levels = cost::cascade_levels(scenario.servers, device.ports);
  fmt::print(
      context.out,
      "{}: {} parameters; {:g} x ({}) a server and step on {} servers. Everything here is modelled.\n"
      "A server: {} in use, {:g} GB/s each way. Device {}: {} ports, {} MZIs, {} of light's way; {}, and {} copies "
      "of each to fill the links at {:g} GBd.\n\n",
      scenario.model.name, with_commas(scenario.model.parameters()), scenario.step.samples, scenario.model.sample,
      with_commas(scenario.servers), engineering(server.flop_per_s(), "FLOP/s"), server.port_bytes_per_s() * 1e-9,
      device.design, device.ports, with_commas(device.mzis), engineering(scenario.system.parts.transit_s(device), "s"),
      levels == 1 ? std::string("one level") : fmt::format("a cascade of {} levels", levels),
      scenario.system.parts.copies(device, server.port_bytes_per_s()), scenario.system.parts.symbols_per_s * 1e-9);
}

void print_all_reduce(const cost::Scenario& scenario, const std::vector<cost::Outcome>& outcomes,
                      const cost::Cost* optinc, Context& context) {
  const double payload = static_cast<double>(scenario.model.parameters()) * scenario.element_bits / 8;
  const auto row = [&](const cost::Cost& cost) {
    const cost::Seconds& s = cost.seconds;
    fmt::print(context.out,
               "{:<13} {:>9} {:>6.3f} {:>10.2f} {:>8.2f} {:>9.2f} {:>9.2f} {:>9.3f} {:>9.2f} {:>10.2f} {:>10}\n",
               cost.algorithm, with_commas(cost.rounds), (cost.port_bytes + cost.scale_bytes) / payload, s.wire * 1e6,
               s.scales * 1e6, (s.software + s.flight) * 1e6, s.conversion * 1e6, s.transit * 1e6, s.accelerator * 1e6,
               s.sum() * 1e6, engineering(cost.joules, "J"));
  };
  for (const cost::Outcome& outcome : outcomes) row(outcome.all_reduce);
  if (optinc != nullptr) row(*optinc);
}

void print_steps(const cost::Answer& answer, Context& context) {
  fmt::print(context.out, "\n{:<13} {:>12} {:>12} {:>12} {:>12} {:>14} {:>16}\n", "a step, us", "compute", "exposed",
             "update", "all", "optinc saves", "at equal bits");
  const auto row = [&](const cost::Outcome& outcome, const std::string& saved, const std::string& equal) {
    const cost::StepCost& step = outcome.step;
    fmt::print(context.out, "{:<13} {:>12.1f} {:>12.1f} {:>12.1f} {:>12.1f} {:>14} {:>16}\n",
               outcome.all_reduce.algorithm, step.compute_s * 1e6, step.exposed_s * 1e6, step.update_s * 1e6,
               step.seconds() * 1e6, saved, equal);
  };
  for (std::size_t i = 0; i < answer.others.size(); ++i) {
    row(answer.others[i], percent(answer.saved(answer.others[i])), percent(answer.saved(answer.equal_bits[i])));
  }
  row(answer.optinc, "", "");
}

/// Where a factor comes from: light, or fewer bits.
void print_factors(const cost::Answer& answer, int bits, Context& context) {
  const auto seconds = [](const cost::Outcome& outcome) { return outcome.all_reduce.seconds.sum(); };
  const double optinc = seconds(answer.optinc);
  const auto fastest = [&](const std::vector<cost::Outcome>& outcomes) {
    return std::ranges::min_element(outcomes, {}, seconds);
  };
  const auto other = fastest(answer.others), equal = fastest(answer.equal_bits);
  fmt::print(context.out,
             "\nThe all-reduce: {:.2f} times as fast as a ring = {:.2f} at equal bits x {:.2f} from sending {} bits; "
             "{:.2f} times\nas fast as the fastest other, {} = {:.2f} at equal bits ({}) x {:.2f} from fewer bits.\n",
             seconds(answer.ring()) / optinc, seconds(answer.equal_bits.front()) / optinc,
             seconds(answer.ring()) / seconds(answer.equal_bits.front()), bits, seconds(*other) / optinc,
             other->all_reduce.algorithm, seconds(*equal) / optinc, equal->all_reduce.algorithm,
             seconds(*other) / seconds(*equal));
}

void print_sensitivities(const ModelledCase& one, Context& context) {
  const double as_is = one.answer.saved(one.answer.ring());
  fmt::print(context.out, "\nWhat moves the answer ({} of a ring's step saved):\n{:<24} {:>10} {:>10}\n",
             percent(as_is), "", "halved", "doubled");
  constexpr double kSeen = 5e-4;
  for (const cost::Sensitivity& each : cost::sensitivities(one.scenario, as_is)) {
    if (each.moves(as_is) < kSeen) break;
    fmt::print(context.out, "{:<24} {:>10} {:>10}\n", each.number, percent(each.halved), percent(each.doubled));
  }
}

void print_losses(const cost::Scenario& scenario, bool coded, Context& context) {
  const std::vector<cost::Loss> losses = cost::losses(scenario, coded);
  if (losses.empty()) {
    fmt::print(context.out, "  nowhere: 256 to 2^32 elements, 2 to 65,536 servers\n");
    return;
  }
  fmt::print(context.out, "{:>9} {:>20}   worst: {:>14}  {:<13} {:>6}  {}\n", "servers", "up to, elements", "elements",
             "to", "times", "most of it");
  for (const cost::Loss& loss : losses) {
    const bool all = loss.elements == std::uint64_t{1} << 32;
    fmt::print(context.out, "{:>9} {:>20}          {:>14}  {:<13} {:>6.2f}  {}, {}\n", with_commas(loss.servers),
               all ? "2^32 and more" : with_commas(loss.elements), with_commas(loss.worst_elements), loss.winner,
               loss.factor, loss.largest, engineering(loss.largest_s, "s"));
  }
}

}  // namespace

void print_case(const ModelledCase& one, Context& context) {
  const cost::Scenario& scenario = one.scenario;
  print_head(one, context);
  fmt::print(context.out, "{:<13} {:>9} {:>6} {:>10} {:>8} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10}\n", "all-reduce, us",
             "messages", "bytes", "wire", "scales", "latency", "convert", "transit", "compute", "all", "energy");
  print_all_reduce(scenario, one.answer.others, &one.answer.optinc.all_reduce, context);
  fmt::print(context.out, "at {} bits\n", scenario.quantiser.bits);
  print_all_reduce(scenario, one.answer.equal_bits, nullptr, context);
  fmt::print(context.out,
             "bytes: of the busiest port, over the gradient's. energy: of transceivers and switches, all servers{}.\n",
             scenario.system.device.heater_w > 0 ? ", of the devices' heaters and lasers, too"
                                                 : "; --design FILE counts the devices', too");
  print_steps(one.answer, context);
  print_factors(one.answer, scenario.quantiser.bits, context);
  print_sensitivities(one, context);
  fmt::print(context.out, "\nWhere an all-reduce by OptINC loses, gradients of {} bits elsewhere:\n",
             scenario.element_bits);
  print_losses(scenario, false, context);
  fmt::print(context.out, "the same with codes of {} bits everywhere:\n", scenario.quantiser.bits);
  print_losses(scenario, true, context);
}

void print_curve(const std::vector<ModelledCase>& cases, const std::vector<int>& servers,
                 const std::vector<double>& samples, Context& context) {
  const cost::Scenario& first = cases.front().scenario;
  fmt::print(context.out, "{}: {} parameters. Everything here is modelled.\n", first.model.name,
             with_commas(first.model.parameters()));
  const auto table = [&](const char* against, const auto& share) {
    fmt::print(context.out, "\n% of a step that OptINC saves against {}\n{:>8}", against, "servers");
    for (const double each : samples) fmt::print(context.out, " {:>8}", fmt::format("{:g}", each));
    fmt::print(context.out, "  samples a server\n");
    for (std::size_t row = 0; row < servers.size(); ++row) {
      fmt::print(context.out, "{:>8}", with_commas(servers[row]));
      for (std::size_t column = 0; column < samples.size(); ++column) {
        fmt::print(context.out, " {:>8.2f}", 100 * share(cases[row * samples.size() + column].answer));
      }
      fmt::print(context.out, "\n");
    }
  };
  table("a ring", [](const cost::Answer& answer) { return answer.saved(answer.ring()); });
  table("the best of the others", [](const cost::Answer& answer) { return answer.saved(answer.best_other()); });
  table("the best of the others at equal bits",
        [](const cost::Answer& answer) { return answer.saved(answer.best_at_equal_bits()); });
}

}  // namespace optinc::cli
