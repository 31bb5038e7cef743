#include "optinc/design/loss.h"

#include "optinc/base/error.h"

namespace optinc::design {

std::string to_string(Loss loss) {
  switch (loss) {
    case Loss::symbols:
      return "symbols";
    case Loss::gradient:
      return "gradient";
    case Loss::margin:
      return "margin";
  }
  return "?";
}

Loss parse_loss(std::string_view name) {
  for (const Loss loss : {Loss::symbols, Loss::gradient, Loss::margin}) {
    if (to_string(loss) == name) return loss;
  }
  base::refuse("loss \"{}\": expected symbols, gradient or margin", name);
}

}  // namespace optinc::design
