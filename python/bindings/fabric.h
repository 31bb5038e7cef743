// A fabric made of designs, and what it was made of.
#pragma once

#include <memory>
#include <string>

#include "optinc/fabric/fabric.h"

namespace optinc::python {

struct NamedFabric {
  std::string name;        ///< of the designs
  std::string evaluation;  ///< what answers for the optics: integer, onn or every-symbol
  std::unique_ptr<fabric::Fabric> fabric;
};

}  // namespace optinc::python
