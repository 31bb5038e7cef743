// Servers and what is between them: the numbers that every cost is made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/chip/hardware.h"

namespace optinc::cost {

/// The paper's server (arXiv:2603.28290, figure 7b): an H100 at 60 TFLOP/s, 0.6 of it used, 8 transceivers of 800 Gb/s.
/// Its memory is the H100 SXM's of NVIDIA's data sheet: 80 GB at 3.35 TB/s.
struct Server {
  double peak_flop_per_s = 60e12;
  double utilisation = 0.6;
  double memory_bytes_per_s = 3.35e12;
  double memory_bytes = 80e9;
  int links = 8;
  double link_bits_per_s = 800e9;  ///< each way

  double flop_per_s() const { return peak_flop_per_s * utilisation; }
  double port_bytes_per_s() const { return links * link_bits_per_s / 8; }
};

/// One OptINC: what light passes in it, and what it takes to run. Made by device_of().
struct Device {
  std::string design;
  int bits = 8;
  int ports = 4;
  std::int64_t mzis = 0;  ///< the paper's count, P and T included
  int columns = 0;        ///< cells that light passes one behind the other, P and T included
  int activations_in_a_row = 0;
  std::int64_t activations = 0;
  double heater_w = 0;  ///< 0: not known
  double laser_w = 0;   ///< electrical
};

/// Of a structure, without its weights: `widths` [layers + 1], approximated layers as in an onn::LayerSet's text. No
/// power. A dense m x n block is n + 1 + m columns long, an approximated one min(m, n) + 1.
Device device_of(const std::string& name, const std::vector<int>& widths, const std::string& approximated, int bits,
                 int ports);

/// Between servers. Each message pays `software_s` once, at its sender.
struct Parts {
  double software_s = 1e-6;        ///< launching a message or a pass
  double conversion_s = 0;         ///< electrical to optical, or back
  double fibre_s = 0;              ///< from a server to the network's middle
  double switch_s = 0;             ///< through an electrical packet switch, conversions not counted
  double switch_buffer_bytes = 0;  ///< of an in-network switch, a port; 0: never in the way
  int switch_ports = 64;
  double reconfiguration_s = 0;  ///< of optical circuits
  double conversion_j_per_bit = 0;
  double switch_j_per_bit = 0;
  double activation_j = 0;
  double column_s = 0;          ///< light through one cell
  double activation_s = 0;      ///< detection, ReLU and a new emission
  double symbols_per_s = 10e9;  ///< of one lane through a device
  int colours = 1;              ///< that share a device's heaters, each with lasers and activations of its own

  /// Light through a device.
  double transit_s(const Device& device) const {
    return device.columns * column_s + device.activations_in_a_row * activation_s;
  }
  /// Times a device must be there, in space or in colours, to take in a port of this rate.
  std::int64_t copies(const Device& device, double port_bytes_per_s) const;
};

/// What a hardware file says of them.
Parts parts_of(const chip::Hardware& hardware, double software_s);

struct System {
  Server server;
  Parts parts;
  Device device;
};

/// Throws base::InputError, one line that names the number, for what can't be.
void check(const System& system);

}  // namespace optinc::cost
