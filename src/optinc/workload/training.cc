#include "optinc/workload/training.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/base/stopwatch.h"
#include "optinc/base/version.h"
#include "optinc/onn/safetensors.h"
#include "optinc/workload/checkpoint.h"
#include "optinc/workload/rank_exchange.h"

namespace optinc::workload {
namespace {

using base::Json;
using base::Stopwatch;
using Clock = std::chrono::steady_clock;

constexpr int kMostNonFiniteSteps = 10;

/// Everything that the course of a run depends on.
Json run_fingerprint(const TrainOptions& options, const RunDescription& run, int workers, const Task& task) {
  Json json{{"workers", workers},
            {"reduce", run.reduce},
            {"design", run.design},
            {"seed", options.seed},
            {"steps", options.steps},
            {"accumulate", options.accumulate},
            {"learning_rate", options.learning_rate.highest},
            {"warmup_steps", options.learning_rate.warmup_steps},
            {"last_learning_rate", options.learning_rate.last_share},
            {"clip_norm", options.clip_norm},
            {"error_feedback", options.error_feedback},
            {"inject_nan_step", options.inject_nan_step},
            {"inject_nan_worker", options.inject_nan_worker}};
  json.update(to_json(options.optimiser));
  json.update(task.fingerprint());
  return json;
}

/// In a fixed order of eight sums, so that it is fast and the same everywhere.
double sum_of_squares(std::span<const float> values) {
  std::array<double, 8> sums{};
  const std::size_t whole = values.size() / sums.size() * sums.size();
  for (std::size_t i = 0; i < whole; i += sums.size()) {
    for (std::size_t lane = 0; lane < sums.size(); ++lane) {
      const double value = values[i + lane];
      sums[lane] += value * value;
    }
  }
  for (std::size_t i = whole; i < values.size(); ++i) sums[0] += static_cast<double>(values[i]) * values[i];
  double sum = 0;
  for (const double each : sums) sum += each;
  return sum;
}

/// One rank's state.
class Worker {
 public:
  Worker(const TrainOptions& options, const RunDescription& run, Task& task, collective::Transport& transport,
         collective::AllReduce& all_reduce, const TrainOutput& output)
      : options_(options),
        run_(run),
        task_(task),
        transport_(transport),
        all_reduce_(all_reduce),
        output_(transport.rank() == 0 ? output : TrainOutput{}),
        optimiser_(make_optimiser(options_.optimiser, task.parameters().size(), task.decayed_parameter_count())),
        gradient_(task.parameters().size()),
        residual_(options_.error_feedback ? gradient_.size() : 0) {
    if (!options_.checkpoint.empty()) fingerprint_ = run_fingerprint(options_, run_, transport_.size(), task);
  }

  TrainResult train() {
    if (options_.resume) {
      resume();
      record({{"type", "resume"}, {"step", progress_.step}});
    } else {
      record_run();
    }
    base::Progress line("train", options_.steps, output_.progress);
    line.start_from(static_cast<double>(progress_.step));
    start_ = Clock::now();
    seconds_before_ = progress_.seconds;
    while (progress_.step < options_.steps) {
      const double loss = step();
      const bool last = progress_.step == options_.steps;
      if (last || (options_.validate_every > 0 && progress_.step % options_.validate_every == 0)) validate();
      progress_.seconds = seconds_so_far();
      if (last || progress_.step % options_.checkpoint_every == 0) save();
      line.update(static_cast<double>(progress_.step), fmt::format("loss {:.3f}", loss));
    }
    save_weights();
    TrainResult result = this->result();
    Json written{{"type", "result"}};
    written.update(to_json(result));
    record(written);
    return result;
  }

 private:
  double seconds_so_far() const {
    return seconds_before_ + std::chrono::duration<double>(Clock::now() - start_).count();
  }

  TrainResult result() const {
    TrainResult result{.steps = progress_.step,
                       .parameters = gradient_.size(),
                       .validation_loss = progress_.validation_loss,
                       .validation_top1 = {},
                       .seconds = progress_.seconds,
                       .account = progress_.account,
                       .payload_bytes = progress_.payload_bytes,
                       .wire_bytes = progress_.wire_bytes,
                       .modelled = modelled()};
    if (task_.classifies()) result.validation_top1 = progress_.validation_top1;
    return result;
  }

  /// Of all steps: what the optics would have taken, where there are any, and a ring that sends float32.
  Json modelled() const {
    const ModelledNetwork network;
    const double ranks = transport_.size(), steps = static_cast<double>(progress_.step);
    const double ring_bytes = static_cast<double>(progress_.payload_bytes) * 2 * (ranks - 1) / ranks;
    const double optics =
        network.seconds(static_cast<double>(progress_.wire_bytes), static_cast<double>(progress_.rounds));
    return {
        {"line_rate_gbps", network.line_rate_gbps},
        {"round_latency_s", network.round_latency_s},
        {"optinc_seconds", run_.design.is_null() || run_.design.contains("fail_step") ? Json(nullptr) : Json(optics)},
        {"ring_seconds", network.seconds(ring_bytes, steps * 2 * (ranks - 1))}};
  }

  /// One step of the training. Returns its loss, the mean over the workers.
  double step() {
    const auto index = static_cast<std::uint64_t>(progress_.step);  // from 0
    Account& account = progress_.account;
    double loss = 0;
    {
      const Stopwatch watch(account.compute);
      keep_what_a_step_moves();
      loss = loss_and_gradient(index);
    }
    ++progress_.step;
    if (progress_.step == options_.inject_nan_step && transport_.rank() == options_.inject_nan_worker) {
      gradient_[0] = std::numeric_limits<float>::quiet_NaN();
    }
    {
      // Before the all-reduce, so that its time does not have the waiting for the slowest worker in it.
      const Stopwatch watch(account.wait);
      sum_over_ranks(transport_, std::span(&loss, 1));
      loss /= transport_.size();
    }
    const collective::AllReduceStats stats = reduce(index);
    const double rate = options_.learning_rate.at(progress_.step, options_.steps);
    bool finite = true;
    {
      const Stopwatch watch(account.apply);
      finite = update(rate);
    }
    progress_.seconds = seconds_so_far();
    // An all-reduce that knows no blocks, the ring, reports none: then the whole gradient is one.
    const std::size_t non_finite_blocks = finite ? 0 : std::max<std::size_t>(stats.non_finite_blocks, 1);
    record({{"type", "step"},
            {"step", progress_.step},
            {"loss", loss},
            {"learning_rate", rate},
            {"seconds", progress_.seconds},
            {"non_finite_blocks", non_finite_blocks}});
    if (finite) {
      progress_.non_finite_steps = 0;
    } else {
      leave_out_step(non_finite_blocks);
    }
    return loss;
  }

  double loss_and_gradient(std::uint64_t step) {
    const auto batches = static_cast<std::uint64_t>(options_.accumulate);
    double loss = task_.loss_and_gradient(step * batches, gradient_);
    if (batches == 1) return loss;
    part_.resize(gradient_.size());
    for (std::uint64_t batch = 1; batch < batches; ++batch) {
      loss += task_.loss_and_gradient(step * batches + batch, part_);
      for (std::size_t i = 0; i < gradient_.size(); ++i) gradient_[i] += part_[i];
    }
    const auto scale = static_cast<float>(1.0 / static_cast<double>(batches));
    for (float& value : gradient_) value *= scale;
    return loss / static_cast<double>(batches);
  }

  collective::AllReduceStats reduce(std::uint64_t step) {
    std::byte* const bytes = std::as_writable_bytes(std::span(gradient_)).data();
    const Stopwatch watch(progress_.account.reduce);
    const collective::AllReduceStats stats =
        all_reduce_.all_reduce({.count = gradient_.size(), .input = bytes, .output = bytes},
                               {.first_element = step * gradient_.size(), .residual = residual_});
    progress_.payload_bytes += stats.payload_bytes;
    progress_.wire_bytes += stats.wire_bytes;
    progress_.rounds += static_cast<std::uint64_t>(stats.rounds);
    progress_.account.quantise += stats.quantise_seconds;
    progress_.account.emulate += stats.emulate_seconds;
    return stats;
  }

  /// Clips the averaged gradient and applies it, unless it is not finite: the same decision at every rank, since all
  /// have the same bits.
  bool update(double rate) {
    const double squares = sum_of_squares(gradient_);
    if (!std::isfinite(squares)) return false;
    if (const double norm = std::sqrt(squares); options_.clip_norm > 0 && norm > options_.clip_norm) {
      const auto scale = static_cast<float>(options_.clip_norm / norm);
      for (float& g : gradient_) g *= scale;
    }
    optimiser_->update(task_.parameters(), gradient_, rate);
    return true;
  }

  /// Beside the parameters, which only an update moves.
  void keep_what_a_step_moves() {
    const std::span<const float> statistics = task_.statistics();
    statistics_before_.assign(statistics.begin(), statistics.end());
    residual_before_ = residual_;
  }

  void leave_out_step(std::size_t non_finite_blocks) {
    std::ranges::copy(statistics_before_, task_.statistics().begin());
    residual_ = residual_before_;
    if (output_.progress != nullptr) {
      fmt::print(output_.progress, "step {}: left out, NaN or infinite gradients in {} of its blocks\n", progress_.step,
                 non_finite_blocks);
    }
    if (++progress_.non_finite_steps == kMostNonFiniteSteps) {
      throw base::RunError(fmt::format("NaN or infinite gradients in {} steps in a row, up to step {}",
                                       kMostNonFiniteSteps, progress_.step));
    }
  }

  /// Each rank takes its share of the examples.
  void validate() {
    const Stopwatch watch(progress_.account.validate);
    broadcast(transport_, std::as_writable_bytes(task_.statistics()));
    const Score own = task_.validate();
    std::array sums{own.loss, own.examples, own.right};
    sum_over_ranks(transport_, sums);
    progress_.validation_loss = sums[0] / sums[1];
    progress_.validation_top1 = sums[2] / sums[1];
    Json validation{{"type", "validation"}, {"step", progress_.step}, {"loss", progress_.validation_loss}};
    if (task_.classifies()) validation["top1"] = progress_.validation_top1;
    record(validation);
  }

  /// All arrays that a checkpoint keeps of this rank's, but for what error feedback carries over.
  std::vector<std::pair<std::string, std::span<float>>> arrays() {
    std::vector<std::pair<std::string, std::span<float>>> all{{"parameters", task_.parameters()},
                                                              {"statistics", task_.statistics()}};
    for (std::size_t i = 0; i < optimiser_->state().moments.size(); ++i) {
      all.emplace_back(fmt::format("moment {}", i + 1), optimiser_->state().moments[i]);
    }
    return all;
  }

  void save() {
    if (options_.checkpoint.empty()) return;
    const Stopwatch watch(progress_.account.validate);
    Checkpoint checkpoint{
        .fingerprint = fingerprint_, .progress = progress_, .updates = optimiser_->state().updates, .arrays = {}};
    if (options_.error_feedback) {
      for (std::vector<float>& each : gather(transport_, residual_)) {
        checkpoint.arrays.push_back({fmt::format("residual {}", checkpoint.arrays.size()), std::move(each)});
      }
    }
    if (transport_.rank() != 0) return;
    for (const auto& [name, values] : arrays()) checkpoint.arrays.push_back({name, {values.begin(), values.end()}});
    save_checkpoint(options_.checkpoint, checkpoint);
  }

  /// Rank 0 reads the file; the others get what is in it.
  void resume() {
    Checkpoint checkpoint;
    std::size_t next = 0;
    at_rank_0(transport_, [&] {
      checkpoint = load_checkpoint(options_.checkpoint, fingerprint_);
      const std::size_t residuals = options_.error_feedback ? transport_.size() : 0;
      std::vector<std::size_t> expected(residuals, gradient_.size());
      for (const auto& [name, values] : arrays()) expected.push_back(values.size());
      base::require(checkpoint.arrays.size() == expected.size(), "{}: {} arrays, expected {}",
                    options_.checkpoint.string(), checkpoint.arrays.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        base::require(checkpoint.arrays[i].values.size() == expected[i], "{}: {} of {} floats, expected {}",
                      options_.checkpoint.string(), checkpoint.arrays[i].name, checkpoint.arrays[i].values.size(),
                      expected[i]);
      }
    });
    const bool reads = transport_.rank() == 0;
    if (options_.error_feedback) {
      std::vector<std::vector<float>> residuals;
      for (; reads && next < static_cast<std::size_t>(transport_.size()); ++next) {
        residuals.push_back(std::move(checkpoint.arrays[next].values));
      }
      scatter(transport_, residuals, residual_);
    }
    for (const auto& [name, values] : arrays()) {
      if (reads) std::ranges::copy(checkpoint.arrays[next++].values, values.begin());
      broadcast(transport_, std::as_writable_bytes(values));
    }
    broadcast(transport_, std::as_writable_bytes(std::span(&checkpoint.progress, 1)));
    broadcast(transport_, std::as_writable_bytes(std::span(&checkpoint.updates, 1)));
    optimiser_->state().updates = checkpoint.updates;
    progress_ = checkpoint.progress;
  }

  void save_weights() const {
    if (options_.weights.empty() || transport_.rank() != 0) return;
    onn::TensorFile file{.metadata = {{"format", "pt"}, {"version", base::kVersion}}, .tensors = {}};
    for (const NamedArray& array : task_.named_arrays()) {
      file.tensors.push_back({.name = array.name,
                              .shape = {array.shape.begin(), array.shape.end()},
                              .values = {array.values.begin(), array.values.end()}});
    }
    base::write_file_atomically(options_.weights, onn::write_safetensors(file));
  }

  void record_run() {
    const Json description = task_.description();
    Json run{{"type", "run"},
             {"command", "train"},
             {"version", base::kVersion},
             {"model", description["model"]},
             {"reduce", run_.reduce},
             {"workers", transport_.size()},
             {"transport", run_.transport},
             {"seed", options_.seed},
             {"config", run_.config},
             {"parameters", gradient_.size()},
             {"design", run_.design}};
    run.update(description);
    if (task_.batches_per_epoch() > 0) {
      run["steps_per_epoch"] = static_cast<double>(task_.batches_per_epoch()) / options_.accumulate;
    }
    record(run);
  }

  void record(const Json& record) {
    if (output_.records != nullptr) output_.records->write(record);
  }

  const TrainOptions options_;
  const RunDescription& run_;
  Task& task_;
  collective::Transport& transport_;
  collective::AllReduce& all_reduce_;
  const TrainOutput output_;
  std::unique_ptr<Optimiser> optimiser_;
  std::vector<float> gradient_;
  std::vector<float> part_;      // of one batch, where a step has several
  std::vector<float> residual_;  // of error feedback; empty without
  std::vector<float> statistics_before_, residual_before_;
  Json fingerprint_;  // where there is a checkpoint
  TrainProgress progress_;
  Clock::time_point start_;
  double seconds_before_ = 0;
};

}  // namespace

void check(const TrainOptions& options, int workers) {
  using base::require;
  require(options.steps >= 1, "{} steps: expected at least 1", options.steps);
  require(options.accumulate >= 1, "{} batches a step: expected at least 1", options.accumulate);
  check(options.learning_rate);
  check(options.optimiser);
  require(options.clip_norm >= 0, "clipping at norm {}: expected at least 0", options.clip_norm);
  require(options.validate_every >= 0, "validation every {} steps: expected at least 0", options.validate_every);
  require(options.checkpoint_every >= 1, "a checkpoint every {} steps: expected at least 1", options.checkpoint_every);
  require(!options.resume || !options.checkpoint.empty(), "nothing to resume from: expected a checkpoint's path");
  require(options.inject_nan_step < 0 || (options.inject_nan_worker >= 0 && options.inject_nan_worker < workers),
          "NaN at worker {}: expected 0 to {}", options.inject_nan_worker, workers - 1);
  const auto writable = [](const std::filesystem::path& file, const char* what) {
    const std::filesystem::path folder = file.parent_path();
    base::require(folder.empty() || std::filesystem::is_directory(folder), "{} {}: no such folder as {}", what,
                  file.string(), folder.string());
  };
  writable(options.checkpoint, "checkpoint");
  writable(options.weights, "weights");
}

Json to_json(const TrainResult& result) {
  Json json{{"steps", result.steps}, {"validation_loss", result.validation_loss}};
  if (result.validation_top1) json["validation_top1"] = *result.validation_top1;
  json["seconds"] = result.seconds;
  json.update(to_json(result.account));
  json["payload_bytes"] = result.payload_bytes;
  json["wire_bytes"] = result.wire_bytes;
  json["modelled"] = result.modelled;
  return json;
}

TrainResult train_worker(const TrainOptions& options, const RunDescription& run, Task& task,
                         collective::Transport& transport, collective::AllReduce& all_reduce,
                         const TrainOutput& output) {
  check(options, transport.size());
  return Worker(options, run, task, transport, all_reduce, output).train();
}

}  // namespace optinc::workload
