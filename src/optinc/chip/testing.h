// What tests of chips share.
#pragma once

#include "optinc/chip/compile.h"
#include "optinc/onn/design.h"

namespace optinc::chip {

inline onn::Design shipped_design(const std::string& name = "b8-n4") {
  return onn::load_design("designs/" + name + ".safetensors");
}

/// Compiled once for all tests of a binary.
inline const Program& shipped_program() {
  static const Program program = compile(shipped_design(), "b8-n4", {});
  return program;
}

}  // namespace optinc::chip
