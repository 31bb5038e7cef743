// What the verbs share. Each verb is one file with one function, add_x, that states its flags once (CLI11 parses them,
// prints them and, through `optinc reference`, documents them) and says what to do.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/ostream.h>

#include "optinc/base/record.h"
#include "optinc/base/text.h"

namespace optinc::cli {

/// Where a verb writes, and how it ended.
struct Context {
  std::ostream& out;
  std::ostream& err;
  int exit_code = 0;
};

/// Adds a verb; `examples` are shown at the end of its help.
CLI::App* add_verb(CLI::App& program, const std::string& name, const std::string& description,
                   const std::string& examples);

/// Adds `--json`: one JSON object on standard output in place of words.
void add_json_flag(CLI::App& verb, bool& json);
/// Adds `--threads`; 0 means all there are.
void add_threads_option(CLI::App& verb, int& threads);

/// Throws base::InputError for the first of `flags` that was given: it would change nothing. `subject`: for what it is
/// not, like "--reduce ring".
void refuse_flags(const CLI::App& verb, const std::vector<std::string>& flags, const std::string& subject);

void print_json(Context& context, const base::Json& json);

/// A record: `content` with its type in front.
base::Json tagged(const char* type, const base::Json& content);

using base::with_commas;

}  // namespace optinc::cli
