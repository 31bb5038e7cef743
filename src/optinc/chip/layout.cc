#include "optinc/chip/layout.h"

#include <algorithm>

namespace optinc::chip {
namespace {

int depth(const mesh::Mesh& mesh) {
  return static_cast<int>(mesh.shape.columns().size());
}

}  // namespace

std::vector<Element> elements_of(const Program& program, const Hardware& hardware) {
  std::vector<Element> elements;
  double x = 0;
  for (std::size_t s = 0; s < program.stages.size(); ++s) {
    double y = 0, longest = 0;
    for (std::size_t b = 0; b < program.stages[s].blocks.size(); ++b) {
      const Block& block = program.stages[s].blocks[b];
      double end = x;
      elements.push_back({s, b, Element::Kind::first, {end, y}});
      end += depth(block.first) * hardware.cell_length_um;
      elements.push_back({s, b, Element::Kind::attenuators, {end, y}});
      end += hardware.cell_length_um;
      if (block.second) {
        elements.push_back({s, b, Element::Kind::second, {end, y}});
        end += depth(*block.second) * hardware.cell_length_um;
      }
      longest = std::max(longest, end - x);
      y += std::max(block.rows(), block.columns()) * hardware.mode_pitch_um;
    }
    x += longest + hardware.cell_length_um;
  }
  return elements;
}

Place place_of_cell(const Place& corner, int column, int mode, const Hardware& hardware) {
  return {corner.x_um + (column + 0.5) * hardware.cell_length_um, corner.y_um + (mode + 0.5) * hardware.mode_pitch_um};
}

int crossings(int line, int lines, int square, int squares) {
  return line * (squares - 1 - square) + (lines - 1 - line) * square;
}

}  // namespace optinc::chip
