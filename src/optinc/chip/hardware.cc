#include "optinc/chip/hardware.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"

namespace optinc::chip {
namespace {

constexpr std::array kActivations = {
    std::pair(Activation::relu, "relu"),
    std::pair(Activation::saturable_absorber, "saturable_absorber"),
    std::pair(Activation::electro_optic, "electro_optic"),
};
constexpr const char* kActivationNames = "relu, saturable_absorber or electro_optic";

std::optional<Activation> find_activation(std::string_view text) {
  for (const auto& [activation, name] : kActivations) {
    if (text == name) return activation;
  }
  return std::nullopt;
}

/// Counts and switches have no decimals.
bool is_whole(const HardwareField& field) {
  return field.value == &Hardware::phase_noise_hold || field.value == &Hardware::phase_dac_bits ||
         field.value == &Hardware::shot_noise || field.value == &Hardware::switch_ports;
}

std::string range_of(const HardwareField& field) {
  return fmt::format("{} .. {}{}", field.least, field.most, is_whole(field) ? ", a whole number" : "");
}

void check_values(const Hardware& hardware, const std::string& place) {
  const bool control = std::ranges::any_of(hardware.name, [](unsigned char c) { return std::iscntrl(c) != 0; });
  base::require(!hardware.name.empty() && !control, "{}: name: expected one line of text", place);
  for (const HardwareField& field : hardware_fields()) {
    const double value = hardware.*field.value;
    const bool fits = value >= field.least && value <= field.most && (!is_whole(field) || value == std::floor(value));
    base::require(fits, "{}: {}.{} = {}: expected {}", place, field.table, field.key, value, range_of(field));
  }
}

/// Insertions, deletions and replacements that make `a` of `b` (V. Levenshtein, Sov. Phys. Dokl. 10, 707 (1966)).
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

/// "; did you mean X?" for the known name that is nearest, if one begins like it or a third of the letters is wrong at
/// most.
std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
  const auto distance = [&](const std::string& other) {
    return other.starts_with(name) && name.size() >= 3 ? 0 : edits(name, other);
  };
  const auto nearest = std::ranges::min_element(known, {}, distance);
  if (nearest == known.end() || distance(*nearest) * 3 > name.size()) return "";
  return fmt::format("; did you mean {}?", *nearest);
}

std::vector<std::string> known_tables() {
  std::vector<std::string> names;
  for (const HardwareField& field : hardware_fields()) {
    if (names.empty() || names.back() != field.table) names.emplace_back(field.table);
  }
  return names;
}

std::vector<std::string> known_keys(std::string_view table) {
  std::vector<std::string> keys;
  if (table == "activation") keys.emplace_back("kind");
  for (const HardwareField& field : hardware_fields()) {
    if (table == field.table) keys.emplace_back(field.key);
  }
  return keys;
}

std::string type_of(const toml::node& node) {
  std::ostringstream name;
  name << node.type();
  return name.str();
}

/// Reads one file into a Hardware, and names what it does not know.
class Reader {
 public:
  explicit Reader(const std::string& place) : place_(place) {
    // What a file leaves unnamed is called after the file, lest it passes for the ideal preset.
    hardware_.name = std::filesystem::path(place).stem().string();
  }

  Hardware read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      if (key == "name") {
        hardware_.name = text("name", node);
      } else if (key == "source") {
        hardware_.source = text("source", node);
      } else {
        read_table(std::string(key.str()), node);
      }
    }
    check_values(hardware_, place_);
    return std::move(hardware_);
  }

 private:
  void read_table(const std::string& table, const toml::node& node) {
    const std::vector<std::string> tables = known_tables();
    if (std::ranges::find(tables, table) == tables.end()) {
      refuse_unknown(node.is_table() ? "table" : "key", table, suggestion(table, tables), node);
    }
    base::require(node.is_table(), "{}: {} is of type {}: expected a table, [{}]", place_, table, type_of(node), table);
    for (const auto& [key, value] : *node.as_table()) {
      if (table == "activation" && key == "kind") {
        const std::string kind = text("activation.kind", value);
        const std::optional<Activation> activation = find_activation(kind);
        base::require(activation.has_value(), "{}: activation.kind = {}: expected {}", place_, kind, kActivationNames);
        hardware_.activation = *activation;
      } else {
        read_number(table, std::string(key.str()), value);
      }
    }
  }

  void read_number(const std::string& table, const std::string& key, const toml::node& node) {
    const auto fields = hardware_fields();
    const auto field = std::ranges::find_if(fields, [&](const auto& f) { return table == f.table && key == f.key; });
    if (field == fields.end()) {
      refuse_unknown("key", table + "." + key, suggestion(key, known_keys(table)), node);
    }
    base::require(node.is_number(), "{}: {}.{} is of type {}: expected a number, {}", place_, table, key, type_of(node),
                  range_of(*field));
    // Not value<double>(), which knows no integers beyond 2^53.
    hardware_.*field->value =
        node.is_integer() ? static_cast<double>(node.as_integer()->get()) : node.as_floating_point()->get();
  }

  std::string text(std::string_view key, const toml::node& node) const {
    base::require(node.is_string(), "{}: {} is of type {}: expected a string", place_, key, type_of(node));
    return node.as_string()->get();
  }

  [[noreturn]] void refuse_unknown(std::string_view what, std::string_view name, const std::string& hint,
                                   const toml::node& node) const {
    base::refuse("{}: line {}: unknown {} {}{}", place_, node.source().begin.line, what, name, hint);
  }

  std::string place_;
  Hardware hardware_;
};

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << toml::toml_formatter{toml::value<std::string>(text), toml::format_flags::none};
  return out.str();
}

}  // namespace

std::string to_string(Activation activation) {
  return kActivations[static_cast<std::size_t>(activation)].second;
}

Activation parse_activation(std::string_view text) {
  const std::optional<Activation> activation = find_activation(text);
  base::require(activation.has_value(), "activation '{}': expected {}", text, kActivationNames);
  return *activation;
}

Hardware parse_hardware(std::string_view toml, const std::string& place) {
  try {
    return Reader(place).read(toml::parse(toml, place));
  } catch (const toml::parse_error& error) {
    std::string what(error.description());
    std::ranges::replace(what, '\n', ' ');
    base::refuse("{}: line {}, column {}: {}", place, error.source().begin.line, error.source().begin.column, what);
  }
}

Hardware load_hardware(const std::string& preset_or_file) {
  const std::vector<std::string> presets = preset_names();
  if (std::ranges::find(presets, preset_or_file) != presets.end()) {
    return parse_hardware(preset_text(preset_or_file), preset_or_file);
  }
  base::require(std::filesystem::exists(preset_or_file), "{}: no such file, nor one of the presets {}", preset_or_file,
                fmt::join(presets, ", "));
  return parse_hardware(base::read_file(preset_or_file), preset_or_file);
}

std::string to_toml(const Hardware& hardware) {
  std::string out = fmt::format("name = {}\nsource = {}\n", quoted(hardware.name), quoted(hardware.source));
  std::string_view table;
  const auto line = [&](std::string_view key, const std::string& value, const std::string& comment) {
    out += fmt::format("{:<40}  # {}\n", fmt::format("{} = {}", key, value), comment);
  };
  for (const HardwareField& field : hardware_fields()) {
    if (table != field.table) {
      table = field.table;
      out += fmt::format("\n[{}]\n", table);
      if (table == "activation") line("kind", quoted(to_string(hardware.activation)), kActivationNames);
    }
    line(field.key, fmt::format("{}", hardware.*field.value), fmt::format("{}: {}", range_of(field), field.meaning));
  }
  return out;
}

void check(const Hardware& hardware) {
  check_values(hardware, hardware.name);
}

}  // namespace optinc::chip
