#include "optinc/report/runs.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "optinc/base/error.h"
#include "optinc/report/record_fields.h"

namespace optinc::report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

RunHeader read_header(const RecordFields& fields, const std::string& name, const base::Json& record) {
  RunHeader header{
      .name = name, .command = fields.text("command"), .version = fields.text("version"), .record = record};
  // Trainings and designs always draw at random; of the others not each does, nor has each options that matter.
  const bool is_training = header.command == "design" || header.command == "train";
  if (is_training || fields.has("seed")) header.seed = fields.count("seed");
  if (is_training || fields.has("config")) fields.object("config");
  return header;
}

Epoch read_epoch(const RecordFields& fields) {
  return {.epoch = fields.count("epoch"),
          .stage = fields.count("stage"),
          .loss = fields.number("loss"),
          .wrong = fields.count("wrong"),
          .seconds = fields.number("seconds")};
}

Area read_area(const RecordFields& fields) {
  Area area{.mzis = fields.count("mzis"),
            .dense_mzis = fields.count("dense_mzis"),
            .ratio = fields.number("ratio"),
            .reference_mzis = fields.count("reference_mzis"),
            .activations = fields.count("activations"),
            .preprocessing_mzis = fields.count("preprocessing_mzis"),
            .splitting_mzis = fields.count("splitting_mzis")};
  for (std::size_t layer = 0; layer < fields.list("layers").size(); ++layer) {
    const RecordFields item = fields.item("layers", layer);
    area.layers.push_back({.outputs = item.count("outputs"),
                           .inputs = item.count("inputs"),
                           .approximated = item.flag("approximated"),
                           .mzis = item.count("mzis"),
                           .dense_mzis = item.count("dense_mzis")});
  }
  return area;
}

Verification read_verification(const RecordFields& fields) {
  Verification verification{.inputs = fields.count("inputs"),
                            .wrong = fields.count("wrong"),
                            .accuracy = fields.number("accuracy"),
                            .largest_analog_error = fields.number("largest_analog_error"),
                            .seconds = fields.number("seconds"),
                            .inputs_per_second = fields.number("inputs_per_second")};
  for (std::size_t error = 0; error < fields.list("errors").size(); ++error) {
    const RecordFields item = fields.item("errors", error);
    verification.errors.push_back(
        {.value = item.integer("value"), .count = item.count("count"), .share = item.number("share")});
  }
  return verification;
}

std::optional<double> optional_number(const RecordFields& fields, std::string_view key) {
  if (!fields.has(key)) return std::nullopt;
  return fields.number(key);
}

DesignResult read_design_result(const RecordFields& fields) {
  return {.outcome = fields.text("outcome"),
          .epochs = fields.count("epochs"),
          .seconds = fields.number("seconds"),
          .gflops = optional_number(fields, "gflops"),
          .sgemm_gflops = optional_number(fields, "sgemm_gflops")};
}

void add_to_design(const RecordFields& fields, const std::string& type, DesignRun& run) {
  if (type == "epoch") {
    run.epochs.push_back(read_epoch(fields));
  } else if (type == "resume") {
    const std::uint64_t last = fields.count("epoch");
    run.header.resumed.push_back(last);
    std::erase_if(run.epochs, [last](const Epoch& epoch) { return epoch.epoch > last; });
    run.verification.reset();
    run.result.reset();
  } else if (type == "area") {
    run.area = read_area(fields);
  } else if (type == "verification") {
    run.verification = read_verification(fields);
  } else if (type == "result") {
    run.result = read_design_result(fields);
  }
}

double number_or_nan(const RecordFields& fields, std::string_view key) {
  return optional_number(fields, key).value_or(kNaN);
}

Reproduction read_reproduction(const RecordFields& fields) {
  const RecordFields paper(fields.place() + ": paper", fields.object("paper"));
  Reproduction row{.table = fields.text("title"),
                   .group = fields.text("group"),
                   .design = fields.text("design"),
                   .approximated = fields.text("approximated"),
                   .paper_accuracy_percent = paper.number("accuracy_percent"),
                   .paper_area_percent = paper.number("area_percent"),
                   .paper_additional_mzis_percent = number_or_nan(paper, "additional_mzis_percent")};
  row.there = !fields.value("ours").is_null();
  if (!row.there) return row;
  const RecordFields ours(fields.place() + ": ours", fields.object("ours"));
  row.origin = ours.text("origin");
  row.inputs = ours.count("inputs");
  row.sampled = ours.flag("sampled");
  row.wrong = ours.count("wrong");
  row.accuracy = ours.number("accuracy");
  row.area_percent = ours.number("area_percent");
  row.additional_mzis_percent = number_or_nan(ours, "additional_mzis_percent");
  row.mzis = ours.count("mzis");
  row.dense_mzis = ours.count("dense_mzis");
  return row;
}

TrainingReproduction read_training_reproduction(const RecordFields& fields) {
  const RecordFields ours(fields.place() + ": ours", fields.object("ours"));
  TrainingReproduction row{.figure = fields.text("title"),
                           .experiment = fields.text("experiment"),
                           .variant = fields.text("variant"),
                           .baseline = fields.value("baseline").is_null() ? "" : fields.text("baseline"),
                           .metric = fields.text("metric"),
                           .paper_difference = fields.number("paper_difference"),
                           .seeds = ours.count("seeds"),
                           .mean = ours.number("mean"),
                           .standard_deviation = ours.number("standard_deviation"),
                           .pairs = ours.count("pairs"),
                           .difference = ours.number("difference"),
                           .interval_low = kNaN,
                           .interval_high = kNaN};
  if (!ours.value("interval_95").is_null()) {
    const base::Json& interval = ours.list("interval_95");
    base::require(interval.size() == 2 && interval[0].is_number() && interval[1].is_number(),
                  "{}: 'interval_95' is {}, expected [low, high]", ours.place(), quote_json(interval));
    row.interval_low = interval[0].get<double>();
    row.interval_high = interval[1].get<double>();
  }
  for (const base::Json& difference : fields.list("differs")) {
    base::require(difference.is_string(), "{}: 'differs' has {}, expected strings", fields.place(),
                  quote_json(difference));
    row.differs.push_back(difference.get<std::string>());
  }
  return row;
}

// "out/b8-n4.records.jsonl" -> "b8-n4".
std::string name_of(const std::filesystem::path& file) {
  std::string name = file.filename().string();
  for (const std::string_view ending : {".jsonl", ".records"}) {
    if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name;
}

void begin_run(const RecordFields& fields, RunHeader header, Runs& runs) {
  base::require(is_drawn(header.command),
                "{}: 'command' is {}, expected \"design\", \"train\", \"reproduce\", \"model\", \"simgrid\", "
                "\"noise\", \"search\", \"compile\", \"simulate\", \"link-budget\" or \"error-law\"",
                fields.place(), quote_json(header.command));
  if (is_light_command(header.command)) {
    begin_light_run(fields, std::move(header), runs.light);
  } else if (header.command == "design") {
    runs.designs.push_back({.header = std::move(header), .inputs = fields.count("inputs")});
  } else if (header.command == "train") {
    runs.trainings.push_back(read_train_run(fields, std::move(header)));
  } else if (header.command == "noise") {
    runs.front.runs.push_back(std::move(header));
  } else if (header.command == "search") {
    runs.searches.push_back(read_search_run(fields, std::move(header)));
  } else if (header.command == "reproduce") {
    runs.others.push_back(std::move(header));
  } else {
    runs.scale.runs.push_back(std::move(header));
  }
}

void add_to_run(const RecordFields& fields, const std::string& command, const std::string& type, Runs& runs) {
  if (is_light_command(command)) {
    add_to_light(fields, command, type, runs.light);
  } else if (command == "design") {
    add_to_design(fields, type, runs.designs.back());
  } else if (command == "train") {
    add_to_training(fields, type, runs.trainings.back());
  } else if (command == "noise") {
    add_to_front(fields, type, runs.front);
  } else if (command == "search") {
    add_to_search(fields, type, runs.searches.back());
  } else {
    if (type == "reproduction") runs.reproductions.push_back(read_reproduction(fields));
    add_to_scale(fields, type, runs.scale.runs.size() + runs.others.size(), runs.scale);
    if (type == "training_reproduction") runs.training_reproductions.push_back(read_training_reproduction(fields));
  }
}

void read_run_file(const std::filesystem::path& file, Runs& runs) {
  const std::vector<base::Json> records = base::read_records(file);
  base::require(!records.empty(), "{}: no records, expected a 'run' record first", file.string());
  std::string current;  // the command of the run being read
  for (std::size_t index = 0; index < records.size(); ++index) {
    const base::Json& record = records[index];
    const std::string place = fmt::format("{}: record {}", file.string(), index + 1);
    const std::string type = RecordFields(place, record).text("type");
    const RecordFields fields(fmt::format("{} ({})", place, record["type"].dump()), record);
    if (type == "run") {
      RunHeader header = read_header(fields, name_of(file), record);
      current = header.command;
      begin_run(fields, std::move(header), runs);
    } else {
      base::require(!current.empty(), "{}: comes before any 'run' record", fields.place());
      add_to_run(fields, current, type, runs);
    }
  }
}

// Runs that would share a name are numbered.
void number_names(const std::vector<RunHeader*>& headers) {
  std::map<std::string, int> uses;
  for (const RunHeader* header : headers) ++uses[header->name];
  std::map<std::string, int> number;
  for (RunHeader* header : headers) {
    const std::string name = header->name;
    if (uses[name] > 1) header->name = fmt::format("{} #{}", name, ++number[name]);
  }
}

}  // namespace

bool is_drawn(std::string_view command) {
  constexpr std::array<std::string_view, 7> kCommands = {"design",  "train", "reproduce", "model",
                                                         "simgrid", "noise", "search"};
  return is_light_command(command) || std::ranges::find(kCommands, command) != kCommands.end();
}

Runs read_runs(const std::vector<std::filesystem::path>& files) {
  base::require(!files.empty(), "no record file, expected at least one");
  Runs runs;
  for (const std::filesystem::path& file : files) read_run_file(file, runs);
  std::vector<RunHeader*> headers;
  for (DesignRun& run : runs.designs) headers.push_back(&run.header);
  for (TrainRun& run : runs.trainings) headers.push_back(&run.header);
  for (RunHeader& header : runs.others) headers.push_back(&header);
  for (RunHeader& header : runs.front.runs) headers.push_back(&header);
  for (SearchRun& run : runs.searches) headers.push_back(&run.header);
  for (RunHeader& header : runs.scale.runs) headers.push_back(&header);
  for_each_header(runs.light, [&](RunHeader& header) { headers.push_back(&header); });
  number_names(headers);
  return runs;
}

}  // namespace optinc::report
