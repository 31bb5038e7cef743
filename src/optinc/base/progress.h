// The line that tells a person how far a long computation is and how long it will take.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

namespace optinc::base {

/// On a terminal one line that is drawn again, at most five times a second; elsewhere a plain line every ten seconds.
/// Nothing is shown in the first two seconds: short work stays silent. One thread at a time.
class Progress {
 public:
  /// `label` names the work, `total` is the number of items (> 0); output goes to `stream` (null: show nothing).
  Progress(std::string label, double total, std::FILE* stream = stderr);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of `total` items are done; `note` is shown behind ("loss 0.012, 37 wrong").
  void update(double done, const std::string& note = {});
  /// The work was begun at item `done` (a resumed run): time left is reckoned from there.
  void start_from(double done) { first_ = done; }

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  double total_;
  double first_ = 0;
  std::FILE* stream_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point last_;
};

/// "1 h 02 min", "3 min 05 s", "12 s".
std::string format_duration(double seconds);

}  // namespace optinc::base
