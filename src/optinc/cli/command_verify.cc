#include "optinc/cli/command_verify.h"

#include <memory>

#include "optinc/base/progress.h"
#include "optinc/cli/cli.h"
#include "optinc/device/exact_averager.h"
#include "optinc/device/onn_averager.h"
#include "optinc/verify/verify.h"

namespace optinc::cli {
namespace {

struct Options {
  std::string design;
  bool exact = false;
  int threads = 0;
  bool json = false;
};

void print_words(Context& context, const device::DeviceShape& shape, const verify::Verification& found) {
  fmt::print(context.out, "{} bits, {} servers, {} inputs, rounding {}\n", shape.bits, shape.servers, shape.inputs,
             codec::to_string(shape.rounding));
  fmt::print(context.out, "{} of {} inputs right ({:.6g} %), {} wrong\n", with_commas(found.inputs - found.wrong),
             with_commas(found.inputs), 100 * found.accuracy(), with_commas(found.wrong));
  const base::Json json = verify::to_json(found);
  for (const base::Json& error : json["errors"]) {
    fmt::print(context.out, "  error {:+}: {} inputs ({:.1f} % of the errors)\n", error["value"].get<std::int64_t>(),
               with_commas(error["count"].get<std::uint64_t>()), 100 * error["share"].get<double>());
  }
  fmt::print(context.out, "largest analog error {:.4f} levels (the receiver errs from 0.5 on)\n",
             found.largest_analog_error());
  fmt::print(context.out, "{:.2f} s, {:.3g} inputs/s\n", found.seconds,
             static_cast<double>(found.inputs) / found.seconds);
}

void run_verify(const Options& options, Context& context) {
  const onn::Design design = onn::load_design(options.design);
  std::unique_ptr<device::Averager> averager;
  if (options.exact) {
    averager = std::make_unique<device::ExactAverager>(device::shape_of(design));
  } else {
    averager = std::make_unique<device::OnnAverager>(design);
  }
  base::Progress progress("verify", static_cast<double>(averager->shape().input_count()));
  const verify::Verification found = verify::verify(*averager, {.threads = options.threads}, &progress);
  if (options.json) {
    print_json(context, verify::to_json(found));
  } else {
    print_words(context, averager->shape(), found);
  }
  context.exit_code = found.wrong == 0 ? kOk : kFailed;
}

}  // namespace

void add_verify(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(program, "verify", "Check a design against the exact average on every possible input",
                            "  optinc verify designs/b8-n4.safetensors\n"
                            "  optinc verify designs/b8-n4.safetensors --json\n"
                            "Exit code 0: every input is right; 1: some are wrong; 2: bad input.");
  auto options = std::make_shared<Options>();
  verb->add_option("design", options->design, "Design file (safetensors)")->required();
  verb->add_flag("--exact", options->exact, "Put integer arithmetic in the ONN's place (checks the check)");
  add_threads_option(*verb, options->threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_verify(*options, context); });
}

}  // namespace optinc::cli
