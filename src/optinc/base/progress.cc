#include "optinc/base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace optinc::base {
namespace {
constexpr std::chrono::milliseconds kSilence{2000}, kTerminalPeriod{200}, kPlainPeriod{10000};
}

Progress::Progress(std::string label, double total, std::FILE* stream)
    : label_(std::move(label)),
      total_(total),
      stream_(stream),
      terminal_(stream != nullptr && isatty(fileno(stream)) != 0),
      start_(Clock::now()),
      last_(start_ + kSilence - (terminal_ ? kTerminalPeriod : kPlainPeriod)) {}

Progress::~Progress() {
  if (drawn_ && terminal_) fmt::print(stream_, "\r\033[K");
}

void Progress::update(double done, const std::string& note) {
  if (stream_ == nullptr) return;
  const auto now = Clock::now();
  if (now - last_ < (terminal_ ? kTerminalPeriod : kPlainPeriod)) return;
  last_ = now;
  drawn_ = true;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double left = done > first_ ? elapsed * (total_ - done) / (done - first_) : 0;
  const std::string line =
      fmt::format("{} {:.0f}/{:.0f} ({:.0f} %), {} left{}{}", label_, done, total_, std::floor(100 * done / total_),
                  format_duration(std::max(0.0, left)), note.empty() ? "" : ": ", note);
  if (terminal_) {
    fmt::print(stream_, "\r{}\033[K", line);
  } else {
    fmt::print(stream_, "{}\n", line);
  }
  std::fflush(stream_);
}

std::string format_duration(double seconds) {
  const long total = std::lround(seconds);
  if (total >= 3600) return fmt::format("{} h {:02} min", total / 3600, total % 3600 / 60);
  if (total >= 60) return fmt::format("{} min {:02} s", total / 60, total % 60);
  return fmt::format("{} s", total);
}

}  // namespace optinc::base
