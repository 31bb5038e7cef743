// Which imperfection matters: a piece of hardware with one of its imperfections left, all others ideal.
#pragma once

#include <string>
#include <vector>

#include "optinc/chip/hardware.h"

namespace optinc::chip {

struct Isolated {
  std::string component;  ///< "table.key" of the hardware file
  double value;
  Hardware hardware;
};

/// One for each imperfection that `hardware` has. Losses, powers and sizes, which do nothing wrong by themselves, stay.
std::vector<Isolated> isolate_components(const Hardware& hardware);

}  // namespace optinc::chip
