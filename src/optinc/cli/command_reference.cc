#include "optinc/cli/command_reference.h"

namespace optinc::cli {
namespace {

void print_reference(const CLI::App& program, Context& context) {
  fmt::print(
      context.out,
      "# Command line\n\nMade by `optinc reference`; a test keeps it fresh. Exit codes of all verbs: 0 ok, 1 the "
      "check failed or something broke while running, 2 bad input.\n");
  for (const CLI::App* verb : program.get_subcommands({})) {
    fmt::print(context.out, "\n## optinc {}\n\n```\n{}```\n", verb->get_name(), verb->help("optinc"));
  }
}

}  // namespace

void add_reference(CLI::App& program, Context& context) {
  CLI::App* verb =
      add_verb(program, "reference", "Print the reference of all verbs as Markdown", "  optinc reference > doc/cli.md");
  verb->callback([&program, &context] { print_reference(program, context); });
}

}  // namespace optinc::cli
