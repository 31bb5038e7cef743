// A design's metadata as text: what design file and ONNX export carry beside the network.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "optinc/onn/design.h"

namespace optinc::onn {

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// All keys of doc/format_design.md, in its order. Numbers are written so that they read back exactly.
Metadata to_metadata(const Design& design);

/// The inverse: a design of `layer_count` layers, its network still empty. Throws base::InputError, with `file_name`,
/// for an unknown format, a missing key or a value that does not parse; ranges are check()'s business. Other keys are
/// passed over.
Design from_metadata(const Metadata& metadata, int layer_count, std::string_view file_name);

}  // namespace optinc::onn
