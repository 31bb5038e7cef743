#include "optinc/workload/checkpoint.h"

#include <bit>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"

namespace optinc::workload {
namespace {

using base::Json;

static_assert(std::endian::native == std::endian::little, "checkpoints hold floats as they are in memory");
constexpr const char* kFormat = "optinc-checkpoint/1";

Json to_json(const TrainProgress& progress) {
  return {{"step", progress.step},
          {"non_finite_steps", progress.non_finite_steps},
          {"validation_loss", progress.validation_loss},
          {"seconds", progress.seconds},
          {"reduce_seconds", progress.reduce_seconds},
          {"payload_bytes", progress.payload_bytes},
          {"wire_bytes", progress.wire_bytes}};
}

TrainProgress progress_from(const Json& json) {
  const Json& loss = json.at("validation_loss");  // null: it was NaN or infinite
  return {.step = json.at("step"),
          .non_finite_steps = json.at("non_finite_steps"),
          .validation_loss = loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.get<double>(),
          .seconds = json.at("seconds"),
          .reduce_seconds = json.at("reduce_seconds"),
          .payload_bytes = json.at("payload_bytes"),
          .wire_bytes = json.at("wire_bytes")};
}

void append(std::string& content, const std::vector<float>& values) {
  content.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

std::vector<float> take(std::string_view& content, std::size_t count) {
  std::vector<float> values(count);
  std::memcpy(values.data(), content.data(), count * sizeof(float));
  content.remove_prefix(count * sizeof(float));
  return values;
}

void check_fingerprint(const std::filesystem::path& path, const Json& found, const Json& expected) {
  for (const auto& [option, value] : expected.items()) {
    base::require(found.contains(option) && found[option] == value, "{}: made with {} {}, this run has {}",
                  path.string(), option, found.contains(option) ? found[option].dump() : "unknown", value.dump());
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  const Json header = {{"format", kFormat},
                       {"parameters", checkpoint.parameters.size()},
                       {"updates", checkpoint.optimiser.updates},
                       {"fingerprint", checkpoint.fingerprint},
                       {"progress", to_json(checkpoint.progress)}};
  std::string content = header.dump() + '\n';
  content.reserve(content.size() + 3 * checkpoint.parameters.size() * sizeof(float));
  append(content, checkpoint.parameters);
  append(content, checkpoint.optimiser.first_moment);
  append(content, checkpoint.optimiser.second_moment);
  base::write_file_atomically(path, content);
}

Checkpoint load_checkpoint(const std::filesystem::path& path, const Json& fingerprint) {
  const std::string content = base::read_file(path);
  std::string_view rest = content;
  const Json header = Json::parse(rest.substr(0, rest.find('\n')), nullptr, /*allow_exceptions=*/false);
  base::require(header.is_object() && header.contains("format") && header["format"] == kFormat,
                "{}: not a training checkpoint ({})", path.string(), kFormat);
  try {
    check_fingerprint(path, header.at("fingerprint"), fingerprint);
    rest.remove_prefix(rest.find('\n') + 1);
    const std::size_t parameters = header.at("parameters");
    base::require(rest.size() == 3 * parameters * sizeof(float), "{}: {} bytes behind its first line, expected {}",
                  path.string(), rest.size(), 3 * parameters * sizeof(float));
    Checkpoint checkpoint{.fingerprint = fingerprint, .progress = progress_from(header.at("progress"))};
    checkpoint.parameters = take(rest, parameters);
    checkpoint.optimiser.first_moment = take(rest, parameters);
    checkpoint.optimiser.second_moment = take(rest, parameters);
    checkpoint.optimiser.updates = header.at("updates");
    return checkpoint;
  } catch (const nlohmann::json::exception&) {
    base::refuse("{}: the first line of this training checkpoint is damaged", path.string());
  }
}

}  // namespace optinc::workload
