#include "optinc/cli/command_train.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "optinc/base/error.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/optics_options.h"
#include "optinc/cli/ranks.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/workload/training.h"

namespace optinc::cli {
namespace {

struct Options {
  workload::TrainOptions train;
  std::filesystem::path data = "data/wikipedia-excerpt";
  std::string reduce = "optinc";
  OpticsOptions optics;
  int workers = 4;
  double deadline_s = 300;
  std::filesystem::path records;
  bool json = false;
};

/// A folder with train.txt and valid.txt, or one text file.
workload::CorpusOptions corpus_options(const Options& options) {
  workload::CorpusOptions corpus = options.train.corpus;
  base::require(std::filesystem::exists(options.data), "--data {}: no such file or folder", options.data.string());
  if (std::filesystem::is_directory(options.data)) {
    corpus.train_text = options.data / "train.txt";
    corpus.validation_text = options.data / "valid.txt";
    base::require(std::filesystem::exists(corpus.train_text),
                  "--data {}: expected a folder with train.txt and valid.txt", options.data.string());
    if (!std::filesystem::exists(corpus.validation_text)) corpus.validation_text.clear();
  } else {
    corpus.train_text = options.data;
  }
  return corpus;
}

base::Json configuration(const Options& options) {
  const workload::TrainOptions& train = options.train;
  return {{"data", options.data.filename().string()},
          {"workers", options.workers},
          {"steps", train.steps},
          {"batch", train.batch},
          {"context", train.model.context},
          {"vocab", train.corpus.vocab},
          {"layers", train.model.layers},
          {"hidden", train.model.hidden},
          {"heads", train.model.heads},
          {"ffn-hidden", train.model.ffn_hidden},
          {"learning-rate", train.learning_rate},
          {"warmup-steps", train.warmup_steps},
          {"weight-decay", train.optimiser.weight_decay},
          {"clip-norm", train.clip_norm},
          {"validate-every", train.validate_every},
          {"validation-windows", train.validation_windows},
          {"seed", train.seed}};
}

void print_result(const Options& options, const workload::TrainResult& result, Context& context) {
  if (options.json) {
    print_json(context, {{"steps", result.steps},
                         {"parameters", result.parameters},
                         {"validation_loss", result.validation_loss},
                         {"seconds", result.seconds},
                         {"reduce_seconds", result.reduce_seconds},
                         {"payload_bytes", result.payload_bytes},
                         {"wire_bytes", result.wire_bytes}});
    return;
  }
  fmt::print(context.out, "{}: validation loss {:.4f} after {} steps, {:.1f} s, of which {:.1f} s in all-reduce\n",
             options.reduce, result.validation_loss, result.steps, result.seconds, result.reduce_seconds);
  fmt::print(context.out, "{} parameters; a port sends {:.3f} bytes a payload byte (modelled)\n",
             with_commas(result.parameters),
             static_cast<double>(result.wire_bytes) / static_cast<double>(result.payload_bytes));
}

void run_train(const Options& options, Context& context) {
  const RankOptions ranks{.ranks = options.workers, .deadline_s = options.deadline_s};
  run_as_ranks(ranks, context, [&](const Rank& rank) {
    collective::Transport& transport = rank.transport;
    Options mine = options;
    mine.workers = transport.size();
    mine.train.corpus = corpus_options(options);
    workload::RunDescription run{options.reduce, transport_of(ranks), configuration(mine), nullptr};
    std::optional<Optics> optics;
    std::unique_ptr<collective::AllReduce> all_reduce;
    if (options.reduce == "optinc") {
      optics = make_optics(options.optics);
      optics->network.seed = options.train.seed;
      run.design = optics->description;
      all_reduce = std::make_unique<collective::OpticalAllReduce>(
          transport, *optics->fabric.fabric, collective::OpticalAllReduceOptions{.network = optics->network});
    } else {
      base::require(options.reduce == "ring", "--reduce {}: expected ring or optinc", options.reduce);
      all_reduce = std::make_unique<collective::RingAllReduce>(transport);
    }
    std::optional<base::RecordWriter> records;
    workload::TrainOutput output;
    if (transport.rank() == 0) {
      if (!options.records.empty()) {
        records.emplace(options.records, options.train.resume ? base::RecordMode::append : base::RecordMode::replace);
        output.records = &*records;
      }
      output.progress = stderr;
    }
    const workload::TrainResult result = workload::train_worker(mine.train, run, transport, *all_reduce, output);
    if (transport.rank() == 0) print_result(options, result, context);
  });
}

void add_run_flags(CLI::App& verb, Options& options) {
  workload::TrainOptions& train = options.train;
  verb.add_option("--reduce", options.reduce, "How gradients are averaged: ring or optinc")->capture_default_str();
  verb.add_option("--workers", options.workers, "Ranks as threads; under mpirun its processes are the ranks instead")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  verb.add_option("--seed", train.seed, "Same seed, same losses, over threads or MPI")->capture_default_str();
  verb.add_option("--records", options.records, "Write records (JSON lines) here");
  verb.add_option("--checkpoint", train.checkpoint, "Write a checkpoint here");
  verb.add_option("--checkpoint-every", train.checkpoint_every, "Steps between two checkpoints")->capture_default_str();
  verb.add_flag("--resume", train.resume, "Go on from the checkpoint")->needs("--checkpoint");
  verb.add_option("--deadline", options.deadline_s, "Seconds that one message may take before the run fails")
      ->capture_default_str();
  verb.add_option("--inject-nan-step", train.inject_nan_step, "For trial: the step in which a gradient gets a NaN");
  verb.add_option("--inject-nan-worker", train.inject_nan_worker, "For trial: the worker to which that happens")
      ->capture_default_str();
  add_json_flag(verb, options.json);
}

void add_model_flags(CLI::App& verb, workload::TrainOptions& train) {
  verb.add_option("--steps", train.steps, "Optimiser steps")->capture_default_str();
  verb.add_option("--batch", train.batch, "Sequences a worker and step")->capture_default_str();
  verb.add_option("--context", train.model.context, "Tokens a sequence")->capture_default_str();
  verb.add_option("--vocab", train.corpus.vocab, "Tokens of the tokeniser")->capture_default_str();
  verb.add_option("--tokeniser-cache", train.corpus.tokeniser_cache, "Folder in which trained tokenisers are kept");
  verb.add_option("--layers", train.model.layers, "Decoder layers")->capture_default_str();
  verb.add_option("--hidden", train.model.hidden, "Width of the model")->capture_default_str();
  verb.add_option("--heads", train.model.heads, "Attention heads")->capture_default_str();
  verb.add_option("--ffn-hidden", train.model.ffn_hidden, "Width of the SwiGLU part; 0: 8/3 of --hidden")
      ->capture_default_str();
  verb.add_option("--learning-rate", train.learning_rate, "Highest learning rate")->capture_default_str();
  verb.add_option("--warmup-steps", train.warmup_steps, "Steps over which it rises")->capture_default_str();
  verb.add_option("--weight-decay", train.optimiser.weight_decay, "Of AdamW, on matrices")->capture_default_str();
  verb.add_option("--clip-norm", train.clip_norm, "Longest averaged gradient")->capture_default_str();
  verb.add_option("--validate-every", train.validate_every, "Steps between two validations; 0: at the end only")
      ->capture_default_str();
  verb.add_option("--validation-windows", train.validation_windows, "Sequences to validate on; 0: all")
      ->capture_default_str();
}

}  // namespace

void add_train(CLI::App& program, Context& context) {
  CLI::App* verb =
      add_verb(program, "train", "Train a LLaMA-like model with its gradients averaged by ring or by light",
               "  optinc train --reduce ring --records ring.jsonl\n"
               "  optinc train --reduce optinc --design designs/b8-n4-nearest.safetensors --records optinc.jsonl\n"
               "  mpirun -np 4 optinc train --reduce optinc --steps 100\n"
               "  optinc train --workers 16 --level-1 designs/b8-n4-cascade-1.safetensors --design "
               "designs/b8-n4-cascade-2.safetensors\n"
               "The paper's model: --layers 8 --hidden 384 --heads 8 --steps 50000.");
  auto options = std::make_shared<Options>();
  verb->add_option("--data", options->data,
                   "A folder with train.txt and valid.txt, or one text file (its end validates)")
      ->capture_default_str();
  add_run_flags(*verb, *options);
  add_optics_flags(*verb, options->optics);
  add_model_flags(*verb, options->train);
  verb->callback([options, &context] { run_train(*options, context); });
}

}  // namespace optinc::cli
