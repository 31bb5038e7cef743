// Sizes as nccl-tests has them: "8", "64K", "256M", "2G", in powers of 1024.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace optinc::cli {

/// Throws base::InputError for anything else, and for more than 2^62.
std::size_t parse_bytes(std::string_view text);
/// 67108864 -> "64M"; what is no whole number of a unit stays as it is.
std::string format_bytes(std::size_t bytes);

}  // namespace optinc::cli
