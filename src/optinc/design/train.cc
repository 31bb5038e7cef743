#include "optinc/design/train.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/version.h"
#include "optinc/design/adam.h"
#include "optinc/design/batch_gradient.h"
#include "optinc/design/checkpoint.h"
#include "optinc/design/parameters.h"
#include "optinc/design/projection.h"
#include "optinc/design/sampler.h"
#include "optinc/device/onn_averager.h"
#include "optinc/linalg/blas.h"
#include "optinc/onn/matrix_approximation.h"
#include "optinc/onn/mzi_count.h"

namespace optinc::design {
namespace {

using Clock = std::chrono::steady_clock;

/// One cycle (Smith and Topin 2019): up over the first 15 % from 1/25 of the peak, then down to nearly nothing, in
/// cosines.
double one_cycle(double peak, double done) {
  constexpr double kRise = 0.15, kStart = 1.0 / 25, kEnd = 1e-4;
  const auto cosine = [](double from, double to, double share) {
    return to + (from - to) * (1 + std::cos(std::numbers::pi * share)) / 2;
  };
  return peak * (done < kRise ? cosine(kStart, 1, done / kRise) : cosine(1, kEnd, (done - kRise) / (1 - kRise)));
}

class Training {
 public:
  explicit Training(const TrainOptions& options)
      : options_(options),
        layout_(options.widths),
        normalisation_(options.shape),
        sampler_(options.shape, options.seed),
        inputs_(std::size_t(options.batch) * options.shape.inputs),
        targets_(std::size_t(options.batch) * options.shape.symbols()),
        fares_(options.batch),
        gradient_(
            layout_, options.batch,
            options.symbol_weights.empty() ? std::vector<float>(options.shape.symbols(), 1.0f) : options.symbol_weights,
            options.threads),
        parameters_(orthogonal_start(layout_, options.seed)),
        adam_(layout_.size()) {}

  EpochReport run_epoch() {
    const int epoch = ++epoch_;
    const auto start = Clock::now();
    const bool first_stage = epoch <= options_.first_stage_epochs;
    const Loss loss = first_stage ? Loss::symbols : options_.second_stage_loss;
    // As many samples as there are inputs.
    const std::uint64_t steps = (sampler_.inputs() + options_.batch - 1) / options_.batch;
    sampler_.begin_epoch(epoch, loss == Loss::margin && epoch > options_.mine_after * options_.epochs);
    EpochReport report{epoch, first_stage ? 1 : 2, 0, 0, 0, 0};
    for (std::uint64_t step = 1; step <= steps; ++step) {
      const double done = static_cast<double>(adam_.steps) / static_cast<double>(steps * options_.epochs);
      report.learning_rate = one_cycle(options_.learning_rate, done);
      make_samples(options_.shape, normalisation_, sampler_.next(options_.batch), inputs_.data(), targets_.data());
      report.loss += gradient_.compute(parameters_, options_.batch, inputs_.data(), targets_.data(), normalisation_,
                                       loss, step_gradient_, fares_.data()) /
                     static_cast<double>(steps);
      sampler_.tell(fares_);
      adam_.step(parameters_, step_gradient_, report.learning_rate);
      if (step % options_.project_every == 0 || step == steps) project(layout_, options_.approximated, parameters_);
    }
    report.wrong = sampler_.wrong();
    if (!std::isfinite(report.loss)) {
      throw base::RunError(fmt::format("epoch {}: the loss is {}; a smaller learning rate than {} is needed", epoch,
                                       report.loss, options_.learning_rate));
    }
    training_seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    return report;
  }

  onn::Design design() const {
    onn::Design design;
    design.bits = options_.shape.bits;
    design.servers = options_.shape.servers;
    design.inputs = options_.shape.inputs;
    design.rounding = options_.shape.rounding;
    design.approximated = options_.approximated;
    design.area_mzi = onn::count_mzis(options_.widths, options_.approximated, options_.shape.servers).mzis;
    design.seed = options_.seed;
    design.version = base::kVersion;
    design.network = to_network(layout_, parameters_, normalisation_);
    for (std::size_t i = 0; i < design.network.layers.size(); ++i) {
      if (options_.approximated.contains(static_cast<int>(i) + 1)) onn::approximate(design.network.layers[i]);
    }
    return design;
  }

  int epoch() const { return epoch_; }

  double gflops() const {
    const double samples = static_cast<double>(adam_.steps) * options_.batch;
    return 6.0 * static_cast<double>(layout_.weights()) * samples / training_seconds_ * 1e-9;
  }

  void save(double seconds) const {
    save_checkpoint(options_.checkpoint, {configuration(options_), epoch_, seconds, training_seconds_, parameters_,
                                          adam_.mean, adam_.variance, adam_.steps, sampler_.fares()});
  }

  /// Takes up the checkpoint; returns the seconds that the run had taken.
  double resume() {
    Checkpoint checkpoint = load_checkpoint(options_.checkpoint, configuration(options_));
    base::require(checkpoint.parameters.size() == layout_.size(), "{}: damaged, {} parameters: expected {}",
                  options_.checkpoint.string(), checkpoint.parameters.size(), layout_.size());
    sampler_.resume(std::move(checkpoint.fares));
    parameters_ = std::move(checkpoint.parameters);
    adam_.mean = std::move(checkpoint.adam_mean);
    adam_.variance = std::move(checkpoint.adam_variance);
    adam_.steps = checkpoint.adam_steps;
    epoch_ = checkpoint.epoch;
    training_seconds_ = checkpoint.training_seconds;
    return checkpoint.seconds;
  }

 private:
  TrainOptions options_;
  ParameterLayout layout_;
  Normalisation normalisation_;
  Sampler sampler_;
  std::vector<float> inputs_;   // [batch, K], normalised
  std::vector<float> targets_;  // [batch, M]
  std::vector<Fare> fares_;     // [batch]
  BatchGradient gradient_;
  std::vector<float> parameters_;
  std::vector<float> step_gradient_;
  Adam adam_;
  int epoch_ = 0;  // epochs done
  double training_seconds_ = 0;
};

}  // namespace

TrainResult train(const TrainOptions& options, const std::function<void(const EpochReport&)>& on_epoch) {
  check(options);
  linalg::use_one_blas_thread();
  Training training(options);
  const double seconds_before = options.resume ? training.resume() : 0;
  const auto start = Clock::now();
  const auto elapsed = [&] { return seconds_before + std::chrono::duration<double>(Clock::now() - start).count(); };
  double saved = seconds_before;

  const double verify_below = options.verify_below * static_cast<double>(options.shape.input_count());
  TrainResult result;
  do {
    EpochReport report = training.run_epoch();
    report.seconds = elapsed();
    on_epoch(report);
    if (training.epoch() >= options.epochs || static_cast<double>(report.wrong) < verify_below) {
      result.design = training.design();
      result.verification = verify::verify(device::OnnAverager(result.design), {.threads = options.threads});
      if (result.verification.wrong == 0) break;
    }
    if (!options.checkpoint.empty() && elapsed() - saved >= options.checkpoint_every_s) {
      training.save(elapsed());
      saved = elapsed();
    }
  } while (training.epoch() < options.epochs);
  result.design.wrong = result.verification.wrong;
  result.design.accuracy = result.verification.accuracy();
  result.epochs = training.epoch();
  result.seconds = elapsed();
  result.gflops = training.gflops();
  return result;
}

base::Json configuration(const TrainOptions& options) {
  return {{"bits", options.shape.bits},
          {"servers", options.shape.servers},
          {"layers", options.widths},
          {"approximate", options.approximated.to_string()},
          {"rounding", codec::to_string(options.shape.rounding)},
          {"seed", options.seed},
          {"epochs", options.epochs},
          {"batch", options.batch},
          {"learning-rate", options.learning_rate},
          {"first-stage-epochs", options.first_stage_epochs},
          {"second-stage-loss", to_string(options.second_stage_loss)},
          {"symbol-weights", options.symbol_weights},
          {"project-every", options.project_every},
          {"mine-after", options.mine_after},
          {"verify-below", options.verify_below}};
}

void check(const TrainOptions& options) {
  options.shape.check();
  const std::vector<int>& widths = options.widths;
  base::require(widths.size() >= 2, "{} layer widths: expected at least 2, from the inputs to the outputs",
                widths.size());
  base::require(widths.front() == options.shape.inputs, "layer widths start with {}: expected the {} inputs",
                widths.front(), options.shape.inputs);
  base::require(widths.back() == options.shape.symbols(),
                "layer widths end with {}: expected the {} symbols of {} bits", widths.back(), options.shape.symbols(),
                options.shape.bits);
  for (const int width : widths)
    base::require(width >= 1 && width <= 65536, "layer width {}: expected 1 .. 65536", width);
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    base::require(
        !options.approximated.contains(static_cast<int>(i) + 1) || onn::can_be_approximated(widths[i + 1], widths[i]),
        "layer {} is {} x {}: to be approximated, its longer side must be a multiple of its shorter one", i + 1,
        widths[i + 1], widths[i]);
  }
  base::require(options.epochs >= 1, "epochs {}: expected at least 1", options.epochs);
  base::require(options.batch >= 1, "batch {}: expected at least 1", options.batch);
  base::require(options.learning_rate > 0 && options.learning_rate < 1,
                "learning rate {}: expected above 0 and below 1", options.learning_rate);
  base::require(options.mine_after >= 0 && options.mine_after <= 1,
                "mine after {}: expected 0 .. 1, a share of the epochs", options.mine_after);
  base::require(options.first_stage_epochs >= 0, "first stage epochs {}: expected at least 0",
                options.first_stage_epochs);
  base::require(options.project_every >= 1, "project every {} steps: expected at least 1", options.project_every);
  base::require(options.symbol_weights.empty() ||
                    options.symbol_weights.size() == static_cast<std::size_t>(options.shape.symbols()),
                "{} symbol weights: expected {}, one a symbol", options.symbol_weights.size(), options.shape.symbols());
}

}  // namespace optinc::design
