#include "optinc/cli/command_area.h"

#include <memory>

#include "optinc/base/error.h"
#include "optinc/cli/area_record.h"
#include "optinc/cli/cli.h"
#include "optinc/onn/design.h"
#include "optinc/onn/rank_count.h"

namespace optinc::cli {
namespace {

struct Options {
  std::string design;
  std::vector<int> layers;
  std::string approximate = "all";
  int servers = 4;
  bool json = false;
};

/// by_rank: of each layer, where there is a network; else empty.
void print_words(Context& context, const onn::Area& area, const std::vector<std::int64_t>& by_rank) {
  const auto row = [&](const std::string& name, const std::string& size, const char* kind,
                       const std::vector<std::int64_t>& counts) {
    fmt::print(context.out, "{:>5}  {:>11}  {:12}", name, size, kind);
    for (std::size_t i = 0; i < counts.size(); ++i)
      fmt::print(context.out, "  {:>{}}", with_commas(counts[i]), i == 3 ? 11 : 9);
    fmt::print(context.out, "\n");
  };
  fmt::print(context.out, "{:>5}  {:>11}  {:12}  {:>9}  {:>9}  {:>9}  {:>11}{}\n", "layer", "size", "", "MZIs", "dense",
             "reference", "activations", by_rank.empty() ? "" : fmt::format("  {:>9}", "by rank"));
  std::int64_t all_by_rank = 0;
  for (std::size_t i = 0; i < area.layers.size(); ++i) {
    const onn::LayerArea& layer = area.layers[i];
    std::vector<std::int64_t> counts{layer.mzis, layer.dense_mzis, layer.reference_mzis, layer.activations};
    if (!by_rank.empty()) counts.push_back(by_rank[i]);
    if (!by_rank.empty()) all_by_rank += by_rank[i];
    row(std::to_string(i + 1), fmt::format("{} x {}", layer.outputs, layer.inputs),
        layer.approximated ? "approximated" : "dense", counts);
  }
  row("P", "", "", {area.preprocessing_mzis, area.preprocessing_mzis});
  row("T", "", "", {area.splitting_mzis, area.splitting_mzis});
  row("all", "", "", {area.mzis, area.dense_mzis, area.reference_mzis, area.activations});
  fmt::print(context.out, "{} of {} MZIs, {:.2f} %\n", with_commas(area.mzis), with_commas(area.dense_mzis),
             100 * area.ratio());
  if (by_rank.empty()) return;
  fmt::print(context.out, "without P and T: {}; dense {}; by rank, wires that meet no others apart, {}\n",
             with_commas(area.without_p_and_t()), with_commas(area.dense_without_p_and_t()), with_commas(all_by_rank));
}

void run_area(const Options& options, Context& context) {
  onn::Area area;
  std::vector<std::int64_t> by_rank;
  if (!options.design.empty()) {
    base::require(options.layers.empty(), "a design file and --layers: expected one of the two");
    const onn::Design design = onn::load_design(options.design);
    area = onn::count_mzis(design.network.widths(), design.approximated, design.servers);
    by_rank = onn::count_by_rank(design.network);
  } else {
    base::require(options.layers.size() >= 2, "{} layer widths: expected a design file, or --layers with at least 2",
                  options.layers.size());
    area = onn::count_mzis(options.layers,
                           onn::LayerSet::parse(options.approximate, static_cast<int>(options.layers.size()) - 1),
                           options.servers);
  }
  if (options.json) {
    base::Json json = area_json(area);
    for (std::size_t i = 0; i < by_rank.size(); ++i) json["layers"][i]["mzis_by_rank"] = by_rank[i];
    print_json(context, json);
  } else {
    print_words(context, area, by_rank);
  }
}

}  // namespace

void add_area(CLI::App& program, Context& context) {
  CLI::App* verb =
      add_verb(program, "area", "Count the Mach-Zehnder interferometers of a design or a structure",
               "  optinc area designs/b8-n4.safetensors\n"
               "  optinc area --layers 4,64,128,256,512,256,128,64,8 --servers 4 --approximate 4-6 --json");
  auto options = std::make_shared<Options>();
  verb->add_option("design", options->design, "Design file (safetensors)");
  verb->add_option("--layers", options->layers, "Layer widths from the inputs to the outputs, instead of a design")
      ->delimiter(',')
      ->check(CLI::Range(1, 65536));
  verb->add_option("--servers", options->servers, "Ports of the device, with --layers")
      ->check(CLI::Range(2, 1024))
      ->capture_default_str();
  verb->add_option("--approximate", options->approximate, "Approximated layers, with --layers: all, none or like 2,4-6")
      ->capture_default_str();
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_area(*options, context); });
}

}  // namespace optinc::cli
