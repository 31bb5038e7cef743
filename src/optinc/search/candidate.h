// A design that a search tries, and what it is judged by.
#pragma once

#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/chip/hardware.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/design.h"
#include "optinc/search/genes.h"

namespace optinc::search {

struct Criteria {
  double rate = 0.999;             ///< share of the inputs that must stay right under the noise that counts as borne
  std::uint64_t sample = 1 << 14;  ///< inputs drawn at random to measure it; 0: all
  std::uint64_t seed = 1;
  double most_mzis = 20000;          ///< larger ones are not looked at
  bool depth = false;                ///< whether fewer layers count, too
  std::uint64_t chips = 0;           ///< simulated chips whose exact-symbol rate counts, too; 0: none
  std::uint64_t chip_sample = 1024;  ///< inputs drawn at random for each; 0: all
  chip::Hardware hardware{};         ///< of these chips
};

/// What candidates are made for and judged by.
struct Task {
  device::DeviceShape shape;
  Over over = Over::constructions;
  int epochs = 100;  ///< of training, over structures
  Criteria criteria{};
};

/// A candidate's score. Less is better in all of `objectives`.
struct Score {
  double mzis = 0;  ///< of the ONN alone, without units P and T
  int layers = 0;
  double noise = 0;      ///< the largest relative noise that is borne (verify/relative_noise.h); 0: not built
  double accuracy = 1;   ///< share of the inputs that are right without noise; 1 of what is proved
  double chip_rate = 0;  ///< mean exact-symbol rate of the chips, where they count
  std::string refusal;   ///< why it was not built, one line
};

/// Builds it: a construction is proved by stage, or refused; a structure trained. Throws base::InputError for another
/// number of genes.
onn::Design build(const Task& task, const std::vector<double>& genes, int threads = 1);

Score score(const Task& task, const std::vector<double>& genes);

/// log10 of the MZIs, minus log10 of the noise, the layers where they count, log10 of the share of inputs that is wrong
/// on chips where they count, and without noise over structures. What was not built is worst in all,
/// and the worse the larger it would have been.
std::vector<double> objectives(const Score& score, const Task& task);
std::size_t count_objectives(const Task& task);

base::Json to_json(const Score& score);
Score score_from_json(const base::Json& json);

}  // namespace optinc::search
