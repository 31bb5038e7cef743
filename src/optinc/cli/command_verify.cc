#include "optinc/cli/command_verify.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/inputs_record.h"
#include "optinc/cli/mpi_ranks.h"
#include "optinc/device/exact_averager.h"
#include "optinc/device/onn_averager.h"
#include "optinc/device/preprocessing.h"
#include "optinc/linalg/sgemm_rate.h"
#include "optinc/onn/matrix_approximation.h"
#include "optinc/verify/by_stage.h"
#include "optinc/verify/inputs.h"
#include "optinc/verify/verify.h"

namespace optinc::cli {
namespace {

struct Options {
  std::string design;
  bool exact = false;
  std::string range;
  std::uint64_t sample = 0;
  std::uint64_t seed = 1;
  std::size_t first_wrong = 0;
  bool by_stage = false;
  int threads = 0;
  bool json = false;
};

/// "FIRST:COUNT".
void parse_range(const std::string& text, verify::VerifyOptions& options) {
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, options.first);
  const bool colon = first.ec == std::errc() && first.ptr != end && *first.ptr == ':';
  const auto count = colon ? std::from_chars(first.ptr + 1, end, options.count) : first;
  base::require(colon && count.ec == std::errc() && count.ptr == end && options.count > 0,
                "--range {}: expected FIRST:COUNT, the number of an input and how many (1 or more)", text);
}

verify::VerifyOptions verify_options(const Options& options, const collective::Transport* transport) {
  verify::VerifyOptions chosen{.threads = options.threads,
                               .keep_wrong = options.first_wrong,
                               .rank = rank_of(transport),
                               .ranks = ranks_of(transport)};
  if (!options.range.empty()) parse_range(options.range, chosen);
  if (options.sample > 0) {
    chosen.sampled = true;
    chosen.count = options.sample;
    chosen.seed = options.seed;
  }
  return chosen;
}

/// What the verb says, in words and as JSON.
struct Answer {
  verify::Verification found;
  double sgemm_gflops = 0;              ///< of all ranks, measured behind the verification
  std::optional<double> gflops;         ///< of the forward passes; none with --exact
  std::optional<double> approximation;  ///< the largest approximation_error; none if no layer is approximated
  base::Json wrong;                     ///< --first-wrong: a list of number, inputs, levels, right
};

std::optional<double> largest_approximation_error(const onn::Design& design) {
  std::optional<double> largest;
  for (std::size_t i = 0; i < design.network.layers.size(); ++i) {
    if (!design.approximated.contains(static_cast<int>(i) + 1)) continue;
    largest = std::max(largest.value_or(0), onn::approximation_error(design.network.layers[i]));
  }
  return largest;
}

double flops_of_forward(const onn::Network& network) {
  double flops = 0;
  for (const onn::Layer& layer : network.layers) flops += 2.0 * static_cast<double>(layer.weight.size());
  return flops;
}

/// Of a wrong input: its number, A_k, the levels given, those that are right.
base::Json describe_input(const device::Averager& averager, const verify::VerifyOptions& chosen, std::uint64_t number) {
  const device::DeviceShape& shape = averager.shape();
  std::vector<std::int32_t> steps(shape.inputs);
  std::vector<float> inputs(shape.inputs), levels(shape.symbols()), right(shape.symbols());
  if (verify::are_numbered(shape)) {
    shape.enumerate_steps(number, 1, steps.data());
  } else {
    std::uint64_t draw = 0;
    verify::draw_inputs(shape, chosen.seed, number, 1, &draw, steps.data());
  }
  device::levels_of_steps(shape, 1, steps.data(), inputs.data());
  averager.average(1, inputs.data(), levels.data());
  shape.levels_of_code(shape.exact_code(steps.data()), right.data());
  return {{"number", number}, {"inputs", inputs}, {"levels", levels}, {"right", right}};
}

base::Json to_json(const Options& options, const verify::VerifyOptions& chosen, const device::DeviceShape& shape,
                   const Answer& answer) {
  base::Json json = verify::to_json(answer.found);
  json["possible"] = inputs_json(shape);
  json["sampled"] = chosen.sampled;
  if (chosen.sampled) json["seed"] = chosen.seed;
  if (!options.range.empty()) json["first"] = chosen.first;
  json["gflops"] = answer.gflops ? base::Json(*answer.gflops) : base::Json(nullptr);
  json["sgemm_gflops"] = answer.sgemm_gflops;
  json["approximation_error"] = answer.approximation ? base::Json(*answer.approximation) : base::Json(nullptr);
  if (options.first_wrong > 0) json["first_wrong"] = answer.wrong;
  return json;
}

/// [0.25, 3.0] -> "0.25 3".
std::string numbers(const base::Json& list) {
  std::string text;
  for (const base::Json& number : list) {
    text += text.empty() ? "" : " ";
    text += number.is_number() ? fmt::format("{:.6g}", number.get<double>()) : "NaN";
  }
  return text;
}

void print_shape(Context& context, const device::DeviceShape& shape) {
  fmt::print(context.out, "{} bits, {} servers, {} inputs, rounding {}{}\n", shape.bits, shape.servers, shape.inputs,
             codec::to_string(shape.rounding),
             shape.role == onn::Role::single ? "" : ", " + onn::to_string(shape.role));
}

std::string count_in_words(double count) {
  return count < 0x1p53 ? with_commas(static_cast<std::uint64_t>(count)) : fmt::format("{:.4g}", count);
}

void print_what_was_checked(Context& context, const verify::VerifyOptions& chosen, double possible,
                            const verify::Verification& found) {
  const std::uint64_t right = found.inputs - found.wrong;
  const char* const which = chosen.sampled ? "sampled inputs" : "inputs";
  fmt::print(context.out, "{} of {} {} right ({:.6g} %), {} wrong\n", with_commas(right), with_commas(found.inputs),
             which, 100 * found.accuracy(), with_commas(found.wrong));
  if (chosen.sampled) {
    fmt::print(context.out, "sampled: drawn at random with seed {} from {} possible inputs, not all of them checked\n",
               chosen.seed, count_in_words(possible));
    // The share wrong that would let a sample pass without a wrong input once in 20: 1 - 0.05^(1/n).
    if (found.wrong == 0) {
      fmt::print(context.out, "at 95 % confidence at most {:.2g} % of all are wrong\n",
                 -100 * std::expm1(std::log(0.05) / static_cast<double>(found.inputs)));
    }
  } else if (static_cast<double>(found.inputs) < possible) {
    fmt::print(context.out, "checked: inputs {} .. {} of {} possible ones\n", with_commas(chosen.first),
               with_commas(chosen.first + found.inputs - 1), count_in_words(possible));
  }
}

void print_largest_errors(Context& context, const device::DeviceShape& shape, const verify::Verification& found) {
  fmt::print(context.out,
             "largest analog error {:.4f} levels (the receiver errs from 0.5 on, above the highest and below the "
             "lowest level never",
             found.largest_analog_error());
  if (shape.steps_per_output_level() > 1) {
    fmt::print(context.out, "; on the last output, with decimals, from {:.4g} on",
               0.5 / shape.steps_per_output_level());
  }
  fmt::print(context.out, ")\n  of each output:");
  for (const double error : found.largest_errors) fmt::print(context.out, " {:.4f}", error);
  fmt::print(context.out, "\n");
}

void print_words(Context& context, const device::DeviceShape& shape, const verify::VerifyOptions& chosen,
                 const Answer& answer) {
  const verify::Verification& found = answer.found;
  print_shape(context, shape);
  print_what_was_checked(context, chosen, verify::possible_inputs(shape), found);
  const base::Json json = verify::to_json(found);
  for (const base::Json& error : json["errors"]) {
    fmt::print(context.out, "  error {:+}: {} inputs ({:.1f} % of the errors)\n", error["value"].get<std::int64_t>(),
               with_commas(error["count"].get<std::uint64_t>()), 100 * error["share"].get<double>());
  }
  for (const base::Json& wrong : answer.wrong) {
    fmt::print(context.out, "  wrong input {}: A = {}; levels {}; right {}\n", wrong["number"].get<std::uint64_t>(),
               numbers(wrong["inputs"]), numbers(wrong["levels"]), numbers(wrong["right"]));
  }
  print_largest_errors(context, shape, found);
  if (answer.approximation) {
    fmt::print(context.out, "largest |U U^T - I| over approximated layers {:.2g}\n", *answer.approximation);
  }
  fmt::print(context.out, "{:.2f} s, {:.3g} inputs/s", found.seconds,
             static_cast<double>(found.inputs) / found.seconds);
  if (answer.gflops) {
    fmt::print(context.out, ", {:.4g} GFLOP/s ({:.0f} % of sgemm's {:.4g})", *answer.gflops,
               100 * *answer.gflops / answer.sgemm_gflops, answer.sgemm_gflops);
  }
  fmt::print(context.out, "\n");
}

/// This rank's share of the work, and at rank 0 the answer of all.
std::optional<Answer> verify_over_ranks(const device::Averager& averager, const verify::VerifyOptions& chosen,
                                        collective::Transport* transport) {
  const double count = chosen.count > 0 ? static_cast<double>(chosen.count) : verify::possible_inputs(averager.shape());
  base::Progress progress("verify", std::max(1.0, count / chosen.ranks), chosen.rank == 0 ? stderr : nullptr);
  const verify::Verification mine = verify::verify(averager, chosen, &progress);
  const double sgemm_gflops = linalg::measure_sgemm_gflops(chosen.threads, /*seconds=*/0.3);

  const auto verifications = gather(transport, verify::to_bytes(mine));
  const auto rates = gather(transport, std::as_bytes(std::span(&sgemm_gflops, 1)));
  if (chosen.rank > 0) return std::nullopt;
  Answer answer;
  for (const auto& bytes : verifications) answer.found.merge(verify::from_bytes(bytes), chosen.keep_wrong);
  for (const auto& bytes : rates) {
    double rate = 0;
    std::ranges::copy(bytes, std::as_writable_bytes(std::span(&rate, 1)).begin());
    answer.sgemm_gflops += rate;
  }
  return answer;
}

/// Layer by layer, with no input put through.
void run_by_stage(const Options& options, Context& context) {
  const onn::Design design = onn::load_design(options.design);
  const device::DeviceShape shape = device::shape_of(design);
  const verify::Stages stages = design.stages.empty() ? verify::Stages{} : verify::parse_stages(design.stages);
  const device::DeviceShape proved = verify::shape_of_claims(design.network, shape, stages);
  const verify::ByStageProof proof = verify::prove_by_stage(design.network, proved, stages);
  const double noise = proof.proved() ? verify::proved_noise(design.network, proved, stages) : 0;
  context.exit_code = proof.proved() ? kOk : kFailed;
  if (options.json) {
    base::Json json = verify::to_json(proof);
    json["possible"] = inputs_json(shape);
    json["noise"] = noise;
    print_json(context, json);
    return;
  }
  print_shape(context, shape);
  if (design.stages.empty()) fmt::print(context.out, "the design does not say what its wires stand for\n");
  for (std::size_t i = 0; i < proof.stages.size(); ++i) {
    const verify::StageProof& stage = proof.stages[i];
    if (!proof.proved() && i + 1 == proof.stages.size()) break;
    fmt::print(context.out, "  layer {}: {} signals right on all {} values of the sums they are read from, to {:.2g}\n",
               i + 1, stage.signals, with_commas(stage.values), stage.error);
  }
  if (!proof.proved()) {
    fmt::print(context.out, "not proved: {}\n", proof.refusal);
    return;
  }
  fmt::print(context.out, "proved: all {:.4g} possible inputs right\n  no output further off than",
             verify::possible_inputs(shape));
  for (const double error : proof.largest_errors) fmt::print(context.out, " {:.2g}", error);
  fmt::print(context.out, " levels (the receiver errs from 0.5 on)\n");
  fmt::print(context.out, "still proved with any error of every output up to {:.3g} of its layer's largest\n", noise);
}

void run_verify(const Options& options, Context& context, collective::Transport* transport) {
  const verify::VerifyOptions chosen = verify_options(options, transport);
  const onn::Design design = onn::load_design(options.design);
  std::unique_ptr<device::Averager> averager;
  if (options.exact) {
    averager = std::make_unique<device::ExactAverager>(device::shape_of(design));
  } else {
    averager = std::make_unique<device::OnnAverager>(design);
  }
  std::optional<Answer> answer = verify_over_ranks(*averager, chosen, transport);
  if (!answer) return;

  const verify::Verification& found = answer->found;
  if (!options.exact) {
    answer->gflops = 1e-9 * flops_of_forward(design.network) * static_cast<double>(found.inputs) / found.seconds;
  }
  answer->approximation = largest_approximation_error(design);
  answer->wrong = base::Json::array();
  for (const std::uint64_t number : found.wrong_numbers)
    answer->wrong.push_back(describe_input(*averager, chosen, number));
  if (options.json) {
    print_json(context, to_json(options, chosen, averager->shape(), *answer));
  } else {
    print_words(context, averager->shape(), chosen, *answer);
  }
  context.exit_code = found.wrong == 0 ? kOk : kFailed;
}

}  // namespace

void add_verify(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(program, "verify",
                            "Check a design against the exact average on every possible input, or a sample of them",
                            "  optinc verify designs/b8-n4.safetensors\n"
                            "  optinc verify designs/b8-n4.safetensors --json --first-wrong 10\n"
                            "  optinc verify large.safetensors --sample 1000000 --seed 2\n"
                            "  optinc verify constructed.safetensors --by-stage\n"
                            "  mpirun -np 4 optinc verify large.safetensors --threads 1\n"
                            "Under mpirun the processes share the inputs out; the answer is that of one process.\n"
                            "Exit code 0: every input checked is right; 1: some are wrong; 2: bad input.");
  auto options = std::make_shared<Options>();
  verb->add_option("design", options->design, "Design file (safetensors)")->required();
  auto* exact =
      verb->add_flag("--exact", options->exact, "Put integer arithmetic in the ONN's place (checks the check)");
  auto* sample = verb->add_option("--sample", options->sample, "Check this many inputs, drawn at random, not all")
                     ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
  verb->add_option("--seed", options->seed, "Same seed, same sample")->capture_default_str()->needs(sample);
  auto* range = verb->add_option("--range", options->range, "Check the inputs with these numbers alone: FIRST:COUNT")
                    ->excludes(sample);
  auto* first_wrong =
      verb->add_option("--first-wrong", options->first_wrong,
                       "Show so many wrong inputs, those of the lowest numbers: A_k, levels given, levels right")
          ->capture_default_str();
  verb->add_flag(
          "--by-stage", options->by_stage,
          "Prove a constructed design layer by layer, however many inputs there are, and how much noise it bears")
      ->excludes(exact)
      ->excludes(sample)
      ->excludes(range)
      ->excludes(first_wrong);
  add_threads_option(*verb, options->threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] {
    if (options->by_stage) return run_by_stage(*options, context);
    run_over_mpi([&](collective::Transport* transport) { run_verify(*options, context, transport); });
  });
}

}  // namespace optinc::cli
