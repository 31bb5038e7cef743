#include "optinc/cli/command_link_budget.h"

#include <filesystem>
#include <memory>

#include "optinc/base/version.h"
#include "optinc/chip/link_budget.h"
#include "optinc/cli/hardware_options.h"
#include "optinc/cli/program_files.h"

namespace optinc::cli {
namespace {

struct Options {
  std::filesystem::path program;
  HardwareOptions hardware{"silicon", {}};
  std::filesystem::path records;
  bool json = false;
};

double number(const base::Json& object, const char* key) {
  return object[key].is_null() ? std::numeric_limits<double>::infinity() : object[key].get<double>();
}

void print(const base::Json& budget, const chip::Hardware& hardware, Context& context) {
  fmt::print(context.out, "hardware {}\n{:>6} {:>12} {:>9} {:>10} {:>8} {:>9} {:>12} {:>9} {:>9}\n", hardware.name,
             "stage", "size", "area_mzi", "placed_mzi", "gain/dB", "mesh/dB", "networks/dB", "bias/dB", "heaters/W");
  for (const base::Json& stage : budget["stages"]) {
    fmt::print(context.out, "{:>6} {:>12} {:>9} {:>10} {:>8.2f} {:>9.2f} {:>12.2f} {:>9.2f} {:>9.2f}\n",
               stage["name"].get<std::string>(),
               fmt::format("{} x {}", stage["outputs"].get<int>(), stage["inputs"].get<int>()),
               with_commas(stage["area_mzi"].get<std::uint64_t>()),
               with_commas(stage["placed_mzi"].get<std::uint64_t>()), number(stage, "gain_db"),
               number(stage, "mesh_loss_db"), number(stage, "network_loss_db"), number(stage, "bias_loss_db"),
               number(stage, "heater_power_w"));
  }
  fmt::print(context.out, "\n{:>8} {:>6} {:>9} {:>10} {:>12} {:>13} {:>13} {:>8} {:>8}\n", "hop", "lanes", "detectors",
             "sent/dBm", "received/dBm", "largest level", "noise/levels", "SNR/dB", "lasers/W");
  for (const base::Json& hop : budget["hops"]) {
    fmt::print(context.out, "{:>8} {:>6} {:>9} {:>10.2f} {:>12.2f} {:>13.4g} {:>13.3g} {:>8.2f} {:>8.2f}\n",
               hop["name"].get<std::string>(), hop["lanes"].get<int>(), hop["detectors"].get<int>(),
               number(hop, "emission_dbm"), number(hop, "received_dbm"), number(hop, "largest_output"),
               number(hop, "noise_levels"), number(hop, "snr_db"), number(hop, "laser_power_w"));
  }
  fmt::print(
      context.out,
      "heaters {:.1f} W, lasers {:.1f} W (electrical)\n"
      "sent: the full scale of a lane; received: the largest output of the hop, at its detector; PAM4 errs from 0.5 "
      "levels on\n",
      number(budget, "heater_power_w"), number(budget, "laser_power_w"));
}

void run_link_budget(const Options& options, Context& context) {
  const chip::Hardware hardware = load(options.hardware);
  const chip::Program program = load_program_file(options.program);
  base::Json found{{"program", options.program.stem().string()},
                   {"hardware", hardware.name},
                   {"differences", differences_from_ideal(hardware)}};
  found.update(chip::to_json(chip::link_budget(program, hardware)));
  if (!options.records.empty()) {
    base::RecordWriter records(options.records, base::RecordMode::replace);
    records.write({{"type", "run"}, {"command", "link-budget"}, {"version", base::kVersion}});
    records.write(tagged("link_budget", found));
  }
  if (options.json) {
    print_json(context, found);
  } else {
    print(found, hardware, context);
  }
}

}  // namespace

void add_link_budget(CLI::App& program, Context& context) {
  CLI::App* verb =
      add_verb(program, "link-budget", "Say where a mesh program loses light, and what reaches its detectors",
               "  optinc link-budget b8-n4.json\n"
               "  optinc link-budget b8-n4.json --hardware mine.toml --set transmitter.power_dbm=10 --json");
  auto options = std::make_shared<Options>();
  verb->add_option("program", options->program, "Mesh program (.json or .npz)")->required();
  add_hardware_options(*verb, options->hardware);
  verb->add_option("--records", options->records, "Write records (JSON lines) here");
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_link_budget(*options, context); });
}

}  // namespace optinc::cli
