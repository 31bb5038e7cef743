#include "optinc/cli/cli.h"

#include <algorithm>
#include <exception>

#include "optinc/base/error.h"
#include "optinc/base/version.h"
#include "optinc/cli/command.h"
#include "optinc/cli/command_area.h"
#include "optinc/cli/command_cascade.h"
#include "optinc/cli/command_compile.h"
#include "optinc/cli/command_design.h"
#include "optinc/cli/command_drill.h"
#include "optinc/cli/command_error_law.h"
#include "optinc/cli/command_explain.h"
#include "optinc/cli/command_export.h"
#include "optinc/cli/command_hardware.h"
#include "optinc/cli/command_import.h"
#include "optinc/cli/command_link_budget.h"
#include "optinc/cli/command_model.h"
#include "optinc/cli/command_noise.h"
#include "optinc/cli/command_perf.h"
#include "optinc/cli/command_plan.h"
#include "optinc/cli/command_reference.h"
#include "optinc/cli/command_report.h"
#include "optinc/cli/command_reproduce.h"
#include "optinc/cli/command_schedule.h"
#include "optinc/cli/command_search.h"
#include "optinc/cli/command_simulate.h"
#include "optinc/cli/command_topology.h"
#include "optinc/cli/command_verify.h"
#ifdef OPTINC_WITH_TORCH
#include "optinc/cli/command_train.h"
#endif

namespace optinc::cli {
namespace {

/// CLI11's message in one line.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  CLI::App program(
      "Optical in-network computing: design optical neural networks that average gradients, verify and count "
      "them, and train through them",
      "optinc");
  program.set_version_flag("--version", base::kVersion);
  program.require_subcommand(1);
  program.failure_message([](const CLI::App*, const CLI::Error& error) { return std::string(error.what()); });
  Context context{out, err};
  add_design(program, context);
  add_verify(program, context);
  add_search(program, context);
  add_cascade(program, context);
  add_noise(program, context);
  add_area(program, context);
  add_hardware(program, context);
  add_reproduce(program, context);
  add_export(program, context);
  add_import(program, context);
  add_compile(program, context);
  add_simulate(program, context);
  add_link_budget(program, context);
  add_error_law(program, context);
#ifdef OPTINC_WITH_TORCH
  add_train(program, context);
#endif
  add_perf(program, context);
  add_drill(program, context);
  add_explain(program, context);
  add_model(program, context);
  add_topology(program, context);
  add_plan(program, context);
  add_schedule(program, context);
  add_report(program, context);
  add_reference(program, context);

  try {
    if (!arguments.empty() && !arguments[0].starts_with('-')) {
      const std::vector<CLI::App*> verbs = program.get_subcommands({});
      base::require(std::ranges::any_of(verbs, [&](const CLI::App* verb) { return verb->check_name(arguments[0]); }),
                    "{}: no such verb; optinc --help lists them", arguments[0]);
    }
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    program.parse(reversed);
    return context.exit_code;
  } catch (const CLI::Success& help) {
    program.exit(help, out, err);
    return kOk;
  } catch (const CLI::ParseError& error) {
    fmt::print(err, "optinc: {} (see optinc {}--help)\n", one_line(error.what()),
               program.get_subcommands().empty() ? "" : program.get_subcommands().front()->get_name() + " ");
    return kBadInput;
  } catch (const base::InputError& error) {
    fmt::print(err, "optinc: {}\n", error.what());
    return kBadInput;
  } catch (const std::exception& error) {
    fmt::print(err, "optinc: {}\n", one_line(error.what()));
    return kFailed;
  }
}

}  // namespace optinc::cli
