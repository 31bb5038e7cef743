#include "optinc/cli/command_design.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/cli/area_record.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/construction.h"
#include "optinc/cli/hardware_options.h"
#include "optinc/cli/inputs_record.h"
#include "optinc/design/structure.h"
#include "optinc/design/train.h"
#include "optinc/device/onn_averager.h"
#include "optinc/linalg/sgemm_rate.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/onn/nearest_twin.h"
#include "optinc/verify/inputs.h"

namespace optinc::cli {
namespace {

struct Options {
  design::TrainOptions train;
  std::string approximate;
  std::string rounding = "floor";
  std::string role = "single";
  std::string second_stage_loss = "margin";
  std::filesystem::path start;
  std::filesystem::path out;
  std::filesystem::path onnx;
  double part_minutes = 0;
  bool construct = false;
  std::string variant = "tolerant";
  HardwareOptions noise{"", {}};
  std::string noise_correction = "none";
  bool json = false;

  /// A construction that is not laid into a structure.
  bool as_wide_as_needed() const { return construct && train.widths.empty() && approximate.empty(); }
};

/// What the flags mean together.
struct Plan {
  design::TrainOptions train;
  std::string why;  ///< this structure; empty where it was given
};

Plan plan_of(const Options& options) {
  Plan plan{options.train, {}};
  design::TrainOptions& train = plan.train;
  train.shape.role = onn::parse_role(options.role);
  train.shape.every_rounding = options.rounding == "every" && train.shape.role != onn::Role::cascade_level_1;
  if (options.rounding != "every") train.shape.rounding = codec::parse_rounding(options.rounding);
  if (train.widths.empty() && !options.as_wide_as_needed()) {
    const design::Structure structure = design::pick_structure(train.shape);
    plan.why = structure.why;
    train.widths = structure.widths;
    train.approximated = structure.approximated;
  }
  if (!options.as_wide_as_needed()) {
    base::require(train.widths.size() >= 2, "{} layer widths: expected at least 2, from the inputs to the outputs",
                  train.widths.size());
    train.shape.inputs = train.widths.front();
    if (!options.approximate.empty() || train.approximated.empty()) {
      train.approximated = onn::LayerSet::parse(options.approximate.empty() ? "all" : options.approximate,
                                                static_cast<int>(train.widths.size()) - 1);
    }
  }
  train.second_stage_loss = design::parse_loss(options.second_stage_loss);
  if (!options.start.empty()) train.start = std::make_shared<onn::Design>(onn::load_design(options.start));
  if (!options.noise.preset_or_file.empty()) {
    train.noise = std::make_shared<design::ChipNoiseOptions>(
        design::ChipNoiseOptions{load(options.noise), mesh::parse_correction(options.noise_correction)});
  }
  base::require(train.noise || options.noise.set.empty(),
                "--noise-set: expected --noise, the hardware that it changes");
  train.part_s = 60 * options.part_minutes;
  train.checkpoint = options.out.string() + ".checkpoint";
  return plan;
}

/// What a construction depends on: no more than the device and the structure, or the variant.
base::Json construction(const Options& options, const design::TrainOptions& train) {
  const base::Json whole = design::configuration(train);
  base::Json config{{"construct", true}};
  if (options.as_wide_as_needed()) config["variant"] = options.variant;
  for (const char* key : {"bits", "servers", "layers", "approximate", "rounding", "role"}) config[key] = whole[key];
  return config;
}

/// d.safetensors -> d-nearest.safetensors: the same weights with constant light on the last input, verified on its own.
std::filesystem::path save_nearest_twin(const std::filesystem::path& path, const onn::Design& design, int threads) {
  onn::Design twin = onn::nearest_twin(design);
  const verify::Verification found = verify_as_far_as_possible(twin, device::shape_of(twin), threads);
  twin.wrong = found.wrong;
  twin.accuracy = found.accuracy();
  std::filesystem::path twin_path = path;
  twin_path.replace_filename(path.stem().string() + "-nearest" + path.extension().string());
  onn::save_design(twin_path, twin);
  return twin_path;
}

/// A design as it came out, on the lattice that it was made for.
struct Made {
  onn::Design design;
  verify::Verification verification;
  base::Json effort;   ///< what it took, for the record `result`
  base::Json proof{};  ///< by stage, of a construction
};

/// Nothing where the part ended before the run did.
std::optional<Made> make_by_training(const design::TrainOptions& train, base::RecordWriter& records, Context& context) {
  const std::uint64_t inputs = train.shape.input_count();
  std::optional<base::Progress> progress;
  design::TrainResult result = design::train(train, [&](const design::EpochReport& epoch) {
    if (!progress) {
      progress.emplace("design: epoch", train.epochs);
      progress->start_from(epoch.epoch - 1);
      if (train.resume) records.write({{"type", "resume"}, {"epoch", epoch.epoch - 1}});
    }
    records.write({{"type", "epoch"},
                   {"epoch", epoch.epoch},
                   {"stage", epoch.stage},
                   {"loss", epoch.loss},
                   {"wrong", epoch.wrong},
                   {"learning_rate", epoch.learning_rate},
                   {"seconds", epoch.seconds}});
    progress->update(epoch.epoch, fmt::format("loss {:.3g}, {} of {} wrong", epoch.loss, with_commas(epoch.wrong),
                                              with_commas(inputs)));
  });
  progress.reset();
  if (result.unfinished) {
    records.write({{"type", "part"}, {"epoch", result.epochs}, {"seconds", result.seconds}, {"gflops", result.gflops}});
    fmt::print(context.out, "part done: {} of at most {} epochs, {:.1f} GFLOP/s; --resume goes on from {}\n",
               result.epochs, train.epochs, result.gflops, train.checkpoint.string());
    return std::nullopt;
  }
  return Made{std::move(result.design),
              std::move(result.verification),
              {{"epochs", result.epochs},
               {"seconds", result.seconds},
               {"gflops", result.gflops},
               {"sgemm_gflops", linalg::measure_sgemm_gflops(train.threads, 0.5)}}};
}

Made make_by_construction(const Options& options, const design::TrainOptions& train) {
  Construction made =
      construct_and_verify(train.shape, train.widths, train.approximated, options.variant, train.threads);
  base::Json effort{{"epochs", 0}, {"seconds", made.seconds}};
  return {std::move(made.design), std::move(made.verification), std::move(effort), std::move(made.proof)};
}

void print_proof(const base::Json& proof, double inputs, Context& context) {
  if (!proof["proved"]) {
    fmt::print(context.out, "not proved by stage: {}\n", proof["refusal"].get<std::string>());
    return;
  }
  fmt::print(context.out, "proved by stage: all {:.4g} inputs right", inputs);
  if (proof["noise"] > 0) {
    fmt::print(context.out, ", with any error of every output up to {:.2g} of its layer's largest",
               proof["noise"].get<double>());
  }
  fmt::print(context.out, "\n");
}

/// Records of a run that begins; one that is resumed appends to those it had.
base::RecordWriter open_records(const Options& options, const design::TrainOptions& train) {
  std::filesystem::path path = options.out;
  base::RecordWriter records(path.replace_extension(".records.jsonl"),
                             train.resume ? base::RecordMode::append : base::RecordMode::replace);
  if (train.resume) return records;
  records.write({{"type", "run"},
                 {"command", "design"},
                 {"version", base::kVersion},
                 {"seed", train.seed},
                 {"threads", train.threads > 0 ? train.threads : base::available_threads()},
                 {"config", options.construct ? construction(options, train) : design::configuration(train)},
                 {"inputs", inputs_json(train.shape)}});
  records.write(tagged("area", area_json(onn::count_mzis(train.widths, train.approximated, train.shape.servers))));
  return records;
}

void run_design(const Options& options, Context& context) {
  Plan plan = plan_of(options);
  design::TrainOptions& train = plan.train;
  if (!options.construct) design::check(train);
  if (!plan.why.empty() && !options.json) {
    fmt::print(context.out, "{}: {}\n", fmt::join(train.widths, "-"), plan.why);
  }
  const std::filesystem::path folder = options.out.parent_path();
  base::require(folder.empty() || std::filesystem::is_directory(folder), "--out {}: no such folder as {}",
                options.out.string(), folder.string());

  std::optional<Made> made;
  if (options.construct) {  // refused, it leaves no records
    made = make_by_construction(options, train);
    train.widths = made->design.network.widths();
    train.approximated = made->design.approximated;
    train.shape.inputs = made->design.inputs;
  }
  base::RecordWriter records = open_records(options, train);
  if (!made) made = make_by_training(train, records, context);
  context.exit_code = made && made->verification.wrong == 0 ? kOk : kFailed;
  if (!made) return;

  std::vector<std::string> files{options.out.string()};
  onn::save_design(options.out, made->design);
  if (train.shape.every_rounding) files.push_back(save_nearest_twin(options.out, made->design, train.threads).string());
  if (!options.onnx.empty()) onn::export_onnx(options.onnx, made->design);
  std::filesystem::remove(train.checkpoint);

  const std::uint64_t inputs = made->verification.inputs, wrong = made->verification.wrong;
  base::Json outcome{{"outcome", wrong == 0 ? "exact" : "not exact"}, {"origin", made->design.origin}};
  outcome.update(made->effort);
  outcome["file"] = options.out.string();
  records.write(tagged("verification", verify::to_json(made->verification)));
  if (!made->proof.empty()) records.write(tagged("proof", made->proof));
  records.write(tagged("result", outcome));
  const onn::Area area = onn::count_mzis(train.widths, train.approximated, train.shape.servers);
  if (options.json) {
    if (!plan.why.empty()) outcome["why"] = plan.why;
    outcome["layers"] = train.widths;
    outcome["inputs"] = inputs;
    outcome["wrong"] = wrong;
    outcome["largest_analog_error"] = verify::to_json(made->verification)["largest_analog_error"];
    outcome["mzis"] = area.mzis;
    outcome["dense_mzis"] = area.dense_mzis;
    outcome["files"] = files;
    if (!made->proof.empty()) outcome["proof"] = made->proof;
    print_json(context, outcome);
    return;
  }
  const bool is_sampled = static_cast<double>(inputs) < verify::possible_inputs(train.shape);
  fmt::print(context.out, "{} of {} inputs{} right, {} in {:.1f} s\n", with_commas(inputs - wrong), with_commas(inputs),
             is_sampled ? " drawn at random" : "", made->design.origin, made->effort["seconds"].get<double>());
  if (!made->proof.empty()) print_proof(made->proof, verify::possible_inputs(train.shape), context);
  fmt::print(context.out, "{} of {} MZIs ({:.2f} %)\n", with_commas(area.mzis), with_commas(area.dense_mzis),
             100 * area.ratio());
  if (made->effort.contains("gflops")) {
    fmt::print(context.out, "{} epochs, {:.1f} GFLOP/s; sgemm here {:.1f} GFLOP/s\n", made->effort["epochs"].get<int>(),
               made->effort["gflops"].get<double>(), made->effort["sgemm_gflops"].get<double>());
  }
  for (const std::string& file : files) fmt::print(context.out, "{}\n", file);
}

}  // namespace

void add_design(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "design", "Make an optical neural network that is right on every possible input: train or construct it",
      "  optinc design --bits 8 --servers 4 --layers 4,64,128,256,128,64,4 --approximate all --seed 1 --out "
      "d.safetensors\n"
      "  optinc design --layers 4,64,128,256,128,64,4 --rounding nearest --out n.safetensors --onnx n.onnx\n"
      "  optinc design --bits 12 --servers 6 --out picked.safetensors\n"
      "  optinc design --start d.safetensors --layers 4,64,128,256,128,64,4 --noise ideal --noise-set "
      "phase_shifter.error_rms_rad=0.003 --first-stage-epochs 0 --learning-rate 1e-3 --out tolerant.safetensors\n"
      "  optinc design --construct --bits 32 --servers 4 --out b32.safetensors\n"
      "  optinc design --construct --bits 8 --servers 16 --approximate all --out c.safetensors\n"
      "Records go to <out>.records.jsonl (its extension replaced), a checkpoint to <out>.checkpoint until the run is "
      "done;\n"
      "--resume goes on from there. Exit code 0: every input is right; 1: some are wrong; 2: bad input.");
  auto options = std::make_shared<Options>();
  design::TrainOptions& train = options->train;
  train.shape.inputs = 0;
  verb->add_option("--bits", train.shape.bits, "Bits of a gradient's code, B")->capture_default_str();
  verb->add_option("--servers", train.shape.servers, "Ports of the device, N")->capture_default_str();
  verb->add_option("--layers", train.widths,
                   "Layer widths from the K inputs to the ceil(B/2) outputs; left out: picked, and said why")
      ->delimiter(',');
  verb->add_option("--approximate", options->approximate,
                   "Approximated layers: all, none or like 2,4-6 (default: all, or as picked)");
  verb->add_option("--inputs", train.shape.inputs,
                   "K, where --layers is left out; 0: picked (constructed: one a symbol, or the most that are proved)")
      ->capture_default_str();
  verb->add_option("--rounding", options->rounding,
                   "floor (the paper's), nearest, nearest-unbiased, or every: a floor that constant light on the last "
                   "input turns into the others (writes <out>-nearest, too)")
      ->capture_default_str();
  verb->add_option("--role", options->role, "single, cascade-level-1 or cascade-level-2")->capture_default_str();
  verb->add_flag("--construct", options->construct,
                 "Write the network down instead of training it: exact and proved by stage, or refused");
  verb->add_option(
          "--variant", options->variant,
          "Of a construction without --layers, as wide as it needs: tolerant (bears the most noise), shallow (the "
          "fewest layers) or narrow (the fewest wires)")
      ->capture_default_str();
  verb->add_option("--start", options->start, "Train on from this design instead of a random start");
  verb->add_option("--noise", options->noise.preset_or_file,
                   "Train on simulated chips of this hardware (a preset or a TOML file), a new one after every matrix "
                   "approximation");
  verb->add_option("--noise-set", options->noise.set,
                   "One value over the hardware's, like coupler.imbalance_rms_rad=0.01")
      ->take_all();
  verb->add_option("--relative-noise", train.relative_noise,
                   "Train under this relative noise on every layer's outputs (optinc noise); dense layers take it best")
      ->capture_default_str();
  verb->add_option("--noise-until", train.noise_until, "Share of the epochs with noise; the others end on ideal parts")
      ->capture_default_str();
  verb->add_option("--noise-correction", options->noise_correction,
                   "What programming knows of those chips: none, local or self-configured")
      ->capture_default_str();
  verb->add_option("--seed", train.seed, "Same seed, same design")->capture_default_str();
  verb->add_option("--epochs", train.epochs, "Most epochs; the learning rate's cycle spans them")
      ->capture_default_str();
  verb->add_option("--epoch-samples", train.epoch_samples,
                   "Samples an epoch; 0: as many as there are inputs, 16,384 .. 262,144")
      ->capture_default_str();
  verb->add_option("--batch", train.batch, "Samples a step")->capture_default_str();
  verb->add_option("--learning-rate", train.learning_rate, "At the top of its cycle")->capture_default_str();
  verb->add_option("--first-stage-epochs", train.first_stage_epochs,
                   "Epochs of the weighted symbol loss (the paper's E1)")
      ->capture_default_str();
  verb->add_option("--symbol-weights", train.symbol_weights,
                   "Weights w_i of the symbol loss, one a symbol (default: all 1)")
      ->delimiter(',');
  verb->add_option("--second-stage-loss", options->second_stage_loss,
                   "margin, or gradient (the paper's: error of the reconstructed gradient)")
      ->capture_default_str();
  verb->add_option("--margin", train.margin, "Error that the margin loss allows, in steps of the output")
      ->capture_default_str();
  verb->add_option("--project-every", train.project_every, "Steps between two matrix approximations")
      ->capture_default_str();
  verb->add_option("--mine-after", train.mine_after,
                   "Share of the epochs after which mostly inputs that are not yet right are trained on")
      ->capture_default_str();
  verb->add_option("--verify-below", train.verify_below, "Verify every input after an epoch with a smaller share wrong")
      ->capture_default_str();
  verb->add_option("--out", options->out, "Design file to write (safetensors)")->required();
  verb->add_option("--onnx", options->onnx, "Write the network as ONNX, too");
  verb->add_option("--part-minutes", options->part_minutes, "End with a checkpoint after so long; 0: run to the end")
      ->capture_default_str();
  verb->add_option("--checkpoint-every", train.checkpoint_every_s,
                   "Seconds between two checkpoints, at the end of an epoch")
      ->capture_default_str();
  verb->add_flag("--resume", train.resume, "Go on from the checkpoint of a run that was killed");
  add_threads_option(*verb, train.threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_design(*options, context); });
}

}  // namespace optinc::cli
