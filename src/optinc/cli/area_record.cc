#include "optinc/cli/area_record.h"

namespace optinc::cli {

base::Json area_json(const onn::Area& area) {
  base::Json layers = base::Json::array();
  for (const onn::LayerArea& layer : area.layers) {
    layers.push_back({{"outputs", layer.outputs},
                      {"inputs", layer.inputs},
                      {"approximated", layer.approximated},
                      {"mzis", layer.mzis},
                      {"dense_mzis", layer.dense_mzis},
                      {"reference_mzis", layer.reference_mzis},
                      {"activations", layer.activations}});
  }
  return {{"mzis", area.mzis},
          {"dense_mzis", area.dense_mzis},
          {"ratio", area.ratio()},
          {"reference_mzis", area.reference_mzis},
          {"activations", area.activations},
          {"preprocessing_mzis", area.preprocessing_mzis},
          {"splitting_mzis", area.splitting_mzis},
          {"layers", layers}};
}

}  // namespace optinc::cli
