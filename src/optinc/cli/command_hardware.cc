#include "optinc/cli/command_hardware.h"

#include <memory>

#include "optinc/chip/hardware.h"

namespace optinc::cli {
namespace {

struct Options {
  std::string preset_or_file;
  bool json = false;
};

/// The tables of the file as objects.
base::Json hardware_json(const chip::Hardware& hardware) {
  base::Json json{{"name", hardware.name}, {"source", hardware.source}};
  for (const chip::HardwareField& field : chip::hardware_fields()) json[field.table][field.key] = hardware.*field.value;
  json["activation"]["kind"] = chip::to_string(hardware.activation);
  return json;
}

void list_presets(const Options& options, Context& context) {
  base::Json list = base::Json::array();
  for (const std::string& name : chip::preset_names()) {
    const chip::Hardware hardware = chip::load_hardware(name);
    if (options.json) {
      list.push_back({{"name", name}, {"source", hardware.source}});
    } else {
      fmt::print(context.out, "{:<16}  {}\n", name, hardware.source);
    }
  }
  if (options.json) print_json(context, {{"presets", list}});
}

void run_hardware(const Options& options, Context& context) {
  if (options.preset_or_file.empty()) {
    list_presets(options, context);
    return;
  }
  const chip::Hardware hardware = chip::load_hardware(options.preset_or_file);
  if (options.json) {
    print_json(context, hardware_json(hardware));
  } else {
    fmt::print(context.out, "{}", chip::to_toml(hardware));
  }
}

}  // namespace

void add_hardware(CLI::App& program, Context& context) {
  CLI::App* verb =
      add_verb(program, "hardware",
               "List the presets of a chip's parts, or print one, or check a hardware file and print it with "
               "all its defaults",
               "  optinc hardware\n"
               "  optinc hardware silicon > mine.toml\n"
               "  optinc hardware mine.toml --json\n"
               "doc/format_hardware.md says what each number means.");
  auto options = std::make_shared<Options>();
  verb->add_option("hardware", options->preset_or_file, "Preset, or hardware file (TOML); left out: lists the presets");
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_hardware(*options, context); });
}

}  // namespace optinc::cli
