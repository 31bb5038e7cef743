#include "optinc/chip/crosstalk.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace optinc::chip {
namespace {

/// Phases of one kind of heater on the grid [column][mode]; 0 where there is none.
struct Grid {
  int columns, modes;
  std::vector<double> phase;

  double at(int column, int mode) const {
    if (column < 0 || column >= columns || mode < 0 || mode >= modes) return 0;
    return phase[static_cast<std::size_t>(column) * modes + mode];
  }
};

/// Distance in cells and the share of the phase that crosses it.
struct Neighbour {
  int column, mode;
  double share;
};

/// Neighbours whose heater is `shift` cells further right than the same place of their cell.
std::vector<Neighbour> neighbours(const Hardware& hardware, double shift) {
  const double nearest_um = hardware.cell_length_um / 2, reach_um = nearest_um + 5 * hardware.crosstalk_decay_um;
  const int columns = static_cast<int>(reach_um / hardware.cell_length_um) + 1;
  const int modes = static_cast<int>(reach_um / hardware.mode_pitch_um) + 1;
  std::vector<Neighbour> found;
  for (int column = -columns; column <= columns; ++column) {
    for (int mode = -modes; mode <= modes; ++mode) {
      const double distance_um = std::hypot((column + shift) * hardware.cell_length_um, mode * hardware.mode_pitch_um);
      if (distance_um == 0 || distance_um > reach_um) continue;
      const double decays = std::max(0.0, distance_um - nearest_um) / hardware.crosstalk_decay_um;
      found.push_back({column, mode, hardware.crosstalk_nearest * std::exp(-decays)});
    }
  }
  return found;
}

}  // namespace

void add_crosstalk(const Hardware& hardware, mesh::Mesh& mesh) {
  if (hardware.crosstalk_nearest == 0) return;
  const std::vector<mesh::Column> columns = mesh.shape.columns();
  const int depth = static_cast<int>(columns.size()), modes = mesh.shape.size;
  Grid phi{depth, modes, std::vector<double>(static_cast<std::size_t>(depth) * modes)}, theta = phi;
  for (int c = 0; c < depth; ++c) {
    for (int i = 0; i < columns[c].count; ++i) {
      const std::size_t place = static_cast<std::size_t>(c) * modes + columns[c].first_mode + 2 * i;
      phi.phase[place] = mesh.phi[columns[c].first_cell + i];
      theta.phase[place] = mesh.theta[columns[c].first_cell + i];
    }
  }
  const std::vector<Neighbour> alike = neighbours(hardware, 0);
  const std::vector<Neighbour> theta_of_phi = neighbours(hardware, 0.5), phi_of_theta = neighbours(hardware, -0.5);
  const auto heat = [](const Grid& grid, const std::vector<Neighbour>& list, int column, int mode) {
    double sum = 0;
    for (const Neighbour& n : list) sum += n.share * grid.at(column + n.column, mode + n.mode);
    return sum;
  };
  for (int c = 0; c < depth; ++c) {
    for (int i = 0; i < columns[c].count; ++i) {
      const std::size_t cell = columns[c].first_cell + i;
      const int mode = columns[c].first_mode + 2 * i;
      mesh.phi[cell] += heat(phi, alike, c, mode) + heat(theta, theta_of_phi, c, mode);
      mesh.theta[cell] += heat(theta, alike, c, mode) + heat(phi, phi_of_theta, c, mode);
    }
  }
}

}  // namespace optinc::chip
