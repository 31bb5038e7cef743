#include "optinc/cli/command_area.h"

#include <memory>

#include "optinc/base/error.h"
#include "optinc/cli/area_record.h"
#include "optinc/cli/cli.h"
#include "optinc/onn/design.h"

namespace optinc::cli {
namespace {

struct Options {
  std::string design;
  std::vector<int> layers;
  std::string approximate = "all";
  int servers = 4;
  bool json = false;
};

void print_words(Context& context, const onn::Area& area) {
  fmt::print(context.out, "{:>5}  {:>11}  {:12}  {:>9}  {:>9}  {:>9}  {:>11}\n", "layer", "size", "", "MZIs", "dense",
             "reference", "activations");
  int number = 0;
  for (const onn::LayerArea& layer : area.layers) {
    fmt::print(context.out, "{:>5}  {:>11}  {:12}  {:>9}  {:>9}  {:>9}  {:>11}\n", ++number,
               fmt::format("{} x {}", layer.outputs, layer.inputs), layer.approximated ? "approximated" : "dense",
               with_commas(layer.mzis), with_commas(layer.dense_mzis), with_commas(layer.reference_mzis),
               with_commas(layer.activations));
  }
  const auto row = [&](const char* name, std::int64_t mzis, std::int64_t dense) {
    fmt::print(context.out, "{:>5}  {:>11}  {:12}  {:>9}  {:>9}\n", name, "", "", with_commas(mzis),
               with_commas(dense));
  };
  row("P", area.preprocessing_mzis, area.preprocessing_mzis);
  row("T", area.splitting_mzis, area.splitting_mzis);
  fmt::print(context.out, "{:>5}  {:>11}  {:12}  {:>9}  {:>9}  {:>9}  {:>11}\n", "all", "", "", with_commas(area.mzis),
             with_commas(area.dense_mzis), with_commas(area.reference_mzis), with_commas(area.activations));
  fmt::print(context.out, "{} of {} MZIs, {:.2f} %\n", with_commas(area.mzis), with_commas(area.dense_mzis),
             100 * area.ratio());
}

void run_area(const Options& options, Context& context) {
  onn::Area area;
  if (!options.design.empty()) {
    base::require(options.layers.empty(), "a design file and --layers: expected one of the two");
    const onn::Design design = onn::load_design(options.design);
    area = onn::count_mzis(design.network.widths(), design.approximated, design.servers);
  } else {
    base::require(options.layers.size() >= 2, "{} layer widths: expected a design file, or --layers with at least 2",
                  options.layers.size());
    area = onn::count_mzis(options.layers,
                           onn::LayerSet::parse(options.approximate, static_cast<int>(options.layers.size()) - 1),
                           options.servers);
  }
  if (options.json) {
    print_json(context, area_json(area));
  } else {
    print_words(context, area);
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
