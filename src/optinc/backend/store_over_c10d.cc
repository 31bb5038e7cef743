#include "optinc/backend/store_over_c10d.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "optinc/backend/gloo_error.h"
#include "optinc/base/error.h"

namespace optinc::backend {
namespace {

[[noreturn]] void throw_store_error(const std::string& key, const std::exception& error) {
  throw base::RunError(fmt::format("PyTorch's store, key \"{}\": {}", key, first_line(error.what())));
}

}  // namespace

void StoreOverC10d::set(const std::string& key, const std::string& value) {
  try {
    store_->set(key, std::vector<std::uint8_t>(value.begin(), value.end()));
  } catch (const std::exception& error) {
    throw_store_error(key, error);
  }
}

std::string StoreOverC10d::get(const std::string& key, double deadline_s) {
  using Clock = std::chrono::steady_clock;
  constexpr Clock::duration kLongestSleep = std::chrono::milliseconds(50);
  const Clock::time_point start = Clock::now();
  Clock::duration sleep = std::chrono::milliseconds(1);
  try {
    while (!store_->check({key})) {
      const double waited_s = std::chrono::duration<double>(Clock::now() - start).count();
      if (waited_s >= deadline_s) {
        throw base::RunError(fmt::format("nobody has set it within {} s", deadline_s));
      }
      std::this_thread::sleep_for(
          std::min<std::chrono::duration<double>>(sleep, std::chrono::duration<double>(deadline_s - waited_s)));
      sleep = std::min(sleep * 2, kLongestSleep);
    }
    const std::vector<std::uint8_t> value = store_->get(key);
    return {value.begin(), value.end()};
  } catch (const std::exception& error) {
    throw_store_error(key, error);
  }
}

}  // namespace optinc::backend
