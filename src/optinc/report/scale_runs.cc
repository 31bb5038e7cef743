#include "optinc/report/scale_runs.h"

#include <cmath>

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

RecordFields within(const RecordFields& fields, const char* key) {
  return {fields.place() + ": " + key, fields.object(key)};
}

ScaleCase read_case(const RecordFields& fields, std::size_t run) {
  return {.run = run,
          .model = fields.text("model"),
          .bits = fields.count("bits"),
          .element_bits = fields.count("element_bits"),
          .fused = fields.flag("fused"),
          .overlapped = fields.flag("overlapped"),
          .servers = fields.count("servers"),
          .samples = fields.number("samples"),
          .saved_of_ring = fields.number("saved_of_ring"),
          .saved_of_best_other = fields.number("saved_of_best_other"),
          .saved_of_ring_at_equal_bits = fields.number("saved_of_ring_at_equal_bits"),
          .saved_of_best_at_equal_bits = fields.number("saved_of_best_at_equal_bits")};
}

Figure6Row read_figure6(const RecordFields& fields) {
  const RecordFields paper = within(fields, "paper"), ours = within(fields, "ours");
  return {.servers = fields.count("servers"),
          .paper_ring = paper.number("ring"),
          .ring = ours.number("ring"),
          .paper_optinc = paper.number("optinc"),
          .optinc = ours.number("optinc"),
          .scales = ours.number("scales")};
}

Figure7bRow read_figure7b(const RecordFields& fields) {
  return {.model = fields.text("model"),
          .assumptions = fields.text("assumptions"),
          .in_words = fields.text("in_words"),
          .paper = fields.number("paper"),
          .ring_s = fields.number("ring_s"),
          .optinc_s = fields.number("optinc_s"),
          .most_saved = fields.number("most_saved"),
          .samples = fields.number("samples"),
          .computing_share = fields.number("computing_share")};
}

SimulatedRow read_simulated(const RecordFields& fields) {
  return {.hosts = fields.count("hosts"),
          .algorithm = fields.text("algorithm"),
          .modelled_s = fields.number("modelled_s"),
          .simulated_s = fields.number("simulated_s"),
          .own_of_simgrid_s = fields.number("own_of_simgrid_s")};
}

}  // namespace

void add_to_scale(const RecordFields& fields, std::string_view type, std::size_t run, ScaleRuns& runs) {
  if (type == "model") runs.cases.push_back(read_case(fields, run));
  if (type == "figure6") runs.figure6.push_back(read_figure6(fields));
  if (type == "simgrid") runs.simulated.push_back(read_simulated(fields));
  if (type == "figure7b") runs.figure7b.push_back(read_figure7b(fields));
}

Json summarise_scale(const ScaleRuns& runs) {
  Json cases = Json::array(), figure6 = Json::array(), figure7b = Json::array();
  for (const ScaleCase& one : runs.cases) {
    cases.push_back({{"model", one.model},
                     {"servers", one.servers},
                     {"samples", number_or_null(one.samples)},
                     {"saved_of_ring", number_or_null(one.saved_of_ring)},
                     {"saved_of_ring_at_equal_bits", number_or_null(one.saved_of_ring_at_equal_bits)},
                     {"saved_of_best_at_equal_bits", number_or_null(one.saved_of_best_at_equal_bits)}});
  }
  for (const Figure6Row& row : runs.figure6) {
    figure6.push_back({{"servers", row.servers},
                       {"paper_ring", number_or_null(row.paper_ring)},
                       {"ring", number_or_null(row.ring)},
                       {"optinc", number_or_null(row.optinc)}});
  }
  for (const Figure7bRow& row : runs.figure7b) {
    figure7b.push_back({{"model", row.model},
                        {"assumptions", row.assumptions},
                        {"paper", number_or_null(row.paper)},
                        {"most_saved", number_or_null(row.most_saved)},
                        {"samples", number_or_null(row.samples)}});
  }
  Json simulated = Json::array();
  for (const SimulatedRow& row : runs.simulated) {
    simulated.push_back({{"hosts", row.hosts},
                         {"algorithm", row.algorithm},
                         {"modelled_s", number_or_null(row.modelled_s)},
                         {"simulated_s", number_or_null(row.simulated_s)}});
  }
  return {{"cases", cases}, {"figure6", figure6}, {"figure7b", figure7b}, {"simulated", simulated}};
}

}  // namespace optinc::report
