#include "optinc/cli/command_compile.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/chip/compile.h"
#include "optinc/chip/link_budget.h"
#include "optinc/chip/unit_matrices.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/program_files.h"
#include "optinc/device/onn_averager.h"

namespace optinc::cli {
namespace {

struct Options {
  std::filesystem::path input;
  std::vector<std::filesystem::path> out;
  std::filesystem::path compare;
  std::filesystem::path records;
  std::string layout = "rectangular";
  std::string cell = "mzi";
  bool meshes_given = false;  ///< --layout or --cell
  int threads = 0;
  bool json = false;
};

/// A program, where it came from, and how far its stages are from what they should be.
struct Made {
  chip::Program program;
  double seconds = 0;
  std::vector<std::optional<double>> differences;  ///< largest |W' - W| of each stage; none for a program that was read
};

linalg::Matrix weight_of(const onn::Layer& layer) {
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Floats>(layer.weight.data(), layer.outputs, layer.inputs).cast<double>();
}

Made make(const Options& options) {
  if (options.input.extension() != ".safetensors") {
    base::require(!options.meshes_given, "{}: expected a design (.safetensors) with --layout or --cell",
                  options.input.string());
    Made made{load_program_file(options.input), 0, {}};
    made.differences.resize(made.program.stages.size());
    return made;
  }
  const onn::Design design = onn::load_design(options.input);
  const chip::CompileOptions compile{mesh::parse_layout(options.layout), mesh::parse_cell_kind(options.cell),
                                     options.threads};
  const auto start = std::chrono::steady_clock::now();
  base::Progress progress("compile: largest outputs", static_cast<double>(device::shape_of(design).input_count()));
  Made made{chip::compile(design, options.input.stem().string(), compile, &progress), 0, {}};
  made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::vector<chip::Stage>& stages = made.program.stages;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const linalg::Matrix weight = s == 0                   ? chip::preprocessing_matrix(made.program.shape)
                                  : s + 1 == stages.size() ? chip::splitting_matrix(made.program.shape)
                                                           : weight_of(design.network.layers[s - 1]);
    made.differences.emplace_back((chip::stage_matrix(stages[s]) - weight).cwiseAbs().maxCoeff());
  }
  return made;
}

base::Json describe(const Made& made) {
  const chip::Program& program = made.program;
  const base::Json stages = chip::to_json(chip::link_budget(program, chip::Hardware{}))["stages"];
  base::Json listed = base::Json::array();
  std::int64_t placed = 0;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    base::Json stage;
    for (const char* key : {"name", "outputs", "inputs", "area_mzi", "placed_mzi", "cells", "attenuators", "splitters",
                            "combiners", "reference", "output_phases", "gain_db"}) {
      stage[key] = stages[s][key];
    }
    stage["approximated"] = program.stages[s].approximated;
    stage["difference"] = made.differences[s] ? base::Json(*made.differences[s]) : base::Json(nullptr);
    placed += stage["placed_mzi"].get<std::int64_t>();
    listed.push_back(std::move(stage));
  }
  const mesh::MeshShape& shape = program.stages[1].blocks[0].first.shape;
  return {{"design", program.design},          {"origin", program.origin},
          {"layout", to_string(shape.layout)}, {"cell", to_string(shape.kind)},
          {"area_mzi", program.area_mzi},      {"placed_mzi", placed},
          {"seconds", made.seconds},           {"stages", listed}};
}

/// Phases to look at: of each stage the first mesh, as long as it has at most this many modes.
constexpr int kMostDrawnModes = 128;

base::Json drawn_meshes(const chip::Program& program) {
  base::Json meshes = base::Json::array();
  for (const chip::Stage& stage : program.stages) {
    const mesh::Mesh& mesh = stage.blocks.front().first;
    if (mesh.shape.size < 2 || mesh.shape.size > kMostDrawnModes) continue;
    base::Json cells = base::Json::array();
    const std::vector<mesh::Column> columns = mesh.shape.columns();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      for (int i = 0; i < columns[c].count; ++i) {
        const std::size_t cell = columns[c].first_cell + i;
        cells.push_back({c, columns[c].first_mode + 2 * i, mesh.theta[cell], mesh.phi[cell]});
      }
    }
    meshes.push_back(
        {{"stage", stage.name}, {"modes", mesh.shape.size}, {"columns", columns.size()}, {"cells", cells}});
  }
  return meshes;
}

void print(const base::Json& found, Context& context) {
  fmt::print(context.out, "{}, {} meshes of cells {}\n", found["design"].get<std::string>(),
             found["layout"].get<std::string>(), found["cell"].get<std::string>());
  fmt::print(context.out, "{:>5} {:>12}  {:12} {:>9} {:>10} {:>11} {:>9} {:>9} {:>9} {:>8} {:>10}\n", "stage", "size",
             "", "area_mzi", "placed_mzi", "attenuators", "splitters", "combiners", "reference", "gain/dB", "|W'-W|");
  for (const base::Json& stage : found["stages"]) {
    const std::string size = fmt::format("{} x {}", stage["outputs"].get<int>(), stage["inputs"].get<int>());
    const std::string difference =
        stage["difference"].is_null() ? "-" : fmt::format("{:.2g}", stage["difference"].get<double>());
    const auto count = [&](const char* key) { return with_commas(stage[key].get<std::uint64_t>()); };
    fmt::print(context.out, "{:>5} {:>12}  {:12} {:>9} {:>10} {:>11} {:>9} {:>9} {:>9} {:>8.2f} {:>10}\n",
               stage["name"].get<std::string>(), size, stage["approximated"].get<bool>() ? "approximated" : "dense",
               count("area_mzi"), count("placed_mzi"), count("attenuators"), count("splitters"), count("combiners"),
               count("reference"), stage["gain_db"].get<double>(), difference);
  }
  fmt::print(context.out,
             "{} MZIs by the paper's count, {} placed: a dense m x n stage counts m attenuators and has min(m, n); "
             "splitters, combiners\nand reference light are no interferometers and stand apart.\n",
             with_commas(found["area_mzi"].get<std::uint64_t>()),
             with_commas(found["placed_mzi"].get<std::uint64_t>()));
}

/// Largest difference of each stage's matrix and bias between two files.
std::vector<double> compare(const chip::Program& program, const std::filesystem::path& path) {
  const std::vector<chip::NetlistStage> others = stages_of_file(path);
  base::require(others.size() == program.stages.size(), "{}: {} stages, expected {}", path.string(), others.size(),
                program.stages.size());
  std::vector<double> differences;
  for (std::size_t s = 0; s < others.size(); ++s) {
    const chip::Stage& stage = program.stages[s];
    const auto& [other, other_bias, relu] = others[s];
    const linalg::ComplexMatrix matrix = chip::stage_matrix(stage);
    base::require(matrix.rows() == other.rows() && matrix.cols() == other.cols(),
                  "{}: stage {} is {} x {}, expected {} x {}", path.string(), stage.name, other.rows(), other.cols(),
                  matrix.rows(), matrix.cols());
    base::require(stage.bias.size() == other_bias.size(), "{}: stage {} has {} biases, expected {}", path.string(),
                  stage.name, other_bias.size(), stage.bias.size());
    double largest = (matrix - other).cwiseAbs().maxCoeff();
    for (std::size_t i = 0; i < other_bias.size(); ++i) {
      largest = std::max(largest, std::abs(stage.bias[i] - other_bias[i]));
    }
    differences.push_back(largest);
  }
  return differences;
}

void run_compile(const Options& options, Context& context) {
  constexpr double kSame = 1e-12;
  base::require(!options.out.empty() || !options.compare.empty() || !options.records.empty(),
                "nothing to do: expected --out, --compare or --records");
  for (const std::filesystem::path& path : options.out) check_program_name(path);
  const Made made = make(options);
  base::Json found = describe(made);
  if (!options.compare.empty()) {
    found["compared"] = compare(made.program, options.compare);
    for (const base::Json& difference : found["compared"]) {
      if (!(difference.get<double>() <= kSame)) context.exit_code = kFailed;
    }
  }
  for (const std::filesystem::path& path : options.out) save_program_file(path, made.program);
  if (!options.records.empty()) {
    base::RecordWriter records(options.records, base::RecordMode::replace);
    records.write({{"type", "run"}, {"command", "compile"}, {"version", base::kVersion}});
    base::Json record = tagged("program", found);
    record["meshes"] = drawn_meshes(made.program);
    records.write(record);
  }
  if (options.json) {
    found["files"] = base::Json::array();
    for (const std::filesystem::path& path : options.out) found["files"].push_back(path.string());
    print_json(context, found);
    return;
  }
  print(found, context);
  if (found.contains("compared")) {
    fmt::print(context.out, "largest |W' - W| to {}, stage by stage:", options.compare.string());
    for (const base::Json& difference : found["compared"]) fmt::print(context.out, " {:.2g}", difference.get<double>());
    fmt::print(context.out, "\n");
  }
  for (const std::filesystem::path& path : options.out) fmt::print(context.out, "{}\n", path.string());
}

}  // namespace

void add_compile(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "compile", "Turn a design into a mesh program: phases for every interferometer",
      "  optinc compile designs/b8-n4.safetensors --out b8-n4.json\n"
      "  optinc compile designs/b8-n4.safetensors --layout triangular --cell 3-mzi --out b8-n4-3mzi.json\n"
      "  optinc compile b8-n4.json --out b8-n4.npz --out b8-n4.yml          # the other formats\n"
      "  optinc compile b8-n4.json --compare b8-n4.yml                      # exit code 1 if they differ by 1e-12\n"
      "Formats: .json (mesh program), .npz (the same arrays), .yml (netlist for gdsfactory and SAX).");
  auto options = std::make_shared<Options>();
  verb->add_option("input", options->input, "Design (.safetensors), or a mesh program (.json, .npz)")->required();
  verb->add_option("--out", options->out, "File to write: .json, .npz or .yml; may be given several times")->take_all();
  verb->add_option("--layout", options->layout, "rectangular (Clements) or triangular (Reck)")->capture_default_str();
  verb->add_option("--cell", options->cell, "mzi, or 3-mzi (triangular meshes)")->capture_default_str();
  verb->add_option("--compare", options->compare, "Compare the stages' matrices and biases with those of this file");
  verb->add_option("--records", options->records, "Write records (JSON lines) here, with phases to draw");
  add_threads_option(*verb, options->threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, verb, &context] {
    options->meshes_given = verb->count("--layout") + verb->count("--cell") > 0;
    run_compile(*options, context);
  });
}

}  // namespace optinc::cli
