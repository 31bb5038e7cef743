#include "optinc/cli/command_simulate.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/chip/monte_carlo.h"
#include "optinc/chip/streams.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/hardware_options.h"
#include "optinc/cli/mpi_ranks.h"
#include "optinc/cli/program_files.h"
#include "optinc/cli/simulation_conditions.h"
#include "optinc/device/onn_averager.h"

namespace optinc::cli {
namespace {

struct Options {
  std::filesystem::path program;
  HardwareOptions hardware;
  ConditionOptions conditions;
  std::uint64_t chips = 1;
  std::uint64_t seed = 1;
  double threshold = 0.99;
  std::filesystem::path against;
  std::filesystem::path records;
  bool resume = false;
  bool json = false;
  chip::SimulationOptions simulation;
};

/// Results that are there, of each condition: by chip.
using Results = std::map<std::uint64_t, chip::ChipResult>;

/// All that the results depend on.
base::Json configuration(const Options& options, const chip::Program& program, const chip::Hardware& hardware) {
  const mesh::MeshShape& shape = program.stages[1].blocks[0].first.shape;
  return {{"program", options.program.stem().string()},
          {"design", program.design},
          {"layout", to_string(shape.layout)},
          {"cell", to_string(shape.kind)},
          {"hardware", hardware.name},
          {"differences", differences_from_ideal(hardware)},
          {"corrections", options.conditions.corrections},
          {"sweep", options.conditions.sweep},
          {"sensitivity", options.conditions.sensitivity},
          {"sample", options.simulation.sample},
          {"against", options.against.stem().string()}};
}

/// The file of records as it grows; at rank 0 only, and only where --records names one.
class Records {
 public:
  Records(const Options& options, const base::Json& config, std::vector<Results>& done) {
    if (options.records.empty()) {
      base::require(!options.resume, "--resume: expected --records, the file to go on from");
      return;
    }
    if (options.resume && std::filesystem::exists(options.records)) read(options, config, done);
    writer_ = std::make_unique<base::RecordWriter>(options.records,
                                                   found_ ? base::RecordMode::append : base::RecordMode::replace);
    if (found_) return;
    writer_->write({{"type", "run"},
                    {"command", "simulate"},
                    {"version", base::kVersion},
                    {"seed", options.seed},
                    {"config", config}});
  }

  void write(const char* type, std::size_t condition, const base::Json& label, const base::Json& content) {
    if (!writer_) return;
    base::Json record{{"type", type}, {"condition", condition}};
    record.update(label);
    record.update(content);
    writer_->write(record);
  }

 private:
  void read(const Options& options, const base::Json& config, std::vector<Results>& done) {
    for (const base::Json& record : base::read_records(options.records)) {
      const std::string type = record.value("type", "");
      if (type == "run") {
        base::require(
            record.value("seed", std::uint64_t{0}) == options.seed && record.value("config", base::Json()) == config,
            "{}: of a run with another configuration; expected the same options with --resume",
            options.records.string());
        found_ = true;
      }
      if (type != "chip") continue;
      const auto condition = record.at("condition").get<std::size_t>();
      base::require(found_ && condition < done.size(), "{}: a chip of condition {}, expected 0 .. {} behind a run",
                    options.records.string(), condition, done.size() - 1);
      const chip::ChipResult result = chip::chip_result_from_json(record);
      done[condition][result.chip] = result;
    }
  }

  std::unique_ptr<base::RecordWriter> writer_;
  bool found_ = false;
};

/// The chips that rank 0 found done, at every rank: the others need their numbers alone.
void share_done(collective::Transport* transport, std::vector<Results>& done) {
  base::Json numbers = base::Json::array();
  for (const Results& results : done) {
    base::Json& list = numbers.emplace_back(base::Json::array());
    for (const auto& [chip, result] : results) list.push_back(chip);
  }
  const std::vector<std::uint8_t> cbor = base::Json::to_cbor(numbers);
  const std::vector<std::byte> bytes = broadcast(transport, std::as_bytes(std::span(cbor)));
  numbers = base::Json::from_cbor(bytes.begin(), bytes.end());
  for (std::size_t c = 0; c < done.size(); ++c) {
    for (const base::Json& chip : numbers[c]) done[c].try_emplace(chip.get<std::uint64_t>());
  }
}

/// Simulates the chips of one condition that are not done: in rounds, shared out over the ranks, so that records come
/// in the order of the chips and a killed run loses one round.
void simulate_condition(const Options& options, const chip::Program& program, std::size_t number,
                        const Condition& condition, collective::Transport* transport, Records* records,
                        base::Progress& progress, double& inputs_done, Results& done) {
  std::vector<std::uint64_t> missing;
  for (std::uint64_t chip = 0; chip < options.chips; ++chip) {
    if (!done.contains(chip)) missing.push_back(chip);
  }
  const int rank = rank_of(transport), ranks = ranks_of(transport);
  const int threads = options.simulation.threads > 0 ? options.simulation.threads : base::available_threads();
  if (missing.empty()) return;
  const chip::Fab fab(program, condition.hardware, condition.correction, options.seed, condition.only_stage);
  const std::size_t round = static_cast<std::size_t>(ranks) * threads * (missing.size() > 1 ? 2 : 1);
  for (std::size_t begin = 0; begin < missing.size(); begin += round) {
    const std::size_t count = std::min(round, missing.size() - begin);
    const std::size_t mine_begin = begin + count * rank / ranks, mine_end = begin + count * (rank + 1) / ranks;
    const std::vector<std::uint64_t> mine(missing.begin() + static_cast<std::ptrdiff_t>(mine_begin),
                                          missing.begin() + static_cast<std::ptrdiff_t>(mine_end));
    base::Json results = base::Json::array();
    if (!mine.empty()) {
      for (const chip::ChipResult& result : chip::simulate_all(fab, mine, options.simulation, &progress, inputs_done)) {
        results.push_back(chip::to_json(result));
        inputs_done += static_cast<double>(result.inputs);
      }
    }
    const std::vector<std::uint8_t> cbor = base::Json::to_cbor(results);
    for (const std::vector<std::byte>& bytes : gather(transport, std::as_bytes(std::span(cbor)))) {
      for (const base::Json& json : base::Json::from_cbor(bytes.begin(), bytes.end())) {
        const chip::ChipResult result = chip::chip_result_from_json(json);
        if (records != nullptr) records->write("chip", number, condition.label, json);
        done[result.chip] = result;
      }
    }
  }
}

/// At rank 0: what was found, one entry a condition.
base::Json summarise(const Options& options, const std::vector<Condition>& conditions, const std::vector<Results>& done,
                     Records& records) {
  base::Json all = base::Json::array();
  for (std::size_t c = 0; c < conditions.size(); ++c) {
    std::vector<chip::ChipResult> results;
    double largest_difference = 0;
    std::uint64_t different = 0;
    for (std::uint64_t chip = 0; chip < options.chips; ++chip) {
      results.push_back(done[c].at(chip));
      largest_difference = std::max(largest_difference, results.back().largest_difference);
      different += results.back().different;
    }
    base::Json found = chip::to_json(chip::summarise(results, options.threshold, options.seed));
    if (!options.against.empty()) {
      found["largest_difference"] = largest_difference;
      found["different"] = different;
    }
    records.write("yield", c, conditions[c].label, found);
    base::Json entry = conditions[c].label;
    entry.update(found);
    all.push_back(std::move(entry));
  }
  return all;
}

std::string label_text(const base::Json& entry) {
  std::string text = entry["correction"].get<std::string>();
  if (entry.contains("component")) text += ", only " + entry["component"].get<std::string>();
  if (entry.contains("key")) text += ", " + entry["key"].get<std::string>();
  if (entry.contains("value")) text += fmt::format(" = {:g}", entry["value"].get<double>());
  if (entry.contains("stage")) text += ", only stage " + entry["stage"].get<std::string>();
  return text;
}

void print(const Options& options, const base::Json& config, const base::Json& all, Context& context) {
  fmt::print(context.out, "{}: {} {} on {}, {} inputs{}\n", options.program.string(), options.chips,
             options.chips == 1 ? "chip" : "chips", config["hardware"].get<std::string>(),
             with_commas(all[0]["inputs"].get<std::uint64_t>() / options.chips),
             options.simulation.sample > 0 ? " drawn at random" : "");
  fmt::print(context.out, "{:44} {:>10} {:>19} {:>10} {:>12} {:>7} {:>15} {:>9}\n", "correction", "exact",
             "95 % of the mean", "least", "symbol err.", "yield", "95 %", "largest");
  for (const base::Json& entry : all) {
    fmt::print(context.out,
               "{:44} {:>10.6f} {:>9.6f} {:>9.6f} {:>10.6f} {:>12.3g} {:>7.3f} {:>7.3f} {:>7.3f} {:>9.4f}\n",
               label_text(entry), entry["exact_symbol_rate"].get<double>(), entry["rate_interval"][0].get<double>(),
               entry["rate_interval"][1].get<double>(), entry["least_rate"].get<double>(),
               entry["symbol_error_rate"].get<double>(), entry["yield"].get<double>(),
               entry["yield_interval"][0].get<double>(), entry["yield_interval"][1].get<double>(),
               entry["largest_error"].get<double>());
    if (entry.contains("different")) {
      fmt::print(context.out, "  against {}: largest difference {:.3g} levels, {} codes received differ\n",
                 options.against.string(), entry["largest_difference"].get<double>(),
                 with_commas(entry["different"].get<std::uint64_t>()));
    }
  }
  fmt::print(
      context.out,
      "exact: share of inputs whose every symbol is right at every server, mean over chips; yield: share of chips "
      "with at least {:g}; largest: error of a level before the receiver\n",
      options.threshold);
}

void run_simulate(const Options& given, Context& context) {
  Options options = given;
  options.conditions.hardware = load(options.hardware);
  base::require(options.chips >= 1 && options.chips <= chip::kMostChips, "--chips {}: expected 1 .. {}", options.chips,
                chip::kMostChips);
  base::require(options.threshold >= 0 && options.threshold <= 1, "--threshold {}: expected a rate, 0 .. 1",
                options.threshold);
  const chip::Program program = load_program_file(options.program);
  const std::vector<Condition> conditions = conditions_of(options.conditions, program);
  std::optional<device::OnnAverager> against;
  if (!options.against.empty()) {
    against.emplace(onn::load_design(options.against));
    base::require(against->shape() == program.shape, "{}: a design for another device than {}",
                  options.against.string(), options.program.string());
    options.simulation.against = &*against;
  }
  const base::Json config = configuration(options, program, options.conditions.hardware);

  run_over_mpi([&](collective::Transport* transport) {
    std::vector<Results> done(conditions.size());
    std::optional<Records> records;
    if (rank_of(transport) == 0) records.emplace(options, config, done);
    share_done(transport, done);
    const auto inputs =
        static_cast<double>(options.simulation.sample > 0 ? options.simulation.sample : program.shape.input_count());
    double all_inputs = 0, inputs_done = 0;
    for (const Results& of_condition : done) {
      all_inputs +=
          inputs * static_cast<double>(options.chips - std::min<std::uint64_t>(options.chips, of_condition.size()));
    }
    base::Progress progress("simulate: inputs", std::max(1.0, all_inputs / ranks_of(transport)),
                            rank_of(transport) == 0 ? stderr : nullptr);
    for (std::size_t c = 0; c < conditions.size(); ++c) {
      simulate_condition(options, program, c, conditions[c], transport, records ? &*records : nullptr, progress,
                         inputs_done, done[c]);
    }
    if (!records) return;
    const base::Json all = summarise(options, conditions, done, *records);
    if (!options.json) {
      print(options, config, all, context);
      return;
    }
    base::Json answer{{"config", config}, {"seed", options.seed}};
    if (all.size() == 1) {
      answer.update(all[0]);
    } else {
      answer["conditions"] = all;
    }
    print_json(context, answer);
  });
}

}  // namespace

void add_simulate(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "simulate", "Simulate chips that run a mesh program on imperfect parts: how often every symbol is right",
      "  optinc simulate b8-n4.json                                        # one ideal chip, every input\n"
      "  optinc simulate b8-n4.json --hardware silicon --chips 100 --records chips.jsonl\n"
      "  optinc simulate b8-n4.json --set coupler.imbalance_rms_rad=0.01 --correction none,local,self-configured\n"
      "  optinc simulate b8-n4.json --chips 20 --sweep coupler.imbalance_rms_rad=0.001,0.003,0.01\n"
      "  optinc simulate b8-n4.json --hardware silicon --chips 10 --sensitivity  # each imperfection alone\n"
      "  mpirun -np 4 optinc simulate b8-n4.json --hardware silicon --chips 100 --threads 1\n"
      "A chip is a function of the seed and its number; threads and processes don't matter. Records are written as "
      "chips\n"
      "are done; --resume goes on from them.");
  auto options = std::make_shared<Options>();
  verb->add_option("program", options->program, "Mesh program (.json or .npz), as optinc compile writes it")
      ->required();
  add_hardware_options(*verb, options->hardware);
  verb->add_option("--chips", options->chips, "How many chips")->capture_default_str();
  verb->add_option("--seed", options->seed, "Same seed, same chips, same noise")->capture_default_str();
  verb->add_option("--sample", options->simulation.sample, "Inputs drawn at random; 0: every input")
      ->capture_default_str();
  verb->add_option("--correction", options->conditions.corrections,
                   "What programming knows of a chip's couplers and phases, one or more: none, local, self-configured")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option("--sweep", options->conditions.sweep, "Several values of one number: table.key=value,value,..");
  verb->add_flag("--sensitivity", options->conditions.sensitivity,
                 "Also each imperfection alone, and each stage alone");
  verb->add_option("--threshold", options->threshold, "Exact-symbol rate of a chip that counts for the yield")
      ->capture_default_str();
  verb->add_option("--against", options->against, "Compare every level with this design's ONN");
  verb->add_option("--records", options->records, "Write records (JSON lines) here, a chip each");
  verb->add_flag("--resume", options->resume, "Go on with --records of a run that was killed");
  add_threads_option(*verb, options->simulation.threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_simulate(*options, context); });
}

}  // namespace optinc::cli
