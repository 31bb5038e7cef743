#include "optinc/workload/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/workload/checkpoint.h"
#include "optinc/workload/fingerprint.h"
#include "optinc/workload/rank_exchange.h"

namespace optinc::workload {
namespace {

using base::Json;
using Clock = std::chrono::steady_clock;

constexpr int kMostNonFiniteSteps = 10;
constexpr double kLastRate = 0.1;  // of the highest

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

TrainOptions checked(TrainOptions options, int workers) {
  using base::require;
  require(options.steps >= 1, "{} steps: expected at least 1", options.steps);
  require(options.batch >= 1, "batch of {} sequences: expected at least 1", options.batch);
  require(options.learning_rate > 0 && options.learning_rate <= 1, "learning rate {}: expected more than 0, at most 1",
          options.learning_rate);
  require(options.warmup_steps >= 0, "{} warm-up steps: expected at least 0", options.warmup_steps);
  require(options.optimiser.weight_decay >= 0 && options.optimiser.weight_decay <= 1,
          "weight decay {}: expected 0 to 1", options.optimiser.weight_decay);
  require(options.clip_norm > 0, "clipping at norm {}: expected more than 0", options.clip_norm);
  require(options.validate_every >= 0, "validation every {} steps: expected at least 0", options.validate_every);
  require(options.validation_windows >= 0, "{} validation windows: expected at least 0", options.validation_windows);
  require(options.checkpoint_every >= 1, "a checkpoint every {} steps: expected at least 1", options.checkpoint_every);
  require(!options.resume || !options.checkpoint.empty(), "nothing to resume from: expected a checkpoint's path");
  require(options.inject_nan_step < 0 || (options.inject_nan_worker >= 0 && options.inject_nan_worker < workers),
          "NaN at worker {}: expected 0 to {}", options.inject_nan_worker, workers - 1);
  options.model.vocab = options.corpus.vocab;
  options.model = workload::checked(options.model);
  return options;
}

Json text_fingerprint(const std::vector<std::int32_t>& tokens) {
  const auto bytes = std::as_bytes(std::span(tokens));
  return fmt::format("{:016x}", fingerprint({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

/// Everything that the course of a run depends on.
Json run_fingerprint(const TrainOptions& options, const RunDescription& run, int workers, const Corpus& corpus) {
  return {{"workers", workers},
          {"reduce", run.reduce},
          {"design", run.design},
          {"seed", options.seed},
          {"steps", options.steps},
          {"batch", options.batch},
          {"vocab", options.model.vocab},
          {"layers", options.model.layers},
          {"hidden", options.model.hidden},
          {"heads", options.model.heads},
          {"ffn_hidden", options.model.ffn_hidden},
          {"context", options.model.context},
          {"learning_rate", options.learning_rate},
          {"warmup_steps", options.warmup_steps},
          {"beta1", options.optimiser.beta1},
          {"beta2", options.optimiser.beta2},
          {"epsilon", options.optimiser.epsilon},
          {"weight_decay", options.optimiser.weight_decay},
          {"clip_norm", options.clip_norm},
          {"validation_windows", options.validation_windows},
          {"train_text", text_fingerprint(corpus.train)},
          {"validation_text", text_fingerprint(corpus.validation)}};
}

/// One rank's state.
class Worker {
 public:
  Worker(const TrainOptions& options, const RunDescription& run, collective::Transport& transport,
         collective::AllReduce& all_reduce, const TrainOutput& output)
      : options_(checked(options, transport.size())),
        run_(run),
        transport_(transport),
        all_reduce_(all_reduce),
        output_(transport.rank() == 0 ? output : TrainOutput{}),
        corpus_(shared_corpus()),
        windows_(corpus_.validation, options_.model.context, options_.validation_windows),
        model_(options_.model, options_.seed),
        optimiser_(options_.optimiser, model_.parameters().size(), model_.matrix_parameter_count()),
        gradient_(model_.parameters().size()),
        fingerprint_(run_fingerprint(options_, run_, transport_.size(), corpus_)) {}

  TrainResult train() {
    if (options_.resume) {
      resume();
      record({{"type", "resume"}, {"step", progress_.step}});
    } else {
      record_run();
    }
    base::Progress line("train", options_.steps, output_.progress);
    line.start_from(static_cast<double>(progress_.step));
    const Clock::time_point start = Clock::now();
    const double seconds_before = progress_.seconds;
    while (progress_.step < options_.steps) {
      const double loss = step(seconds_before, start);
      const bool last = progress_.step == options_.steps;
      if (last || (options_.validate_every > 0 && progress_.step % options_.validate_every == 0)) validate();
      progress_.seconds = seconds_before + seconds_since(start);
      if (last || progress_.step % options_.checkpoint_every == 0) save();
      line.update(static_cast<double>(progress_.step), fmt::format("loss {:.3f}", loss));
    }
    record({{"type", "result"},
            {"steps", progress_.step},
            {"validation_loss", progress_.validation_loss},
            {"seconds", progress_.seconds},
            {"reduce_seconds", progress_.reduce_seconds},
            {"payload_bytes", progress_.payload_bytes},
            {"wire_bytes", progress_.wire_bytes}});
    return {.steps = progress_.step,
            .parameters = gradient_.size(),
            .validation_loss = progress_.validation_loss,
            .seconds = progress_.seconds,
            .reduce_seconds = progress_.reduce_seconds,
            .payload_bytes = progress_.payload_bytes,
            .wire_bytes = progress_.wire_bytes};
  }

 private:
  /// Rank 0 reads and tokenises; the others get the tokens.
  Corpus shared_corpus() {
    Corpus corpus;
    at_rank_0(transport_, [&] { corpus = load_corpus(options_.corpus); });
    broadcast(transport_, corpus.train);
    broadcast(transport_, corpus.validation);
    return corpus;
  }

  /// One step of the training. Returns its loss, the mean over the workers.
  double step(double seconds_before, Clock::time_point start) {
    const auto index = static_cast<std::uint64_t>(progress_.step);  // from 0
    const std::vector<std::int32_t> tokens =
        draw_batch(corpus_.train, options_.model.context, options_.batch, options_.seed, index, transport_.rank());
    double loss = model_.loss_and_gradient(tokens, options_.batch, gradient_);
    ++progress_.step;
    if (progress_.step == options_.inject_nan_step && transport_.rank() == options_.inject_nan_worker) {
      gradient_[0] = std::numeric_limits<float>::quiet_NaN();
    }
    // Before the all-reduce, so that its time does not have the waiting for the slowest worker in it.
    sum_over_ranks(transport_, std::span(&loss, 1));
    loss /= transport_.size();

    const Clock::time_point reduce_start = Clock::now();
    const collective::AllReduceStats stats = all_reduce_.average(gradient_, index * gradient_.size());
    progress_.reduce_seconds += seconds_since(reduce_start);
    progress_.payload_bytes += stats.payload_bytes;
    progress_.wire_bytes += stats.wire_bytes;

    const double rate = learning_rate_at(options_, progress_.step);
    const bool finite = update(rate);
    progress_.seconds = seconds_before + seconds_since(start);
    // An all-reduce that knows no blocks, the ring, reports none: then the whole gradient is one.
    const std::size_t non_finite_blocks = finite ? 0 : std::max<std::size_t>(stats.non_finite_blocks, 1);
    record({{"type", "step"},
            {"step", progress_.step},
            {"loss", loss},
            {"learning_rate", rate},
            {"seconds", progress_.seconds},
            {"non_finite_blocks", non_finite_blocks}});
    if (!finite && output_.progress != nullptr) {
      fmt::print(output_.progress, "step {}: left out, NaN or infinite gradients in {} of its blocks\n", progress_.step,
                 non_finite_blocks);
    }
    progress_.non_finite_steps = finite ? 0 : progress_.non_finite_steps + 1;
    if (progress_.non_finite_steps == kMostNonFiniteSteps) {
      throw base::RunError(fmt::format("NaN or infinite gradients in {} steps in a row, up to step {}",
                                       kMostNonFiniteSteps, progress_.step));
    }
    return loss;
  }

  /// Clips the averaged gradient and applies it, unless it is not finite: the same decision at every rank, since all
  /// have the same bits.
  bool update(double rate) {
    double squares = 0;
    for (const float g : gradient_) squares += static_cast<double>(g) * g;
    if (!std::isfinite(squares)) return false;
    if (const double norm = std::sqrt(squares); norm > options_.clip_norm) {
      const auto scale = static_cast<float>(options_.clip_norm / norm);
      for (float& g : gradient_) g *= scale;
    }
    optimiser_.update(model_.parameters(), gradient_, rate);
    return true;
  }

  /// Each rank takes its share of the windows.
  void validate() {
    const std::size_t count = windows_.count();
    const std::size_t begin = count * transport_.rank() / transport_.size();
    const std::size_t end = count * (transport_.rank() + 1) / transport_.size();
    double sum = 0;
    for (std::size_t w = begin; w < end;) {
      const std::size_t next = std::min(end, w + static_cast<std::size_t>(options_.batch));
      const auto losses = model_.losses(windows_.tokens(w, next), static_cast<int>(next - w));
      for (const float loss : losses) sum += loss;
      w = next;
    }
    sum_over_ranks(transport_, std::span(&sum, 1));
    progress_.validation_loss = sum / static_cast<double>(count * options_.model.context);
    record({{"type", "validation"}, {"step", progress_.step}, {"loss", progress_.validation_loss}});
  }

  void save() {
    if (options_.checkpoint.empty() || transport_.rank() != 0) return;
    const auto parameters = model_.parameters();
    save_checkpoint(options_.checkpoint, {.fingerprint = fingerprint_,
                                          .progress = progress_,
                                          .parameters = {parameters.begin(), parameters.end()},
                                          .optimiser = optimiser_.state()});
  }

  /// Rank 0 reads the file; the others get what is in it.
  void resume() {
    Checkpoint checkpoint;
    at_rank_0(transport_, [&] { checkpoint = load_checkpoint(options_.checkpoint, fingerprint_); });
    broadcast(transport_, std::as_writable_bytes(std::span(&checkpoint.progress, 1)));
    broadcast(transport_, std::as_writable_bytes(std::span(&checkpoint.optimiser.updates, 1)));
    for (auto* values :
         {&checkpoint.parameters, &checkpoint.optimiser.first_moment, &checkpoint.optimiser.second_moment}) {
      broadcast(transport_, *values);
      base::require(values->size() == gradient_.size(), "{}: {} parameters, expected {}", options_.checkpoint.string(),
                    values->size(), gradient_.size());
    }
    std::copy(checkpoint.parameters.begin(), checkpoint.parameters.end(), model_.parameters().begin());
    optimiser_.state() = std::move(checkpoint.optimiser);
    progress_ = checkpoint.progress;
  }

  void record_run() {
    record({{"type", "run"},
            {"command", "train"},
            {"version", base::kVersion},
            {"reduce", run_.reduce},
            {"workers", transport_.size()},
            {"transport", run_.transport},
            {"seed", options_.seed},
            {"config", run_.config},
            {"parameters", gradient_.size()},
            {"design", run_.design},
            {"train_tokens", corpus_.train.size()},
            {"validation_tokens", corpus_.validation.size()}});
  }

  void record(const Json& record) {
    if (output_.records != nullptr) output_.records->write(record);
  }

  const TrainOptions options_;
  const RunDescription& run_;
  collective::Transport& transport_;
  collective::AllReduce& all_reduce_;
  const TrainOutput output_;
  const Corpus corpus_;
  const ValidationWindows windows_;
  Llama model_;
  AdamW optimiser_;
  std::vector<float> gradient_;
  const Json fingerprint_;
  TrainProgress progress_;
};

}  // namespace

double learning_rate_at(const TrainOptions& options, std::int64_t step) {
  const auto done = static_cast<double>(step), warmup = static_cast<double>(options.warmup_steps);
  if (done <= warmup) return options.learning_rate * done / warmup;
  const double share = (done - warmup) / std::max(1.0, options.steps - warmup);
  return options.learning_rate * (kLastRate + (1 - kLastRate) * (1 + std::cos(std::numbers::pi * share)) / 2);
}

TrainResult train_worker(const TrainOptions& options, const RunDescription& run, collective::Transport& transport,
                         collective::AllReduce& all_reduce, const TrainOutput& output) {
  return Worker(options, run, transport, all_reduce, output).train();
}

}  // namespace optinc::workload
