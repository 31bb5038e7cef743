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
constexpr const char* kFormat = "optinc-checkpoint/2";

Json to_json(const TrainProgress& progress) {
  return {{"step", progress.step},
          {"non_finite_steps", progress.non_finite_steps},
          {"validation_loss", progress.validation_loss},
          {"validation_top1", progress.validation_top1},
          {"seconds", progress.seconds},
          {"account", to_json(progress.account)},
          {"payload_bytes", progress.payload_bytes},
          {"wire_bytes", progress.wire_bytes},
          {"rounds", progress.rounds}};
}

TrainProgress progress_from(const Json& json) {
  const Json& loss = json.at("validation_loss");  // null: it was NaN or infinite
  return {.step = json.at("step"),
          .non_finite_steps = json.at("non_finite_steps"),
          .validation_loss = loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.get<double>(),
          .validation_top1 = json.at("validation_top1"),
          .seconds = json.at("seconds"),
          .account = account_from_json(json.at("account")),
          .payload_bytes = json.at("payload_bytes"),
          .wire_bytes = json.at("wire_bytes"),
          .rounds = json.at("rounds")};
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
  Json arrays = Json::array();
  std::size_t floats = 0;
  for (const CheckpointArray& array : checkpoint.arrays) {
    arrays.push_back({{"name", array.name}, {"count", array.values.size()}});
    floats += array.values.size();
  }
  const Json header = {{"format", kFormat},
                       {"arrays", arrays},
                       {"updates", checkpoint.updates},
                       {"fingerprint", checkpoint.fingerprint},
                       {"progress", to_json(checkpoint.progress)}};
  std::string content = header.dump() + '\n';
  content.reserve(content.size() + floats * sizeof(float));
  for (const CheckpointArray& array : checkpoint.arrays) append(content, array.values);
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
    Checkpoint checkpoint{.fingerprint = fingerprint,
                          .progress = progress_from(header.at("progress")),
                          .updates = header.at("updates"),
                          .arrays = {}};
    std::size_t floats = 0;
    for (const Json& array : header.at("arrays")) floats += array.at("count").get<std::size_t>();
    base::require(rest.size() == floats * sizeof(float), "{}: {} bytes behind its first line, expected {}",
                  path.string(), rest.size(), floats * sizeof(float));
    for (const Json& array : header.at("arrays")) {
      checkpoint.arrays.push_back({.name = array.at("name"), .values = take(rest, array.at("count"))});
    }
    return checkpoint;
  } catch (const nlohmann::json::exception&) {
    base::refuse("{}: the first line of this training checkpoint is damaged", path.string());
  }
}

}  // namespace optinc::workload
