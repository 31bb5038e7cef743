#include "optinc/cli/command_topology.h"

#include <memory>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/cli/scenario_options.h"
#include "optinc/cost/topology.h"

namespace optinc::cli {
namespace {

using base::Json;

struct Options {
  ScenarioOptions scenario;
  int servers = 64;
  double samples = 32;
  double uplink = 1;
  std::vector<int> jobs;
  int leaves = 0;
  bool json = false;
};

Json topologies_json(const std::vector<cost::TopologyCost>& found) {
  Json rows = Json::array();
  for (const cost::TopologyCost& each : found) {
    rows.push_back({{"topology", cost::to_string(each.topology)},
                    {"levels", each.levels},
                    {"devices", each.devices},
                    {"device_known", each.device_known},
                    {"idle_ports", each.idle_ports},
                    {"roundings", each.roundings},
                    {"least_step", each.least_step},
                    {"cut_by_leaf", each.cut_by_leaf},
                    {"cut_by_root", each.cut_by_root},
                    {"port_bytes", each.cost.port_bytes},
                    {"seconds", each.cost.seconds.sum()},
                    {"joules", each.cost.joules}});
  }
  return rows;
}

Json placements_json(const std::vector<cost::Placement>& placed) {
  Json rows = Json::array();
  for (const cost::Placement& job : placed) {
    rows.push_back({{"servers", job.servers},
                    {"leaves", job.leaves},
                    {"idle_ports", job.idle_ports},
                    {"first_leaf", job.placed ? Json(job.first_leaf) : Json()}});
  }
  return rows;
}

Json fallbacks_json(const std::vector<cost::Fallback>& choices) {
  Json rows = Json::array();
  for (const cost::Fallback& choice : choices) {
    rows.push_back(
        {{"what", choice.what}, {"servers", choice.servers}, {"step_s", choice.step_s}, {"once_s", choice.once_s}});
  }
  return rows;
}

void print_topologies(const cost::Scenario& scenario, const std::vector<cost::TopologyCost>& found, double ring_s,
                      Context& context) {
  fmt::print(context.out,
             "{} servers, gradients of {}: {} codes of {} bits; devices of {} ports. Everything here is modelled.\n\n"
             "{:<11} {:>6} {:>8} {:>6} {:>10} {:>12} {:>12} {:>10} {:>11} {:>10} {:>10}\n",
             with_commas(scenario.servers), scenario.model.name, with_commas(scenario.model.parameters()),
             scenario.quantiser.bits, scenario.system.device.ports, "", "levels", "devices", "idle", "roundings",
             "least step", "all-reduce", "of a ring", "energy, J", "leaf cuts", "root cuts");
  for (const cost::TopologyCost& each : found) {
    fmt::print(context.out,
               "{:<11} {:>6} {:>8} {:>6} {:>10} {:>12.3g} {:>9.1f} us {:>8.2f} % {:>11.3g} {:>10} {:>10}\n",
               cost::to_string(each.topology), each.levels, with_commas(each.devices), with_commas(each.idle_ports),
               each.roundings, each.least_step, each.cost.seconds.sum() * 1e6, 100 * each.cost.seconds.sum() / ring_s,
               each.cost.joules, with_commas(each.cut_by_leaf), with_commas(each.cut_by_root));
  }
  fmt::print(context.out,
             "roundings: how often decimals are lost. least step: of a symbol's distance, what a device must tell "
             "apart. cuts: servers without a\nnetwork when a device of the first, of the last level dies. Each device "
             "is there {} times, to fill the links; of high radix, which is another device, area and power are not "
             "known and not "
             "in its energy.\n",
             scenario.system.parts.copies(scenario.system.device, scenario.system.server.port_bytes_per_s()));
}

void print_fallbacks(const std::vector<cost::Fallback>& choices, Context& context) {
  fmt::print(context.out, "\nWhen a device of the first level dies:\n{:<24} {:>9} {:>14} {:>14}\n", "", "servers",
             "a step, us", "once, us");
  for (const cost::Fallback& choice : choices) {
    fmt::print(context.out, "{:<24} {:>9} {:>14.1f} {:>14.1f}\n", choice.what, with_commas(choice.servers),
               choice.step_s * 1e6, choice.once_s * 1e6);
  }
}

void print_placements(const std::vector<cost::Placement>& placed, int leaves, int ports, Context& context) {
  fmt::print(context.out,
             "\nJobs on {} devices of {} ports (a device averages all its ports: jobs do not share one):\n", leaves,
             ports);
  int used = 0;
  for (const cost::Placement& job : placed) {
    if (job.placed) {
      fmt::print(context.out, "{:>8} servers: devices {} .. {}, {} ports idle\n", with_commas(job.servers),
                 job.first_leaf, job.first_leaf + job.leaves - 1, job.idle_ports);
      used += job.servers;
    } else {
      fmt::print(context.out, "{:>8} servers: {} devices side by side, not free\n", with_commas(job.servers),
                 job.leaves);
    }
  }
  fmt::print(context.out, "{:.1f} % of the ports used\n", 100.0 * used / (static_cast<double>(leaves) * ports));
}

void run_topology(const CLI::App& verb, const Options& options, Context& context) {
  refuse_flags(verb, {"--direct", "--overlap", "--bucket-mb", "--update-bytes"}, "topology");
  base::require(options.servers >= 2, "servers {}: expected 2 .. 65536", options.servers);
  base::require(options.samples > 0, "--samples {}: expected more than 0", options.samples);
  cost::Scenario scenario = scenario_of(options.scenario);
  scenario.servers = options.servers;
  const cost::Reduction reduction = scenario.reduction(scenario.model.parameters());
  const int ports = scenario.system.device.ports;
  std::vector<cost::TopologyCost> found;
  for (const cost::Topology topology : cost::topologies()) {
    found.push_back(cost::all_reduce_on(topology, reduction, scenario.system, {.uplink = options.uplink}));
  }
  const cost::Route route = cost::fat_tree_route(options.servers, scenario.system.parts.switch_ports);
  const double ring_s = cost::ring(reduction, scenario.system, route).seconds.sum();
  const double compute_s = scenario.model.training_flop() * options.samples / scenario.system.server.flop_per_s();
  const auto choices = cost::after_a_dead_leaf(reduction, scenario.system, compute_s);
  std::vector<cost::Placement> placed;
  int leaves = options.leaves;
  if (!options.jobs.empty()) {
    if (leaves == 0) leaves = (options.servers + ports - 1) / ports;
    placed = cost::place(options.jobs, leaves, ports);
  }
  if (options.json) {
    print_json(context, {{"servers", options.servers},
                         {"ports", ports},
                         {"model", scenario.model.name},
                         {"ring_s", ring_s},
                         {"topologies", topologies_json(found)},
                         {"after_a_dead_leaf", fallbacks_json(choices)},
                         {"jobs", placements_json(placed)}});
    return;
  }
  print_topologies(scenario, found, ring_s, context);
  print_fallbacks(choices, context);
  if (!placed.empty()) print_placements(placed, leaves, ports, context);
}

}  // namespace

void add_topology(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "topology", "Compare networks with devices in them: cascades, high radix, fat tree, dragonfly, circuits",
      "  optinc topology --servers 4096\n"
      "  optinc topology --servers 65536 --ports 16 --model llama-3-8b --uplink 4 --json\n"
      "  optinc topology --servers 64 --jobs 5,16,9,8\n"
      "For each: levels, devices, how often decimals are lost, what a device must tell apart, time and energy of an\n"
      "all-reduce, and what a dead device cuts off; then the choices when one dies, and how jobs fit (doc/cost.md).");
  auto options = std::make_shared<Options>();
  verb->add_option("-g,--servers", options->servers, "Servers, one port each")->capture_default_str();
  verb->add_option("--samples", options->samples, "Images or sequences that a server trains on in a step")
      ->capture_default_str();
  verb->add_option("--uplink", options->uplink,
                   "Rate of a leaf's uplink in fat tree and dragonfly, over a server's port")
      ->capture_default_str();
  verb->add_option("--jobs", options->jobs, "Servers of each job, in the order in which they come: 5,16,9")
      ->delimiter(',');
  verb->add_option("--leaves", options->leaves, "Devices of the first level, for --jobs; 0: enough for the servers")
      ->capture_default_str();
  add_scenario_options(*verb, options->scenario);
  add_json_flag(*verb, options->json);
  verb->callback([options, verb, &context] { run_topology(*verb, *options, context); });
}

}  // namespace optinc::cli
