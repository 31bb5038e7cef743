#include "optinc/report/front_runs.h"

namespace optinc::report {

using base::Json;
using base::number_or_null;

void add_to_front(const RecordFields& fields, const std::string& type, FrontRuns& runs) {
  if (type != "noise" || !fields.has("mzis")) return;
  NoiseRow row{.design = fields.text("design"),
               .origin = fields.text("origin"),
               .bits = fields.count("bits"),
               .servers = fields.count("servers"),
               .mzis = fields.count("mzis"),
               .layers = fields.list("layers").size() - 1,
               .accuracy = fields.number("accuracy")};
  for (std::size_t i = 0; i < fields.list("rates").size(); ++i) {
    const RecordFields rate = fields.item("rates", i);
    row.rates.push_back({rate.number("sigma"), rate.count("trials"), rate.number("rate")});
  }
  for (std::size_t i = 0; fields.has("chip_rates") && i < fields.list("chip_rates").size(); ++i) {
    const RecordFields rate = fields.item("chip_rates", i);
    row.chip_rates.push_back(
        {rate.text("condition"), rate.count("chips"), rate.number("rate"), rate.number("low"), rate.number("high")});
  }
  runs.rows.push_back(std::move(row));
}

Json summarise_front(const FrontRuns& runs) {
  Json rows = Json::array();
  for (const NoiseRow& row : runs.rows) {
    Json rates = Json::array(), chips = Json::array();
    for (const NoiseRate& rate : row.rates)
      rates.push_back({{"sigma", rate.sigma}, {"rate", number_or_null(rate.rate)}});
    for (const ChipRate& rate : row.chip_rates) {
      chips.push_back({{"condition", rate.condition}, {"rate", number_or_null(rate.rate)}});
    }
    rows.push_back({{"design", row.design},
                    {"origin", row.origin},
                    {"bits", row.bits},
                    {"servers", row.servers},
                    {"mzis", row.mzis},
                    {"layers", row.layers},
                    {"rates", rates},
                    {"chip_rates", chips}});
  }
  return rows;
}

}  // namespace optinc::report
