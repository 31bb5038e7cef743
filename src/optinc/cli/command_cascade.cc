#include "optinc/cli/command_cascade.h"

#include <filesystem>
#include <memory>
#include <optional>

#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/cli/cli.h"
#include "optinc/device/exact_averager.h"
#include "optinc/device/onn_averager.h"
#include "optinc/device/tabulated_averager.h"
#include "optinc/fabric/basic_cascade.h"
#include "optinc/fabric/cascade.h"
#include "optinc/fabric/end_to_end.h"
#include "optinc/fabric/single_device.h"
#include "optinc/verify/input_tolerance.h"
#include "optinc/verify/verify.h"

namespace optinc::cli {
namespace {

struct Options {
  std::filesystem::path level_1;
  std::filesystem::path level_2;
  std::uint64_t samples = 10'000'000;
  std::uint64_t seed = 1;
  int most_splits = 10;
  bool no_tolerance = false;
  int threads = 0;
  std::filesystem::path records;
  bool json = false;
};

/// Both levels, as designs and as averagers.
struct Levels {
  onn::Design first, second;
  std::shared_ptr<const device::OnnAverager> level_1, level_2;

  explicit Levels(const Options& options)
      : first(onn::load_design(options.level_1)),
        second(onn::load_design(options.level_2)),
        level_1(std::make_shared<device::OnnAverager>(first)),
        level_2(std::make_shared<device::OnnAverager>(second)) {}
};

verify::Verification verify_level(const device::OnnAverager& level, const char* name, int threads) {
  base::Progress progress(fmt::format("verify {}", name), static_cast<double>(level.shape().input_count()));
  return verify::verify(level, {.threads = threads}, &progress);
}

base::Json to_json(const verify::ToleranceProof& proof, const std::vector<double>& radius) {
  return {{"bounds", radius},
          {"inputs", proof.inputs},
          {"proved", proof.proved},
          {"refuted", proof.refuted},
          {"undecided", proof.undecided()},
          {"boxes", proof.boxes},
          {"holds", proof.proved == proof.inputs},
          {"seconds", proof.seconds}};
}

base::Json to_json(const fabric::EndToEnd& found) {
  base::Json errors = base::Json::array();
  for (const auto& [value, count] : found.errors) errors.push_back({{"value", value}, {"count", count}});
  return {{"samples", found.samples},
          {"wrong", found.wrong},
          {"wrong_share", found.wrong_share()},
          {"errors", errors},
          {"seconds", found.seconds}};
}

/// Level 2's answer to level 1's errors: proved for all that are within their bounds, or not.
base::Json prove_analog(const Options& options, const Levels& levels, const std::vector<double>& errors) {
  const device::DeviceShape& shape = levels.level_2->shape();
  const std::vector<double> bounds = verify::input_errors(shape, errors);
  base::Progress progress("analog proof", static_cast<double>(shape.input_count()));
  base::Json json =
      to_json(verify::prove_tolerance(levels.second.network, shape, bounds,
                                      {.threads = options.threads, .most_splits = options.most_splits}, &progress),
              bounds);
  json["method"] = "zonotopes with splitting, float32 rounding allowed for";
  return json;
}

double find_tolerance(const Options& options, const Levels& levels) {
  const device::DeviceShape& shape = levels.level_2->shape();
  // Half of the pitch of input K: beyond it, inputs can't be told apart.
  const double most = 0.5 / shape.steps_per_level(shape.inputs - 1);
  base::Progress progress("level 2's tolerance", static_cast<double>(shape.input_count()));
  return verify::proved_tolerance(levels.second.network, shape, most,
                                  {.threads = options.threads, .most_splits = options.most_splits}, &progress);
}

/// Where all inputs are possible ones, a table of the ONN's own answers stands in for it: the same bits, sooner.
std::shared_ptr<const device::Averager> on_lattice(const std::shared_ptr<const device::OnnAverager>& onn, int threads) {
  if (onn->shape().input_count() > device::TabulatedAverager::kMaxInputs) return onn;
  return std::make_shared<device::TabulatedAverager>(*onn, threads);
}

base::Json check_samples(const Options& options, const Levels& levels) {
  const device::DeviceShape& shape = levels.level_2->shape();
  const int servers = shape.servers * shape.servers;
  const auto level_1 = on_lattice(levels.level_1, options.threads);
  const fabric::Cascade snapped(level_1, on_lattice(levels.level_2, options.threads),
                                {.mode = fabric::CascadeMode::snapped});
  const fabric::Cascade analog(level_1, levels.level_2, {.mode = fabric::CascadeMode::analog});
  const device::DeviceShape single{shape.bits, shape.servers, shape.inputs, shape.rounding};
  const auto quantiser = std::make_shared<fabric::SingleDevice>(std::make_shared<device::ExactAverager>(single));
  const fabric::BasicCascade basic(quantiser, quantiser);

  const auto uniform = fabric::uniform_codes(servers, shape.bits, options.seed);
  const auto adversarial =
      fabric::adversarial_codes(*levels.level_1, shape.rounding, options.seed, 256, options.threads);
  const auto check = [&](const fabric::Fabric& fabric, const fabric::DrawCodes& draw, const char* name) {
    base::Progress progress(name, static_cast<double>(options.samples));
    return to_json(fabric::check_end_to_end(fabric, draw, options.samples, options.seed, options.threads, &progress));
  };
  return {{"snapped_uniform", check(snapped, uniform, "snapped, uniform")},
          {"snapped_adversarial", check(snapped, adversarial, "snapped, adversarial")},
          {"analog_uniform", check(analog, uniform, "analog, uniform")},
          {"analog_adversarial", check(analog, adversarial, "analog, adversarial")},
          {"basic_uniform", check(basic, uniform, "basic, uniform")},
          {"basic_adversarial", check(basic, adversarial, "basic, adversarial")}};
}

void print_level(Context& context, const char* name, const std::filesystem::path& path, const base::Json& level) {
  fmt::print(context.out, "{} ({}): {} of {} inputs right, {} wrong; largest error of each output", name,
             path.filename().string(),
             with_commas(level["inputs"].get<std::uint64_t>() - level["wrong"].get<std::uint64_t>()),
             with_commas(level["inputs"].get<std::uint64_t>()), with_commas(level["wrong"].get<std::uint64_t>()));
  for (const base::Json& error : level["largest_errors"]) {
    fmt::print(context.out, " {}", error.is_number() ? fmt::format("{:.4g}", error.get<double>()) : "NaN");
  }
  fmt::print(context.out, "\n");
}

void print_samples(Context& context, const char* name, const base::Json& uniform, const base::Json& adversarial) {
  fmt::print(context.out, "  {:8}  {:>12} wrong of {} uniform, {:>12} wrong of {} adversarial\n", name,
             with_commas(uniform["wrong"].get<std::uint64_t>()), with_commas(uniform["samples"].get<std::uint64_t>()),
             with_commas(adversarial["wrong"].get<std::uint64_t>()),
             with_commas(adversarial["samples"].get<std::uint64_t>()));
}

void print_words(Context& context, const Options& options, const base::Json& found) {
  print_level(context, "level 1", options.level_1, found["level_1"]);
  print_level(context, "level 2", options.level_2, found["level_2"]);
  fmt::print(context.out, "snapped: {}\n",
             found["snapped_exact"].get<bool>() ? "exact, by enumeration of each level" : "not exact");
  const base::Json& proof = found["analog_proof"];
  fmt::print(
      context.out,
      "analog: {} (level 2 right on {} of {} of its inputs under every error within level 1's bounds, {} refuted, "
      "{} undecided; {})\n",
      found["analog_exact"].get<bool>() ? "exact, proved" : "not proved",
      with_commas(proof["proved"].get<std::uint64_t>()), with_commas(proof["inputs"].get<std::uint64_t>()),
      with_commas(proof["refuted"].get<std::uint64_t>()), with_commas(proof["undecided"].get<std::uint64_t>()),
      proof["method"].get<std::string>());
  if (found.contains("tolerance")) {
    fmt::print(context.out, "level 2 bears, proved, errors up to {:.4g} levels on every input at once\n",
               found["tolerance"].get<double>());
  }
  if (!found.contains("end_to_end")) return;
  const base::Json& samples = found["end_to_end"];
  fmt::print(context.out, "end to end, against the exact average of all servers:\n");
  for (const char* name : {"snapped", "analog", "basic"}) {
    print_samples(context, name, samples[fmt::format("{}_uniform", name)],
                  samples[fmt::format("{}_adversarial", name)]);
  }
}

void run_cascade(const Options& options, Context& context) {
  const Levels levels(options);
  const fabric::Cascade fits(levels.level_1, levels.level_2);  // refuses what does not fit before anything is run
  const verify::Verification level_1 = verify_level(*levels.level_1, "level 1", options.threads);
  const verify::Verification level_2 = verify_level(*levels.level_2, "level 2", options.threads);
  const bool snapped = level_1.wrong == 0 && level_2.wrong == 0;
  base::Json found{
      {"level_1", verify::to_json(level_1)}, {"level_2", verify::to_json(level_2)}, {"snapped_exact", snapped}};
  found["analog_proof"] = prove_analog(options, levels, level_1.largest_errors);
  found["analog_exact"] = found["analog_proof"]["holds"];
  if (!options.no_tolerance) found["tolerance"] = find_tolerance(options, levels);
  if (options.samples > 0) found["end_to_end"] = check_samples(options, levels);

  if (!options.records.empty()) {
    base::RecordWriter records(options.records, base::RecordMode::replace);
    records.write({{"type", "run"},
                   {"command", "cascade"},
                   {"version", base::kVersion},
                   {"seed", options.seed},
                   {"config",
                    {{"level-1", options.level_1.filename().string()},
                     {"level-2", options.level_2.filename().string()},
                     {"samples", options.samples},
                     {"most-splits", options.most_splits}}}});
    records.write(tagged("cascade", found));
  }
  if (options.json) {
    print_json(context, found);
  } else {
    print_words(context, options, found);
  }
  context.exit_code = snapped ? kOk : kFailed;
}

}  // namespace

void add_cascade(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "cascade", "Check a cascade of N + 1 devices for up to N^2 servers: prove it, and sample it end to end",
      "  optinc cascade designs/b8-n4-cascade-1.safetensors designs/b8-n4-cascade-2.safetensors\n"
      "  optinc cascade level1.safetensors level2.safetensors --samples 100000 --json\n"
      "Snapped (a regenerator between the levels): proved by enumerating each level. Analog (nothing between them): "
      "level\n"
      "1's largest errors over all its inputs, then level 2 under every error within those bounds. `basic` quantises "
      "at\n"
      "both levels. Exit code 0: the snapped cascade is exact; 1: it is not; 2: bad input.");
  auto options = std::make_shared<Options>();
  verb->add_option("level-1", options->level_1, "Design of the N devices of level 1")->required();
  verb->add_option("level-2", options->level_2, "Design of the device of level 2")->required();
  verb->add_option("--samples", options->samples, "Elements end to end, uniform and adversarial each; 0: none")
      ->capture_default_str();
  verb->add_option("--seed", options->seed, "Same seed, same samples")->capture_default_str();
  verb->add_option("--most-splits", options->most_splits, "Halvings after which a box of errors is given up")
      ->check(CLI::Range(0, 24))
      ->capture_default_str();
  verb->add_flag("--no-tolerance", options->no_tolerance, "Don't look for the largest errors that level 2 bears");
  verb->add_option("--records", options->records, "Write records (JSON lines) here");
  add_threads_option(*verb, options->threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_cascade(*options, context); });
}

}  // namespace optinc::cli
