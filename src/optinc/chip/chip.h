// Chips: a mesh program on imperfect parts, as they come out of one fabrication run.
//
// Between an emission and the next detectors light passes only linear parts, and homodyne detection takes the in-phase
// part of real emissions. So each hop of a fabricated chip (link_budget.h) is one real matrix, Re(stages multiplied),
// and a chip is a network again, with noise and an activation between its layers: as fast as the ONN itself.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "optinc/chip/hardware.h"
#include "optinc/chip/layout.h"
#include "optinc/chip/link_budget.h"
#include "optinc/chip/program.h"
#include "optinc/linalg/polar.h"
#include "optinc/mesh/decompose.h"
#include "optinc/mesh/propagate.h"
#include "optinc/onn/network.h"

namespace optinc::chip {

/// What was made at the place of an Element: a mesh as it is set and as it is, or a column of attenuators.
struct MadeElement {
  mesh::Mesh mesh;  ///< phases with all that adds to them, not wrapped; of attenuators: shape.size lines, without cells
  Attenuators attenuators;
  mesh::Parts parts;
};

/// One chip.
struct Chip {
  std::uint64_t number = 0;
  std::vector<MadeElement> elements;    ///< as elements_of
  std::vector<linalg::Complex> server;  ///< [N]: what carrier and polarisation make of a server's field
  std::vector<double> skew_symbols;     ///< [N]: share of a symbol that the one before still fills
  std::vector<float> level_error;       ///< [N M, 4], levels: transmitters
  std::vector<float> threshold_error;   ///< [N M], levels: receivers
};

class Fab {
 public:
  /// Chips of `program` on `hardware`, programmed with what `correction` knows of each. only_stage: the others are
  /// ideal.
  Fab(Program program, Hardware hardware, mesh::Correction correction, std::uint64_t seed,
      std::optional<std::size_t> only_stage = {});

  const Program& program() const { return program_; }
  const Hardware& hardware() const { return hardware_; }
  std::uint64_t seed() const { return seed_; }
  const LinkBudget& budget() const { return budget_; }

  /// The age of the chips made from now on: their drift differs, nothing else. Throws base::InputError for an age that
  /// hardware can't have.
  void set_hours_since_calibration(double hours);

  /// Chip number `chip` < kMostChips: a function of the seed and its number.
  Chip make(std::uint64_t chip) const;
  /// Its hops as a network from the servers' levels to the receivers' [N M], symbol i of server n at i N + n, for shot
  /// number `shot` of the phase noise.
  onn::Network network(const Chip& chip, std::uint64_t shot) const;
  /// The same in two parts, for an ONN's inputs and outputs: the in-phase part of P [K, N M], and the layers as a
  /// network from the K inputs to the M levels that server `server` receives, its thresholds taken off.
  linalg::Matrix preprocessing(const Chip& chip, std::uint64_t shot) const;
  onn::Network layers(const Chip& chip, std::uint64_t shot, int server) const;
  /// The rms noise at the detectors of each hop, in level units.
  std::vector<float> detector_noise() const;

 private:
  MadeElement make_mesh(const Element& element, std::uint64_t number, std::uint64_t chip) const;
  MadeElement make_attenuators(const Element& element, std::uint64_t number, std::uint64_t chip) const;
  linalg::ComplexMatrix stage_matrix(const Chip& chip, std::size_t stage, std::uint64_t shot) const;
  /// The layers as real matrices, with `before` (empty: nothing) in front of the first and `behind` the last.
  onn::Network hops(const Chip& chip, std::uint64_t shot, const linalg::ComplexMatrix& before,
                    const linalg::ComplexMatrix& behind) const;
  /// P, and what carriers and polarisation make of the servers' fields.
  linalg::ComplexMatrix from_servers(const Chip& chip, std::uint64_t shot) const;

  Program program_;
  Hardware hardware_;
  mesh::Correction correction_;
  std::uint64_t seed_;
  std::optional<std::size_t> only_stage_;
  std::vector<Element> elements_;
  std::vector<std::size_t> first_element_;      // of each stage, and the end
  std::vector<linalg::ComplexMatrix> targets_;  // of each mesh element, where a correction wants them
  LinkBudget budget_;
};

/// What an activation makes of a sum, `full_scale` being the layer's largest output.
float activate(const Hardware& hardware, float sum, float full_scale);

}  // namespace optinc::chip
