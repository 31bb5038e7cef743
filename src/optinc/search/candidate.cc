#include "optinc/search/candidate.h"

#include <cmath>

#include "optinc/base/error.h"
#include "optinc/construct/construct.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/search/genes.h"
#include "optinc/verify/relative_noise.h"

namespace optinc::search {
namespace {

constexpr double kLeastNoise = 1e-6;  ///< less counts as this much

}  // namespace

onn::Design build(const device::DeviceShape& shape, const std::vector<double>& genes) {
  onn::Design design = construct::construct(shape, plan_of(shape, genes));
  design.origin = "searched";
  design.accuracy = 1;  // proved by stage
  return design;
}

Score score(const device::DeviceShape& shape, const std::vector<double>& genes, const Criteria& criteria) {
  Score score;
  onn::Design design;
  try {
    design = build(shape, genes);
  } catch (const base::InputError& error) {
    score.refusal = error.what();
    return score;
  }
  const onn::Area area = onn::count_mzis(design.network.widths(), design.approximated, shape.servers);
  score.mzis = static_cast<double>(area.mzis - area.preprocessing_mzis - area.splitting_mzis);
  score.layers = static_cast<int>(design.network.layers.size());
  if (score.mzis > criteria.most_mzis) {
    score.refusal = fmt::format("{} MZIs: more than {}", score.mzis, criteria.most_mzis);
    return score;
  }
  const verify::NoiseOptions options{.draws = 1, .seed = criteria.seed, .sample = criteria.sample, .threads = 1};
  const std::vector<double> largest = verify::largest_outputs(design.network, shape, options);
  score.noise = verify::tolerated_noise(design.network, shape, largest, criteria.rate, options);
  return score;
}

std::vector<double> objectives(const Score& score, const Criteria& criteria) {
  const bool built = score.refusal.empty();
  std::vector<double> objectives{built ? std::log10(score.mzis) : 9,
                                 -std::log10(built ? std::max(score.noise, kLeastNoise) : kLeastNoise)};
  if (criteria.depth) objectives.push_back(built ? score.layers : 99);
  return objectives;
}

base::Json to_json(const Score& score) {
  base::Json json{{"mzis", score.mzis}, {"layers", score.layers}, {"noise", score.noise}};
  if (!score.refusal.empty()) json["refusal"] = score.refusal;
  return json;
}

Score score_from_json(const base::Json& json) {
  return {json.at("mzis").get<double>(), json.at("layers").get<int>(), json.at("noise").get<double>(),
          json.value("refusal", "")};
}

}  // namespace optinc::search
