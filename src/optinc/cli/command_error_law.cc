#include "optinc/cli/command_error_law.h"

#include <cmath>
#include <filesystem>
#include <memory>

#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/mesh/error_law.h"

namespace optinc::cli {
namespace {

struct Options {
  std::vector<int> sizes{128, 256};
  std::vector<double> sigmas{0.01, 0.02};
  std::string layout = "rectangular";
  std::string cell = "mzi";
  int samples = 10;
  std::uint64_t seed = 1;
  int threads = 0;
  std::filesystem::path records;
  bool json = false;
};

/// Published or measured by others for large rectangular meshes (arXiv:2103.04993, 2106.04363).
double expected_constant(mesh::Correction correction) {
  return correction == mesh::Correction::none ? 0.97 : correction == mesh::Correction::local ? 0.83 : 0.66;
}

const char* law_of(mesh::Correction correction) {
  return correction == mesh::Correction::none ? "c sqrt(2 N) sigma" : "c N sigma^2";
}

/// One correction over all sizes and sigmas: the record `error_law` without its type.
base::Json measure(const Options& options, const mesh::Scheme& scheme, base::Progress& progress, int& done) {
  std::vector<mesh::MeshError> errors;
  base::Json points = base::Json::array();
  for (const int size : options.sizes) {
    for (const double sigma : options.sigmas) {
      const mesh::MeshError error =
          mesh::mesh_error(scheme, size, sigma, options.samples, options.seed, options.threads);
      errors.push_back(error);
      points.push_back({{"size", size},
                        {"sigma", sigma},
                        {"samples", error.samples},
                        {"mean", error.mean},
                        {"standard_error", error.standard_error}});
      progress.update(++done);
    }
  }
  const bool has_law = scheme.shape.kind == mesh::CellKind::mzi;
  return {{"layout", to_string(scheme.shape.layout)},
          {"cell", to_string(scheme.shape.kind)},
          {"correction", to_string(scheme.correction)},
          {"seed", options.seed},
          {"points", points},
          {"law", has_law ? base::Json(law_of(scheme.correction)) : base::Json(nullptr)},
          {"constant", has_law ? base::Json(mesh::fitted_constant(errors, scheme.correction)) : base::Json(nullptr)},
          {"expected", has_law && scheme.shape.layout == mesh::Layout::rectangular
                           ? base::Json(expected_constant(scheme.correction))
                           : base::Json(nullptr)}};
}

void print(const base::Json& found, Context& context) {
  fmt::print(context.out, "{} mesh, {}, correction {}\n", found["layout"].get<std::string>(),
             found["cell"].get<std::string>(), found["correction"].get<std::string>());
  for (const base::Json& point : found["points"]) {
    fmt::print(context.out, "  N = {:>4}, sigma = {:<7g} E = {:.4g} +- {:.1g}\n", point["size"].get<int>(),
               point["sigma"].get<double>(), point["mean"].get<double>(), point["standard_error"].get<double>());
  }
  if (!found["law"].is_null()) {
    fmt::print(context.out, "  E = {}: c = {:.3f}", found["law"].get<std::string>(), found["constant"].get<double>());
    if (!found["expected"].is_null()) fmt::print(context.out, ", expected {:.2f}", found["expected"].get<double>());
    fmt::print(context.out, "\n");
  }
}

void run_error_law(const Options& options, Context& context) {
  const mesh::MeshShape shape{mesh::parse_layout(options.layout), 1, mesh::parse_cell_kind(options.cell)};
  base::require(shape.kind == mesh::CellKind::mzi || shape.layout == mesh::Layout::triangular,
                "--cell 3-mzi: expected --layout triangular");
  for (const int size : options.sizes) base::require(size >= 2, "--sizes {}: expected 2 or more modes", size);
  for (const double sigma : options.sigmas) {
    base::require(sigma >= 0 && std::isfinite(sigma), "--sigma {}: expected 0 or more, in rad", sigma);
  }
  base::require(options.samples >= 1, "--samples {}: expected 1 or more", options.samples);
  std::vector<mesh::Correction> corrections{mesh::Correction::none};
  if (shape.kind == mesh::CellKind::mzi) corrections.push_back(mesh::Correction::local);
  corrections.push_back(mesh::Correction::self_configured);

  std::unique_ptr<base::RecordWriter> records;
  if (!options.records.empty()) {
    records = std::make_unique<base::RecordWriter>(options.records, base::RecordMode::replace);
    records->write({{"type", "run"}, {"command", "error-law"}, {"version", base::kVersion}, {"seed", options.seed}});
  }
  base::Progress progress("error law",
                          static_cast<double>(corrections.size() * options.sizes.size() * options.sigmas.size()));
  int done = 0;
  base::Json all = base::Json::array();
  for (const mesh::Correction correction : corrections) {
    const base::Json found = measure(options, {shape, correction}, progress, done);
    if (records) {
      records->write(tagged("error_law", found));
    }
    if (!options.json) print(found, context);
    all.push_back(found);
  }
  if (options.json) print_json(context, {{"error_law", all}});
}

}  // namespace

void add_error_law(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "error-law", "Measure how coupler errors spoil random meshes, and what correction gets back",
      "  optinc error-law\n"
      "  optinc error-law --layout triangular --cell 3-mzi --sizes 256 --sigma 0.05 --samples 3\n"
      "E = ||U' - U||_F / sqrt(N) over Haar-random U of N modes; sigma: rms error of each coupler's angle, rad.");
  auto options = std::make_shared<Options>();
  verb->add_option("--sizes", options->sizes, "Modes N, one or more")->delimiter(',')->capture_default_str();
  verb->add_option("--sigma", options->sigmas, "One or more, rad")->delimiter(',')->capture_default_str();
  verb->add_option("--layout", options->layout, "rectangular or triangular")->capture_default_str();
  verb->add_option("--cell", options->cell, "mzi or 3-mzi")->capture_default_str();
  verb->add_option("--samples", options->samples, "Random meshes of each size and sigma")->capture_default_str();
  verb->add_option("--seed", options->seed, "Same seed, same meshes")->capture_default_str();
  verb->add_option("--records", options->records, "Write records (JSON lines) here");
  add_threads_option(*verb, options->threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_error_law(*options, context); });
}

}  // namespace optinc::cli
