// Options of the block quantiser as Python gives them.
#pragma once

#include <cstdint>
#include <string>

#include "optinc/codec/block_quantiser.h"

namespace optinc::python {

/// Throws base::InputError for what is out of range, and for names there are not.
codec::QuantiserOptions quantiser_options(int bits, std::int64_t block, const std::string& scale_format,
                                          const std::string& rounding);

}  // namespace optinc::python
