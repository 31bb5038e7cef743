#include "optinc/chip/program_npz.h"

#include <bit>
#include <cstring>
#include <utility>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/chip/program_json.h"
#include "optinc/onn/npy.h"
#include "optinc/onn/zip.h"

namespace optinc::chip {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied to and from the file as they are");

constexpr const char* kMetadata = "metadata.json";
constexpr const char* kFloat64 = "'<f8'";
constexpr const char* kBytes = "'|u1'";

std::string entry_name(const std::string& array) {
  return array + ".npy";
}

/// The bytes of a one-dimensional array, its type and length being right.
std::string read_array(onn::Zip& zip, const std::string& array_name, const char* type, std::size_t number_bytes) {
  const onn::ZipEntry* entry = zip.find(entry_name(array_name));
  base::require(entry != nullptr, "{}: no array {}, expected it in a program", zip.file_name(), array_name);
  const std::string bytes = zip.read(*entry);
  const std::string place = fmt::format("{}: array {}", zip.file_name(), array_name);
  const onn::NpyArray array = onn::parse_npy(bytes, place);
  base::require(array.type == type, "{}: type {}, expected {}", place, array.type, type);
  base::require(array.shape.size() == 1, "{}: {} dimensions, expected 1", place, array.shape.size());
  const std::uint64_t count = array.shape.front();
  base::require(count == array.data.size() / number_bytes && array.data.size() % number_bytes == 0,
                "{}: {} bytes, expected {} numbers of {}", place, array.data.size(), count, number_bytes);
  return std::string(array.data);
}

std::string one_dimensional(const char* type, std::size_t count, std::string_view data) {
  return onn::write_npy({.type = type, .shape = {count}, .data = data});
}

}  // namespace

void save_npz(const std::filesystem::path& path, const Program& program) {
  check(program, path.string());
  const std::string metadata = to_json(program, Lists::beside);
  std::vector<std::pair<std::string, std::string>> entries;
  entries.emplace_back(entry_name(kMetadata), one_dimensional(kBytes, metadata.size(), metadata));
  for_each_list(program, [&](const std::string& name, const std::vector<double>& numbers) {
    const std::string_view data(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double));
    entries.emplace_back(entry_name(name), one_dimensional(kFloat64, numbers.size(), data));
  });
  base::write_file_atomically(path, onn::write_zip(entries));
}

Program load_npz(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::string bytes = base::read_file(path);
  base::require(onn::Zip::is_zip(bytes), "{}: no zip archive, expected a program as .npz", name);
  onn::Zip zip(bytes, name);
  Program program = from_json(read_array(zip, kMetadata, kBytes, 1), name, Lists::beside);
  for_each_list(program, [&](const std::string& array, std::vector<double>& numbers) {
    const std::string data = read_array(zip, array, kFloat64, sizeof(double));
    numbers.resize(data.size() / sizeof(double));
    if (!numbers.empty()) std::memcpy(numbers.data(), data.data(), data.size());  // which takes no null pointer
  });
  check(program, name);
  return program;
}

}  // namespace optinc::chip
