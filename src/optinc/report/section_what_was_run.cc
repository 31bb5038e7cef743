#include <fmt/format.h>

#include "optinc/report/html.h"
#include "optinc/report/sections.h"

namespace optinc::report {
namespace {

std::string value_text(const base::Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string resumed_text(const RunHeader& header) {
  std::string text;
  for (const std::uint64_t last : header.resumed) text += fmt::format("{}{}", text.empty() ? "" : ", ", last);
  return text;
}

std::string options_of(const RunHeader& header) {
  if (!header.record.contains("config")) return "";
  // What a light command notes are its settings, not all of them flags.
  const bool is_light = is_light_command(header.command);
  Table options({{is_light ? "setting" : "option", false}, {"value", false}});
  for (const auto& [key, value] : header.record["config"].items()) {
    options.add_row({is_light ? key : "--" + key, value_text(value)});
  }
  return options.html("Options of " + header.name);
}

void add_run(Page& page, const RunHeader& header) {
  Table table({{"key", false}, {"value", false}});
  for (const auto& [key, value] : header.record.items()) {
    if (key == "type" || key == "config") continue;
    table.add_row({key, value_text(value)});
  }
  if (!header.resumed.empty()) {
    table.add_row({header.command == "design" ? "resumed behind epoch" : "resumed behind step", resumed_text(header)});
  }
  const std::string seed = header.record.contains("seed") ? fmt::format(", seed {}", header.seed) : "";
  page.add_markup(
      fmt::format("<details>\n<summary><strong>{}</strong> <span>optinc {}{}, version {}</span></summary>\n"
                  "<div class=\"sides\">\n{}{}</div>\n</details>\n",
                  escape_html(header.name), escape_html(header.command), seed, escape_html(header.version),
                  table.html("Record of " + header.name), options_of(header)));
}

}  // namespace

void add_what_was_run(Page& page, const Runs& runs) {
  page.open_section(
      "runs", "What was run",
      "Every run behind this page, as it recorded itself. The same version, seed and options give the same "
      "figures, times apart.");
  for (const DesignRun& run : runs.designs) add_run(page, run.header);
  for (const TrainRun& run : runs.trainings) add_run(page, run.header);
  for (const RunHeader& header : runs.others) add_run(page, header);
  for (const RunHeader& header : runs.front.runs) add_run(page, header);
  for (const SearchRun& run : runs.searches) add_run(page, run.header);
  for (const RunHeader& header : runs.scale.runs) add_run(page, header);
  for_each_header(runs.light, [&](const RunHeader& header) { add_run(page, header); });
}

}  // namespace optinc::report
