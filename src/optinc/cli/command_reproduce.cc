#include "optinc/cli/command_reproduce.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/ranges.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/base/progress.h"
#include "optinc/base/version.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/published_tables.h"
#include "optinc/cli/reproduce_cost.h"
#include "optinc/cli/reproduce_training.h"
#include "optinc/device/onn_averager.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/report/report.h"
#include "optinc/report/runs.h"
#include "optinc/verify/verify.h"

namespace optinc::cli {
namespace {

using base::Json;

constexpr const char* kAll = "all";

struct Options {
  std::string table;
  std::filesystem::path designs = "designs";
  std::filesystem::path runs = "runs/fig7a";
  std::vector<std::string> only;
  std::uint64_t sample = 0;
  std::uint64_t seed = 1;
  int threads = 0;
  std::filesystem::path records;
  std::filesystem::path out = "report.html";
  bool json = false;
};

/// A row, and our design for it if its file is there.
struct Candidate {
  const TableRow& row;
  const RowGroup& group;
  std::filesystem::path file;
  std::optional<onn::Design> design;
};

/// What came out for a row; nothing where its file is not there.
struct Reproduced {
  std::string origin;
  std::uint64_t possible = 0;
  verify::Verification found;
  onn::Area area;
  std::optional<double> additional_mzis_percent;  ///< as TableRow
  bool holds = false;                             ///< see is_as_accurate
};

// Published percentages have five decimals (99.99986), ours are rounded likewise; 100 means every input. Constructed
// designs, which have no published figures, are held to every input: that is what they are for.
bool is_as_accurate(const verify::Verification& found, const TableRow& row) {
  if (found.wrong == 0) return true;
  if (!row.accuracy_percent || *row.accuracy_percent == 100) return false;
  constexpr double kDigits = 1e5;
  return std::llround(kDigits * 100 * found.accuracy()) >= std::llround(kDigits * *row.accuracy_percent);
}

/// Refuses a design that is for another device than the row's.
void check_is_of_row(const Candidate& candidate) {
  const onn::Design& design = *candidate.design;
  const TableRow& row = candidate.row;
  const auto require_same = [&](const char* what, const std::string& value, const std::string& expected) {
    base::require(value == expected, "{}: {} {}, expected {}", candidate.file.string(), what, value, expected);
  };
  require_same("bits", std::to_string(design.bits), std::to_string(row.bits));
  require_same("servers", std::to_string(design.servers), std::to_string(row.servers));
  require_same("role", onn::to_string(design.role), onn::to_string(row.role));
  require_same("rounding", codec::to_string(design.rounding), codec::to_string(row.rounding));
  require_same("layers", fmt::format("{}", fmt::join(design.network.widths(), "-")),
               fmt::format("{}", fmt::join(row.widths, "-")));
  require_same("approximated layers", design.approximated.to_string(), row.approximated);
  if (!row.accuracy_percent) require_same("origin", design.origin, "constructed");
}

/// The rows that are asked for, with their designs: all of them are read before any takes its time.
std::vector<Candidate> load_candidates(const Options& options, const PublishedTable& table) {
  base::require(std::filesystem::is_directory(options.designs), "--designs {}: no such folder",
                options.designs.string());
  std::vector<Candidate> candidates;
  std::vector<std::string> names;
  for (const RowGroup& group : table.groups) {
    for (const TableRow& row : group.rows) {
      names.push_back(row.design);
      if (!options.only.empty() && std::ranges::find(options.only, row.design) == options.only.end()) continue;
      candidates.push_back({row, group, options.designs / (row.design + ".safetensors"), {}});
    }
  }
  for (const std::string& name : options.only) {
    base::require(std::ranges::find(names, name) != names.end(), "--only {}: no such design in {}, expected one of {}",
                  name, table.name, fmt::join(names, ", "));
  }
  for (Candidate& candidate : candidates) {
    if (!std::filesystem::exists(candidate.file)) continue;
    candidate.design = onn::load_design(candidate.file);
    check_is_of_row(candidate);
  }
  return candidates;
}

Reproduced reproduce(const Options& options, const Candidate& candidate) {
  const onn::Design& design = *candidate.design;
  Reproduced outcome{.origin = design.origin,
                     .possible = device::shape_of(design).input_count(),
                     .area = onn::count_mzis(design.network.widths(), design.approximated, design.servers)};
  verify::VerifyOptions chosen{.threads = options.threads, .seed = options.seed};
  if (options.sample > 0) {
    chosen.sampled = true;
    chosen.count = options.sample;
  }
  base::Progress progress("verify " + candidate.row.design,
                          static_cast<double>(options.sample > 0 ? options.sample : outcome.possible));
  outcome.found = verify::verify(device::OnnAverager(design), chosen, &progress);
  if (design.role != onn::Role::single) {
    const auto first = static_cast<double>(mzis_of_first_structure());
    outcome.additional_mzis_percent = 100 * (static_cast<double>(outcome.area.mzis) - first) / first;
  }
  outcome.holds = is_as_accurate(outcome.found, candidate.row);
  return outcome;
}

// --- as JSON ---------------------------------------------------------------------------------------------------------

Json number_or_null(const std::optional<double>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json paper_json(const TableRow& row) {
  Json errors = Json::array();
  for (const PublishedErrors& error : row.errors) {
    errors.push_back({{"values", error.values}, {"share_percent", error.share_percent}});
  }
  return {{"accuracy_percent", number_or_null(row.accuracy_percent)},
          {"area_percent", number_or_null(row.area_percent)},
          {"additional_mzis_percent", number_or_null(row.additional_mzis_percent)},
          {"errors", row.accuracy_percent ? errors : Json(nullptr)}};
}

Json ours_json(const Options& options, const TableRow& row, const std::optional<Reproduced>& outcome) {
  if (!outcome) return nullptr;
  Json json{{"origin", outcome->origin},
            {"rounding", codec::to_string(row.rounding)},
            {"possible", outcome->possible},
            {"sampled", options.sample > 0}};
  json.update(verify::to_json(outcome->found));
  json["mzis"] = outcome->area.mzis;
  json["dense_mzis"] = outcome->area.dense_mzis;
  json["area_percent"] = 100 * outcome->area.ratio();
  json["additional_mzis_percent"] = number_or_null(outcome->additional_mzis_percent);
  json["holds"] = outcome->holds;
  return json;
}

/// Ours less the paper's.
std::optional<double> difference(const std::optional<double>& ours, const std::optional<double>& published) {
  if (!ours || !published) return std::nullopt;
  return *ours - *published;
}

Json difference_json(const TableRow& row, const std::optional<Reproduced>& outcome) {
  if (!outcome) return nullptr;
  return {{"accuracy_points", number_or_null(difference(100 * outcome->found.accuracy(), row.accuracy_percent))},
          {"area_points", number_or_null(difference(100 * outcome->area.ratio(), row.area_percent))},
          {"additional_mzis_points",
           number_or_null(difference(outcome->additional_mzis_percent, row.additional_mzis_percent))}};
}

Json row_json(const Options& options, const PublishedTable& table, const Candidate& candidate,
              const std::optional<Reproduced>& outcome) {
  const TableRow& row = candidate.row;
  return {{"table", table.name},
          {"title", table.title},
          {"group", candidate.group.name},
          {"design", row.design},
          {"file", candidate.file.string()},
          {"bits", row.bits},
          {"servers", row.servers},
          {"role", onn::to_string(row.role)},
          {"layers", row.widths},
          {"approximated", row.approximated},
          {"paper", paper_json(row)},
          {"ours", ours_json(options, row, outcome)},
          {"difference", difference_json(row, outcome)}};
}

// --- in words --------------------------------------------------------------------------------------------------------

/// Without zeros at the end: "39.27", "99.99986". Never a "100" that is not: digits are added.
std::string percent(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  while (value < 100 && decimals < 12 && std::stod(text) == 100) text = fmt::format("{:.{}f}", value, ++decimals);
  if (text.find('.') == std::string::npos) return text;
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string signed_percent(double value, int decimals) {
  const std::string text = percent(value, decimals);
  return value > 0 && text != "0" ? "+" + text : text;
}

/// {-1, 1} -> "±1", {-64} -> "-64".
std::string error_values(const std::vector<std::int64_t>& values) {
  if (values.size() == 2 && values[0] == -values[1]) return fmt::format("±{}", values[1]);
  return fmt::format("{:+}", fmt::join(values, ", "));
}

std::string errors_in_words(const std::vector<PublishedErrors>& errors) {
  constexpr std::size_t kMost = 8;
  if (errors.empty()) return "none";
  std::vector<std::string> words;
  for (const PublishedErrors& error : errors) {
    if (words.size() == kMost) {
      words.push_back(fmt::format("{} other values", errors.size() - kMost));
      break;
    }
    words.push_back(fmt::format("{} ({:.3g} %)", error_values(error.values), error.share_percent));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

/// Ours, most frequent first, as the paper writes them but for the sign.
std::vector<PublishedErrors> errors_of(const verify::Verification& found) {
  std::vector<PublishedErrors> errors;
  const Json json = verify::to_json(found);
  for (const Json& error : json["errors"]) {
    errors.push_back({{error["value"].get<std::int64_t>()}, 100 * error["share"].get<double>()});
  }
  return errors;
}

void print_line(Context& context, const char* what, const std::string& published, const std::string& ours,
                const std::string& difference, const std::string& remark) {
  fmt::print(context.out, "  {:<20}{:>10}{:>12}{:>12}{}{}\n", what, published, ours, difference,
             remark.empty() ? "" : "   ", remark);
}

/// A quantity in percent with its difference in points; "-" for what the paper does not have.
void print_percent(Context& context, const char* what, const std::optional<double>& published, double ours,
                   int decimals, const std::string& remark) {
  const std::optional<double> beyond = difference(ours, published);
  print_line(context, what, published ? percent(*published, decimals) : "-", percent(ours, decimals),
             beyond ? signed_percent(*beyond, decimals) : "-", remark);
}

void print_head(Context& context, const Options& options, const PublishedTable& table) {
  fmt::print(context.out, "{} ({})\n", table.title, kPaper);
  if (options.sample > 0) {
    fmt::print(context.out, "sampled: {} inputs of each design, drawn at random with seed {}, not all of them\n",
               with_commas(options.sample), options.seed);
  }
  print_line(context, "", "paper", "ours", "difference", "");
}

void print_row(Context& context, const Options& options, const Candidate& candidate,
               const std::optional<Reproduced>& outcome) {
  const TableRow& row = candidate.row;
  fmt::print(context.out, "{}: {} bits, {} servers, {}, layers {} approximated, rounding {}{}\n", row.design, row.bits,
             row.servers, fmt::join(row.widths, "-"), row.approximated, codec::to_string(row.rounding),
             outcome ? "; " + outcome->origin : "");
  if (!outcome) {
    fmt::print(context.out, "  not there: {}\n", candidate.file.string());
    return;
  }
  const verify::Verification& found = outcome->found;
  constexpr int kAccuracyDecimals = 5;
  constexpr int kAreaDecimals = 2;
  print_percent(context, "accuracy, %", row.accuracy_percent, 100 * found.accuracy(), kAccuracyDecimals,
                fmt::format("{} of {} {}inputs wrong, {:.2f} s", with_commas(found.wrong), with_commas(found.inputs),
                            options.sample > 0 ? "sampled " : "", found.seconds));
  if (outcome->additional_mzis_percent) {
    print_percent(context, "additional MZIs, %", row.additional_mzis_percent, *outcome->additional_mzis_percent,
                  kAreaDecimals,
                  fmt::format("{} MZIs; {} in the structure of Table I", with_commas(outcome->area.mzis),
                              with_commas(mzis_of_first_structure())));
  } else {
    print_percent(context, "area, %", row.area_percent, 100 * outcome->area.ratio(), kAreaDecimals,
                  fmt::format("{} of {} MZIs", with_commas(outcome->area.mzis), with_commas(outcome->area.dense_mzis)));
  }
  if (found.wrong == 0 && row.errors.empty()) return;
  fmt::print(context.out, "  errors: paper {}; ours {}\n", row.accuracy_percent ? errors_in_words(row.errors) : "-",
             errors_in_words(errors_of(found)));
}

// --- the verb --------------------------------------------------------------------------------------------------------

Json run_record(const Options& options) {
  Json config{{"table", options.table}, {"designs", options.designs.string()}, {"only", options.only}};
  if (options.sample > 0) config["sample"] = options.sample;
  config["seed"] = options.seed;
  return {{"type", "run"},
          {"command", "reproduce"},
          {"version", base::kVersion},
          {"seed", options.seed},
          {"threads", options.threads > 0 ? options.threads : base::available_threads()},
          {"config", config},
          {"paper", kPaper}};
}

void print_sum(Context& context, const Json& rows) {
  std::size_t accurate = 0;
  std::size_t missing = 0;
  for (const Json& row : rows) {
    if (row["ours"].is_null()) {
      ++missing;
    } else if (row["ours"]["holds"].get<bool>()) {
      ++accurate;
    }
  }
  fmt::print(context.out, "\n{} of {} designs as accurate as published or exact, {} not, {} not there\n", accurate,
             rows.size(), rows.size() - accurate - missing, missing);
}

void run_reproduce(const Options& options, Context& context) {
  const PublishedTable& table = published_table(options.table);
  const std::vector<Candidate> candidates = load_candidates(options, table);
  std::optional<base::RecordWriter> records;
  if (!options.records.empty()) {
    const std::filesystem::path folder = options.records.parent_path();
    base::require(folder.empty() || std::filesystem::is_directory(folder), "--records {}: no such folder as {}",
                  options.records.string(), folder.string());
    records.emplace(options.records, base::RecordMode::replace);
    records->write(run_record(options));
  }

  if (!options.json) print_head(context, options, table);
  Json rows = Json::array();
  const RowGroup* group = nullptr;
  for (const Candidate& candidate : candidates) {
    std::optional<Reproduced> outcome;
    if (candidate.design) outcome = reproduce(options, candidate);
    if (!outcome || !outcome->holds) context.exit_code = kFailed;
    rows.push_back(row_json(options, table, candidate, outcome));
    if (records) {
      records->write(tagged("reproduction", rows.back()));
    }
    if (options.json) continue;
    if (group != &candidate.group) {
      group = &candidate.group;
      fmt::print(context.out, "\n{}\n", group->name);
    }
    print_row(context, options, candidate, outcome);
    context.out.flush();
  }
  if (options.json) {
    print_json(context, {{"table", table.name},
                         {"title", table.title},
                         {"paper", kPaper},
                         {"sample", options.sample > 0 ? Json(options.sample) : Json(nullptr)},
                         {"seed", options.sample > 0 ? Json(options.seed) : Json(nullptr)},
                         {"rows", rows}});
  } else {
    print_sum(context, rows);
  }
}

bool is_table(const std::string& subject) {
  return subject == "table1" || subject == "table2" || subject == "cascade";
}

/// One subject but "all".
void reproduce_one(const Options& options, Context& context) {
  const std::string& subject = options.table;
  if (is_table(subject)) {
    run_reproduce(options, context);
  } else if (subject == kFigure7a) {
    reproduce_training({.runs = options.runs, .records = options.records, .json = options.json}, context);
  } else if (subject == kFigure6) {
    reproduce_figure6({.records = options.records, .json = options.json}, context);
  } else {
    reproduce_figure7b({.records = options.records, .json = options.json}, context);
  }
}

/// Record files below `folder` that a report draws and whose names end in `ending`, by their paths; none where there is
/// no such folder.
std::vector<std::filesystem::path> records_below(const std::filesystem::path& folder, const std::string& ending) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().filename().string().ends_with(ending)) files.push_back(entry.path());
  }
  std::erase_if(files, [](const std::filesystem::path& file) {
    const std::vector<Json> records = base::read_records(file);
    return records.empty() || !report::is_drawn(records.front().value("command", ""));
  });
  std::ranges::sort(files);
  return files;
}

/// Every subject, one after the other, then one page of their records and of those that ship: trainings of designs,
/// light and costs that lie beside the runs of figure 7a, and these.
void reproduce_all(const Options& options, Context& context) {
  const std::filesystem::path folder = options.records.empty() ? "output/reproduce" : options.records;
  std::filesystem::create_directories(folder);
  std::vector<std::filesystem::path> files;
  for (const char* subject : {kFigure6, "table1", "table2", "cascade", kFigure7a, kFigure7b}) {
    Options one = options;
    one.table = subject;
    one.records = folder / (std::string(subject) + ".jsonl");
    reproduce_one(one, context);
    fmt::print(context.out, "\n");
    context.out.flush();
    files.push_back(one.records);
  }
  const std::filesystem::path runs = options.runs.parent_path();
  for (const auto& below : {records_below(options.designs, ".records.jsonl"), records_below(options.runs, ".jsonl"),
                            records_below(runs / "light", ".jsonl"), records_below(runs / "front", ".jsonl"),
                            records_below(runs / "cost", "simgrid.jsonl")}) {
    files.insert(files.end(), below.begin(), below.end());
  }
  base::write_file_atomically(options.out,
                              report::write_report({.records = files, .title = "OptINC beside its paper"}));
  fmt::print(context.out, "{}\n", std::filesystem::absolute(options.out).lexically_normal().string());
}

/// Refuses a flag that says nothing about the subject.
void check_flags(const CLI::App& verb, const Options& options) {
  const std::string& subject = options.table;
  const bool all = subject == kAll;
  if (!is_table(subject)) refuse_flags(verb, {"--only"}, subject);
  if (!is_table(subject) && !all) refuse_flags(verb, {"--designs", "--sample", "--threads"}, subject);
  if (subject != kFigure7a && !all) refuse_flags(verb, {"--runs"}, subject);
  if (all) refuse_flags(verb, {"--json"}, subject);
  if (!all) refuse_flags(verb, {"--out"}, subject);
}

void reproduce_subject(const CLI::App& verb, const Options& options, Context& context) {
  const std::string& subject = options.table;
  base::require(
      is_table(subject) || subject == kFigure6 || subject == kFigure7a || subject == kFigure7b || subject == kAll,
      "table \"{}\": expected table1, table2, cascade, {}, {}, {} or {}", subject, kFigure6, kFigure7a, kFigure7b,
      kAll);
  check_flags(verb, options);
  if (subject == kAll) {
    reproduce_all(options, context);
  } else {
    reproduce_one(options, context);
  }
}

}  // namespace

void add_reproduce(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "reproduce",
      "Set what the paper publishes and ours side by side: verify and count designs, compare training runs",
      "  optinc reproduce table1 --only b8-n4 --only b8-n4-nearest\n"
      "  optinc reproduce table2 --sample 1000000 --json\n"
      "  optinc reproduce cascade --records cascade.jsonl\n"
      "  optinc reproduce fig7a --runs runs/fig7a\n"
      "  optinc reproduce fig7b --json\n"
      "  optinc reproduce all --out output/report.html\n"
      "table1: four devices, the same rounding to nearest, and apart from them designs that are constructed.\n"
      "table2: more approximated layers at 16 bits and 4 servers. cascade: both levels, each on its own inputs;\n"
      "`optinc cascade` checks them end to end. fig7a: training through the interconnect, from the records of\n"
      "optinc train: each variant's paired difference to exact averaging (else ring) with its 95 % interval.\n"
      "fig6: bytes that a server sends. fig7b: what a step then takes, and for how many samples (modelled).\n"
      "all: one after the other, then one page of them, with what ships beside. It takes minutes: designs of 16 bits "
      "are\n"
      "verified on every input; --sample is quicker.\n"
      "Exit code 0: every design is as accurate as the paper's, a training run has been validated, the figure comes "
      "out;\n"
      "1: one design is not, or not there, none has been validated, it does not; 2: bad input.");
  auto options = std::make_shared<Options>();
  verb->add_option("table", options->table, "What to reproduce: table1, table2, cascade, fig6, fig7a, fig7b or all")
      ->required();
  verb->add_option("--designs", options->designs, "Folder of the designs")->capture_default_str();
  verb->add_option("--runs", options->runs, "Of fig7a: the folder with records of optinc train, at any depth")
      ->capture_default_str();
  verb->add_option("--only", options->only, "This design alone; may be given several times")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  auto* sample =
      verb->add_option("--sample", options->sample, "Check so many inputs of each design, drawn at random, not all")
          ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
  verb->add_option("--seed", options->seed, "Same seed, same sample")->capture_default_str()->needs(sample);
  add_threads_option(*verb, options->threads);
  verb->add_option("--records", options->records,
                   "Write records to this file (JSON lines), for optinc report; of all: a folder, else\n"
                   "output/reproduce");
  verb->add_option("--out", options->out, "Of all: the page to write")->capture_default_str();
  add_json_flag(*verb, options->json);
  verb->callback([options, verb, &context] { reproduce_subject(*verb, *options, context); });
}

}  // namespace optinc::cli
