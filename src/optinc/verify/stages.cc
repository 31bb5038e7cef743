#include "optinc/verify/stages.h"

#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "optinc/base/error.h"
#include "optinc/base/record.h"

namespace optinc::verify {
namespace {

using base::Json;

constexpr std::array<std::pair<Meaning, const char*>, 6> kMeanings = {{{Meaning::rest, "rest"},
                                                                       {Meaning::shortfall, "shortfall"},
                                                                       {Meaning::digit, "digit"},
                                                                       {Meaning::state, "state"},
                                                                       {Meaning::carry, "carry"},
                                                                       {Meaning::symbol, "symbol"}}};

const char* name_of(Meaning meaning) {
  for (const auto& [each, name] : kMeanings) {
    if (each == meaning) return name;
  }
  return "";
}

bool is_of_a_rest(const Signal& signal) {
  return signal.meaning == Meaning::rest || signal.meaning == Meaning::shortfall;
}

Json to_json(const Signal& signal) {
  Json json{{"is", name_of(signal.meaning)}};
  if (is_of_a_rest(signal)) {
    json["input"] = signal.input;
    json["place"] = signal.place;
  } else {
    json["position"] = signal.position;
  }
  if (signal.meaning == Meaning::shortfall) json["threshold"] = signal.threshold;
  if (signal.meaning == Meaning::digit) {
    json["inputs"] = signal.inputs;
    json["carry_in"] = signal.carry_in;
    json["carry_out"] = signal.carry_out;
  }
  Json& readings = json["read"] = Json::array();
  for (const Reading& reading : signal.readings) readings.push_back({reading.wire, reading.factor});
  json["constant"] = signal.constant;
  return json;
}

int whole_number(const Json& json) {
  base::require(
      json.is_number_integer() && json >= std::numeric_limits<int>::min() && json <= std::numeric_limits<int>::max(),
      "{}: expected a whole number", json.dump());
  return json.get<int>();
}

Signal from_json(const Json& json) {
  Signal signal;
  const auto name = json.at("is").get<std::string>();
  bool known = false;
  for (const auto& [meaning, each] : kMeanings) {
    if (name != each) continue;
    signal.meaning = meaning;
    known = true;
  }
  base::require(known, "\"is\" {}: expected rest, shortfall, digit, state, carry or symbol", name);
  if (is_of_a_rest(signal)) {
    signal.input = whole_number(json.at("input"));
    signal.place = whole_number(json.at("place"));
  } else {
    signal.position = whole_number(json.at("position"));
  }
  if (signal.meaning == Meaning::shortfall) signal.threshold = whole_number(json.at("threshold"));
  if (signal.meaning == Meaning::digit) {
    for (const Json& input : json.at("inputs")) signal.inputs.push_back(whole_number(input));
    signal.carry_in = json.at("carry_in").get<bool>();
    signal.carry_out = json.at("carry_out").get<bool>();
  }
  for (const Json& reading : json.at("read")) {
    signal.readings.push_back({whole_number(reading.at(0)), reading.at(1).get<double>()});
  }
  signal.constant = json.at("constant").get<double>();
  return signal;
}

}  // namespace

std::string in_words(const Signal& signal) {
  switch (signal.meaning) {
    case Meaning::rest:
      return signal.input < 0 ? fmt::format("the rest of the remainder of input {} from place {} down",
                                            1 - signal.input, signal.place)
                              : fmt::format("the rest of input {} from place {} down", signal.input + 1, signal.place);
    case Meaning::shortfall:
    case Meaning::step: {
      Signal rest = signal;
      rest.meaning = Meaning::rest;
      return fmt::format("{} {} steps of {}", signal.meaning == Meaning::step ? "whether there are" : "what lacks to",
                         signal.threshold, in_words(rest));
    }
    case Meaning::digit:
      return fmt::format("the digit at position {}", signal.position);
    case Meaning::state:
      return fmt::format("the state of position {}", signal.position);
    case Meaning::carry:
      return fmt::format("the carry out of position {}", signal.position);
    case Meaning::symbol:
      return fmt::format("the symbol of position {}", signal.position);
  }
  return "";
}

std::string to_text(const Stages& stages) {
  Json json = Json::array();
  for (const std::vector<Signal>& stage : stages) {
    Json signals = Json::array();
    for (const Signal& signal : stage) signals.push_back(to_json(signal));
    json.push_back(std::move(signals));
  }
  return json.dump();
}

Stages parse_stages(std::string_view text) {
  try {
    Stages stages;
    for (const Json& stage : Json::parse(text)) {
      std::vector<Signal>& signals = stages.emplace_back();
      for (const Json& signal : stage) signals.push_back(from_json(signal));
    }
    return stages;
  } catch (const Json::exception& error) {
    base::refuse("stages: {}", error.what());
  }
}

}  // namespace optinc::verify
