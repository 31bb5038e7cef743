// What `train` trains and how, as flags: the model, its data, the optimiser, with what suits each model where a flag is
// not given.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "optinc/cli/command.h"
#include "optinc/collective/transport.h"
#include "optinc/workload/image_task.h"
#include "optinc/workload/language_task.h"
#include "optinc/workload/training.h"

namespace optinc::cli {

struct TrainingOptions {
  std::string model = "llama";
  std::filesystem::path data;
  std::string stem = "cifar";
  std::optional<int> steps, epochs, batch, validation_examples, validate_every, validate_epochs, checkpoint_every;
  std::optional<std::int64_t> warmup_steps;
  std::optional<double> learning_rate, last_learning_rate, weight_decay, clip_norm;
  std::optional<std::string> optimiser;
  workload::LanguageOptions language;
  workload::ImageOptions images;
  workload::TrainOptions train;  ///< what is the same for all models

  bool is_llama() const { return model == "llama"; }
};

/// Adds --model, --data, --steps and all others that say what is trained and how.
void add_training_flags(CLI::App& verb, TrainingOptions& options);

/// Throws base::InputError for a flag that was given and that is not for this model.
void check_training_flags(const CLI::App& verb, const TrainingOptions& options);

/// A task, and how to train it.
struct Training {
  std::unique_ptr<workload::Task> task;
  workload::TrainOptions options;
  base::Json config;  ///< what the run depends on, by long names
};

/// All ranks make it together. Throws base::InputError for flags and data that can't be.
Training make_training(const TrainingOptions& options, collective::Transport& transport);

}  // namespace optinc::cli
