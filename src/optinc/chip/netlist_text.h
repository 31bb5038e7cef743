// The text of a netlist: exactly the YAML that save_netlist writes, as a graph.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace optinc::chip {

enum class Component { mzi, mzi_3, phase_shifter, splitter, combiner, gain, reference, relu };

/// An instance. Its inputs are the numbers first_input .. first_input + inputs - 1 of all inputs, its outputs alike.
struct Instance {
  std::string_view name;
  Component component;
  std::array<double, 2> settings{};  ///< in the order of the head of the file, "ways" too
  std::size_t line = 0;              ///< in the file, from 1
  std::size_t first_input = 0, inputs = 0;
  std::size_t first_output = 0, outputs = 0;
};

/// What an input is fed by.
struct Source {
  enum class Kind { dark, output, port };
  Kind kind = Kind::dark;
  std::size_t number = 0;  ///< of an output among all, of a port in_0 ..
};

struct Netlist {
  std::vector<Instance> instances;
  std::vector<Source> source_of_input;          ///< [inputs of all instances]
  std::vector<std::size_t> instance_of_output;  ///< [outputs of all instances]
  std::vector<std::size_t> output_ports;        ///< the outputs that out_0 .. are
  std::size_t input_ports = 0;
};

/// `text` must outlive the result. Throws base::InputError, `NAME:LINE: ..`, for any line that save_netlist would not
/// write there, and for instances, inputs and outputs that occur twice or do not exist.
Netlist parse_netlist(std::string_view text, const std::string& name);

}  // namespace optinc::chip
