// Where ranks find each other before they are connected: few small values under names.
#pragma once

#include <string>

namespace optinc::collective {

class Store {
 public:
  virtual ~Store() = default;

  /// From now on get(key) gives `value`, at every rank. Throws base::RunError.
  virtual void set(const std::string& key, const std::string& value) = 0;
  /// Waits until someone has set it. Throws base::RunError that names the key and the seconds when none does in time.
  virtual std::string get(const std::string& key, double deadline_s) = 0;
};

}  // namespace optinc::collective
