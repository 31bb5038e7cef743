// A design that a search tries, and what it is judged by.
#pragma once

#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/design.h"

namespace optinc::search {

struct Criteria {
  double rate = 0.999;             ///< share of the inputs that must stay right under the noise that counts as borne
  std::uint64_t sample = 1 << 14;  ///< inputs drawn at random to measure it; 0: all
  std::uint64_t seed = 1;
  double most_mzis = 20000;  ///< larger ones are not looked at
  bool depth = false;        ///< whether fewer layers count, too
};

/// A candidate's score. Less is better in all three objectives of `objectives`.
struct Score {
  double mzis = 0;  ///< of the ONN alone, without units P and T
  int layers = 0;
  double noise = 0;     ///< the largest relative noise that is borne (verify/relative_noise.h); 0: not built
  std::string refusal;  ///< why it was not built, one line
};

/// Builds it: proved by stage, or refused. Throws base::InputError for another number of genes.
onn::Design build(const device::DeviceShape& shape, const std::vector<double>& genes);

Score score(const device::DeviceShape& shape, const std::vector<double>& genes, const Criteria& criteria);

/// log10 of the MZIs, minus log10 of the noise, and the layers where they count. What was not built is worst in all.
std::vector<double> objectives(const Score& score, const Criteria& criteria);

base::Json to_json(const Score& score);
Score score_from_json(const base::Json& json);

}  // namespace optinc::search
