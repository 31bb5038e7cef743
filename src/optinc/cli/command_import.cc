#include "optinc/cli/command_import.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/cli/cli.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/onn_averager.h"
#include "optinc/onn/design.h"
#include "optinc/onn/import.h"
#include "optinc/onn/matrix_approximation.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/onn/normalisation.h"
#include "optinc/verify/verify.h"

namespace optinc::cli {
namespace {

/// With more possible inputs, minutes become hours: verifying them all must be asked for.
constexpr std::uint64_t kMostVerifiedUnasked = std::uint64_t{1} << 26;

struct Options {
  std::filesystem::path file;
  int bits = 0;
  int servers = 0;
  std::string rounding = "floor";
  std::string role = "single";
  std::string approximated = "none";
  bool project = false;
  onn::Units input;
  onn::Units output;
  std::filesystem::path out;
  bool verify = false;
  bool no_verify = false;
  std::uint64_t sample = 0;
  std::uint64_t seed = 1;
  int threads = 0;
  bool json = false;
};

void check_out(const Options& options) {
  const std::filesystem::path folder = options.out.parent_path();
  base::require(folder.empty() || std::filesystem::is_directory(folder), "--out {}: no such folder as {}",
                options.out.string(), folder.string());
  std::error_code not_there;
  base::require(!std::filesystem::equivalent(options.out, options.file, not_there),
                "--out {}: is the file to import, expected another", options.out.string());
}

onn::Design read_design(const Options& options) {
  const std::string file = options.file.string();
  onn::Design design;
  design.bits = options.bits;
  design.servers = options.servers;
  design.rounding = codec::parse_rounding(options.rounding);
  design.role = onn::parse_role(options.role);
  design.origin = "imported";
  design.version = base::kVersion;
  design.network = onn::in_levels(onn::import_network(options.file), options.input, options.output);
  design.inputs = design.network.inputs();
  design.approximated = onn::LayerSet::parse(options.approximated, static_cast<int>(design.network.layers.size()));
  const int symbols = codec::symbols_per_code(design.bits);
  base::require(design.inputs <= symbols, "{}: takes {} inputs, expected 1 to {}, the PAM4 symbols of {} bits", file,
                design.inputs, symbols, design.bits);
  base::require(design.network.outputs() == symbols, "{}: gives {} outputs, expected {}, the PAM4 symbols of {} bits",
                file, design.network.outputs(), symbols, design.bits);
  return design;
}

/// A layer that was moved to the nearest diagonal * orthogonal squares.
struct Moved {
  int layer;        ///< counted from 1
  double distance;  ///< approximation_error before
};

/// Makes the layers that are called approximated be so; refuses where that takes --project and it is not given.
std::vector<Moved> project(const Options& options, onn::Design& design) {
  std::vector<Moved> moved;
  for (int number = 1; number <= design.approximated.last(); ++number) {
    if (!design.approximated.contains(number)) continue;
    onn::Layer& layer = design.network.layers[number - 1];
    base::require(onn::can_be_approximated(layer.outputs, layer.inputs),
                  "{}: layer {} is {} x {} and can't be approximated, expected the longer side to be a multiple of the "
                  "shorter one",
                  options.file.string(), number, layer.outputs, layer.inputs);
    const double distance = onn::approximation_error(layer);
    if (distance <= onn::kApproximationTolerance) continue;
    base::require(options.project,
                  "{}: layer {} is {:.3g} from diagonal * orthogonal squares, expected at most {}; --project moves it "
                  "to the nearest",
                  options.file.string(), number, distance, onn::kApproximationTolerance);
    onn::approximate(layer);
    moved.push_back({number, distance});
  }
  return moved;
}

/// All inputs, a sample of them, or none: as asked for, and as many as there are.
std::optional<verify::Verification> verify_if_wanted(const Options& options, const device::Averager& averager) {
  const std::uint64_t possible = averager.shape().input_count();
  const bool sampled = options.sample > 0;
  const bool all = options.verify || (!options.no_verify && !sampled && possible <= kMostVerifiedUnasked);
  if (!all && !sampled) return std::nullopt;
  verify::VerifyOptions chosen{.threads = options.threads};
  if (sampled) {
    chosen.sampled = true;
    chosen.count = options.sample;
    chosen.seed = options.seed;
  }
  base::Progress progress("verify", static_cast<double>(sampled ? options.sample : possible));
  return verify::verify(averager, chosen, &progress);
}

/// What came of it.
struct Imported {
  std::uint64_t possible = 0;
  std::optional<verify::Verification> found;
  std::vector<Moved> moved;
  onn::Area area;
};

base::Json to_json(const Options& options, const onn::Design& design, const Imported& imported) {
  base::Json moved = base::Json::array();
  for (const Moved& one : imported.moved) moved.push_back({{"layer", one.layer}, {"distance", one.distance}});
  return {{"file", options.out.string()},
          {"layers", design.network.widths()},
          {"inputs", design.network.inputs()},
          {"outputs", design.network.outputs()},
          {"bits", design.bits},
          {"servers", design.servers},
          {"rounding", codec::to_string(design.rounding)},
          {"role", onn::to_string(design.role)},
          {"approximated", design.approximated.to_string()},
          {"projected", moved},
          {"possible", imported.possible},
          {"verified", !imported.found      ? "none"
                       : options.sample > 0 ? "sample"
                                            : "all"},
          {"verification", imported.found ? verify::to_json(*imported.found) : base::Json(nullptr)},
          {"mzis", imported.area.mzis},
          {"dense_mzis", imported.area.dense_mzis}};
}

void print_verification(const Options& options, Context& context, const Imported& imported) {
  const std::string possible = with_commas(imported.possible);
  if (!imported.found) {
    fmt::print(context.out, "not verified: {} possible inputs{}\n", possible,
               options.no_verify ? "" : "; --sample draws some of them, --verify takes them all");
    return;
  }
  const verify::Verification& found = *imported.found;
  fmt::print(context.out, "{} of {} {} right ({:.6g} %), {} wrong\n", with_commas(found.inputs - found.wrong),
             with_commas(found.inputs), options.sample > 0 ? "sampled inputs" : "inputs", 100 * found.accuracy(),
             with_commas(found.wrong));
  if (options.sample > 0) {
    fmt::print(context.out, "sampled: drawn at random with seed {} from {} possible inputs, not all of them checked\n",
               options.seed, possible);
  }
  fmt::print(context.out, "largest analog error {:.4f} levels\n", found.largest_analog_error());
}

void print_words(const Options& options, Context& context, const onn::Design& design, const Imported& imported) {
  fmt::print(context.out, "{}: {} inputs, {} outputs; {} bits, {} servers, rounding {}{}; approximated layers {}\n",
             fmt::join(design.network.widths(), "-"), design.network.inputs(), design.network.outputs(), design.bits,
             design.servers, codec::to_string(design.rounding),
             design.role == onn::Role::single ? "" : ", " + onn::to_string(design.role),
             design.approximated.to_string());
  for (const Moved& one : imported.moved) {
    fmt::print(context.out, "layer {} moved to the nearest diagonal * orthogonal squares: it was {:.3g} away\n",
               one.layer, one.distance);
  }
  print_verification(options, context, imported);
  fmt::print(context.out, "{} of {} MZIs, {:.2f} %\n{}\n", with_commas(imported.area.mzis),
             with_commas(imported.area.dense_mzis), 100 * imported.area.ratio(), options.out.string());
}

void run_import(const Options& options, Context& context) {
  check_out(options);
  onn::Design design = read_design(options);
  Imported imported;
  imported.moved = project(options, design);
  onn::check(design, options.file.string());
  const device::OnnAverager averager(design);
  imported.possible = averager.shape().input_count();
  imported.found = verify_if_wanted(options, averager);
  imported.area = onn::count_mzis(design.network.widths(), design.approximated, design.servers);

  // What was not shown to be right counts as wrong.
  const bool all = imported.found && options.sample == 0;
  design.wrong = all ? imported.found->wrong : imported.possible;
  design.accuracy = all ? imported.found->accuracy() : 0;
  design.area_mzi = imported.area.mzis;
  onn::save_design(options.out, design);
  if (options.json) {
    print_json(context, to_json(options, design, imported));
  } else {
    print_words(options, context, design, imported);
  }
  context.exit_code = imported.found && imported.found->wrong > 0 ? kFailed : kOk;
}

}  // namespace

void add_import(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "import", "Make a design of a network from elsewhere: ONNX, NumPy's .npz or a state dict of PyTorch",
      "  optinc import mine.onnx --bits 8 --servers 4 --out mine.safetensors\n"
      "  optinc import mine.pt --bits 8 --servers 4 --input-scale 3 --output-scale 3 --out mine.safetensors\n"
      "  optinc import mine.npz --bits 8 --servers 4 --approximated all --project --out mine.safetensors\n"
      "The network is of linear layers with ReLU between them: K inputs, the A_k in PAM4 levels, and ceil(B/2) "
      "outputs, "
      "the\n"
      "symbols. Weights are [outputs, inputs], as in PyTorch; no code in a file is run. Of a file that was not "
      "verified\n"
      "on every input, all inputs count as wrong.\n"
      "Exit code 0: every input checked is right; 1: some are wrong (the file is written); 2: bad input.");
  auto options = std::make_shared<Options>();
  verb->add_option("file", options->file, "Network: .onnx, .npz, .pt or .pth; its bytes say which")->required();
  verb->add_option("--bits", options->bits, "Bits of a gradient's code, B")
      ->required()
      ->check(CLI::Range(codec::kMinBits, codec::kMaxBits));
  verb->add_option("--servers", options->servers, "Ports of the device, N")->required()->check(CLI::Range(2, 1024));
  verb->add_option("--rounding", options->rounding, "floor (the paper's), nearest or nearest-unbiased")
      ->capture_default_str();
  verb->add_option("--role", options->role, "single, cascade-level-1 or cascade-level-2")->capture_default_str();
  verb->add_option("--approximated", options->approximated,
                   "Layers that are diagonal * orthogonal squares: all, none or like 2,4-6")
      ->capture_default_str();
  verb->add_flag("--project", options->project, "Move these layers to the nearest such squares where they are not");
  verb->add_option("--input-scale", options->input.scale, "The network takes (A - shift) / scale")
      ->capture_default_str();
  verb->add_option("--input-shift", options->input.shift, "Its shift, in levels")->capture_default_str();
  verb->add_option("--output-scale", options->output.scale, "Levels are scale * output + shift")->capture_default_str();
  verb->add_option("--output-shift", options->output.shift, "Its shift, in levels")->capture_default_str();
  verb->add_option("--out", options->out, "Design file to write (safetensors)")->required();
  auto* all = verb->add_flag("--verify", options->verify,
                             "Verify every possible input, also where there are more than 67,108,864");
  auto* none = verb->add_flag("--no-verify", options->no_verify, "Write it unverified")->excludes(all);
  auto* sample = verb->add_option("--sample", options->sample, "Verify this many inputs, drawn at random, not all")
                     ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62))
                     ->excludes(all)
                     ->excludes(none);
  verb->add_option("--seed", options->seed, "Same seed, same sample")->capture_default_str()->needs(sample);
  add_threads_option(*verb, options->threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_import(*options, context); });
}

}  // namespace optinc::cli
