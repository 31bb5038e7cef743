// Fabrics of optinc.h.
#include <memory>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/capi/enumerations.h"
#include "optinc/capi/handles.h"
#include "optinc/capi/optinc.h"
#include "optinc/capi/status.h"
#include "optinc/fabric/integer_fabric.h"
#include "optinc/onn/design.h"

using optinc::capi::evaluation_of;
using optinc::capi::guarded;
using optinc::capi::pointed_to;

namespace {

constexpr int kMostPorts = 65536;  // the codec's largest gain

optinc_fabric* handle_of(optinc::fabric::DesignFabric made) {
  return new optinc_fabric{.fabric = std::move(made.fabric), .evaluation = optinc::capi::to_int(made.evaluation)};
}

}  // namespace

optinc_status optinc_fabric_from_design(const char* path, int evaluation, optinc_fabric** fabric) {
  return guarded([&] {
    pointed_to(fabric, "fabric") = nullptr;
    pointed_to(path, "path");
    const optinc::fabric::Evaluation by = evaluation_of(evaluation);
    *fabric = handle_of(optinc::fabric::make_fabric(optinc::onn::load_design(path), by));
  });
}

optinc_status optinc_fabric_cascade(const char* level_1_path, const char* level_2_path, int mode, int evaluation,
                                    optinc_fabric** fabric) {
  return guarded([&] {
    pointed_to(fabric, "fabric") = nullptr;
    pointed_to(level_1_path, "level_1_path");
    pointed_to(level_2_path, "level_2_path");
    const optinc::fabric::CascadeMode between = optinc::capi::cascade_mode_of(mode);
    const optinc::fabric::Evaluation by = evaluation_of(evaluation);
    *fabric = handle_of(optinc::fabric::make_fabric(optinc::onn::load_design(level_1_path),
                                                    optinc::onn::load_design(level_2_path), between, by));
  });
}

optinc_status optinc_fabric_exact(int ports, int bits, int rounding, optinc_fabric** fabric) {
  return guarded([&] {
    pointed_to(fabric, "fabric") = nullptr;
    optinc::base::require(ports >= 1 && ports <= kMostPorts, "ports {}: expected 1 to {}", ports, kMostPorts);
    *fabric = handle_of(
        {.fabric = std::make_unique<optinc::fabric::IntegerFabric>(ports, bits, optinc::capi::rounding_of(rounding)),
         .evaluation = optinc::fabric::Evaluation::integer});
  });
}

optinc_status optinc_fabric_ports(const optinc_fabric* fabric, int* ports) {
  return guarded([&] { pointed_to(ports, "ports") = pointed_to(fabric, "fabric").fabric->ports(); });
}

optinc_status optinc_fabric_bits(const optinc_fabric* fabric, int* bits) {
  return guarded([&] { pointed_to(bits, "bits") = pointed_to(fabric, "fabric").fabric->bits(); });
}

optinc_status optinc_fabric_rounding(const optinc_fabric* fabric, int* rounding) {
  return guarded([&] {
    pointed_to(rounding, "rounding") = optinc::capi::to_int(pointed_to(fabric, "fabric").fabric->rounding());
  });
}

optinc_status optinc_fabric_evaluation(const optinc_fabric* fabric, int* evaluation) {
  return guarded([&] { pointed_to(evaluation, "evaluation") = pointed_to(fabric, "fabric").evaluation; });
}

optinc_status optinc_fabric_destroy(optinc_fabric* fabric) {
  return guarded([&] { delete fabric; });
}
