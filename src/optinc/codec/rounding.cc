#include "optinc/codec/rounding.h"

#include "optinc/base/error.h"

namespace optinc::codec {

std::string to_string(Rounding rounding) {
  switch (rounding) {
    case Rounding::floor:
      return "floor";
    case Rounding::nearest:
      return "nearest";
    case Rounding::nearest_unbiased:
      return "nearest-unbiased";
  }
  return "?";
}

Rounding parse_rounding(std::string_view name) {
  for (const Rounding rounding : {Rounding::floor, Rounding::nearest, Rounding::nearest_unbiased}) {
    if (to_string(rounding) == name) return rounding;
  }
  base::refuse("rounding \"{}\": expected floor, nearest or nearest-unbiased", name);
}

}  // namespace optinc::codec
