// A program as NumPy's .npz (doc/format_program.md): an array a list of numbers, and the rest as JSON in one of bytes.
#pragma once

#include <filesystem>

#include "optinc/chip/program.h"

namespace optinc::chip {

/// Float64 arrays named as for_each_list (program_json.h) names them, and "metadata.json", UTF-8 in uint8. The same
/// program gives the same bytes. Whole or not at all; throws base::InputError for a program that check() refuses.
void save_npz(const std::filesystem::path& path, const Program& program);

/// The inverse, to the bit. Throws base::InputError, one line, for a file that is missing, cut short or no such
/// program. Arrays that a program does not have are passed over.
Program load_npz(const std::filesystem::path& path);

}  // namespace optinc::chip
