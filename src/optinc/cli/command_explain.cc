#include "optinc/cli/command_explain.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/cli/byte_sizes.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/quantisation_error.h"
#include "optinc/codec/element_type.h"
#include "optinc/collective/traffic.h"

namespace optinc::cli {
namespace {

struct Options {
  std::string bytes = "64M";
  std::string type = "float32";
  int servers = 4;
  int ports = 0;
  int bits = 8;
  std::string rounding = "nearest";
  std::string quantiser_rounding = "half-even";
  std::string scale_format = "absmax16";
  std::size_t block = 256;
  double link_gbps = 800;
  int links = 8;
  double latency_us = 1;
  double compute_ms = 0;
  std::uint64_t seed = 1;
  bool json = false;
};

/// The numbers behind all that is said.
struct Answer {
  collective::TrafficQuestion question;
  std::vector<collective::Traffic> traffic;  // optinc last
  std::vector<double> seconds;
  double predicted_nmse = 0, measured_nmse = 0;
  double bytes_per_second = 0, latency_s = 0;

  std::size_t fastest_other() const {
    return static_cast<std::size_t>(std::min_element(seconds.begin(), seconds.end() - 1) - seconds.begin());
  }
  double optinc_seconds() const { return seconds.back(); }
};

std::vector<double> seconds_of(const std::vector<collective::Traffic>& traffic, double latency_s,
                               double bytes_per_second) {
  std::vector<double> seconds;
  for (const collective::Traffic& each : traffic) seconds.push_back(each.seconds(latency_s, bytes_per_second));
  return seconds;
}

Answer answer(const Options& options) {
  const codec::ElementType type = codec::parse_element_type(options.type);
  const int ports = options.ports == 0 ? options.servers : options.ports;
  base::require(options.servers >= 1 && options.servers <= 4096, "--servers {}: expected 1 .. 4096", options.servers);
  base::require(ports >= options.servers, "--ports {}: expected at least {}, a port a server", ports, options.servers);
  base::require(options.link_gbps > 0, "--link-gbps {}: expected more than 0", options.link_gbps);
  base::require(options.links >= 1, "--links {}: expected 1 or more", options.links);
  base::require(options.latency_us >= 0, "--latency-us {}: expected 0 or more", options.latency_us);
  base::require(options.compute_ms >= 0, "--compute-ms {}: expected 0 or more", options.compute_ms);
  const codec::QuantiserOptions quantiser{.bits = options.bits,
                                          .block = options.block,
                                          .scale_format = codec::parse_scale_format(options.scale_format),
                                          .rounding = codec::parse_quantiser_rounding(options.quantiser_rounding)};
  codec::check(quantiser);
  Answer made{.question = {.elements = parse_bytes(options.bytes) / codec::element_bytes(type),
                           .element_bytes = codec::element_bytes(type),
                           .servers = options.servers,
                           .quantiser = quantiser},
              .traffic = {},
              .seconds = {}};
  made.traffic = collective::traffic_of(made.question);
  made.bytes_per_second = options.link_gbps * options.links / 8 * 1e9;
  made.latency_s = options.latency_us * 1e-6;
  made.seconds = seconds_of(made.traffic, made.latency_s, made.bytes_per_second);
  const QuantisationQuestion quantised{.quantiser = quantiser,
                                       .rounding = codec::parse_rounding(options.rounding),
                                       .servers = options.servers,
                                       .ports = ports};
  made.predicted_nmse = predicted_nmse(quantised);
  // About a quarter of a million numbers a server at the most, two blocks at the least.
  constexpr std::size_t kNumbers = 1 << 20;
  const std::size_t blocks = std::clamp<std::size_t>(kNumbers / (options.block * options.servers), 2, 400);
  if (options.block <= kNumbers) made.measured_nmse = measured_nmse(quantised, blocks, options.seed);
  return made;
}

/// The smallest tensor, in bytes, with which optinc takes at most `share` of the time of the best of the others;
/// nothing below 2^50.
std::optional<std::uint64_t> smallest_that_gains(const Answer& made, double share) {
  for (std::uint64_t elements = 1; elements <= std::uint64_t{1} << 50; elements *= 2) {
    collective::TrafficQuestion question = made.question;
    question.elements = elements;
    const std::vector<double> seconds =
        seconds_of(collective::traffic_of(question), made.latency_s, made.bytes_per_second);
    if (seconds.back() <= share * *std::min_element(seconds.begin(), seconds.end() - 1)) {
      return elements * question.element_bytes;
    }
  }
  return std::nullopt;
}

/// When it does not help, in sentences.
std::vector<std::string> caveats(const Options& options, const Answer& made) {
  std::vector<std::string> said;
  const double payload = static_cast<double>(made.question.elements * made.question.element_bytes);
  const double gain = made.seconds[made.fastest_other()] / made.optinc_seconds();
  if (gain < 1.1) {
    said.push_back(
        fmt::format("Not here: it is {:.2f} times as fast as {}.", gain, made.traffic[made.fastest_other()].algorithm));
  }
  if (const auto smallest = smallest_that_gains(made, 0.5)) {
    said.push_back(fmt::format(
        "Small tensors: two rounds are two latencies. It is twice as fast as the best of the others from about {} on.",
        format_bytes(*smallest)));
  } else {
    said.emplace_back("Whatever the tensor's size, it is never twice as fast as the best of the others.");
  }
  const double same_bits = 2.0 * (options.servers - 1) / options.servers;
  said.push_back(
      fmt::format("Of the bytes saved, a ring that sent {} bits too would save most: it would send {:.2f} times "
                  "OptINC's. What only the "
                  "network can save is that factor; with 2 servers it is 1.",
                  options.bits, same_bits));
  if (options.compute_ms > 0) {
    const double compute_s = options.compute_ms * 1e-3;
    const double before = std::max(compute_s, made.seconds[made.fastest_other()]),
                 after = std::max(compute_s, made.optinc_seconds());
    said.push_back(fmt::format(
        "With {} ms of computing a step: {:.3f} -> {:.3f} ms a step ({:.1f} % less) if communication hides behind it "
        "as "
        "far as it can, {:.3f} -> {:.3f} ms ({:.1f} % less) if not at all.",
        options.compute_ms, before * 1e3, after * 1e3, 100 * (1 - after / before),
        (compute_s + made.seconds[made.fastest_other()]) * 1e3, (compute_s + made.optinc_seconds()) * 1e3,
        100 * (1 - (compute_s + made.optinc_seconds()) / (compute_s + made.seconds[made.fastest_other()]))));
  }
  said.push_back(
      fmt::format("Sharded training (reduce-scatter, all-gather): the splitter sends everything to everyone, {} to "
                  "each port where a "
                  "ring's reduce-scatter brings {}; and an all-gather through it loses log2 N = {:.1f} of the {} bits.",
                  format_bytes(made.traffic.back().received_bytes),
                  format_bytes(static_cast<std::uint64_t>(payload * (options.servers - 1) / options.servers)),
                  std::log2(static_cast<double>(options.servers)), options.bits));
  if (made.predicted_nmse > 1e-2) {
    said.push_back(
        fmt::format("{} bits are few: {:.1f} % of the average's power is quantisation error. Try error feedback, "
                    "stochastic rounding, or more bits.",
                    options.bits, 100 * made.predicted_nmse));
  }
  said.emplace_back("Integers, MIN, MAX and PROD: it averages, and nothing else.");
  return said;
}

base::Json to_json(const Answer& made, const std::vector<std::string>& said) {
  base::Json algorithms = base::Json::array();
  for (std::size_t i = 0; i < made.traffic.size(); ++i) {
    algorithms.push_back({{"algorithm", made.traffic[i].algorithm},
                          {"rounds", made.traffic[i].rounds},
                          {"sent_bytes", made.traffic[i].sent_bytes},
                          {"received_bytes", made.traffic[i].received_bytes},
                          {"modelled_seconds", made.seconds[i]}});
  }
  return {{"elements", made.question.elements},
          {"bytes", made.question.elements * made.question.element_bytes},
          {"servers", made.question.servers},
          {"bytes_per_second", made.bytes_per_second},
          {"latency_s", made.latency_s},
          {"algorithms", algorithms},
          {"nmse_predicted", made.predicted_nmse},
          {"nmse_measured", made.measured_nmse > 0 ? base::Json(made.measured_nmse) : base::Json()},
          {"when_not", said}};
}

void print(const Options& options, const Answer& made, const std::vector<std::string>& said, Context& context) {
  const double payload = static_cast<double>(made.question.elements * made.question.element_bytes);
  fmt::print(context.out,
             "All-reduce of {} ({} elements of {}) over {} servers, {} links of {} Gb/s each ({:.0f} GB/s), {} us a "
             "message.\n\n",
             format_bytes(made.question.elements * made.question.element_bytes), with_commas(made.question.elements),
             options.type, options.servers, options.links, options.link_gbps, made.bytes_per_second * 1e-9,
             options.latency_us);
  fmt::print(context.out, "{:<13} {:>7} {:>16} {:>9} {:>13} {:>13}\n", "", "rounds", "bytes on a port", "of tensor",
             "modelled us", "of optinc's");
  for (std::size_t i = 0; i < made.traffic.size(); ++i) {
    const collective::Traffic& traffic = made.traffic[i];
    fmt::print(context.out, "{:<13} {:>7} {:>16} {:>9.3f} {:>13.2f} {:>13.2f}\n", traffic.algorithm, traffic.rounds,
               with_commas(traffic.sent_bytes), payload > 0 ? static_cast<double>(traffic.sent_bytes) / payload : 0.0,
               made.seconds[i] * 1e6, made.optinc_seconds() > 0 ? made.seconds[i] / made.optinc_seconds() : 0.0);
  }
  fmt::print(
      context.out,
      "\nBytes are those that the busiest port sends; it receives as many. Times are modelled (rounds x latency + "
      "bytes / bandwidth), nothing here was timed; for OptINC they are the switch's, not those of its simulation.\n");
  fmt::print(context.out, "\nQuantisation error of the average, Gaussian gradients: NMSE {:.2e} predicted",
             made.predicted_nmse);
  if (made.measured_nmse > 0) fmt::print(context.out, ", {:.2e} measured on the codec", made.measured_nmse);
  fmt::print(context.out, " ({} bits, blocks of {}, {}, {}).\n\nWhen it does not help\n", options.bits, options.block,
             options.scale_format, options.rounding);
  for (const std::string& each : said) fmt::print(context.out, "- {}\n", each);
}

void run_explain(const Options& options, Context& context) {
  const Answer made = answer(options);
  const std::vector<std::string> said = caveats(options, made);
  if (options.json) return print_json(context, to_json(made, said));
  print(options, made, said, context);
}

}  // namespace

void add_explain(CLI::App& program, Context& context) {
  CLI::App* verb =
      add_verb(program, "explain", "What an all-reduce costs by each algorithm, and when OptINC does not help",
               "  optinc explain --bytes 100M --servers 16\n"
               "  optinc explain --bytes 64K --servers 4 --link-gbps 100 --links 1 --latency-us 5\n"
               "  optinc explain --bytes 1G --bits 16 --compute-ms 20 --json");
  auto options = std::make_shared<Options>();
  verb->add_option("-b,--bytes", options->bytes, "Size of the tensor: 64K, 100M, 2G")->capture_default_str();
  verb->add_option("--type", options->type, "Its elements: float32, float16 or bfloat16")->capture_default_str();
  verb->add_option("-g,--servers", options->servers, "Servers, one port each")->capture_default_str();
  verb->add_option("--ports", options->ports, "Ports of the device; 0: as many as servers")->capture_default_str();
  verb->add_option("--bits", options->bits, "B of the codes")->capture_default_str();
  verb->add_option("--rounding", options->rounding, "Of the device: floor, nearest or nearest-unbiased")
      ->capture_default_str();
  verb->add_option("--quantiser-rounding", options->quantiser_rounding, "half-even or stochastic")
      ->capture_default_str();
  verb->add_option("--scale-format", options->scale_format, "Scale of a block: absmax16 or exponent8")
      ->capture_default_str();
  verb->add_option("--block", options->block, "Elements that share a scale")->capture_default_str();
  verb->add_option("--link-gbps", options->link_gbps, "Gb/s of one link, each way")->capture_default_str();
  verb->add_option("--links", options->links, "Links of a server")->capture_default_str();
  verb->add_option("--latency-us", options->latency_us, "Of one message from server to server")->capture_default_str();
  verb->add_option("--compute-ms", options->compute_ms, "Computing in a training step; 0: leave it out")
      ->capture_default_str();
  verb->add_option("--seed", options->seed, "Of the numbers that are quantised")->capture_default_str();
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_explain(*options, context); });
}

}  // namespace optinc::cli
