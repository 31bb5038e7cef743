#include "optinc/chip/hardware.h"

#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"

namespace optinc::chip {
namespace {

using testing::HasSubstr;

std::string error_of(const std::string& toml) {
  try {
    parse_hardware(toml, "my.toml");
  } catch (const base::InputError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "none";
}

bool is_whole(const HardwareField& field) {
  const std::string_view key = field.key;
  return key == "noise_hold" || key == "dac_bits" || key == "shot_noise" || key == "ports";
}

rc::Gen<Hardware> any_hardware() {
  return rc::gen::exec([] {
    Hardware hardware;
    hardware.name = "x" + *rc::gen::container<std::string>(rc::gen::inRange(' ', '~'));
    hardware.source = *rc::gen::container<std::string>(rc::gen::inRange('\0', '~'));
    hardware.activation =
        *rc::gen::element(Activation::relu, Activation::saturable_absorber, Activation::electro_optic);
    for (const HardwareField& field : hardware_fields()) {
      const double share = *rc::gen::inRange(0, 1 << 30) * 0x1p-30;
      const double value = field.least + share * (field.most - field.least);
      hardware.*field.value = is_whole(field) ? std::round(value) : value;
    }
    return hardware;
  });
}

// The struct is two strings, an enum with its padding, and doubles; the table points at each of them once.
TEST(Hardware, TheTableHasEveryDoubleOfTheStructOnce) {
  constexpr std::size_t kDoubles = (sizeof(Hardware) - 2 * sizeof(std::string)) / sizeof(double) - 1;
  static_assert(sizeof(Activation) <= sizeof(double) && alignof(Hardware) == sizeof(double));
  EXPECT_EQ(hardware_fields().size(), kDoubles);
  Hardware hardware;
  double number = 0;
  for (const HardwareField& field : hardware_fields()) hardware.*field.value = ++number;
  number = 0;
  for (const HardwareField& field : hardware_fields()) EXPECT_EQ(hardware.*field.value, ++number) << field.key;
}

TEST(Hardware, TablesAreTogetherAndKeysDiffer) {
  std::set<std::string> tables, keys;
  std::string table;
  for (const HardwareField& field : hardware_fields()) {
    if (table != field.table) {
      table = field.table;
      EXPECT_TRUE(tables.insert(table).second) << table;
    }
    EXPECT_TRUE(keys.insert(fmt::format("{}.{}", field.table, field.key)).second) << field.key;
    EXPECT_LT(field.least, field.most) << field.key;
    EXPECT_STRNE(field.meaning, "") << field.key;
  }
  EXPECT_EQ(tables.size(), 13u);
}

RC_GTEST_PROP(Hardware, ReadsBackWhatItPrints, ()) {
  const Hardware hardware = *any_hardware();
  RC_ASSERT(parse_hardware(to_toml(hardware), "printed") == hardware);
}

// "ideal" but for its name and source.
TEST(Hardware, DefaultsAreIdeal) {
  Hardware ideal = load_hardware("ideal");
  EXPECT_EQ(ideal.name, "ideal");
  EXPECT_NE(ideal.source, "");
  ideal.source.clear();
  EXPECT_EQ(ideal, Hardware());
  EXPECT_NO_THROW(check(Hardware()));
}

TEST(Hardware, WhatAFileLeavesOutTakesItsDefault) {
  const Hardware hardware = parse_hardware(
      "[coupler]\nimbalance_rms_rad = 0.01\n[activation]\nkind = 'electro_optic'\n[detector]\nshot_noise = 1\n",
      "folder/my.toml");
  Hardware expected;
  expected.name = "my";  // after the file
  expected.coupler_imbalance_rms_rad = 0.01;
  expected.activation = Activation::electro_optic;
  expected.shot_noise = 1;
  EXPECT_EQ(hardware, expected);
}

TEST(Hardware, EveryPresetIsAFileOfItsName) {
  const std::vector<std::string> names = preset_names();
  EXPECT_THAT(names, testing::ElementsAre("ideal", "silicon", "silicon-nitride", "shen-2017"));
  for (const std::string& name : names) {
    const Hardware hardware = load_hardware(name);
    EXPECT_EQ(hardware.name, name);
    EXPECT_NE(hardware.source, "");
    EXPECT_NO_THROW(check(hardware));
    EXPECT_EQ(parse_hardware(to_toml(hardware), "printed"), hardware);
  }
}

// sqrt(2 * 150 um / 4.17 mm) = 0.268 rad; 2.9 dB / (20 columns * 2 couplers) = 0.0725 dB.
TEST(Hardware, PresetsFollowFromWhatWasPublished) {
  EXPECT_NEAR(load_hardware("silicon").phase_error_rms_rad,
              std::sqrt(2 * load_hardware("silicon").cell_length_um / 2 / 4170), 2e-3);
  EXPECT_DOUBLE_EQ(load_hardware("silicon-nitride").coupler_loss_db, 2.9 / (20 * 2));
}

// Homodyne detection of P = 1 mW gives 2 R sqrt(P_LO P) = 6.32 mA; noise over B = 5 GHz is 0.1 % of it.
TEST(Hardware, TheNoiseOfShen2017IsATenthOfAPercent) {
  const Hardware shen = load_hardware("shen-2017");
  const double oscillator_w = 1e-3 * std::pow(10, shen.local_oscillator_dbm / 10);
  const double signal_a = 2 * shen.responsivity_a_per_w * std::sqrt(oscillator_w * 1e-3);
  const double noise_a = shen.thermal_noise_pa_per_sqrt_hz * 1e-12 * std::sqrt(shen.symbol_rate_gbd * 1e9 / 2);
  EXPECT_NEAR(noise_a / signal_a, 1e-3, 1e-6);
}

// A comment behind a number, or above it and its neighbours, says where it is from.
TEST(Hardware, EveryNumberOfAPresetHasASource) {
  for (const std::string& name : preset_names()) {
    bool commented = false;
    std::string text = preset_text(name);
    for (std::size_t begin = text.find('['); begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string line = text.substr(begin, end - begin);
      begin = end + 1;
      if (line.empty() || line.front() == '[') {
        commented = false;
      } else if (line.front() == '#') {
        commented = true;
      } else if (line.find("kind =") == std::string::npos) {
        EXPECT_TRUE(commented || line.find("  # ") != std::string::npos) << name << ": " << line;
      }
    }
  }
}

TEST(Hardware, LoadsAPresetOrAFile) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "hardware_test.toml";
  base::write_file_atomically(path, to_toml(load_hardware("silicon")));
  EXPECT_EQ(load_hardware(path.string()), load_hardware("silicon"));
  std::filesystem::remove(path);
  EXPECT_THAT([&] { load_hardware("silikon"); },
              testing::ThrowsMessage<base::InputError>(
                  "silikon: no such file, nor one of the presets ideal, silicon, silicon-nitride, shen-2017"));
  EXPECT_THROW(load_hardware(testing::TempDir()), base::InputError);
  EXPECT_THAT([&] { preset_text("x"); },
              testing::ThrowsMessage<base::InputError>(HasSubstr("x: no such preset; expected one of ideal, silicon")));
}

TEST(Hardware, RefusesValuesOutOfRange) {
  EXPECT_EQ(error_of("[coupler]\nimbalance_rms_rad = -1\n"),
            "my.toml: coupler.imbalance_rms_rad = -1: expected 0 .. 0.5");
  EXPECT_EQ(error_of("[coupler]\nloss_db = inf\n"), "my.toml: coupler.loss_db = inf: expected 0 .. 10");
  EXPECT_EQ(error_of("[coupler]\nloss_db = nan\n"), "my.toml: coupler.loss_db = nan: expected 0 .. 10");
  EXPECT_EQ(error_of("[coupler]\nloss_db = 9223372036854775807\n"),
            "my.toml: coupler.loss_db = 9.223372036854776e+18: expected 0 .. 10");
  EXPECT_EQ(error_of("[detector]\nshot_noise = 0.5\n"),
            "my.toml: detector.shot_noise = 0.5: expected 0 .. 1, a whole number");
  EXPECT_EQ(error_of("[phase_shifter]\nnoise_hold = 0\n"),
            "my.toml: phase_shifter.noise_hold = 0: expected 1 .. 1000000000, a whole number");
  EXPECT_EQ(error_of("[activation]\nkind = 'tanh'\n"),
            "my.toml: activation.kind = tanh: expected relu, saturable_absorber or electro_optic");
  EXPECT_EQ(error_of("name = \"two\\nlines\"\n"), "my.toml: name: expected one line of text");
  EXPECT_EQ(error_of("name = ''\n"), "my.toml: name: expected one line of text");
  for (const HardwareField& field : hardware_fields()) {
    for (const double value : {field.least - 1, field.most + 1}) {
      EXPECT_THAT(error_of(fmt::format("[{}]\n{} = {}\n", field.table, field.key, value)),
                  HasSubstr(fmt::format("my.toml: {}.{} = {}: expected ", field.table, field.key, value)));
      Hardware hardware;
      hardware.*field.value = value;
      EXPECT_THAT([&] { check(hardware); },
                  testing::ThrowsMessage<base::InputError>(HasSubstr(fmt::format("ideal: {}.", field.table))));
    }
  }
}

TEST(Hardware, RefusesOtherTypes) {
  EXPECT_EQ(error_of("[coupler]\nloss_db = '1'\n"),
            "my.toml: coupler.loss_db is of type string: expected a number, 0 .. 10");
  EXPECT_EQ(error_of("[coupler]\nloss_db = [1, 2]\n"),
            "my.toml: coupler.loss_db is of type array: expected a number, 0 .. 10");
  EXPECT_EQ(error_of("[detector]\nshot_noise = true\n"),
            "my.toml: detector.shot_noise is of type boolean: expected a number, 0 .. 1, a whole number");
  EXPECT_EQ(error_of("[activation]\nkind = 1\n"), "my.toml: activation.kind is of type integer: expected a string");
  EXPECT_EQ(error_of("name = 1\n"), "my.toml: name is of type integer: expected a string");
  EXPECT_EQ(error_of("coupler = 1\n"), "my.toml: coupler is of type integer: expected a table, [coupler]");
  EXPECT_EQ(error_of("[[coupler]]\n"), "my.toml: coupler is of type array: expected a table, [coupler]");
}

TEST(Hardware, NamesTheNearestKnownNameForAnUnknownOne) {
  EXPECT_EQ(error_of("\n[couplers]\nloss_db = 1\n"), "my.toml: line 2: unknown table couplers; did you mean coupler?");
  EXPECT_EQ(error_of("[coupler]\nloss_bd = 1\n"),
            "my.toml: line 2: unknown key coupler.loss_bd; did you mean loss_db?");
  EXPECT_EQ(error_of("[coupler]\nimbalance = 1\n"),
            "my.toml: line 2: unknown key coupler.imbalance; did you mean imbalance_rms_rad?");
  EXPECT_EQ(error_of("[activation]\nkinds = 'relu'\n"),
            "my.toml: line 2: unknown key activation.kinds; did you mean kind?");
  EXPECT_EQ(error_of("[coupler]\nzzz = 1\n"), "my.toml: line 2: unknown key coupler.zzz");
  EXPECT_EQ(error_of("loss_db = 1\n"), "my.toml: line 1: unknown key loss_db");
}

TEST(Hardware, RefusesWhatIsNoToml) {
  EXPECT_THAT(error_of("[coupler]\nloss_db = \n"), HasSubstr("my.toml: line 2, column "));
  EXPECT_THAT(error_of("[coupler]\nloss_db = 1\nloss_db = 2\n"), HasSubstr("my.toml: line 3, column "));
  EXPECT_THAT(error_of("\xff\xfe"), HasSubstr("my.toml: line 1, column "));
}

TEST(Hardware, ActivationsHaveNames) {
  for (const Activation activation : {Activation::relu, Activation::saturable_absorber, Activation::electro_optic}) {
    EXPECT_EQ(parse_activation(to_string(activation)), activation);
  }
  EXPECT_EQ(to_string(Activation::saturable_absorber), "saturable_absorber");
  EXPECT_THAT([] { parse_activation("tanh"); },
              testing::ThrowsMessage<base::InputError>(
                  "activation 'tanh': expected relu, saturable_absorber or electro_optic"));
}

// doc/format_hardware.md: a row for each key, with default, range and meaning; and for each number of a preset.
TEST(Hardware, TheDocHasEveryNumber) {
  const std::string doc = base::read_file("doc/format_hardware.md");
  for (const HardwareField& field : hardware_fields()) {
    EXPECT_THAT(doc, HasSubstr(fmt::format("\n### {}\n", field.table)));
    EXPECT_THAT(doc, HasSubstr(fmt::format("\n| `{}` | ", field.key)));
    EXPECT_THAT(doc, HasSubstr(fmt::format(" | {} | {} .. {} | {} |\n", Hardware().*field.value, field.least,
                                           field.most, field.meaning)));
  }
  for (const std::string& name : preset_names()) {
    const std::size_t heading = doc.find(fmt::format("\n### `{}`\n", name));
    ASSERT_NE(heading, std::string::npos) << name;
    const std::string section = doc.substr(heading, doc.find("\n##", heading + 1) - heading);
    const Hardware hardware = load_hardware(name);
    for (const HardwareField& field : hardware_fields()) {
      if (hardware.*field.value == Hardware().*field.value) continue;
      EXPECT_THAT(section,
                  HasSubstr(fmt::format("\n| `{}.{}` | {} | ", field.table, field.key, hardware.*field.value)));
    }
  }
}

}  // namespace
}  // namespace optinc::chip
