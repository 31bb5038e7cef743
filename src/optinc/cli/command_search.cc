#include "optinc/cli/command_search.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/hardware_options.h"
#include "optinc/cli/mpi_ranks.h"
#include "optinc/search/front.h"
#include "optinc/search/genes.h"
#include "optinc/search/search.h"

namespace optinc::cli {
namespace {

struct Options {
  search::Options search;
  std::string over = "constructions";
  HardwareOptions hardware;
  std::filesystem::path out;
  double noise = 0;       ///< that the picked design must bear; 0: not asked
  double snr_db = 0;      ///< the same as a ratio
  std::int64_t mzis = 0;  ///< that it may have; 0: not asked
  double chip_rate = 0;   ///< that it must have; 0: not asked
  bool is_asked() const { return noise > 0 || mzis > 0 || chip_rate > 0; }
  bool resume = false;
  int threads = 0;
  bool json = false;
};

base::Json to_json(const search::Generation& members) {
  base::Json json = base::Json::array();
  for (const search::Member& member : members) {
    json.push_back({{"genes", member.genes}, {"score", search::to_json(member.score)}});
  }
  return json;
}

search::Generation generation_from_json(const base::Json& json) {
  search::Generation members;
  for (const base::Json& member : json) {
    members.push_back({member.at("genes").get<std::vector<double>>(), search::score_from_json(member.at("score"))});
  }
  return members;
}

base::Json configuration(const search::Options& options) {
  const search::Task& task = options.task;
  base::Json names = base::Json::array();
  for (const search::Gene& gene : search::genes(task.over)) names.push_back(gene.name);
  base::Json config{{"over", search::to_string(task.over)},
                    {"bits", task.shape.bits},
                    {"servers", task.shape.servers},
                    {"inputs", task.shape.inputs},
                    {"rate", task.criteria.rate},
                    {"sample", task.criteria.sample},
                    {"most_mzis", task.criteria.most_mzis},
                    {"depth", task.criteria.depth},
                    {"chips", task.criteria.chips},
                    {"chip_sample", task.criteria.chip_sample},
                    {"hardware", task.criteria.hardware.name},
                    {"differences", differences_from_ideal(task.criteria.hardware)},
                    {"population", options.population},
                    {"genes", names}};
  if (task.over == search::Over::structures) config["epochs"] = task.epochs;
  return config;
}

/// Where a search stands.
struct State {
  int done = 0;
  search::Generation generation;
  search::Generation front;  ///< of all that were ever scored
};

/// Those of both that none beats. A construction that bears nothing is of no use.
search::Generation merged_front(const search::Generation& a, const search::Generation& b, const search::Task& task) {
  search::Generation all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::erase_if(all, [&](const search::Member& member) {
    return !member.score.refusal.empty() || (task.over == search::Over::constructions && member.score.noise == 0);
  });
  std::vector<std::vector<double>> objectives;
  for (const search::Member& member : all) objectives.push_back(search::objectives(member.score, task));
  search::Generation front;
  for (const std::size_t i : search::front_of(objectives)) front.push_back(all[i]);
  return front;
}

State resumed(const std::filesystem::path& records, const search::Options& options) {
  std::optional<State> state;
  try {
    for (const base::Json& record : base::read_records(records)) {
      if (record.value("type", "") == "run") {
        base::require(record.at("config") == configuration(options) && record.at("seed") == options.seed,
                      "{}: a search with other settings: {}; asked for {}", records.string(),
                      record.at("config").dump(), configuration(options).dump());
      }
      if (record.value("type", "") != "generation") continue;
      state = {record.at("number").get<int>(), generation_from_json(record.at("members")),
               generation_from_json(record.at("front"))};
    }
  } catch (const base::Json::exception& error) {
    base::refuse("{}: no records of a search: {}", records.string(), error.what());
  }
  base::require(state.has_value(), "{}: no generation to go on from", records.string());
  return *state;
}

/// Scores over the ranks, and over the threads of each; all ranks get all scores.
search::Scorer make_scorer(const Options& options, collective::Transport* transport, base::Progress& progress,
                           std::size_t& scored) {
  return [&options, transport, &progress, &scored](const std::vector<std::vector<double>>& genes) {
    const auto ranks = static_cast<std::size_t>(ranks_of(transport)),
               rank = static_cast<std::size_t>(rank_of(transport));
    std::vector<std::size_t> mine;
    for (std::size_t i = rank; i < genes.size(); i += ranks) mine.push_back(i);
    std::vector<search::Score> scores(genes.size());
    base::parallel_for(mine.size(), 1, options.threads, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t i = begin; i < end; ++i) {
        scores[mine[i]] = search::score(options.search.task, genes[mine[i]]);
      }
    });
    base::Json json = base::Json::array();
    for (const std::size_t i : mine) json.push_back({i, search::to_json(scores[i])});
    const auto share = base::Json::to_cbor(json);
    base::Json all = base::Json::array();
    for (const auto& bytes : gather(transport, std::as_bytes(std::span(share)))) {
      for (const base::Json& each : base::Json::from_cbor(bytes.begin(), bytes.end())) {
        all.push_back(each);
      }
    }
    const auto whole = base::Json::to_cbor(all);
    const auto bytes = broadcast(transport, std::as_bytes(std::span(whole)));
    if (transport != nullptr) {
      all = base::Json::from_cbor(bytes.begin(), bytes.end());
    }
    for (const base::Json& each : all) scores[each[0].get<std::size_t>()] = search::score_from_json(each[1]);
    progress.update(static_cast<double>(scored += genes.size()));
    return scores;
  };
}

/// The smallest that bears so much, or the one that bears most of so few; nothing where none does.
const search::Member* pick(const search::Generation& front, const Options& options) {
  const search::Member* best = nullptr;
  for (const search::Member& member : front) {
    const search::Score& score = member.score;
    if (score.noise < options.noise || score.chip_rate < options.chip_rate) continue;
    if (options.mzis > 0 && score.mzis > static_cast<double>(options.mzis)) continue;
    const bool wants_small = options.noise > 0 || options.chip_rate > 0;
    const bool better =
        best == nullptr || (wants_small ? score.mzis < best->score.mzis : score.noise > best->score.noise);
    if (better) best = &member;
  }
  return best;
}

std::string in_words(const Options& options) {
  std::string words;
  if (options.noise > 0) words += fmt::format(" that bears {:g}", options.noise);
  if (options.chip_rate > 0) words += fmt::format(" right on chips for {:g} of the inputs", options.chip_rate);
  if (options.mzis > 0) words += fmt::format(" with at most {} MZIs", with_commas(options.mzis));
  return words;
}

/// Where each design of the front goes: by its MZIs, those of as many numbered.
std::vector<std::filesystem::path> files_of(const search::Generation& front, const std::filesystem::path& folder) {
  std::map<std::int64_t, int> seen;
  std::vector<std::filesystem::path> files;
  for (const search::Member& member : front) {
    const std::int64_t mzis = std::llround(member.score.mzis);
    const int before = seen[mzis]++;
    files.push_back(folder /
                    fmt::format("{}-mzis{}.safetensors", mzis, before == 0 ? "" : fmt::format("-{}", before + 1)));
  }
  return files;
}

void print_front(const search::Generation& front, const std::vector<std::filesystem::path>& files,
                 const search::Task& task, Context& context) {
  const search::Criteria& criteria = task.criteria;
  const bool trains = task.over == search::Over::structures, has_chips = criteria.chips > 0;
  fmt::print(context.out, "{} bits, {} servers, {} inputs: {} designs that none beats\n", task.shape.bits,
             task.shape.servers, task.shape.inputs, front.size());
  fmt::print(context.out, "{:>8} {:>7} {:>14} {:>9}{}{}  {}\n", "MZIs", "layers", "noise borne", "dB",
             has_chips ? fmt::format(" {:>9}", "on chips") : "", trains ? fmt::format(" {:>13}", "without noise") : "",
             "file");
  for (std::size_t i = 0; i < front.size(); ++i) {
    const search::Score& score = front[i].score;
    fmt::print(context.out, "{:>8} {:>7} {:>14.3g} {:>9}{}{}  {}\n",
               with_commas(static_cast<std::uint64_t>(score.mzis)), score.layers, score.noise,
               score.noise > 0 ? fmt::format("{:.1f}", -20 * std::log10(score.noise)) : "-",
               has_chips ? fmt::format(" {:>9.5f}", score.chip_rate) : "",
               trains ? fmt::format(" {:>13.6f}", score.accuracy) : "", files[i].filename().string());
  }
  fmt::print(context.out, "noise borne: relative noise under which {:g} of the inputs stay right ({}){}\n",
             criteria.rate, criteria.sample > 0 ? with_commas(criteria.sample) + " drawn at random" : "all of them",
             trains ? "" : "; all are right without");
  if (has_chips) {
    fmt::print(context.out, "on chips: share of inputs right, mean of {} simulated chips, {} {}\n", criteria.chips,
               criteria.hardware.name, differences_from_ideal(criteria.hardware).dump());
  }
}

void run_search(Options options, Context& context, collective::Transport* transport) {
  search::Options& wanted = options.search;
  search::Task& task = wanted.task;
  task.over = search::parse_over(options.over);
  task.criteria.hardware = load(options.hardware);
  if (task.shape.inputs == 0) task.shape.inputs = task.shape.symbols();
  base::require(task.criteria.chips > 0 || differences_from_ideal(task.criteria.hardware).empty(),
                "--hardware, --set: expected --chips, how many of them are simulated");
  base::require(task.criteria.chips > 0 || options.chip_rate == 0,
                "--chip-rate: expected --chips, how many of them are simulated");
  if (options.snr_db > 0) options.noise = std::pow(10, -options.snr_db / 20);
  search::check(wanted);  // before anything is written
  const bool is_first = rank_of(transport) == 0;
  std::filesystem::create_directories(options.out);
  const std::filesystem::path path = options.out / "search.records.jsonl";
  State state;
  if (options.resume) state = resumed(path, wanted);

  std::unique_ptr<base::RecordWriter> records;
  if (is_first) {
    records = std::make_unique<base::RecordWriter>(
        path, options.resume ? base::RecordMode::append : base::RecordMode::replace);
    if (!options.resume) {
      records->write({{"type", "run"},
                      {"command", "search"},
                      {"version", base::kVersion},
                      {"seed", wanted.seed},
                      {"config", configuration(wanted)}});
    }
  }
  std::size_t scored = 0;
  base::Progress progress("search: designs", wanted.population * (wanted.generations - state.done + 1.0),
                          is_first ? stderr : nullptr);
  const search::Scorer scorer = make_scorer(options, transport, progress, scored);
  search::search(wanted, scorer, state.done, state.generation,
                 [&](int number, const search::Generation& generation, const search::Generation& all) {
                   state.generation = generation;
                   state.front = merged_front(state.front, all, task);
                   if (!records) return;
                   records->write({{"type", "generation"},
                                   {"number", number},
                                   {"members", to_json(generation)},
                                   {"front", to_json(state.front)}});
                 });
  if (!is_first) return;
  const std::vector<std::filesystem::path> files = files_of(state.front, options.out);
  base::Json designs = base::Json::array();
  {
    base::Progress saved("search: designs made again", static_cast<double>(files.size()));
    for (std::size_t i = 0; i < files.size(); ++i) {
      onn::save_design(files[i], search::build(task, state.front[i].genes, options.threads));
      base::Json entry = search::to_json(state.front[i].score);
      entry["file"] = files[i].string();
      designs.push_back(entry);
      saved.update(static_cast<double>(i + 1));
    }
  }
  records->write({{"type", "front"}, {"designs", designs}});

  const search::Member* const picked = options.is_asked() ? pick(state.front, options) : nullptr;
  const std::string picked_file = picked == nullptr ? "" : files[picked - state.front.data()].string();
  context.exit_code = !state.front.empty() && (!options.is_asked() || picked != nullptr) ? kOk : kFailed;
  if (options.json) {
    base::Json json{{"generations", wanted.generations}, {"designs", designs}};
    if (options.is_asked()) json["picked"] = picked == nullptr ? base::Json(nullptr) : base::Json(picked_file);
    return print_json(context, json);
  }
  print_front(state.front, files, task, context);
  if (state.front.empty()) {
    const search::Score& score = state.generation.front().score;
    fmt::print(context.out, "none of the last generation bears any noise; its first: {}\n",
               score.refusal.empty() ? "built" : score.refusal);
  }
  if (picked != nullptr) {
    fmt::print(context.out, "picked: {}\n", picked_file);
  } else if (options.is_asked()) {
    fmt::print(context.out, "none was found{}\n", in_words(options));
  }
}

}  // namespace

void add_search(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "search", "Search the front of size against noise: the designs that none beats in both",
      "  optinc search --out front\n"
      "  optinc search --noise 1e-3 --out front            # the smallest that bears it\n"
      "  optinc search --mzis 1000 --out front             # the toughest of at most so many\n"
      "  optinc search --snr 50 --mzis 1000 --out front    # a link's noise in dB, and an area\n"
      "  optinc search --chips 16 --set phase_shifter.error_rms_rad=0.005 --chip-rate 0.95 --out front\n"
      "  optinc search --over structures --epochs 200 --population 12 --generations 8 --out trained\n"
      "  optinc search --bits 16 --servers 4 --generations 100 --out front16\n"
      "  mpirun -np 4 optinc search --threads 1 --out front --resume\n"
      "Evolution (NSGA-II) varies constructions: how carries look ahead, how wide ramps are, which wires stand "
      "how often;\n"
      "all are proved right on every input. Or structures: widths and approximated layers, trained under "
      "relative noise\n"
      "from random or constructed starts. Relative noise as in optinc noise; 1e-3 is 60 dB.\n"
      "Designs and records (search.records.jsonl) go to --out; a killed search goes on with --resume.\n"
      "Exit code 0: done, and what was asked for is there; 1: it is not; 2: bad input.");
  auto options = std::make_shared<Options>();
  search::Options& search = options->search;
  search::Task& task = search.task;
  task.shape.inputs = 0;
  verb->add_option("--over", options->over, "What is varied: constructions or structures")->capture_default_str();
  verb->add_option("--bits", task.shape.bits, "Bits of a gradient's code, B")->capture_default_str();
  verb->add_option("--servers", task.shape.servers, "Ports of the device, N")->capture_default_str();
  verb->add_option("--inputs", task.shape.inputs, "K; 0: one a symbol")->capture_default_str();
  verb->add_option("--noise", options->noise, "Pick the smallest design that bears this relative noise")
      ->check(CLI::Range(0.0, 1.0));
  verb->add_option("--snr", options->snr_db, "The same as a ratio in dB: noise is 10^(-dB / 20)")
      ->check(CLI::Range(1.0, 200.0))
      ->excludes("--noise");
  verb->add_option("--mzis", options->mzis, "Pick a design of at most so many MZIs, P and T apart")
      ->check(CLI::PositiveNumber);
  verb->add_option("--rate", task.criteria.rate, "Share of inputs that must stay right under noise that is borne")
      ->capture_default_str();
  verb->add_option("--sample", task.criteria.sample, "Inputs drawn at random to measure that; 0: every input")
      ->capture_default_str();
  verb->add_option("--most-mzis", task.criteria.most_mzis, "Larger designs are not looked at")->capture_default_str();
  verb->add_option(
      "--chips", task.criteria.chips,
      "Simulate so many chips of each design: their share of right inputs counts, too. With few, a search finds "
      "what suits just these");
  verb->add_option("--chip-sample", task.criteria.chip_sample, "Inputs drawn at random for each chip; 0: every input")
      ->capture_default_str();
  add_hardware_options(*verb, options->hardware);
  verb->add_option("--chip-rate", options->chip_rate, "Pick the smallest design that is right so often on these chips")
      ->check(CLI::Range(0.0, 1.0));
  verb->add_option("--epochs", task.epochs, "Most epochs of training, over structures")->capture_default_str();
  verb->add_flag("--depth", task.criteria.depth, "Fewer layers count, too");
  verb->add_option("--population", search.population, "Designs a generation")->capture_default_str();
  verb->add_option("--generations", search.generations, "Generations")->capture_default_str();
  verb->add_option("--seed", search.seed, "Same seed, same front")->capture_default_str();
  verb->add_option("--out", options->out, "Folder to write")->required();
  verb->add_flag("--resume", options->resume, "Go on from the last generation in --out");
  add_threads_option(*verb, options->threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] {
    options->search.task.criteria.seed = options->search.seed;
    run_over_mpi([&](collective::Transport* transport) { run_search(*options, context, transport); });
  });
}

}  // namespace optinc::cli
