// What every run has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/base/record.h"

namespace optinc::report {

struct RunHeader {
  std::string name;     ///< the file's name without its endings; runs of one file: "name #1", "name #2"
  std::string command;  ///< "design", "train", "simulate", ...
  std::string version;
  std::uint64_t seed = 0;              ///< 0 for a run that draws nothing at random: its record has none
  base::Json record;                   ///< the whole `run` record
  std::vector<std::uint64_t> resumed;  ///< the epochs or steps behind which it was taken up again
};

}  // namespace optinc::report
