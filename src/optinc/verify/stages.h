// What the wires between the layers of a constructed network stand for: the claims that by_stage.h proves, a design
// carries them with it (doc/format_design.md). They are about the average's digits in base 4: A_k = sum_e v_(k,e) 4^e,
// and a digit's position in the code is e plus the place of its input's unit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace optinc::verify {

enum class Meaning {
  rest,       ///< what is left of A_k or a remainder: its digits up to a place
  shortfall,  ///< of a rest below a threshold: max(0, threshold - rest), on one wire
  step,       ///< 1 where the rest has reached the threshold, 0 below: what a shortfall says; part of claims, never one
  digit,      ///< D_e, the sum of the inputs' digits at a position; with the carry into it, less 4 times that out of it
  state,      ///< what D_e makes of a carry that comes in: 0 swallows it, 1 hands it on, 2 makes one whatever comes
  carry,      ///< out of a position
  symbol,     ///< the answer, carried on
};

struct Reading {
  int wire;
  double factor;
  bool operator==(const Reading&) const = default;
};

/// A number that wires carry between them: sum of factor * wire, plus a constant.
struct Signal {
  Meaning meaning = Meaning::rest;
  int input = 0;              ///< of a rest and its shortfall: k, from 0; -k: the remainder of input k (digits.h)
  int place = 0;              ///< of a rest and its shortfall: the rest's highest place, in the input's own unit
  int threshold = 0;          ///< of a shortfall: in steps of the input's lattice
  int position = 0;           ///< of all others: exponent of 4 in the code
  std::vector<int> inputs{};  ///< of a digit: those that are in the sum, remainders too, ascending
  bool carry_in = false;      ///< of a digit: the carry into the position is in it
  bool carry_out = false;     ///< of a digit: what the carry takes out of the position is no longer in it
  std::vector<Reading> readings{};
  double constant = 0;
  bool operator==(const Signal&) const = default;
};

/// "the rest of input 2 up to place 0", "digit 3", ...: for people.
std::string in_words(const Signal& signal);

/// Of every layer but the last, what its outputs carry.
using Stages = std::vector<std::vector<Signal>>;

/// As JSON text, one line; and back. parse_stages throws base::InputError for a text that is none.
std::string to_text(const Stages& stages);
Stages parse_stages(std::string_view text);

}  // namespace optinc::verify
