#include "optinc/onn/design_metadata.h"

#include <algorithm>
#include <charconv>

#include "optinc/base/error.h"

namespace optinc::onn {
namespace {

constexpr std::size_t kLongestStages = 16 << 20;

/// Looks values up and turns them into numbers.
class Reader {
 public:
  Reader(const Metadata& metadata, std::string_view file_name) : metadata_(metadata), file_name_(file_name) {}

  bool has(std::string_view key) const {
    return std::ranges::find(metadata_, key, &Metadata::value_type::first) != metadata_.end();
  }
  static constexpr std::size_t kLongest = 200;
  const std::string& text(std::string_view key, std::size_t longest = kLongest) const {
    const auto found = std::ranges::find(metadata_, key, &Metadata::value_type::first);
    base::require(found != metadata_.end(), "{}: metadata has no \"{}\", expected it in a design", file_name_, key);
    const bool printable = std::ranges::none_of(found->second, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    base::require(printable && found->second.size() <= longest,
                  "{}: metadata \"{}\" has {} bytes, expected at most {} and no control characters", file_name_, key,
                  found->second.size(), longest);
    return found->second;
  }

  template <typename Number>
  Number number(std::string_view key, const char* expected) const {
    const std::string& value = text(key);
    Number result{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    base::require(error == std::errc() && end == value.data() + value.size(),
                  "{}: metadata \"{}\" is \"{}\", expected {}", file_name_, key, value, expected);
    return result;
  }

  /// parse(value), its refusal with the file's name before it.
  template <typename Parse>
  auto parsed(std::string_view key, Parse parse) const {
    const std::string& value = text(key);
    try {
      return parse(value);
    } catch (const base::InputError& error) {
      base::refuse("{}: metadata \"{}\": {}", file_name_, key, error.what());
    }
  }

 private:
  const Metadata& metadata_;
  std::string_view file_name_;
};

}  // namespace

Metadata to_metadata(const Design& design) {
  Metadata metadata{
      {"format", kDesignFormat},
      {"bits", fmt::format("{}", design.bits)},
      {"servers", fmt::format("{}", design.servers)},
      {"inputs", fmt::format("{}", design.inputs)},
      {"rounding", codec::to_string(design.rounding)},
      {"role", to_string(design.role)},
      {"approximated", design.approximated.to_string()},
      {"origin", design.origin},
      {"accuracy", fmt::format("{}", design.accuracy)},
      {"wrong", fmt::format("{}", design.wrong)},
      {"area_mzi", fmt::format("{}", design.area_mzi)},
      {"seed", fmt::format("{}", design.seed)},
      {"version", design.version},
  };
  if (!design.stages.empty()) metadata.emplace_back("stages", design.stages);
  return metadata;
}

Design from_metadata(const Metadata& metadata, int layer_count, std::string_view file_name) {
  const Reader reader(metadata, file_name);
  const std::string& format = reader.text("format");
  base::require(format == kDesignFormat, "{}: format \"{}\", expected \"{}\"", file_name, format, kDesignFormat);
  Design design;
  design.bits = reader.number<int>("bits", "a whole number");
  design.servers = reader.number<int>("servers", "a whole number");
  design.inputs = reader.number<int>("inputs", "a whole number");
  design.rounding = reader.parsed("rounding", codec::parse_rounding);
  design.role = reader.parsed("role", parse_role);
  design.approximated =
      reader.parsed("approximated", [&](const std::string& text) { return LayerSet::parse(text, layer_count); });
  design.origin = reader.text("origin");
  design.accuracy = reader.number<double>("accuracy", "a number");
  design.wrong = reader.number<std::uint64_t>("wrong", "a whole number from 0 to 2^64 - 1");
  design.area_mzi = reader.number<std::int64_t>("area_mzi", "a whole number");
  design.seed = reader.number<std::uint64_t>("seed", "a whole number from 0 to 2^64 - 1");
  design.version = reader.text("version");
  if (reader.has("stages")) design.stages = reader.text("stages", kLongestStages);
  return design;
}

}  // namespace optinc::onn
