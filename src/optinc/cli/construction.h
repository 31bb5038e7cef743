// `design --construct`: a network written down, proved by stage, and put through its inputs as far as they can be.
#pragma once

#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/design.h"
#include "optinc/onn/layer_set.h"
#include "optinc/verify/verify.h"

namespace optinc::cli {

struct Construction {
  onn::Design design;
  verify::Verification verification;
  base::Json proof;  ///< verify::to_json of the proof by stage, and the `noise` that is proved to be borne
  double seconds = 0;
};

/// Of every input of the shape, or of a sample of 2^20 where there are more than 2^24.
verify::Verification verify_as_far_as_possible(const onn::Design& design, const device::DeviceShape& shape,
                                               int threads);

/// Into these widths, with these layers approximated; without widths as `variant` asks. K of the shape or (0) one a
/// symbol. Throws base::InputError as construct::construct does.
Construction construct_and_verify(device::DeviceShape shape, const std::vector<int>& widths,
                                  const onn::LayerSet& approximated, const std::string& variant, int threads);

}  // namespace optinc::cli
