// A design with the name of its file.
#pragma once

#include <string>

#include "optinc/onn/design.h"

namespace optinc::python {

struct NamedDesign {
  std::string name;  ///< of the file, without its extension
  onn::Design design;
};

}  // namespace optinc::python
