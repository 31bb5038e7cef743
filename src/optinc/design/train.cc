#include "optinc/design/train.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/version.h"
#include "optinc/design/adam.h"
#include "optinc/design/batch_gradient.h"
#include "optinc/design/checkpoint.h"
#include "optinc/design/parameters.h"
#include "optinc/design/projection.h"
#include "optinc/design/ranges.h"
#include "optinc/design/sampler.h"
#include "optinc/device/onn_averager.h"
#include "optinc/linalg/blas.h"
#include "optinc/onn/matrix_approximation.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/verify/inputs.h"
#include "optinc/verify/relative_noise.h"

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

std::uint64_t samples_of_epoch(const TrainOptions& options) {
  if (options.epoch_samples > 0) return options.epoch_samples;
  return static_cast<std::uint64_t>(std::clamp(verify::possible_inputs(options.shape),
                                               static_cast<double>(TrainOptions::kSmallestEpoch),
                                               static_cast<double>(TrainOptions::kLargestEpoch)));
}

/// A network learnt for one device can be trained on for another with as many inputs and outputs of the same meaning.
bool shape_allows(const device::DeviceShape& shape, const onn::Design& start) {
  return start.bits == shape.bits && start.servers == shape.servers && start.inputs == shape.inputs;
}

class Training {
 public:
  explicit Training(const TrainOptions& options)
      : options_(options),
        layout_(options.widths),
        objective_{.normalisation = Normalisation(options.shape),
                   .symbol_weights = options.symbol_weights,
                   .steps = std::vector<float>(options.shape.symbols(), 1.0f),
                   .margin = static_cast<float>(options.margin)},
        sampler_(options.shape, options.seed),
        steps_per_epoch_((samples_of_epoch(options) + options.batch - 1) / options.batch),
        inputs_(std::size_t(options.batch) * options.shape.inputs),
        targets_(std::size_t(options.batch) * options.shape.symbols()),
        fares_(options.batch),
        gradient_(layout_, options.batch, options.threads),
        parameters_(options.start ? from_network(layout_, options.start->network, objective_.normalisation)
                                  : orthogonal_start(layout_, options.seed)),
        adam_(layout_.size()) {
    objective_.steps.back() = static_cast<float>(options.shape.steps_per_output_level());
    if (options.noise) {
      noise_.emplace(*options.noise, options_.shape, options_.approximated, layout_, objective_.normalisation,
                     options_.seed, options_.threads);
    }
    if (objective_.symbol_weights.empty()) objective_.symbol_weights.assign(options.shape.symbols(), 1.0f);
  }

  EpochReport run_epoch() {
    const int epoch = ++epoch_;
    const auto start = Clock::now();
    const bool first_stage = epoch <= options_.first_stage_epochs;
    objective_.loss = first_stage ? Loss::symbols : options_.second_stage_loss;
    const bool on_chips = noise_ && is_noisy(epoch);
    const SumNoise relative_noise = is_noisy(epoch) ? relative_noise_of(epoch) : SumNoise{};
    sampler_.mine(objective_.loss == Loss::margin && !is_noisy(epoch) && epoch > options_.mine_after * options_.epochs);
    EpochReport report{epoch, first_stage ? 1 : 2, 0, 0, 0, 0};
    if (on_chips) noise_->measure_full_scales(parameters_);
    for (std::uint64_t step = 1; step <= steps_per_epoch_; ++step) {
      const double all_steps = static_cast<double>(steps_per_epoch_) * options_.epochs;
      report.learning_rate = one_cycle(options_.learning_rate, static_cast<double>(adam_.steps) / all_steps);
      const std::vector<std::uint32_t>& numbers = sampler_.next(options_.batch);
      make_samples(options_.shape, objective_.normalisation, numbers, inputs_.data(), targets_.data());
      SumNoise sum_noise = relative_noise;
      sum_noise.batch = adam_.steps;
      if (on_chips) {
        if ((step - 1) % options_.project_every == 0) noise_->make_chip(parameters_, chips_++);
        noise_->disturb_inputs(numbers, adam_.steps * options_.batch, inputs_.data());
        sum_noise = {noise_->detector_noise(), options_.seed, adam_.steps};
      }
      report.loss += gradient_.compute(on_chips ? noise_->on_chip(parameters_) : parameters_, options_.batch,
                                       inputs_.data(), targets_.data(), objective_, fares_.data(), sum_noise) /
                     static_cast<double>(steps_per_epoch_);
      sampler_.tell(fares_);
      adam_.step(parameters_, gradient_.shard_gradients(), report.learning_rate, options_.threads);
      if (step % options_.project_every == 0 || step == steps_per_epoch_) {
        project(layout_, options_.approximated, parameters_, options_.threads);
      }
    }
    report.wrong = sampler_.wrong();
    if (!std::isfinite(report.loss)) {
      throw base::RunError(fmt::format("epoch {}: the loss is {}; a smaller learning rate than {} is needed", epoch,
                                       report.loss, options_.learning_rate));
    }
    training_seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    return report;
  }

  /// Noise comes first, and an end on ideal parts brings back what it cost.
  bool is_noisy(int epoch) const {
    return (noise_ || options_.relative_noise > 0) && epoch <= options_.noise_until * options_.epochs;
  }

  /// Of what every layer's outputs are at most; brings the hidden wires to the same range before.
  SumNoise relative_noise_of(int epoch) {
    if (options_.relative_noise == 0) return {};
    constexpr std::uint64_t kMostInputs = 1 << 16;
    const device::DeviceShape& shape = options_.shape;
    const std::uint64_t sample = shape.input_count() > kMostInputs ? kMostInputs : 0;
    const onn::Network network = to_network(layout_, parameters_, objective_.normalisation);
    const auto largest = verify::largest_of_wires(network, shape, {.sample = sample, .threads = options_.threads});
    constexpr double kLeastShare = 0.25;
    equalise_ranges(layout_, options_.approximated, largest, epoch == 1 ? kLeastShare : 1, parameters_, adam_);
    SumNoise noise{.rms = std::vector<float>(largest.size(), static_cast<float>(options_.relative_noise)),
                   .seed = options_.seed,
                   .behind_relu = true};
    noise.rms.back() *=
        static_cast<float>(*std::ranges::max_element(largest.back()) / objective_.normalisation.output_scale);
    return noise;
  }

  bool is_last_epoch() const { return epoch_ >= options_.epochs; }

  /// Verifying costs a third of training on as many samples: not more often than that pays.
  bool is_worth_verifying() const {
    const auto inputs = static_cast<double>(sampler_.inputs());
    return is_last_epoch() ||
           (!is_noisy(epoch_) && static_cast<double>(sampler_.wrong()) < options_.verify_below * inputs &&
            static_cast<double>((adam_.steps - verified_at_step_) * options_.batch) >= inputs);
  }

  /// Verifies the design as it would be built, on every input, and mines what is wrong.
  verify::Verification verify(const onn::Design& candidate) {
    constexpr std::size_t kMostMined = std::size_t{1} << 20;
    const device::OnnAverager averager(candidate, options_.shape);
    verify::Verification found = verify::verify(averager, {.threads = options_.threads, .keep_wrong = kMostMined});
    sampler_.tell_wrong(found.wrong_numbers);
    verified_at_step_ = adam_.steps;
    return found;
  }

  onn::Design design() const {
    onn::Design design;
    design.bits = options_.shape.bits;
    design.servers = options_.shape.servers;
    design.inputs = options_.shape.inputs;
    design.rounding = options_.shape.rounding;
    design.role = options_.shape.role;
    if (options_.start && options_.start->origin != "trained") design.origin = "trained-from-constructed";
    design.approximated = options_.approximated;
    design.area_mzi = onn::count_mzis(options_.widths, options_.approximated, options_.shape.servers).mzis;
    design.seed = options_.seed;
    design.version = base::kVersion;
    design.network = to_network(layout_, parameters_, objective_.normalisation);
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
    save_checkpoint(options_.checkpoint, {.configuration = configuration(options_),
                                          .epoch = epoch_,
                                          .seconds = seconds,
                                          .training_seconds = training_seconds_,
                                          .parameters = parameters_,
                                          .adam_mean = adam_.mean,
                                          .adam_variance = adam_.variance,
                                          .adam_steps = adam_.steps,
                                          .place = sampler_.place(),
                                          .fares = sampler_.fares().packed(),
                                          .verified_at_step = verified_at_step_});
  }

  /// Takes up the checkpoint; returns the seconds that the run had taken.
  double resume() {
    Checkpoint checkpoint = load_checkpoint(options_.checkpoint, configuration(options_));
    base::require(checkpoint.parameters.size() == layout_.size(), "{}: damaged, {} parameters: expected {}",
                  options_.checkpoint.string(), checkpoint.parameters.size(), layout_.size());
    sampler_.resume(checkpoint.place, std::move(checkpoint.fares));
    parameters_ = std::move(checkpoint.parameters);
    adam_.mean = std::move(checkpoint.adam_mean);
    adam_.variance = std::move(checkpoint.adam_variance);
    adam_.steps = checkpoint.adam_steps;
    verified_at_step_ = checkpoint.verified_at_step;
    epoch_ = checkpoint.epoch;
    training_seconds_ = checkpoint.training_seconds;
    const auto every = static_cast<std::uint64_t>(options_.project_every);
    const int noisy_epochs = std::min(epoch_, static_cast<int>(options_.noise_until * options_.epochs));
    chips_ = static_cast<std::uint64_t>(noisy_epochs) * ((steps_per_epoch_ + every - 1) / every);
    return checkpoint.seconds;
  }

 private:
  TrainOptions options_;
  ParameterLayout layout_;
  Objective objective_;
  Sampler sampler_;
  std::uint64_t steps_per_epoch_;
  std::vector<float> inputs_;   // [batch, K], normalised
  std::vector<float> targets_;  // [batch, M]
  std::vector<Fare> fares_;     // [batch]
  BatchGradient gradient_;
  std::vector<float> parameters_;
  Adam adam_;
  std::optional<ChipNoise> noise_;
  std::uint64_t chips_ = 0;             // made so far
  int epoch_ = 0;                       // epochs done
  std::uint64_t verified_at_step_ = 0;  // Adam's
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

  TrainResult result;
  const auto finish = [&](bool unfinished) {
    result.unfinished = unfinished;
    result.epochs = training.epoch();
    result.seconds = elapsed();
    result.gflops = training.gflops();
    return result;
  };
  while (true) {
    EpochReport report = training.run_epoch();
    report.seconds = elapsed();
    on_epoch(report);
    if (training.is_worth_verifying()) {
      onn::Design design = training.design();
      verify::Verification verification = training.verify(design);
      if (verification.wrong == 0 || training.is_last_epoch()) {
        design.wrong = verification.wrong;
        design.accuracy = verification.accuracy();
        result.design = std::move(design);
        result.verification = std::move(verification);
        return finish(/*unfinished=*/false);
      }
    }
    const bool part_ends = options.part_s > 0 && elapsed() - seconds_before >= options.part_s;
    if (!options.checkpoint.empty() && (part_ends || elapsed() - saved >= options.checkpoint_every_s)) {
      training.save(elapsed());
      saved = elapsed();
    }
    if (part_ends) return finish(/*unfinished=*/true);
  }
}

base::Json configuration(const TrainOptions& options) {
  base::Json json{{"bits", options.shape.bits},
                  {"servers", options.shape.servers},
                  {"layers", options.widths},
                  {"approximate", options.approximated.to_string()},
                  {"rounding", options.shape.every_rounding ? "every" : codec::to_string(options.shape.rounding)},
                  {"role", onn::to_string(options.shape.role)},
                  {"seed", options.seed},
                  {"epochs", options.epochs},
                  {"epoch-samples", samples_of_epoch(options)},
                  {"batch", options.batch},
                  {"learning-rate", options.learning_rate},
                  {"first-stage-epochs", options.first_stage_epochs},
                  {"second-stage-loss", to_string(options.second_stage_loss)},
                  {"margin", options.margin},
                  {"symbol-weights", options.symbol_weights},
                  {"project-every", options.project_every},
                  {"mine-after", options.mine_after},
                  {"verify-below", options.verify_below}};
  if (options.relative_noise > 0) json["relative-noise"] = options.relative_noise;
  if (options.noise) json["noise"] = chip::to_toml(options.noise->hardware);
  if (options.noise || options.relative_noise > 0) json["noise-until"] = options.noise_until;
  if (options.noise) json["noise-correction"] = mesh::to_string(options.noise->correction);
  return json;
}

void check(const TrainOptions& options) {
  options.shape.check();
  base::require(verify::possible_inputs(options.shape) < UINT32_MAX,
                "{:.4g} possible inputs: training can walk through fewer than 2^32",
                verify::possible_inputs(options.shape));
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
  if (options.noise) check(*options.noise);
  base::require(options.noise_until >= 0 && options.noise_until <= 1,
                "noise until {}: expected 0 .. 1, a share of the epochs", options.noise_until);
  base::require(options.epochs >= 1, "epochs {}: expected at least 1", options.epochs);
  base::require(options.batch >= 1, "batch {}: expected at least 1", options.batch);
  base::require(options.margin > 0 && options.margin < 0.5, "margin {}: expected above 0 and below 0.5 steps",
                options.margin);
  base::require(options.part_s >= 0, "part of {} s: expected 0 (no end) or more", options.part_s);
  if (options.start) {
    const onn::Design& start = *options.start;
    base::require(shape_allows(options.shape, start),
                  "the design to start from is for {} bits, {} servers, {} inputs: expected {}, {}, {}", start.bits,
                  start.servers, start.inputs, options.shape.bits, options.shape.servers, options.shape.inputs);
  }
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
