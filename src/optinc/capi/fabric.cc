#include "optinc/capi/handles.h"
#include "optinc/fabric/design_fabric.h"
#include "optinc/fabric/integer_fabric.h"
#include "optinc/onn/design.h"

using namespace optinc;
using capi::guarded;
using capi::require_given;
using capi::text_or;

optinc_status optinc_fabric_from_design(const char* path, const char* evaluation, optinc_fabric** fabric) {
  return guarded([&] {
    require_given(path, "path");
    require_given(fabric, "fabric");
    auto made = fabric::make_fabric(onn::load_design(path), fabric::parse_evaluation(text_or(evaluation, "auto")));
    *fabric = new optinc_fabric{std::move(made.fabric)};
  });
}

optinc_status optinc_fabric_cascade(const char* level_1, const char* level_2, const char* mode, const char* evaluation,
                                    optinc_fabric** fabric) {
  return guarded([&] {
    require_given(level_1, "level_1");
    require_given(level_2, "level_2");
    require_given(fabric, "fabric");
    auto made = fabric::make_fabric(onn::load_design(level_1), onn::load_design(level_2),
                                    fabric::parse_cascade_mode(text_or(mode, "snapped")),
                                    fabric::parse_evaluation(text_or(evaluation, "auto")));
    *fabric = new optinc_fabric{std::move(made.fabric)};
  });
}

optinc_status optinc_fabric_integer(int ports, int bits, const char* rounding, optinc_fabric** fabric) {
  return guarded([&] {
    require_given(rounding, "rounding");
    require_given(fabric, "fabric");
    *fabric = new optinc_fabric{
        std::make_unique<fabric::IntegerFabric>(ports, bits, codec::parse_rounding(rounding))};
  });
}

int optinc_fabric_ports(const optinc_fabric* fabric) {
  return fabric != nullptr ? fabric->fabric->ports() : 0;
}

int optinc_fabric_bits(const optinc_fabric* fabric) {
  return fabric != nullptr ? fabric->fabric->bits() : 0;
}

void optinc_fabric_destroy(optinc_fabric* fabric) {
  delete fabric;
}
