// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace optinc::base {

/// 28561 -> "28,561".
std::string with_commas(std::uint64_t number);

}  // namespace optinc::base
