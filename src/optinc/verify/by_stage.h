// A constructed network proved right stage by stage, where its inputs are too many to enumerate: 13^16 of 32 bits and 4
// servers, but a sum inside takes some hundred or thousand values.
//
// The proof goes through the layers. What a layer's wires carry is claimed (stages.h). Every wire is relu of a sum u of
// signals that were proved before; u takes few values, and on every one of them what is read off the wires must be what
// is claimed: the rest of an input and its digits, a carry where D_e and the carry below say so. The claims then fit
// together to the digits of floor(sum_k A_k 4^(s(K-k))), since symbol_e = D_e + c_(e-1) - 4 c_e lies in 0 .. 3 for
// every e.
//
// Nothing is taken as exact that is not: float32's rounding of every sum is bounded (by gamma_n; it is 0 where all
// products are multiples of a power of two that leaves their sum 24 bits), weights may be off what the claims say, and
// every wire may err by a given relative noise. These errors are followed through every ramp; the receiver must still
// give the right level.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/network.h"
#include "optinc/verify/stages.h"

namespace optinc::verify {

struct StageProof {
  std::size_t signals = 0;
  std::uint64_t values = 0;  ///< of sums, that were looked at
  double error = 0;          ///< the largest of any signal that this layer hands on, in its own units
};

struct ByStageProof {
  std::string refusal;                 ///< one line that names the layer and the signal; empty: proved
  std::vector<StageProof> stages;      ///< of every layer that was proved
  std::vector<double> largest_errors;  ///< of each output, in levels: no input is further off
  bool proved() const { return refusal.empty(); }
};

/// noise: every output of every layer may be off by this times the layer's largest output, in any direction. Throws
/// base::InputError for a network that does not go with the shape.
ByStageProof prove_by_stage(const onn::Network& network, const device::DeviceShape& shape, const Stages& stages,
                            double noise = 0);

/// The shape that is proved: `shape` itself; or, where only that is, a floor's on the lattice of every rounding, which
/// is more (DeviceShape::every_rounding) and what constructed designs are built for.
device::DeviceShape shape_of_claims(const onn::Network& network, const device::DeviceShape& shape,
                                    const Stages& stages);

/// The largest such noise for which all is proved, to a hundredth of itself; 0 where not even none is borne.
double proved_noise(const onn::Network& network, const device::DeviceShape& shape, const Stages& stages);

/// The record `proof` (doc/format_records.md), without its type.
base::Json to_json(const ByStageProof& proof);

}  // namespace optinc::verify
