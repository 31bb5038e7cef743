#include "optinc/onn/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "optinc/base/error.h"

namespace optinc::onn {
namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "tensors are copied to and from the file as they are");
static_assert(std::numeric_limits<float>::is_iec559);

constexpr const char* kMetadataKey = "__metadata__";
constexpr std::size_t kPrefixBytes = 8;
/// Longer headers are taken for garbage (the reference implementation has such a limit, too).
constexpr std::uint64_t kMaxHeaderBytes = 16u << 20;

/// Text from a file, fit for a message: quoted, one line, ASCII, not too long.
std::string quote(const Json& value) {
  constexpr std::size_t kLongest = 80;
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

/// Parses the header. JSON lets a key occur twice; safetensors does not.
Json parse_header(std::string_view header, std::string_view file_name) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto refuse_repetition = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      base::require(keys.back().insert(value.get<std::string>()).second,
                    "{}: header has the key {} twice, expected it once", file_name, quote(value));
    }
    return true;
  };
  try {
    Json result = Json::parse(header.begin(), header.end(), refuse_repetition);
    base::require(result.is_object(), "{}: header is {}, expected a JSON object", file_name, quote(result));
    return result;
  } catch (const Json::parse_error& error) {
    base::refuse("{}: header is no valid JSON from byte {} of {} on", file_name, error.byte, header.size());
  }
}

std::vector<std::pair<std::string, std::string>> parse_metadata(const Json& object, std::string_view file_name) {
  base::require(object.is_object(), "{}: {} is {}, expected an object of strings", file_name, kMetadataKey,
                quote(object));
  std::vector<std::pair<std::string, std::string>> metadata;
  for (const auto& [key, value] : object.items()) {
    base::require(value.is_string(), "{}: metadata {} is {}, expected a string", file_name, quote(key), quote(value));
    metadata.emplace_back(key, value.get<std::string>());
  }
  return metadata;
}

/// A tensor's description in the header.
struct Entry {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

const Json& member(const Json& object, const char* key, const std::string& tensor, std::string_view file_name) {
  const auto found = object.find(key);
  base::require(found != object.end(), "{}: tensor {} has no \"{}\", expected dtype, shape and data_offsets", file_name,
                tensor, key);
  return *found;
}

std::uint64_t count_elements(const std::vector<std::uint64_t>& shape, const std::string& tensor, const Json& shown,
                             std::string_view file_name) {
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) {
    base::require(size >= 1, "{}: tensor {} has shape {}, expected sizes of at least 1", file_name, tensor,
                  quote(shown));
    base::require(size <= std::numeric_limits<std::uint64_t>::max() / sizeof(float) / count,
                  "{}: tensor {} has shape {}, expected fewer than 2^62 elements", file_name, tensor, quote(shown));
    count *= size;
  }
  return count;
}

Entry parse_entry(const std::string& name, const Json& object, std::string_view file_name) {
  const std::string tensor = quote(name);
  base::require(object.is_object(), "{}: tensor {} is {}, expected an object", file_name, tensor, quote(object));
  base::require(object.size() == 3, "{}: tensor {} has {} keys, expected dtype, shape and data_offsets", file_name,
                tensor, object.size());
  const Json& dtype = member(object, "dtype", tensor, file_name);
  const Json& shape = member(object, "shape", tensor, file_name);
  const Json& offsets = member(object, "data_offsets", tensor, file_name);
  const auto all_unsigned = [](const Json& list) {
    return list.is_array() && std::ranges::all_of(list, [](const Json& item) { return item.is_number_unsigned(); });
  };
  base::require(dtype == "F32", "{}: tensor {} has dtype {}, expected \"F32\"", file_name, tensor, quote(dtype));
  base::require(all_unsigned(shape), "{}: tensor {} has shape {}, expected a list of sizes", file_name, tensor,
                quote(shape));
  base::require(all_unsigned(offsets) && offsets.size() == 2,
                "{}: tensor {} has data_offsets {}, expected [begin, end]", file_name, tensor, quote(offsets));

  Entry entry{name, shape.get<std::vector<std::uint64_t>>(), offsets[0], offsets[1]};
  const std::uint64_t elements = count_elements(entry.shape, tensor, shape, file_name);
  base::require(entry.begin <= entry.end && entry.end - entry.begin == elements * sizeof(float),
                "{}: tensor {} has data_offsets {}, expected {} bytes for shape {}", file_name, tensor, quote(offsets),
                elements * sizeof(float), quote(shape));
  return entry;
}

/// The tensors' bytes must follow each other from 0 to the end of the file.
void check_offsets(std::vector<Entry> entries, std::uint64_t data_bytes, std::string_view file_name) {
  std::ranges::sort(entries, {}, &Entry::begin);
  std::uint64_t expected = 0;
  for (const Entry& entry : entries) {
    base::require(entry.begin == expected, "{}: tensor {} begins at byte {} of the data, expected {}", file_name,
                  quote(entry.name), entry.begin, expected);
    expected = entry.end;
  }
  base::require(data_bytes == expected, "{}: has {} bytes of data, expected {} ({})", file_name, data_bytes, expected,
                data_bytes < expected ? "the file is cut short" : "bytes after the last tensor");
}

}  // namespace

std::string write_safetensors(const TensorFile& file) {
  Json header = Json::object();
  if (!file.metadata.empty()) {
    Json& metadata = header[kMetadataKey] = Json::object();
    for (const auto& [key, value] : file.metadata) {
      base::require(!metadata.contains(key), "metadata {} occurs twice, expected it once", quote(key));
      metadata[key] = value;
    }
  }
  std::uint64_t end = 0;
  for (const Tensor& tensor : file.tensors) {
    base::require(tensor.name != kMetadataKey && !header.contains(tensor.name),
                  "tensor {} occurs twice, expected it once", quote(tensor.name));
    const Json shape = tensor.shape;
    const std::uint64_t elements = count_elements(tensor.shape, quote(tensor.name), shape, "safetensors");
    base::require(elements == tensor.values.size(), "tensor {} has {} values, expected {} for shape {}",
                  quote(tensor.name), tensor.values.size(), elements, quote(shape));
    const std::uint64_t begin = end;
    end += elements * sizeof(float);
    header[tensor.name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, end}}};
  }

  std::string text;
  try {
    text = header.dump();
  } catch (const Json::type_error&) {
    base::refuse("safetensors: a name or a metadata value is not UTF-8");
  }
  text.resize((text.size() + kPrefixBytes - 1) / kPrefixBytes * kPrefixBytes, ' ');
  base::require(text.size() <= kMaxHeaderBytes, "safetensors: header of {} bytes, expected at most {}", text.size(),
                kMaxHeaderBytes);

  const std::uint64_t header_bytes = text.size();
  std::string bytes(kPrefixBytes, '\0');
  std::memcpy(bytes.data(), &header_bytes, kPrefixBytes);
  bytes.reserve(kPrefixBytes + header_bytes + end);
  bytes += text;
  for (const Tensor& tensor : file.tensors) {
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
  }
  return bytes;
}

TensorFile parse_safetensors(std::string_view bytes, std::string_view file_name) {
  base::require(bytes.size() >= kPrefixBytes, "{}: has {} bytes, expected at least {} (the file is cut short)",
                file_name, bytes.size(), kPrefixBytes);
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), kPrefixBytes);
  base::require(header_bytes <= kMaxHeaderBytes, "{}: header length {}, expected at most {}: no safetensors file",
                file_name, header_bytes, kMaxHeaderBytes);
  base::require(header_bytes <= bytes.size() - kPrefixBytes,
                "{}: header of {} bytes, expected at most the {} that follow (the file is cut short)", file_name,
                header_bytes, bytes.size() - kPrefixBytes);
  const Json header = parse_header(bytes.substr(kPrefixBytes, header_bytes), file_name);
  const std::string_view data = bytes.substr(kPrefixBytes + header_bytes);

  TensorFile file;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadataKey) {
      file.metadata = parse_metadata(value, file_name);
    } else {
      entries.push_back(parse_entry(name, value, file_name));
    }
  }
  check_offsets(entries, data.size(), file_name);
  for (Entry& entry : entries) {
    Tensor tensor{std::move(entry.name), std::move(entry.shape), std::vector<float>((entry.end - entry.begin) / 4)};
    std::memcpy(tensor.values.data(), data.data() + entry.begin, entry.end - entry.begin);
    file.tensors.push_back(std::move(tensor));
  }
  return file;
}

}  // namespace optinc::onn
