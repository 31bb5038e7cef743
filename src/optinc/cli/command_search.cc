#include "optinc/cli/command_search.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/mpi_ranks.h"
#include "optinc/search/front.h"
#include "optinc/search/genes.h"
#include "optinc/search/search.h"

namespace optinc::cli {
namespace {

struct Options {
  search::Options search;
  std::filesystem::path out;
  double noise = 0;       ///< that the picked design must bear; 0: not asked
  std::int64_t mzis = 0;  ///< that it may have; 0: not asked
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
  base::Json names = base::Json::array();
  for (const search::Gene& gene : search::genes()) names.push_back(gene.name);
  return {
      {"bits", options.shape.bits},      {"servers", options.shape.servers},  {"inputs", options.shape.inputs},
      {"rate", options.criteria.rate},   {"sample", options.criteria.sample}, {"most_mzis", options.criteria.most_mzis},
      {"depth", options.criteria.depth}, {"population", options.population},  {"genes", names}};
}

/// Where a search stands.
struct State {
  int done = 0;
  search::Generation generation;
  search::Generation front;  ///< of all that were ever scored
};

/// Those of both that none beats.
search::Generation merged_front(const search::Generation& a, const search::Generation& b,
                                const search::Criteria& criteria) {
  search::Generation all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::erase_if(all,
                [](const search::Member& member) { return !member.score.refusal.empty() || member.score.noise == 0; });
  std::vector<std::vector<double>> objectives;
  for (const search::Member& member : all) objectives.push_back(search::objectives(member.score, criteria));
  search::Generation front;
  for (const std::size_t i : search::front_of(objectives)) front.push_back(all[i]);
  return front;
}

State resumed(const std::filesystem::path& records, const search::Options& options) {
  std::optional<State> state;
  for (const base::Json& record : base::read_records(records)) {
    if (record.value("type", "") == "run") {
      base::require(record.at("config") == configuration(options) && record.at("seed") == options.seed,
                    "{}: a search with other settings: {}; asked for {}", records.string(), record.at("config").dump(),
                    configuration(options).dump());
    }
    if (record.value("type", "") != "generation") continue;
    state = {record.at("number").get<int>(), generation_from_json(record.at("members")),
             generation_from_json(record.at("front"))};
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
        scores[mine[i]] = search::score(options.search.shape, genes[mine[i]], options.search.criteria);
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
const search::Member* pick(const search::Generation& front, double noise, std::int64_t mzis) {
  const search::Member* best = nullptr;
  for (const search::Member& member : front) {
    if (member.score.noise < noise || (mzis > 0 && member.score.mzis > static_cast<double>(mzis))) continue;
    const bool better =
        best == nullptr || (noise > 0 ? member.score.mzis < best->score.mzis : member.score.noise > best->score.noise);
    if (better) best = &member;
  }
  return best;
}

std::string file_of(const search::Member& member) {
  return fmt::format("{}-mzis.safetensors", std::llround(member.score.mzis));
}

void print_front(const search::Generation& front, const search::Options& options, Context& context) {
  fmt::print(context.out, "{} bits, {} servers, {} inputs: {} designs that none beats\n", options.shape.bits,
             options.shape.servers, options.shape.inputs, front.size());
  fmt::print(context.out, "{:>8} {:>7} {:>14} {:>9}  {}\n", "MZIs", "layers", "noise borne", "dB", "file");
  for (const search::Member& member : front) {
    fmt::print(context.out, "{:>8} {:>7} {:>14.3g} {:>9.1f}  {}\n",
               with_commas(static_cast<std::uint64_t>(member.score.mzis)), member.score.layers, member.score.noise,
               -20 * std::log10(member.score.noise), file_of(member));
  }
  fmt::print(context.out,
             "noise borne: relative noise under which {:g} of the inputs stay right ({}); all are right without\n",
             options.criteria.rate,
             options.criteria.sample > 0 ? with_commas(options.criteria.sample) + " drawn at random" : "all of them");
}

void run_search(Options options, Context& context, collective::Transport* transport) {
  search::Options& wanted = options.search;
  if (wanted.shape.inputs == 0) wanted.shape.inputs = wanted.shape.symbols();
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
                   state.front = merged_front(state.front, all, wanted.criteria);
                   if (!records) return;
                   records->write({{"type", "generation"},
                                   {"number", number},
                                   {"members", to_json(generation)},
                                   {"front", to_json(state.front)}});
                 });
  if (!is_first) return;
  base::Json files = base::Json::array();
  for (const search::Member& member : state.front) {
    onn::save_design(options.out / file_of(member), search::build(wanted.shape, member.genes));
    base::Json entry = search::to_json(member.score);
    entry["file"] = (options.out / file_of(member)).string();
    files.push_back(entry);
  }
  records->write({{"type", "front"}, {"designs", files}});

  const bool asked = options.noise > 0 || options.mzis > 0;
  const search::Member* const picked = asked ? pick(state.front, options.noise, options.mzis) : nullptr;
  context.exit_code = !state.front.empty() && (!asked || picked != nullptr) ? kOk : kFailed;
  if (options.json) {
    base::Json json{{"generations", wanted.generations}, {"designs", files}};
    if (asked)
      json["picked"] = picked == nullptr ? base::Json(nullptr) : base::Json((options.out / file_of(*picked)).string());
    return print_json(context, json);
  }
  print_front(state.front, wanted, context);
  if (picked != nullptr) {
    fmt::print(context.out, "picked: {}\n", (options.out / file_of(*picked)).string());
  } else if (asked) {
    fmt::print(
        context.out, "none was found{}{}\n", options.noise > 0 ? fmt::format(" that bears {:g}", options.noise) : "",
        options.mzis > 0 ? fmt::format(" with at most {} MZIs", with_commas(static_cast<std::uint64_t>(options.mzis)))
                         : "");
  }
}

}  // namespace

void add_search(CLI::App& program, Context& context) {
  CLI::App* verb =
      add_verb(program, "search", "Search the front of size against noise: the designs that none beats in both",
               "  optinc search --out front\n"
               "  optinc search --noise 1e-3 --out front            # the smallest that bears it\n"
               "  optinc search --mzis 1000 --out front             # the toughest of at most so many\n"
               "  optinc search --bits 16 --servers 4 --generations 100 --out front16\n"
               "  mpirun -np 4 optinc search --threads 1 --out front --resume\n"
               "Constructions are varied by evolution (NSGA-II): how carries look ahead, how wide ramps are, which "
               "wires stand how\n"
               "often. All are proved right on every input. Relative noise as in optinc noise; 1e-3 is 60 dB.\n"
               "Designs and records (search.records.jsonl) go to --out; a killed search goes on with --resume.\n"
               "Exit code 0: done, and what was asked for is there; 1: it is not; 2: bad input.");
  auto options = std::make_shared<Options>();
  search::Options& search = options->search;
  search.shape.inputs = 0;
  verb->add_option("--bits", search.shape.bits, "Bits of a gradient's code, B")->capture_default_str();
  verb->add_option("--servers", search.shape.servers, "Ports of the device, N: a power of two")->capture_default_str();
  verb->add_option("--inputs", search.shape.inputs, "K; 0: one a symbol")->capture_default_str();
  verb->add_option("--noise", options->noise, "Pick the smallest design that bears this relative noise");
  verb->add_option("--mzis", options->mzis, "Pick a design of at most so many MZIs, P and T apart");
  verb->add_option("--rate", search.criteria.rate, "Share of inputs that must stay right under noise that is borne")
      ->capture_default_str();
  verb->add_option("--sample", search.criteria.sample, "Inputs drawn at random to measure that; 0: every input")
      ->capture_default_str();
  verb->add_option("--most-mzis", search.criteria.most_mzis, "Larger designs are not looked at")->capture_default_str();
  verb->add_flag("--depth", search.criteria.depth, "Fewer layers count, too");
  verb->add_option("--population", search.population, "Designs a generation")->capture_default_str();
  verb->add_option("--generations", search.generations, "Generations")->capture_default_str();
  verb->add_option("--seed", search.seed, "Same seed, same front")->capture_default_str();
  verb->add_option("--out", options->out, "Folder to write")->required();
  verb->add_flag("--resume", options->resume, "Go on from the last generation in --out");
  add_threads_option(*verb, options->threads);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] {
    options->search.criteria.seed = options->search.seed;
    run_over_mpi([&](collective::Transport* transport) { run_search(*options, context, transport); });
  });
}

}  // namespace optinc::cli
