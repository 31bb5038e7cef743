#include "optinc/cli/command_plan.h"

#include <memory>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/cli/scenario_options.h"
#include "optinc/cli/tensor_parallel_error.h"
#include "optinc/cost/parallel.h"

namespace optinc::cli {
namespace {

using base::Json;

struct Options {
  ScenarioOptions scenario{.model = "llama-3-8b", .tflops = 989, .utilisation = 0.5};
  int servers = 64;
  int sequences = 512;
  std::size_t best = 3;
  bool measure_error = false;
  bool json = false;
};

struct MeasuredError {
  int bits;
  TensorParallelError error, with_outliers;
};

constexpr double kOutlier = 20;

std::vector<MeasuredError> measure(const cost::Scenario& scenario) {
  std::vector<MeasuredError> measured;
  for (const int bits : {4, 6, 8, 10, 12, 16}) {
    TensorParallelQuestion question{.quantiser = scenario.quantiser};
    question.quantiser.bits = bits;
    const TensorParallelError plain = tensor_parallel_error(question);
    question.outlier = kOutlier;
    measured.push_back({bits, plain, tensor_parallel_error(question)});
  }
  return measured;
}

struct Found {
  cost::Network of_gradients, of_activations;
  std::vector<cost::PlanCost> plans;
};

std::string name_of(const Found& found) {
  return cost::to_string(found.of_gradients) + ", " + cost::to_string(found.of_activations);
}

Json to_json(const cost::PlanCost& cost) {
  return {{"tensor", cost.plan.tensor},
          {"pipeline", cost.plan.pipeline},
          {"data", cost.plan.data},
          {"sharded", cost.plan.sharded},
          {"sequences", cost.plan.sequences},
          {"micro_batches", cost.micro_batches},
          {"compute_s", cost.compute_s},
          {"bubble_s", cost.bubble_s},
          {"tensor_s", cost.tensor_s},
          {"pipeline_s", cost.pipeline_s},
          {"data_s", cost.data_s},
          {"update_s", cost.update_s},
          {"memory_bytes", cost.memory_bytes},
          {"seconds", cost.seconds()}};
}

Json to_json(const Options& options, const std::vector<Found>& all, const std::vector<MeasuredError>& measured) {
  Json rows = Json::array();
  for (const Found& found : all) {
    Json plans = Json::array();
    for (const cost::PlanCost& cost : found.plans) plans.push_back(to_json(cost));
    rows.push_back({{"gradients", cost::to_string(found.of_gradients)},
                    {"activations", cost::to_string(found.of_activations)},
                    {"plans", plans}});
  }
  Json exchanges = Json::array();
  for (const cost::Exchange& each : cost::exchanges()) {
    exchanges.push_back({{"parallelism", each.parallelism},
                         {"collective", each.collective},
                         {"by_light", each.by_light},
                         {"why", each.why}});
  }
  Json errors = Json::array();
  for (const MeasuredError& each : measured) {
    errors.push_back({{"bits", each.bits},
                      {"output_nmse", each.error.output_nmse},
                      {"gradient_nmse", each.error.gradient_nmse},
                      {"output_nmse_outliers", each.with_outliers.output_nmse},
                      {"gradient_nmse_outliers", each.with_outliers.gradient_nmse}});
  }
  return {{"model", options.scenario.model},
          {"servers", options.servers},
          {"sequences", options.sequences},
          {"bits", options.scenario.bits},
          {"plans", rows},
          {"exchanges", exchanges},
          {"tensor_parallel_error", errors}};
}

void print(const Options& options, const cost::Scenario& scenario, const std::vector<Found>& all, Context& context) {
  fmt::print(context.out,
             "{}, {} parameters, {} sequences a step on {} servers; codes of {} bits by light. Everything here is "
             "modelled.\n\n{:<23} {:>22} {:>8} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}\n",
             scenario.model.name, with_commas(scenario.model.parameters()), with_commas(options.sequences),
             with_commas(options.servers), scenario.quantiser.bits, "gradients, activations", "tensor x pipe x data",
             "sharded", "micro", "compute", "bubble", "tensor", "pipeline", "data", "update", "step, ms", "GB");
  for (const Found& found : all) {
    if (found.plans.empty())
      fmt::print(context.out, "{:<23} no plan divides layers, heads and sequences and fits in memory\n",
                 name_of(found));
    for (const cost::PlanCost& cost : found.plans) {
      fmt::print(context.out,
                 "{:<23} {:>22} {:>8} {:>7} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>7.1f}\n",
                 name_of(found), fmt::format("{} x {} x {}", cost.plan.tensor, cost.plan.pipeline, cost.plan.data),
                 cost.plan.sharded ? "yes" : "no", fmt::format("{} x {}", cost.micro_batches, cost.plan.sequences),
                 cost.compute_s * 1e3, cost.bubble_s * 1e3, cost.tensor_s * 1e3, cost.pipeline_s * 1e3,
                 cost.data_s * 1e3, cost.update_s * 1e3, cost.seconds() * 1e3, cost.memory_bytes * 1e-9);
    }
  }
  fmt::print(
      context.out,
      "What all-reduces of gradients and of activations go over: electrical in 16 bits, electrical with codes, or "
      "light. micro: micro-batches of\na pipeline x sequences of each. Nothing overlaps here.\n\nWhat light can do of "
      "what "
      "training exchanges:\n");
  for (const cost::Exchange& each : cost::exchanges()) {
    fmt::print(context.out, "  {:<20} {:<28} {:<4} {}\n", each.parallelism, each.collective,
               each.by_light ? "yes" : "no", each.why);
  }
}

void print_errors(const std::vector<MeasuredError>& measured, Context& context) {
  if (measured.empty()) return;
  const TensorParallelQuestion question;
  fmt::print(context.out,
             "\nMeasured: {} layers of Gaussian weights (no attention, no norms), hidden {}, split over {} ranks; "
             "activations and their gradients\nall-reduced by light, {} rounding. Normalised mean square error against "
             "exact sums; outliers: one channel in 100 is {:g} times as large.\n{:>6} {:>12} {:>12} {:>20} {:>12}\n",
             question.layers, question.hidden, question.servers, codec::to_string(question.rounding), kOutlier, "bits",
             "output", "gradient", "outliers: output", "gradient");
  for (const MeasuredError& each : measured) {
    fmt::print(context.out, "{:>6} {:>12.2e} {:>12.2e} {:>20.2e} {:>12.2e}\n", each.bits, each.error.output_nmse,
               each.error.gradient_nmse, each.with_outliers.output_nmse, each.with_outliers.gradient_nmse);
  }
}

void run_plan(const CLI::App& verb, const Options& options, Context& context) {
  refuse_flags(verb, {"--type", "--overlap", "--bucket-mb"}, "plan");
  base::require(options.best >= 1, "--best {}: expected 1 or more", options.best);
  const cost::Scenario scenario = scenario_of(options.scenario);
  const cost::ParallelQuestion question{
      .scenario = scenario, .servers = options.servers, .sequences = options.sequences};
  std::vector<Found> all;
  using enum cost::Network;
  for (const auto& [of_gradients, of_activations] :
       {std::pair(electrical, electrical), {codes, codes}, {light, electrical}, {electrical, light}, {light, light}}) {
    all.push_back(
        {of_gradients, of_activations, cost::best_plans(question, of_gradients, of_activations, options.best)});
  }
  std::vector<MeasuredError> measured;
  if (options.measure_error) measured = measure(scenario);
  if (options.json) return print_json(context, to_json(options, all, measured));
  print(options, scenario, all, context);
  print_errors(measured, context);
}

}  // namespace

void add_plan(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "plan", "Find the fastest tensor x pipeline x data plan for a transformer, with and without light",
      "  optinc plan --servers 64\n"
      "  optinc plan --model llama-2-70b --servers 1024 --sequences 1024 --link-gbps 400 --links 1\n"
      "  optinc plan --model llama-3-70b --servers 512 --bits 16 --best 1 --json\n"
      "Searches every plan that divides layers, heads and sequences and fits in memory (--memory-gb). Which exchanges "
      "light "
      "can\n"
      "do at all is in the last table (doc/cost.md).");
  auto options = std::make_shared<Options>();
  verb->add_option("-g,--servers", options->servers, "Servers, one port each")->capture_default_str();
  verb->add_option("--sequences", options->sequences, "Of all servers together, a step")->capture_default_str();
  verb->add_option("--best", options->best, "Plans to show of each kind")->capture_default_str();
  verb->add_flag(
      "--measure-error", options->measure_error,
      "Run layers split over four ranks, their activations all-reduced by light, and say how far off they are");
  add_scenario_options(*verb, options->scenario);
  add_json_flag(*verb, options->json);
  verb->callback([options, verb, &context] { run_plan(*verb, *options, context); });
}

}  // namespace optinc::cli
