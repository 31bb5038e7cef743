// A store that is a folder: for the processes of one machine, or of several that share a file system.
#pragma once

#include <filesystem>
#include <string>

#include "optinc/collective/store.h"

namespace optinc::collective {

/// A key is a file, written aside and renamed, so that a reader finds a whole value or none. The folder outlives the
/// processes: who uses one twice finds the values of the first time until they are set again.
class FileStore : public Store {
 public:
  /// Makes the folder where there is none. Throws base::InputError when that is impossible.
  explicit FileStore(std::filesystem::path folder);

  void set(const std::string& key, const std::string& value) override;
  /// Looks again after 1 ms, then ever later up to 50 ms.
  std::string get(const std::string& key, double deadline_s) override;

 private:
  std::filesystem::path path_of(const std::string& key) const;

  std::filesystem::path folder_;
};

}  // namespace optinc::collective
