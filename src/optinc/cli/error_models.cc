#include "optinc/cli/error_models.h"

#include <charconv>
#include <filesystem>
#include <optional>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/cli/published_tables.h"

namespace optinc::cli {
namespace {

using base::Json;

constexpr std::string_view kTable = "table2:", kRate = "rate:";

fabric::ErrorModel from_table_2(const std::string& source) {
  const std::string layers = source.substr(kTable.size());
  std::string known;
  for (const TableRow& row : published_table("table2").groups[0].rows) {
    known += (known.empty() ? "" : ", ") + row.approximated;
    if (row.approximated != layers) continue;
    fabric::ErrorModel model{.rate = 1 - *row.accuracy_percent / 100, .errors = {}};
    for (const PublishedErrors& errors : row.errors) {
      for (const std::int64_t value : errors.values) {
        model.errors.push_back({value, errors.share_percent / 100 / static_cast<double>(errors.values.size())});
      }
    }
    if (model.errors.empty()) model.rate = 0;
    return model;
  }
  base::refuse("--inject {}: expected one of the table's rows of approximated layers, {}", source, known);
}

fabric::ErrorModel from_rate(const std::string& source) {
  const char* const end = source.data() + source.size();
  double rate = 0;
  const auto [next, error] = std::from_chars(source.data() + kRate.size(), end, rate);
  base::require(error == std::errc() && next == end, "--inject {}: expected a number behind \"rate:\"", source);
  return {.rate = rate, .errors = {{-1, 0.5}, {1, 0.5}}};
}

fabric::ErrorModel from_check(const Json& check) {
  double all = 0;
  for (const Json& error : check.at("errors")) all += error.at("count").get<double>();
  // Of codes where those were counted (chips, at every server), else of inputs.
  const double checked = check.contains("codes") ? check.at("codes").get<double>() : check.at("inputs").get<double>();
  fabric::ErrorModel model{.rate = all / checked, .errors = {}};
  for (const Json& error : check.at("errors")) {
    model.errors.push_back({error.at("value").get<std::int64_t>(), error.at("count").get<double>() / all});
  }
  return model;
}

fabric::ErrorModel from_file(const std::string& source) {
  base::require(std::filesystem::is_regular_file(source),
                "--inject {}: expected table2:LAYERS, rate:R, or the file of a check", source);
  try {
    const Json whole = Json::parse(base::read_file(source), nullptr, /*allow_exceptions=*/false);
    if (whole.is_object() && !whole.contains("type")) return from_check(whole);
    std::optional<Json> last;
    for (const Json& record : base::read_records(source)) {
      const Json type = record.value("type", Json());
      if (type == "verification" || type == "chip") last = record;
    }
    base::require(last.has_value(), "--inject {}: no record of type verification or chip in it", source);
    return from_check(*last);
  } catch (const nlohmann::json::exception&) {
    base::refuse("--inject {}: expected inputs and errors, each with value and count, as `optinc verify` gives them",
                 source);
  }
}

}  // namespace

fabric::ErrorModel load_error_model(const std::string& source) {
  fabric::ErrorModel model = source.starts_with(kTable)  ? from_table_2(source)
                             : source.starts_with(kRate) ? from_rate(source)
                                                         : from_file(source);
  fabric::check(model);
  return model;
}

Json to_json(const fabric::ErrorModel& model, const std::string& source) {
  Json errors = Json::array();
  for (const fabric::CodeError& error : model.errors) {
    errors.push_back({{"value", error.value}, {"share", error.share}});
  }
  const bool file = !source.starts_with(kTable) && !source.starts_with(kRate);
  return {{"source", file ? std::filesystem::path(source).filename().string() : source},
          {"rate", model.rate},
          {"errors", errors}};
}

}  // namespace optinc::cli
