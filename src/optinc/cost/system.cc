#include "optinc/cost/system.h"

#include <algorithm>
#include <cmath>

#include "optinc/base/error.h"
#include "optinc/onn/layer_set.h"
#include "optinc/onn/mzi_count.h"

namespace optinc::cost {
namespace {

constexpr double kLightMetresPerS = 299'792'458;

/// Cells of a dense m x n block in a row: the mesh of its inputs, attenuators, the mesh of its outputs.
int dense_columns(int outputs, int inputs) {
  return inputs + 1 + outputs;
}

void require_number(double value, double least, double most, const char* name) {
  base::require(value >= least && value <= most, "{} {}: expected {} .. {}", name, value, least, most);
}

}  // namespace

Device device_of(const std::string& name, const std::vector<int>& widths, const std::string& approximated, int bits,
                 int ports) {
  const int layers = static_cast<int>(widths.size()) - 1;
  const onn::LayerSet set = onn::LayerSet::parse(approximated, layers);
  const onn::Area area = onn::count_mzis(widths, set, ports);
  Device device{.design = name, .bits = bits, .ports = ports, .mzis = area.mzis};
  const int symbols = (bits + 1) / 2;
  // P has a dense block of M / K symbols of N servers for each input, T one of an output's N copies.
  const int joined = (symbols + widths.front() - 1) / widths.front();
  device.columns = dense_columns(1, joined * ports) + dense_columns(ports, 1);
  for (int layer = 1; layer <= layers; ++layer) {
    const int inputs = widths[layer - 1], outputs = widths[layer];
    device.columns += set.contains(layer) ? std::min(inputs, outputs) + 1 : dense_columns(outputs, inputs);
    if (layer < layers) device.activations += outputs;
  }
  device.activations_in_a_row = layers - 1;
  return device;
}

std::int64_t Parts::copies(const Device& device, double port_bytes_per_s) const {
  return static_cast<std::int64_t>(std::ceil(port_bytes_per_s * 8 / (device.bits * symbols_per_s) - 1e-9));
}

Parts parts_of(const chip::Hardware& hardware, double software_s) {
  return {.software_s = software_s,
          .conversion_s = hardware.transceiver_latency_ns * 1e-9,
          .fibre_s = hardware.fibre_length_m * hardware.fibre_group_index / kLightMetresPerS,
          .switch_s = hardware.switch_latency_ns * 1e-9,
          .switch_buffer_bytes = hardware.switch_buffer_kb * 1e3,
          .switch_ports = static_cast<int>(hardware.switch_ports),
          .reconfiguration_s = hardware.circuit_reconfiguration_us * 1e-6,
          .conversion_j_per_bit = hardware.transceiver_pj_per_bit * 1e-12,
          .switch_j_per_bit = hardware.switch_pj_per_bit * 1e-12,
          .activation_j = hardware.activation_energy_fj * 1e-15,
          .column_s = hardware.cell_length_um * 1e-6 * hardware.waveguide_group_index / kLightMetresPerS,
          .activation_s = hardware.activation_delay_ps * 1e-12,
          .symbols_per_s = hardware.symbol_rate_gbd * 1e9};
}

void check(const System& system) {
  const Server& server = system.server;
  require_number(server.peak_flop_per_s, 1, 1e21, "peak FLOP/s");
  require_number(server.utilisation, 1e-6, 1, "utilisation");
  require_number(server.memory_bytes_per_s, 1, 1e18, "memory bandwidth, bytes/s");
  require_number(server.memory_bytes, 1, 1e18, "memory, bytes");
  require_number(server.links, 1, 1e6, "links");
  require_number(server.link_bits_per_s, 1, 1e18, "link, bits/s");
  const Parts& parts = system.parts;
  require_number(parts.software_s, 0, 1, "software latency, s");
  require_number(parts.colours, 1, 1e6, "colours");
  require_number(parts.switch_ports, 2, 1e6, "ports of a switch");
  require_number(system.device.bits, 2, 32, "bits");
  require_number(system.device.ports, 2, 65536, "ports of a device");
}

}  // namespace optinc::cost
