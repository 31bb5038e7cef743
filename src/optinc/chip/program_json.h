// A program as JSON (doc/format_program.md), its long lists of numbers inside it or beside it, as .npz files have them.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include "optinc/chip/program.h"

namespace optinc::chip {

enum class Lists { inside, beside };

/// Throws base::InputError for numbers that are not finite and for texts that from_json would refuse. Bytes of a text
/// that are no UTF-8 are replaced: JSON has none.
std::string to_json(const Program& program, Lists lists);

/// The inverse; lists that are beside are left empty. Throws base::InputError, one line that begins with `name`, for
/// what is no whole JSON, another format, a key that is missing and a value of another type. check() is left to the
/// caller.
Program from_json(std::string_view text, const std::string& name, Lists lists);

/// visit("stage_1.block_0.first.theta", list) for every list of numbers, in the order of the file. P is stage 0.
/// `AnyProgram` is Program or const Program.
template <typename AnyProgram, typename Visit>
requires std::is_same_v<std::remove_const_t<AnyProgram>, Program>
void for_each_list(AnyProgram& program, const Visit& visit) {
  const auto visit_mesh = [&](const std::string& place, auto& mesh) {
    visit(place + ".theta", mesh.theta);
    visit(place + ".phi", mesh.phi);
    visit(place + ".output_phase", mesh.output_phase);
  };
  for (std::size_t s = 0; s < program.stages.size(); ++s) {
    auto& stage = program.stages[s];
    visit(fmt::format("stage_{}.bias", s), stage.bias);
    for (std::size_t b = 0; b < stage.blocks.size(); ++b) {
      auto& block = stage.blocks[b];
      const std::string place = fmt::format("stage_{}.block_{}", s, b);
      visit_mesh(place + ".first", block.first);
      visit(place + ".attenuators.theta", block.attenuators.theta);
      visit(place + ".attenuators.phi", block.attenuators.phi);
      if (block.second) visit_mesh(place + ".second", *block.second);
    }
  }
}

}  // namespace optinc::chip
