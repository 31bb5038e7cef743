#pragma once

namespace optinc::base {

/// The program's version, as written into records and designs.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace optinc::base
