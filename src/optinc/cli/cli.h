// The program, callable in process: what main() runs and what the tests run.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace optinc::cli {

/// Exit codes of all verbs.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;    ///< the check that was asked for failed, or something broke while running
inline constexpr int kBadInput = 2;  ///< a flag, a file or a combination that can't be

/// Runs `optinc` with these arguments (the program's name left out). Results go to `out`, errors (one line) to `err`.
int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace optinc::cli
