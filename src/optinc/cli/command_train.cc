#include "optinc/cli/command_train.h"

#include <filesystem>
#include <memory>
#include <optional>

#include "optinc/base/error.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/ranks.h"
#include "optinc/cli/reducers.h"
#include "optinc/cli/train_options.h"
#include "optinc/workload/training.h"

namespace optinc::cli {
namespace {

struct Options {
  TrainingOptions training;
  ReducerOptions reducer;
  int workers = 4;
  double deadline_s = 300;
  std::filesystem::path records;
  bool json = false;
};

void print_account(const workload::TrainResult& result, Context& context) {
  const auto per_step = [&](double seconds) { return 1000 * seconds / static_cast<double>(result.steps); };
  const workload::Account& account = result.account;
  fmt::print(
      context.out,
      "ms a step, measured: compute {:.2f}, wait {:.2f}, all-reduce {:.2f} (quantise {:.2f}, emulate {:.2f}), apply "
      "{:.2f}\n",
      per_step(account.compute), per_step(account.wait), per_step(account.reduce), per_step(account.quantise),
      per_step(account.emulate), per_step(account.apply));
  const base::Json& modelled = result.modelled;
  fmt::print(context.out, "ms a step, modelled at {} Gb/s a server: ring {:.3f}",
             modelled["line_rate_gbps"].get<double>(), per_step(modelled["ring_seconds"]));
  if (!modelled["optinc_seconds"].is_null()) {
    fmt::print(context.out, ", optics {:.3f}", per_step(modelled["optinc_seconds"]));
  }
  fmt::print(context.out, "\n");
}

void print_result(const Options& options, const workload::TrainResult& result, Context& context) {
  if (options.json) {
    base::Json json{{"parameters", result.parameters}};
    json.update(to_json(result));
    print_json(context, json);
    return;
  }
  fmt::print(context.out, "{}: validation loss {:.4f}{} after {} steps, {:.1f} s\n", options.reducer.reduce,
             result.validation_loss,
             result.validation_top1 ? fmt::format(", top-1 {:.2f} %", 100 * *result.validation_top1) : "", result.steps,
             result.seconds);
  fmt::print(context.out, "{} parameters; a port sends {:.3f} bytes a payload byte (modelled)\n",
             with_commas(result.parameters),
             static_cast<double>(result.wire_bytes) / static_cast<double>(result.payload_bytes));
  print_account(result, context);
}

void run_train(const Options& options, Context& context) {
  const RankOptions ranks{.ranks = options.workers, .deadline_s = options.deadline_s};
  run_as_ranks(ranks, context, [&](const Rank& rank) {
    collective::Transport& transport = rank.transport;
    // The device first: it is found wrong at once, where reading the data takes a while.
    const auto reducer = make_reducer(options.reducer, options.training.train.seed, transport);
    const Training training = make_training(options.training, transport);
    reducer->check_steps(training.options.steps);
    workload::RunDescription run{options.reducer.reduce, transport_of(ranks), training.config, reducer->design()};
    if (!run.design.is_null()) run.design["error-feedback"] = training.options.error_feedback;
    std::optional<base::RecordWriter> records;
    workload::TrainOutput output;
    if (transport.rank() == 0) {
      if (!options.records.empty()) {
        records.emplace(options.records,
                        training.options.resume ? base::RecordMode::append : base::RecordMode::replace);
        output.records = &*records;
      }
      output.progress = stderr;
    }
    const workload::TrainResult result =
        workload::train_worker(training.options, run, *training.task, transport, reducer->all_reduce(), output);
    if (transport.rank() == 0) print_result(options, result, context);
  });
}

void add_run_flags(CLI::App& verb, Options& options) {
  workload::TrainOptions& train = options.training.train;
  verb.add_option("--workers", options.workers, "Ranks as threads; under mpirun its processes are the ranks instead")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  verb.add_option("--seed", train.seed, "Same seed, same losses, over threads or MPI")->capture_default_str();
  verb.add_option("--records", options.records, "Write records (JSON lines) here");
  verb.add_option("--checkpoint", train.checkpoint, "Write a checkpoint here");
  verb.add_option("--checkpoint-every", options.training.checkpoint_every,
                  "Steps between two checkpoints; default: llama 50, resnet an epoch");
  verb.add_flag("--resume", train.resume, "Go on from the checkpoint")->needs("--checkpoint");
  verb.add_option("--weights", train.weights, "Write parameters and statistics here at the end (safetensors)");
  verb.add_option("--deadline", options.deadline_s, "Seconds that one message may take before the run fails")
      ->capture_default_str();
  verb.add_option("--inject-nan-step", train.inject_nan_step, "For trial: the step in which a gradient gets a NaN");
  verb.add_option("--inject-nan-worker", train.inject_nan_worker, "For trial: the worker to which that happens")
      ->capture_default_str();
  add_json_flag(verb, options.json);
}

}  // namespace

void add_train(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "train", "Train a model with its gradients averaged by light, or electrically",
      "  optinc train --reduce ring --records ring.jsonl\n"
      "  optinc train --reduce optinc --design designs/b8-n4-nearest.safetensors --records optinc.jsonl\n"
      "  optinc train --model resnet20 --data cifar-100-binary --reduce optinc --bits 6 --error-feedback\n"
      "  optinc train --model resnet50 --stem imagenet --data cifar-100-binary --bits 16 --inject table2:3-6\n"
      "  mpirun -np 4 optinc train --reduce optinc --steps 100\n"
      "  optinc train --workers 16 --reduce optinc-cascade --level-1 designs/b8-n4-cascade-1.safetensors --design "
      "designs/b8-n4-cascade-2.safetensors\n"
      "The paper's language model: --layers 8 --hidden 384 --heads 8 --steps 50000.");
  auto options = std::make_shared<Options>();
  add_run_flags(*verb, *options);
  add_reducer_flags(*verb, options->reducer);
  add_training_flags(*verb, options->training);
  verb->callback([options, &context, verb] {
    check_reducer_flags(*verb, options->reducer);
    check_training_flags(*verb, options->training);
    run_train(*options, context);
  });
}

}  // namespace optinc::cli
