#include "optinc/design/fares.h"

#include "optinc/base/error.h"

namespace optinc::design {

void Fares::unpack(std::vector<std::uint8_t> packed) {
  base::require(packed.size() == packed_.size(), "{} bytes of fares: expected {} for {} inputs", packed.size(),
                packed_.size(), size_);
  packed_ = std::move(packed);
  counts_ = {};
  for (std::size_t index = 0; index < size_; ++index) {
    const Fare fare = get(index);
    base::require(fare <= Fare::wrong, "fare 3 of input {}: expected 0 .. 2", index);
    ++counts_[static_cast<int>(fare)];
  }
}

}  // namespace optinc::design
