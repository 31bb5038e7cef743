#include "optinc/cli/command_schedule.h"

#include <filesystem>
#include <memory>
#include <sstream>

#include <fmt/ranges.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/cli/byte_sizes.h"
#include "optinc/codec/element_type.h"
#include "optinc/cost/reduction.h"
#include "optinc/cost/schedule.h"

namespace optinc::cli {
namespace {

struct Options {
  std::string algorithm;
  std::string bytes = "64M";
  std::string type = "float32";
  int servers = 4;
  int pieces = 16;
  int in_flight = 1;
  int bits = 8;
  std::size_t block = 256;
  std::string scale_format = "absmax16";
  double gigabytes_per_s = 800;
  double latency_us = 1;
  std::filesystem::path output;
  bool json = false;
};

/// Nothing but links: what a network simulator knows of.
cost::System bare_network(const Options& options, const cost::ScheduleQuestion& question) {
  cost::System system;
  system.server.memory_bytes_per_s = 1e18;
  system.server.links = 1;
  system.server.link_bits_per_s = options.gigabytes_per_s * 8e9;
  system.parts = {.software_s = 0, .fibre_s = options.latency_us * 1e-6 / 2, .switch_ports = 65536};
  system.device = {.design = "one device", .bits = question.bits, .ports = question.servers};
  return system;
}

/// What reduction.h says of the same algorithm, in as many pieces.
cost::Cost modelled(const Options& options, const cost::ScheduleQuestion& question) {
  const cost::System system = bare_network(options, question);
  const cost::Reduction reduction{.elements = question.elements,
                                  .element_bits = 8 * question.element_bytes,
                                  .servers = question.servers,
                                  .quantiser = {.bits = question.bits,
                                                .block = question.block,
                                                .scale_format = codec::parse_scale_format(options.scale_format)},
                                  .pieces = question.pieces};
  if (options.algorithm == "ring") return cost::ring(reduction, system, {});
  if (options.algorithm == "rabenseifner") return cost::rabenseifner(reduction, system, {});
  if (options.algorithm == "double-tree") {
    return cost::double_tree(reduction, system, {}, question.pieces, question.in_flight);
  }
  if (options.algorithm == "switch") return cost::in_network_switch(reduction, system);
  return cost::optinc(reduction, system, {});
}

void run_schedule(const Options& options, Context& context) {
  base::require(options.gigabytes_per_s > 0, "--gigabytes-per-s {}: expected more than 0", options.gigabytes_per_s);
  base::require(options.latency_us >= 0, "--latency-us {}: expected 0 or more", options.latency_us);
  const codec::ElementType type = codec::parse_element_type(options.type);
  const codec::ScaleFormat format = codec::parse_scale_format(options.scale_format);
  const cost::ScheduleQuestion question{.elements = parse_bytes(options.bytes) / codec::element_bytes(type),
                                        .element_bytes = static_cast<int>(codec::element_bytes(type)),
                                        .servers = options.servers,
                                        .pieces = options.pieces,
                                        .in_flight = options.in_flight,
                                        .bits = options.bits,
                                        .block = options.block,
                                        .scale_bytes = static_cast<int>(codec::scale_bytes(format))};
  const cost::Schedule schedule = cost::schedule_of(options.algorithm, question);
  std::size_t operations = 0;
  std::uint64_t most = 0;
  for (int rank = 0; rank < static_cast<int>(schedule.ranks.size()); ++rank) {
    operations += schedule.ranks[rank].size();
    most = std::max(most, schedule.sent_bytes(rank));
  }
  if (!options.output.empty()) {
    std::ostringstream text;
    cost::write_goal(schedule, text);
    base::write_file_atomically(options.output, text.str());
  }
  const double seconds = modelled(options, question).seconds.sum();
  if (options.json) {
    print_json(context, {{"algorithm", options.algorithm},
                         {"servers", options.servers},
                         {"ranks", schedule.ranks.size()},
                         {"elements", question.elements},
                         {"operations", operations},
                         {"sent_bytes", most},
                         {"bytes_per_second", options.gigabytes_per_s * 1e9},
                         {"latency_s", options.latency_us * 1e-6},
                         {"modelled_seconds", seconds}});
    return;
  }
  fmt::print(context.out,
             "{} over {} servers: {} operations on {} ranks, {} bytes from the busiest server\n"
             "modelled: {:.2f} us at {:g} GB/s a port and {:g} us from server to server\n",
             options.algorithm, options.servers, with_commas(operations), schedule.ranks.size(), with_commas(most),
             seconds * 1e6, options.gigabytes_per_s, options.latency_us);
}

}  // namespace

void add_schedule(CLI::App& program, Context& context) {
  CLI::App* verb =
      add_verb(program, "schedule", "Write an all-reduce message by message, for network simulators",
               "  optinc schedule ring --servers 16 --bytes 100M -o ring.goal\n"
               "  optinc schedule optinc --servers 64 --bits 8 --gigabytes-per-s 800 --latency-us 1 --json\n"
               "The file is in GOAL, which LogGOPSim reads. A pass through the network, of switch and optinc, takes "
               "what a message\n"
               "to a neighbour takes, and is written as that.\n"
               "The modelled time is of links alone: no software, conversions or arithmetic.");
  auto options = std::make_shared<Options>();
  verb->add_option("algorithm", options->algorithm,
                   fmt::format("One of {}", fmt::join(cost::scheduled_algorithms(), ", ")))
      ->required();
  verb->add_option("-b,--bytes", options->bytes, "Size of the tensor: 64K, 100M, 2G")->capture_default_str();
  verb->add_option("--type", options->type, "Its elements: float32, float16 or bfloat16")->capture_default_str();
  verb->add_option("-g,--servers", options->servers, "Servers, one port each")->capture_default_str();
  verb->add_option("--pieces", options->pieces, "Of double-tree and optinc: the tensor's, one behind the other")
      ->capture_default_str();
  verb->add_option("--in-flight", options->in_flight, "Of them, on their way to one server at once")
      ->capture_default_str();
  verb->add_option("--bits", options->bits, "B of optinc's codes")->capture_default_str();
  verb->add_option("--block", options->block, "Elements that share a scale")->capture_default_str();
  verb->add_option("--scale-format", options->scale_format, "Scale of a block: absmax16 or exponent8")
      ->capture_default_str();
  verb->add_option("--gigabytes-per-s", options->gigabytes_per_s, "Of a port, each way, for the modelled time")
      ->capture_default_str();
  verb->add_option("--latency-us", options->latency_us, "From server to server, for the modelled time")
      ->capture_default_str();
  verb->add_option("-o,--output", options->output, "The file to write");
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_schedule(*options, context); });
}

}  // namespace optinc::cli
