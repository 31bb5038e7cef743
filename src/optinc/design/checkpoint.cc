#include "optinc/design/checkpoint.h"

#include <cstring>
#include <span>
#include <string>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"

namespace optinc::design {
namespace {

constexpr const char* kFormat = "optinc-design-checkpoint/2";

template <typename T>
base::Json to_binary(const std::vector<T>& values) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
  return base::Json::binary({bytes, bytes + values.size() * sizeof(T)});
}

template <typename T>
std::vector<T> from_binary(const base::Json& json) {
  const auto& bytes = json.get_binary();
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  const base::Json json{{"format", kFormat},
                        {"configuration", checkpoint.configuration},
                        {"epoch", checkpoint.epoch},
                        {"seconds", checkpoint.seconds},
                        {"training_seconds", checkpoint.training_seconds},
                        {"parameters", to_binary(checkpoint.parameters)},
                        {"adam_mean", to_binary(checkpoint.adam_mean)},
                        {"adam_variance", to_binary(checkpoint.adam_variance)},
                        {"adam_steps", checkpoint.adam_steps},
                        {"place", checkpoint.place},
                        {"fares", to_binary(checkpoint.fares)},
                        {"verified_at_step", checkpoint.verified_at_step}};
  const std::vector<std::uint8_t> bytes = base::Json::to_cbor(json);
  base::write_file_atomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Checkpoint load_checkpoint(const std::filesystem::path& path, const base::Json& expected_configuration) {
  const std::string content = base::read_file(path);
  const base::Json json = base::Json::from_cbor(content, /*strict=*/true, /*allow_exceptions=*/false);
  base::require(json.is_object() && json.value("format", "") == kFormat, "{}: damaged, or no {} file", path.string(),
                kFormat);
  try {
    const base::Json& configuration = json.at("configuration");
    for (const auto& [key, expected] : expected_configuration.items()) {
      const base::Json found = configuration.value(key, base::Json());
      base::require(found == expected, "{}: its run had {} {}, this one has {}", path.string(), key, found.dump(),
                    expected.dump());
    }
    Checkpoint checkpoint;
    checkpoint.configuration = configuration;
    checkpoint.epoch = json.at("epoch");
    checkpoint.seconds = json.at("seconds");
    checkpoint.training_seconds = json.at("training_seconds");
    checkpoint.parameters = from_binary<float>(json.at("parameters"));
    checkpoint.adam_mean = from_binary<float>(json.at("adam_mean"));
    checkpoint.adam_variance = from_binary<float>(json.at("adam_variance"));
    checkpoint.adam_steps = json.at("adam_steps");
    checkpoint.place = json.at("place");
    checkpoint.fares = from_binary<std::uint8_t>(json.at("fares"));
    checkpoint.verified_at_step = json.at("verified_at_step");
    base::require(checkpoint.parameters.size() == checkpoint.adam_mean.size() &&
                      checkpoint.parameters.size() == checkpoint.adam_variance.size(),
                  "{}: damaged, {} parameters but {} and {} of Adam's averages", path.string(),
                  checkpoint.parameters.size(), checkpoint.adam_mean.size(), checkpoint.adam_variance.size());
    return checkpoint;
  } catch (const base::Json::exception& error) {
    base::refuse("{}: damaged: {}", path.string(), error.what());
  }
}

}  // namespace optinc::design
