#include "optinc/report/search_runs.h"

#include <cmath>
#include <utility>

namespace optinc::report {
namespace {

using base::Json;

SearchedDesign read_design(const RecordFields& score) {
  return {.mzis = static_cast<std::uint64_t>(std::llround(score.number("mzis"))),
          .layers = score.count("layers"),
          .noise = score.number("noise"),
          .accuracy = score.number("accuracy"),
          .chip_rate = score.number("chip_rate"),
          .file = score.has("file") ? score.text("file") : ""};
}

}  // namespace

SearchRun read_search_run(const RecordFields& fields, RunHeader header) {
  const RecordFields config(fields.place() + ": config", fields.object("config"));
  SearchRun run{.header = std::move(header),
                .over = config.text("over"),
                .bits = config.count("bits"),
                .servers = config.count("servers"),
                .rate = config.number("rate"),
                .chips = config.count("chips"),
                .parts = config.text("hardware")};
  const Json& differences = config.object("differences");
  for (const auto& [key, value] : differences.items()) run.parts += ", " + key + " " + value.dump();
  return run;
}

void add_to_search(const RecordFields& fields, const std::string& type, SearchRun& run) {
  if (type != "generation" && type != "front") return;
  const bool is_last = type == "front";
  const char* const key = is_last ? "designs" : "front";
  run.front.clear();
  for (std::size_t i = 0; i < fields.list(key).size(); ++i) {
    const RecordFields item = fields.item(key, i);
    run.front.push_back(read_design(is_last ? item : RecordFields(item.place() + ": score", item.object("score"))));
  }
}

Json summarise_searches(const std::vector<SearchRun>& runs) {
  Json searches = Json::array();
  for (const SearchRun& run : runs) {
    Json designs = Json::array();
    for (const SearchedDesign& design : run.front) {
      Json entry{{"mzis", design.mzis},
                 {"layers", design.layers},
                 {"noise", base::number_or_null(design.noise)},
                 {"accuracy", base::number_or_null(design.accuracy)}};
      if (run.chips > 0) entry["chip_rate"] = base::number_or_null(design.chip_rate);
      designs.push_back(std::move(entry));
    }
    searches.push_back({{"name", run.header.name},
                        {"over", run.over},
                        {"bits", run.bits},
                        {"servers", run.servers},
                        {"rate", run.rate},
                        {"chips", run.chips},
                        {"designs", std::move(designs)}});
  }
  return searches;
}

}  // namespace optinc::report
