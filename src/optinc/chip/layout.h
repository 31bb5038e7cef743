// Where things are on the chip: stages side by side along x, the blocks of a stage below each other along y, a mesh's
// columns along x and its modes along y.
#pragma once

#include <cstddef>
#include <vector>

#include "optinc/chip/hardware.h"
#include "optinc/chip/program.h"

namespace optinc::chip {

/// A place on the chip, um.
struct Place {
  double x_um, y_um;
};

/// The meshes and attenuator columns of a program, each with a number of its own and the place of its upper left
/// corner.
struct Element {
  std::size_t stage, block;
  enum class Kind { first, attenuators, second } kind;
  Place corner;
};

/// All of them in the order in which light passes; a stage's blocks one after another.
std::vector<Element> elements_of(const Program& program, const Hardware& hardware);

/// The middle of the cell in (column, mode) of a mesh with this corner.
Place place_of_cell(const Place& corner, int column, int mode, const Hardware& hardware);

/// Crossings that line `line` of `lines` meets on its way to (or from) square `square` of `squares`, when copies that
/// lie side by side line by line are sorted to lie square by square.
int crossings(int line, int lines, int square, int squares);

}  // namespace optinc::chip
