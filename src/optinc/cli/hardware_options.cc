#include "optinc/cli/hardware_options.h"

#include <charconv>

#include "optinc/base/error.h"

namespace optinc::cli {

void add_hardware_options(CLI::App& verb, HardwareOptions& options) {
  verb.add_option("--hardware", options.preset_or_file, "A preset (optinc hardware lists them) or a TOML file")
      ->capture_default_str();
  verb.add_option("--set", options.set, "One value over the hardware's, like coupler.imbalance_rms_rad=0.01")
      ->take_all();
}

const chip::HardwareField& hardware_field(const std::string& name, const std::string& option) {
  for (const chip::HardwareField& field : chip::hardware_fields()) {
    if (name == fmt::format("{}.{}", field.table, field.key)) return field;
  }
  base::refuse("{} {}: no such value; optinc hardware ideal lists them", option, name);
}

void assign(chip::Hardware& hardware, const std::string& assignment, const std::string& option) {
  const std::size_t equals = assignment.find('=');
  base::require(equals != std::string::npos, "{} {}: expected table.key=value", option, assignment);
  const std::string name = assignment.substr(0, equals), text = assignment.substr(equals + 1);
  if (name == "activation.kind") {
    hardware.activation = chip::parse_activation(text);
    return;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  base::require(error == std::errc() && end == text.data() + text.size(), "{} {}: expected a number behind =", option,
                assignment);
  hardware.*hardware_field(name, option).value = value;
}

chip::Hardware load(const HardwareOptions& options) {
  chip::Hardware hardware = chip::load_hardware(options.preset_or_file);
  for (const std::string& assignment : options.set) assign(hardware, assignment, "--set");
  chip::check(hardware);
  return hardware;
}

base::Json differences_from_ideal(const chip::Hardware& hardware) {
  const chip::Hardware ideal;
  base::Json json = base::Json::object();
  for (const chip::HardwareField& field : chip::hardware_fields()) {
    if (hardware.*field.value != ideal.*field.value) {
      json[fmt::format("{}.{}", field.table, field.key)] = hardware.*field.value;
    }
  }
  if (hardware.activation != ideal.activation) json["activation.kind"] = to_string(hardware.activation);
  return json;
}

}  // namespace optinc::cli
