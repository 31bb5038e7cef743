#include "optinc/device/onn_averager.h"

#include <utility>

#include "optinc/onn/forward.h"

namespace optinc::device {

DeviceShape shape_of(const onn::Design& design) {
  return {.bits = design.bits,
          .servers = design.servers,
          .inputs = design.inputs,
          .rounding = design.rounding,
          .role = design.role};
}

OnnAverager::OnnAverager(onn::Design design) : Averager(shape_of(design)), design_(std::move(design)) {}

void OnnAverager::average(std::size_t count, const float* inputs, float* outputs) const {
  onn::forward(design_.network, count, inputs, outputs);
}

}  // namespace optinc::device
