#include "optinc/chip/netlist_text.h"

#include <charconv>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/chip/netlist.h"
#include "optinc/onn/import_readers.h"

namespace optinc::chip {
namespace {

struct Kind {
  std::string_view name;
  Component component;
  std::array<std::string_view, 2> settings;
  std::size_t inputs, outputs;  ///< 0: as many as the setting says
};

constexpr std::array kKinds = {
    Kind{"mzi", Component::mzi, {"theta", "phi"}, 2, 2},
    Kind{"mzi_3", Component::mzi_3, {"theta", "phi"}, 2, 2},
    Kind{"phase_shifter", Component::phase_shifter, {"phase"}, 1, 1},
    Kind{"splitter", Component::splitter, {"ways"}, 1, 0},
    Kind{"combiner", Component::combiner, {"ways"}, 0, 1},
    Kind{"gain", Component::gain, {"gain"}, 1, 1},
    Kind{"reference", Component::reference, {"bias"}, 1, 1},
    Kind{"relu", Component::relu, {}, 1, 1},
};

constexpr std::string_view kInstanceLine = R"("  s1_gain_0: {component: gain, settings: {gain: 2.5}}")";
constexpr std::string_view kConnectionLine = R"("  s1_b0_a0,o0: s1_gain_0,i0")";
constexpr std::string_view kPortLine = R"("  in_0: s0_b0_first_c0,i0", then "  out_0: s3_gain_0,o0")";

class Parser {
 public:
  Parser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Netlist netlist() {
    if (!next() || !take("# ") || !take(kNetlistFormat) || !rest_.empty())
      refuse(fmt::format("\"# {}\"", kNetlistFormat));
    while (next() && rest_.starts_with('#')) continue;
    section("instances:");
    while (next() && rest_.starts_with(' ')) instance();
    netlist_.source_of_input.resize(inputs_);
    used_.resize(netlist_.instance_of_output.size());
    section("connections:");
    while (next() && rest_.starts_with(' ')) connection();
    section("ports:");
    while (next()) port();
    require(!netlist_.output_ports.empty(), "an output port");
    return std::move(netlist_);
  }

 private:
  [[noreturn]] void refuse(std::string_view expected) const {
    base::refuse("{}:{}: {}, expected {}", name_, line_, found(), expected);
  }
  std::string found() const {
    return at_end_ ? "the end of the file" : fmt::format("\"{}\"", onn::printable(whole_.substr(0, 80)));
  }
  void require(bool condition, std::string_view expected) const {
    if (!condition) refuse(expected);
  }

  /// The next line, which must end as lines do; false behind the last.
  bool next() {
    ++line_;
    at_end_ = text_.empty();
    whole_ = rest_ = text_.substr(0, text_.find('\n'));
    if (at_end_) return false;
    if (whole_.size() == text_.size()) {
      base::refuse("{}:{}: {}, expected the rest of the line (the file is cut short)", name_, line_, found());
    }
    text_.remove_prefix(whole_.size() + 1);
    return true;
  }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  /// Letters, digits and underscores; may be empty.
  std::string_view take_word() {
    std::size_t size = 0;
    const auto is_part = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    while (size < rest_.size() && is_part(rest_[size])) ++size;
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }

  template <typename Number>
  bool take_number(Number& number) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc()) return false;
    rest_.remove_prefix(end - rest_.data());
    return true;
  }

  void section(std::string_view title) const {
    if (whole_ != title) refuse(fmt::format("\"{}\"", title));
  }

  void instance() {
    Instance instance{};
    require(take("  "), kInstanceLine);
    instance.name = take_word();
    require(!instance.name.empty() && take(": {component: "), kInstanceLine);
    const std::string_view component = take_word();
    const Kind* kind = nullptr;
    for (const Kind& candidate : kKinds) kind = candidate.name == component ? &candidate : kind;
    require(kind != nullptr && take(", settings: {"), "a component of the head of the file");
    instance.component = kind->component;
    for (std::size_t i = 0; i < kind->settings.size() && !kind->settings[i].empty(); ++i) {
      const bool good = (i == 0 || take(", ")) && take(kind->settings[i]) && take(": ") &&
                        take_number(instance.settings[i]) && std::isfinite(instance.settings[i]);
      if (!good) refuse(fmt::format("the setting {}, a number", kind->settings[i]));
    }
    require(take("}}") && rest_.empty(), kInstanceLine);
    constexpr double kMostWays = 65536;
    const bool has_ways = kind->inputs == 0 || kind->outputs == 0;
    const double ways = instance.settings[0];
    require(!has_ways || (ways >= 1 && ways <= kMostWays && ways == std::floor(ways)), "1 to 65536 ways");
    instance.line = line_;
    instance.first_input = inputs_;
    instance.inputs = kind->inputs != 0 ? kind->inputs : static_cast<std::size_t>(ways);
    instance.first_output = netlist_.instance_of_output.size();
    instance.outputs = kind->outputs != 0 ? kind->outputs : static_cast<std::size_t>(ways);
    inputs_ += instance.inputs;
    netlist_.instance_of_output.resize(instance.first_output + instance.outputs, netlist_.instances.size());
    require(by_name_.emplace(instance.name, netlist_.instances.size()).second, "each instance once");
    netlist_.instances.push_back(instance);
  }

  /// "s1_gain_0,i0" -> the number of that input; with 'o' of that output.
  std::size_t take_place(char side, std::string_view expected) {
    const std::string_view instance_name = take_word();
    std::size_t number = 0;
    require(take(side == 'i' ? ",i" : ",o") && take_number(number), expected);
    const auto found = by_name_.find(instance_name);
    if (found == by_name_.end()) refuse(fmt::format("an instance, which {} is not", onn::printable(instance_name)));
    const Instance& instance = netlist_.instances[found->second];
    const std::size_t count = side == 'i' ? instance.inputs : instance.outputs;
    if (number >= count) refuse(fmt::format("{0}0 to {0}{1} of {2}", side, count - 1, instance.name));
    return (side == 'i' ? instance.first_input : instance.first_output) + number;
  }

  void feed(std::size_t input, Source source) {
    require(netlist_.source_of_input[input].kind == Source::Kind::dark, "each input once");
    netlist_.source_of_input[input] = source;
  }
  void use(std::size_t output) {
    require(!used_[output], "each output once");
    used_[output] = true;
  }

  void connection() {
    require(take("  "), kConnectionLine);
    const std::size_t output = take_place('o', kConnectionLine);
    require(take(": "), kConnectionLine);
    const std::size_t input = take_place('i', kConnectionLine);
    require(rest_.empty(), kConnectionLine);
    use(output);
    feed(input, {Source::Kind::output, output});
  }

  void port() {
    std::size_t number = 0;
    if (take("  in_")) {
      const bool in_order = take_number(number) && number == netlist_.input_ports && netlist_.output_ports.empty();
      require(in_order && take(": "), kPortLine);
      feed(take_place('i', kPortLine), {Source::Kind::port, netlist_.input_ports++});
    } else {
      const bool in_order = take("  out_") && take_number(number) && number == netlist_.output_ports.size();
      require(in_order && take(": "), kPortLine);
      netlist_.output_ports.push_back(take_place('o', kPortLine));
      use(netlist_.output_ports.back());
    }
    require(rest_.empty(), kPortLine);
  }

  std::string_view text_;  // behind the line that is read
  const std::string& name_;
  std::string_view whole_, rest_;  // of the line: all, and what is still to be read
  std::size_t line_ = 0;
  bool at_end_ = false;

  Netlist netlist_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
  std::size_t inputs_ = 0;
  std::vector<bool> used_;  // [outputs]
};

}  // namespace

Netlist parse_netlist(std::string_view text, const std::string& name) {
  return Parser(text, name).netlist();
}

}  // namespace optinc::chip
