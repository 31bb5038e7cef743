// The front of size against noise, by evolution: NSGA-II (K. Deb et al., 2002) over constructions or structures, as
// pagmo has it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "optinc/search/candidate.h"

namespace optinc::search {

struct Options {
  Task task;
  int population = 40;  ///< a multiple of 4, at least 8
  int generations = 40;
  std::uint64_t seed = 1;
};

/// Throws base::InputError for options out of range, and for a device that is none or has too many inputs for them.
void check(const Options& options);

struct Member {
  std::vector<double> genes;
  Score score;
};
using Generation = std::vector<Member>;

/// Scores many at once: by genes, in their order. How it shares them out must not change what it answers.
using Scorer = std::function<std::vector<Score>(const std::vector<std::vector<double>>& genes)>;

/// Draws generation 0, or goes on from generation `done`; tells `on_generation` of every one that is made, its number
/// and all that were scored for it. A run that goes on gives what the unbroken one would have given. Throws as check
/// does.
Generation search(
    const Options& options, const Scorer& scorer, int done, Generation generation,
    const std::function<void(int number, const Generation& generation, const Generation& scored)>& on_generation);

}  // namespace optinc::search
