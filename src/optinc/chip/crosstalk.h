// Thermal crosstalk: a heater also heats its neighbours.
#pragma once

#include "optinc/chip/hardware.h"
#include "optinc/mesh/mesh.h"

namespace optinc::chip {

/// Adds to every phase shifter of the mesh's cells what the others' phases bring: nearest * exp(-(d - d0) / decay) of
/// each at distance d, d0 being half a cell's length, where a cell's own other heater is. Each lies on the upper arm,
/// phi at a quarter and theta at three quarters of the cell. Neighbours up to five decays away count. Output phases are
/// left out.
void add_crosstalk(const Hardware& hardware, mesh::Mesh& mesh);

}  // namespace optinc::chip
