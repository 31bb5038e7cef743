#include "optinc/base/atomic_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "optinc/base/error.h"

namespace optinc::base {
namespace {
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
}  // namespace

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path aside = path.string() + fmt::format(".{}.part", ::getpid());
  const auto fail = [&](const char* action) {
    const int reason = errno;
    std::error_code ignored;
    std::filesystem::remove(aside, ignored);
    throw RunError(fmt::format("{}: can't {}: {}", path.string(), action, std::strerror(reason)));
  };
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(aside.c_str(), "wb"));
  if (!file) fail("open for writing");
  if (std::fwrite(content.data(), 1, content.size(), file.get()) != content.size()) fail("write");
  if (std::fflush(file.get()) != 0 || ::fsync(fileno(file.get())) != 0) fail("write");
  if (std::fclose(file.release()) != 0) fail("write");
  if (std::rename(aside.c_str(), path.c_str()) != 0) fail("rename into place");
}

std::string read_file(const std::filesystem::path& path) {
  require(!std::filesystem::is_directory(path), "{}: is a folder, expected a file", path.string());
  std::ifstream stream(path, std::ios::binary);
  require(stream.good(), "{}: no such file, or not readable", path.string());
  std::ostringstream content;
  content << stream.rdbuf();
  return std::move(content).str();
}

}  // namespace optinc::base
