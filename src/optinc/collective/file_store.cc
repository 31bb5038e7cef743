#include "optinc/collective/file_store.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"

namespace optinc::collective {

FileStore::FileStore(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  base::require(std::filesystem::is_directory(folder_), "{}: can't be made a folder: {}", folder_.string(),
                error ? error.message() : "there is a file of this name");
}

std::filesystem::path FileStore::path_of(const std::string& key) const {
  // What a file's name can't hold, or what would lead out of the folder, becomes %XX.
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  std::string name = "key_";
  for (const char letter : key) {
    if (kPlain.find(letter) != std::string_view::npos) {
      name += letter;
    } else {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
  }
  return folder_ / name;
}

void FileStore::set(const std::string& key, const std::string& value) {
  base::write_file_atomically(path_of(key), value);
}

std::string FileStore::get(const std::string& key, double deadline_s) {
  using Clock = std::chrono::steady_clock;
  constexpr Clock::duration kLongestSleep = std::chrono::milliseconds(50);
  const std::filesystem::path path = path_of(key);
  const Clock::time_point start = Clock::now();
  Clock::duration sleep = std::chrono::milliseconds(1);
  while (!std::filesystem::exists(path)) {
    const double waited_s = std::chrono::duration<double>(Clock::now() - start).count();
    if (waited_s >= deadline_s) {
      throw base::RunError(
          fmt::format("{}: nobody has set the key \"{}\" within {} s", folder_.string(), key, deadline_s));
    }
    std::this_thread::sleep_for(
        std::min<std::chrono::duration<double>>(sleep, std::chrono::duration<double>(deadline_s - waited_s)));
    sleep = std::min(sleep * 2, kLongestSleep);
  }
  return base::read_file(path);
}

}  // namespace optinc::collective
