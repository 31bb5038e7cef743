#include "optinc/cli/command_model.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/ranges.h>

#include "optinc/base/error.h"
#include "optinc/base/version.h"
#include "optinc/cli/model_json.h"
#include "optinc/cli/model_words.h"
#include "optinc/cli/scenario_options.h"

namespace optinc::cli {
namespace {

struct Options {
  ScenarioOptions scenario;
  std::vector<int> servers{4};
  std::vector<double> samples{32};
  std::filesystem::path records;
  bool json = false;
};

void run_model(const Options& options, Context& context) {
  for (const int servers : options.servers) {
    base::require(servers >= 2, "servers {}: expected 2 .. 65536", servers);
  }
  for (const double samples : options.samples) {
    base::require(samples > 0 && samples <= 1e12, "samples {}: expected more than 0, up to 1e+12", samples);
  }
  cost::Scenario scenario = scenario_of(options.scenario);
  std::optional<base::RecordWriter> records;
  if (!options.records.empty()) {
    records.emplace(options.records, base::RecordMode::replace);
    records->write(
        {{"type", "run"}, {"command", "model"}, {"version", base::kVersion}, {"config", config_of(options.scenario)}});
  }
  std::vector<ModelledCase> cases;
  for (const int servers : options.servers) {
    for (const double samples : options.samples) {
      scenario.servers = servers;
      scenario.step.samples = samples;
      cases.push_back({scenario, cost::answer(scenario)});
      if (records) records->write(tagged("model", to_json(cases.back())));
    }
  }
  const bool one = cases.size() == 1;
  if (options.json) {
    if (one) {
      print_json(context, with_reasons(to_json(cases.front()), cases.front()));
    } else {
      base::Json all = base::Json::array();
      for (const ModelledCase& each : cases) all.push_back(to_json(each));
      print_json(context, {{"cases", all}});
    }
  } else if (one) {
    print_case(cases.front(), context);
  } else {
    print_curve(cases, options.servers, options.samples, context);
  }
}

}  // namespace

void add_model(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "model", "What OptINC buys at scale: step time, energy, and where it loses, modelled",
      "  optinc model --model resnet50 --servers 16 --samples 64\n"
      "  optinc model --model llama-3-8b --type bfloat16 --tflops 989 --samples 1 --servers 1024 --overlap\n"
      "  optinc model --model resnet50-cifar100 --servers 4,64,1024,65536 --samples 1,8,64,512\n"
      "  optinc model --design designs/b8-n4.safetensors --hardware mine.toml --set fibre.length_m=100 --json\n"
      "One number of servers and samples: every algorithm, what moves the answer most, and where OptINC loses. "
      "Several:\n"
      "what it saves of a step, case by case. Everything is modelled (doc/cost.md); nothing is timed.");
  auto options = std::make_shared<Options>();
  verb->add_option("-g,--servers", options->servers, "Servers, one port each; several for a curve: 4,16,64")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option("--samples", options->samples,
                   "Images or sequences that a server trains on in a step; several for a curve")
      ->delimiter(',')
      ->capture_default_str();
  add_scenario_options(*verb, options->scenario);
  verb->add_option("--records", options->records, "Write records to this file (JSON lines), for optinc report");
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_model(*options, context); });
}

}  // namespace optinc::cli
