// Programs for tests of their files.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/chip/program.h"
#include "optinc/linalg/unitary.h"
#include "optinc/mesh/decompose.h"

namespace optinc::chip {

/// A program without a design, of random unitary meshes, attenuators, gains and biases: P, a dense layer, a layer of
/// stacked squares, one of squares side by side, T; 4 bits, 2 servers. Its meshes are triangular ones of 3-MZIs, of
/// MZIs, or rectangular, as `seed` has it.
inline Program random_program(std::uint64_t seed) {
  const base::CounterStream stream(seed, 1);
  std::uint64_t next = 0;
  const auto draw = [&] { return stream.uniform(next++); };
  const auto kind = static_cast<int>(seed % 3);
  const auto mesh_of = [&](int size) {
    const linalg::ComplexMatrix unitary = linalg::random_unitary(size, seed, ++next);
    if (kind == 0) {
      return mesh::configure_three_mzi(unitary, {mesh::Layout::triangular, size, mesh::CellKind::three_mzi});
    }
    return mesh::program(unitary, {kind == 1 ? mesh::Layout::triangular : mesh::Layout::rectangular, size});
  };
  const auto attenuators_of = [&](int lines) {
    std::vector<double> shares;
    for (int i = 0; i < lines; ++i) shares.push_back(draw());
    return set_attenuators(shares);
  };
  const auto block_of = [&](int row, int column, int rows, int columns) {
    return Block{row, column, mesh_of(columns), attenuators_of(std::min(rows, columns)), mesh_of(rows)};
  };
  const auto stage_of = [&](std::string name, int outputs, int inputs, bool approximated = false) {
    Stage stage{std::move(name), outputs, inputs, approximated};
    stage.gain = 5 * draw() + 0.1;
    stage.largest_output = 7 * draw();
    const bool is_unit = stage.name == "P" || stage.name == "T";
    if (is_unit) {  // a block an input or output of the ONN, of which there are two
      for (const int k : {0, 1})
        stage.blocks.push_back(block_of(k * outputs / 2, k * inputs / 2, outputs / 2, inputs / 2));
      return stage;
    }
    if (approximated) {
      const int side = std::min(outputs, inputs);
      for (int row = 0; row < outputs; row += side) {
        for (int column = 0; column < inputs; column += side) {
          stage.blocks.push_back({row, column, mesh_of(side), attenuators_of(side), std::nullopt});
        }
      }
    } else {
      stage.blocks.push_back(block_of(0, 0, outputs, inputs));
    }
    for (int i = 0; i < outputs; ++i) stage.bias.push_back(2 * draw() - 1);
    return stage;
  };
  Program program{.design = "random", .origin = "trained", .area_mzi = 123, .version = "0.1.0"};
  program.shape = {.bits = 4, .servers = 2, .inputs = 2, .rounding = codec::Rounding::nearest_unbiased};
  program.approximated = onn::LayerSet::parse("2-3", 4);
  program.stages = {stage_of("P", 2, 4),       stage_of("1", 3, 2), stage_of("2", 6, 3, true),
                    stage_of("3", 2, 6, true), stage_of("4", 2, 2), stage_of("T", 4, 2)};
  return program;
}

/// A folder of its own for a test, gone behind it.
class TestFolder {
 public:
  explicit TestFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / fmt::format("optinc_{}_test_{}", name, ::getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::filesystem::path operator/(const std::string& file) const { return path_ / file; }

 private:
  std::filesystem::path path_;
};

/// What `action` refuses with; " (two lines)" behind it where it is not one line.
inline std::string refusal_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::InputError& error) {
    const std::string message = error.what();
    return message.find('\n') == message.npos ? message : message + " (two lines)";
  }
  return "nothing was refused";
}

/// `text` with the first `from` replaced; throws where there is none, so that no test passes for nothing.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  if (place == text.npos) throw base::RunError("no " + from + " in the text");
  return text.replace(place, from.size(), to);
}

}  // namespace optinc::chip
