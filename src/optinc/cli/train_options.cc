#include "optinc/cli/train_options.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "optinc/base/error.h"

namespace optinc::cli {
namespace {

using workload::OptimiserKind;

constexpr const char* kTextDefault = "data/wikipedia-excerpt";

/// A folder with train.txt and valid.txt, or one text file.
workload::CorpusOptions corpus_options(const TrainingOptions& options, const std::filesystem::path& data) {
  workload::CorpusOptions corpus = options.language.corpus;
  if (std::filesystem::is_directory(data)) {
    corpus.train_text = data / "train.txt";
    corpus.validation_text = data / "valid.txt";
    base::require(std::filesystem::exists(corpus.train_text),
                  "--data {}: expected a folder with train.txt and valid.txt", data.string());
    if (!std::filesystem::exists(corpus.validation_text)) corpus.validation_text.clear();
  } else {
    corpus.train_text = data;
  }
  return corpus;
}

int depth_of(const std::string& model) {
  for (const int depth : {20, 18, 50}) {
    if (model == fmt::format("resnet{}", depth)) return depth;
  }
  base::refuse("--model {}: expected llama, resnet20, resnet18 or resnet50", model);
}

/// What suits the model, where no flag says otherwise. Steps are known by now.
workload::TrainOptions train_options(const TrainingOptions& options, int steps, int steps_an_epoch) {
  workload::TrainOptions train = options.train;
  const bool llama = options.is_llama();
  train.steps = steps;
  train.optimiser.kind = llama ? OptimiserKind::adamw : OptimiserKind::sgd;
  if (options.optimiser) train.optimiser.kind = workload::parse_optimiser(*options.optimiser);
  const bool adamw = train.optimiser.kind == OptimiserKind::adamw;
  train.optimiser.weight_decay = options.weight_decay.value_or(adamw ? 0.1 : 5e-4);
  train.learning_rate = {.highest = options.learning_rate.value_or(llama   ? 5e-3
                                                                   : adamw ? 1e-3
                                                                           : 0.1),
                         .warmup_steps = options.warmup_steps.value_or(llama ? 20 : steps / 20),
                         .last_share = options.last_learning_rate.value_or(llama ? 0.1 : 0)};
  train.clip_norm = options.clip_norm.value_or(llama ? 1 : 0);
  train.validate_every =
      options.validate_every.value_or(llama ? 50 : options.validate_epochs.value_or(1) * steps_an_epoch);
  train.checkpoint_every = options.checkpoint_every.value_or(llama ? 50 : steps_an_epoch);
  return train;
}

base::Json common_config(const TrainingOptions& options, const workload::TrainOptions& train, int workers) {
  return {{"model", options.model},
          {"workers", workers},
          {"steps", train.steps},
          {"accumulate", train.accumulate},
          {"optimiser", workload::to_string(train.optimiser.kind)},
          {"learning-rate", train.learning_rate.highest},
          {"last-learning-rate", train.learning_rate.last_share},
          {"warmup-steps", train.learning_rate.warmup_steps},
          {"weight-decay", train.optimiser.weight_decay},
          {"momentum", train.optimiser.sgd.momentum},
          {"clip-norm", train.clip_norm},
          {"error-feedback", train.error_feedback},
          {"validate-every", train.validate_every},
          {"seed", train.seed}};
}

Training language_training(const TrainingOptions& options, collective::Transport& transport) {
  const std::filesystem::path data = options.data.empty() ? kTextDefault : options.data;
  base::require(std::filesystem::exists(data), "--data {}: no such file or folder", data.string());
  workload::LanguageOptions language = options.language;
  language.corpus = corpus_options(options, data);
  language.batch = options.batch.value_or(8);
  language.validation_windows = options.validation_examples.value_or(256);
  constexpr int kSteps = 300;
  Training training{.task = workload::make_language_task(language, options.train.seed, transport),
                    .options = train_options(options, options.steps.value_or(kSteps), 0),
                    .config = {}};
  check(training.options, transport.size());
  training.config = common_config(options, training.options, transport.size());
  training.config.update({{"data", data.filename().string()},
                          {"batch", language.batch},
                          {"context", language.model.context},
                          {"vocab", language.corpus.vocab},
                          {"layers", language.model.layers},
                          {"hidden", language.model.hidden},
                          {"heads", language.model.heads},
                          {"ffn-hidden", language.model.ffn_hidden},
                          {"validation-examples", language.validation_windows}});
  return training;
}

Training image_training(const TrainingOptions& options, collective::Transport& transport) {
  base::require(!options.data.empty(), "--model {}: expected --data, CIFAR-100's folder or archive", options.model);
  base::require(std::filesystem::exists(options.data), "--data {}: no such file or folder", options.data.string());
  base::require(!options.steps || !options.epochs, "--steps and --epochs: expected one of them");
  base::require(!options.validate_every || !options.validate_epochs,
                "--validate-every and --validate-epochs: expected one of them");
  workload::ImageOptions images = options.images;
  images.data = options.data;
  images.model.depth = depth_of(options.model);
  images.model.stem = workload::parse_stem(options.stem);
  images.batch = options.batch.value_or(32);
  images.validation_images = options.validation_examples.value_or(0);
  Training training{
      .task = workload::make_image_task(images, options.train.seed, transport), .options = {}, .config = {}};
  constexpr int kEpochs = 15;
  const auto batches = static_cast<std::int64_t>(training.task->batches_per_epoch());
  const std::int64_t accumulate = std::max(1, options.train.accumulate), epochs = options.epochs.value_or(kEpochs);
  const std::int64_t steps = options.steps.value_or(std::max<std::int64_t>(1, epochs * batches / accumulate));
  base::require(steps <= std::numeric_limits<int>::max(), "--epochs {}: {} steps, expected at most {}", epochs, steps,
                std::numeric_limits<int>::max());
  training.options = train_options(options, static_cast<int>(steps),
                                   static_cast<int>(std::max<std::int64_t>(1, batches / accumulate)));
  check(training.options, transport.size());
  training.config = common_config(options, training.options, transport.size());
  training.config.update({{"data", options.data.filename().string()},
                          {"batch", images.batch},
                          {"stem", options.stem},
                          {"label-smoothing", images.label_smoothing},
                          {"shift", images.augmentation.shift},
                          {"flip", images.augmentation.flip},
                          {"validation-examples", images.validation_images}});
  return training;
}

void add_common_flags(CLI::App& verb, TrainingOptions& options) {
  workload::TrainOptions& train = options.train;
  verb.add_option("--steps", options.steps, "Optimiser steps; default: llama 300");
  verb.add_option("--epochs", options.epochs, "resnet: times that the images are gone through; default: 15")
      ->check(CLI::Range(1, 1'000'000));
  verb.add_option("--batch", options.batch, "Sequences or images a worker and batch; default: llama 8, resnet 32");
  verb.add_option("--accumulate", train.accumulate, "Batches a worker and step")->capture_default_str();
  verb.add_option("--optimiser", options.optimiser, "adamw or sgd; default: llama adamw, resnet sgd");
  verb.add_option("--learning-rate", options.learning_rate,
                  "Highest learning rate; default: llama 0.005, resnet 0.1 (sgd) or 0.001 (adamw)");
  verb.add_option("--last-learning-rate", options.last_learning_rate,
                  "Share of it at the last step, half a cosine down; default: llama 0.1, resnet 0");
  verb.add_option("--warmup-steps", options.warmup_steps,
                  "Steps over which it rises; default: llama 20, resnet a twentieth of all");
  verb.add_option("--weight-decay", options.weight_decay, "On matrices and filters; default: adamw 0.1, sgd 0.0005");
  verb.add_option("--momentum", train.optimiser.sgd.momentum, "Of sgd, Nesterov's")->capture_default_str();
  verb.add_option("--clip-norm", options.clip_norm, "Longest averaged gradient, 0: any; default: llama 1, resnet 0");
  verb.add_flag("--error-feedback", train.error_feedback,
                "Add what quantising left over of a gradient to the next one, at each worker its own");
  verb.add_option("--validate-every", options.validate_every,
                  "Steps between two validations, 0: at the end only; default: llama 50, resnet an epoch");
  verb.add_option("--validate-epochs", options.validate_epochs, "resnet: the same in epochs")
      ->check(CLI::Range(1, 1'000'000));
  verb.add_option("--validation-examples", options.validation_examples,
                  "Sequences or images to validate on, 0: all; default: llama 256, resnet 0");
}

void add_model_flags(CLI::App& verb, TrainingOptions& options) {
  workload::LlamaOptions& llama = options.language.model;
  verb.add_option("--context", llama.context, "llama: tokens a sequence")->capture_default_str();
  verb.add_option("--vocab", options.language.corpus.vocab, "llama: tokens of the tokeniser")->capture_default_str();
  verb.add_option("--tokeniser-cache", options.language.corpus.tokeniser_cache,
                  "llama: folder in which trained tokenisers are kept");
  verb.add_option("--layers", llama.layers, "llama: decoder layers")->capture_default_str();
  verb.add_option("--hidden", llama.hidden, "llama: width")->capture_default_str();
  verb.add_option("--heads", llama.heads, "llama: attention heads")->capture_default_str();
  verb.add_option("--ffn-hidden", llama.ffn_hidden, "llama: width of the SwiGLU part; 0: 8/3 of --hidden")
      ->capture_default_str();
  workload::ImageOptions& images = options.images;
  verb.add_option("--stem", options.stem, "resnet: first layers, cifar (3 x 3) or imagenet (7 x 7, both with stride 2)")
      ->capture_default_str();
  verb.add_option("--label-smoothing", images.label_smoothing, "resnet: share of a label that goes to all classes")
      ->capture_default_str();
  verb.add_option("--shift", images.augmentation.shift, "resnet: pixels that training images are moved by at most")
      ->capture_default_str();
  verb.add_flag("--flip,!--no-flip", images.augmentation.flip, "resnet: left and right exchanged in every second image")
      ->capture_default_str();
}

}  // namespace

void add_training_flags(CLI::App& verb, TrainingOptions& options) {
  verb.add_option("--model", options.model, "llama, resnet20, resnet18 or resnet50")->capture_default_str();
  verb.add_option("--data", options.data,
                  "llama: a folder with train.txt and valid.txt, or one text file (its end validates); default "
                  "data/wikipedia-excerpt. resnet: the folder of CIFAR-100's binary version, or its archive");
  add_common_flags(verb, options);
  add_model_flags(verb, options);
}

void check_training_flags(const CLI::App& verb, const TrainingOptions& options) {
  const std::string subject = "--model " + options.model;
  if (options.is_llama()) {
    refuse_flags(verb, {"--epochs", "--validate-epochs", "--stem", "--label-smoothing", "--shift", "--flip"}, subject);
  } else {
    refuse_flags(verb, {"--context", "--vocab", "--tokeniser-cache", "--layers", "--hidden", "--heads", "--ffn-hidden"},
                 subject);
  }
}

Training make_training(const TrainingOptions& options, collective::Transport& transport) {
  return options.is_llama() ? language_training(options, transport) : image_training(options, transport);
}

}  // namespace optinc::cli
