// A circuit laid into a given structure: which wire comes out where, and the weights that make every square of an
// approximated layer diagonal * orthogonal.
//
// In such a square, the rows that the circuit wants are dilated (linalg/dilation.h): they continue in columns of wires
// that are dark, so that nothing of it shows. Rows that nobody wants are dark: diagonal 0. So a square of side q holds
// p rows that read u wires where their dilation takes at most q - u columns. The outputs of a tall layer are dealt out
// over its squares, which all see all inputs. The squares of a wide layer see the wires that were put before them.
#pragma once

#include <string>
#include <vector>

#include "optinc/construct/circuit.h"
#include "optinc/onn/layer_set.h"
#include "optinc/onn/network.h"

namespace optinc::construct {

struct Layout {
  onn::Network network;
  onn::LayerSet approximated;
  verify::Stages stages;  ///< what its wires stand for
  std::string refusal;    ///< one line; empty: it fits
};

/// Stage i becomes layer i, of widths[i] inputs and widths[i + 1] outputs; there are as many stages as layers. The
/// sides of approximated layers divide.
Layout lay(const std::vector<Stage>& stages, const std::vector<int>& widths, const onn::LayerSet& approximated);

}  // namespace optinc::construct
