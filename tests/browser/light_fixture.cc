#include "light_fixture.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "optinc/base/random.h"
#include "optinc/base/record.h"

namespace {

using optinc::base::CounterStream;
using optinc::base::Json;
using optinc::base::RecordMode;
using optinc::base::RecordWriter;

constexpr double kTurn = 2 * std::numbers::pi;

void write_run(RecordWriter& writer, const std::string& command, const Json& config = nullptr) {
  Json run{{"type", "run"}, {"command", command}, {"version", "0.1.0"}};
  if (!config.is_null()) run.update({{"seed", 1}, {"config", config}});
  writer.write(run);
}

Json mesh(int modes, std::uint64_t seed) {
  const CounterStream stream(seed, 4);
  Json cells = Json::array();
  for (int column = 0; column < modes; ++column) {
    for (int mode = column % 2; mode + 1 < modes; mode += 2) {
      const std::uint64_t cell = cells.size();
      cells.push_back({column, mode, kTurn / 2 * stream.uniform(2 * cell), kTurn * stream.uniform(2 * cell + 1)});
    }
  }
  return {{"stage", std::to_string(seed)}, {"modes", modes}, {"columns", modes}, {"cells", cells}};
}

void write_program(RecordWriter& writer) {
  write_run(writer, "compile");
  Json stages = Json::array();
  for (const char* name : {"P", "1", "2", "T"}) {
    stages.push_back({{"name", name},
                      {"outputs", 64},
                      {"inputs", 4},
                      {"approximated", true},
                      {"area_mzi", 160},
                      {"placed_mzi", 160},
                      {"gain_db", 19.03}});
  }
  writer.write({{"type", "program"},
                {"design", "b8-n4"},
                {"origin", "trained"},
                {"layout", "rectangular"},
                {"cell", "mzi"},
                {"area_mzi", 640},
                {"placed_mzi", 640},
                {"stages", stages},
                {"meshes", {mesh(4, 1), mesh(64, 2), mesh(16, 3), mesh(2, 4)}}});
}

void write_yield(RecordWriter& writer, int condition, const Json& label, double rate) {
  Json record{{"type", "yield"}, {"condition", condition}};
  record.update(label);
  record.update({{"chips", 20},
                 {"exact_symbol_rate", rate},
                 {"rate_interval", {std::max(0.0, rate - 0.03), std::min(1.0, rate + 0.03)}},
                 {"least_rate", std::max(0.0, rate - 0.1)},
                 {"median_rate", rate},
                 {"largest_rate", std::min(1.0, rate + 0.1)},
                 {"symbol_error_rate", (1 - rate) / 4},
                 {"threshold", 0.99},
                 {"yield", rate > 0.9 ? 1.0 : 0.25 * rate},
                 {"yield_interval", {rate > 0.9 ? 0.8 : 0.0, rate > 0.9 ? 1.0 : 0.45}}});
  writer.write(record);
}

void write_simulations(RecordWriter& writer) {
  const auto config = [](const char* cell, const char* hardware) {
    return Json{
        {"program", "b8-n4"},     {"design", "b8-n4"},
        {"layout", "triangular"}, {"cell", cell},
        {"hardware", hardware},   {"note", "<img src=x onerror=\"document.documentElement.dataset.hostile = 1\">"}};
  };
  for (const char* cell : {"mzi", "3-mzi"}) {
    write_run(writer, "simulate", config(cell, "ideal"));
    int condition = 0;
    for (const char* correction : {"none", "self-configured"}) {
      for (const double value : {0.0, 0.003, 0.01, 0.03}) {
        const double harm = *correction == 'n' ? 30 : *cell == 'm' ? 12 : 2;
        write_yield(writer, condition++,
                    {{"correction", correction}, {"key", "coupler.imbalance_rms_rad"}, {"value", value}},
                    std::exp(-harm * value));
      }
    }
  }
  write_run(writer, "simulate", config("mzi", "silicon"));
  int condition = 0;
  for (const char* correction : {"none", "local"}) {
    write_yield(writer, condition++, {{"correction", correction}}, 0.02);
    write_yield(writer, condition++,
                {{"correction", correction}, {"component", "phase_shifter.drift_rms_rad_per_sqrt_h"}, {"value", 0.005}},
                0.75);
    write_yield(writer, condition++, {{"correction", correction}, {"component", "crosstalk.nearest"}, {"value", 0.01}},
                0.25);
    write_yield(writer, condition++, {{"correction", correction}, {"stage", "P"}}, 0.9999);
    write_yield(writer, condition++, {{"correction", correction}, {"stage", "1"}}, 0.5);
  }
  write_run(writer, "simulate", config("mzi", "silicon"));
  write_yield(writer, 0, {{"correction", "none"}}, 0.02);
}

void write_link_budget(RecordWriter& writer, const char* hardware, bool is_noisy) {
  write_run(writer, "link-budget");
  Json stages = Json::array(), hops = Json::array();
  for (const char* name : {"P", "1", "2", "T"}) {
    stages.push_back({{"name", name},
                      {"outputs", 64},
                      {"inputs", 4},
                      {"area_mzi", 160},
                      {"placed_mzi", 160},
                      {"gain_db", 19.03},
                      {"mesh_loss_db", is_noisy ? 36.4 : 0.0},
                      {"network_loss_db", is_noisy ? 1.6 : 0.0},
                      {"bias_loss_db", 3.06},
                      {"heater_power_w", 7.3}});
  }
  for (const double received : {-20.0, -97.0}) {
    hops.push_back({{"name", received > -50 ? "P + 1" : "2 + T"},
                    {"lanes", 16},
                    {"detectors", 64},
                    {"emission_dbm", 0.0},
                    {"received_dbm", received},
                    {"largest_output", 5.0},
                    {"noise_levels", is_noisy ? 0.03 : 0.0},
                    {"snr_db", is_noisy ? Json(received + 64) : Json(nullptr)},
                    {"laser_power_w", 6.6}});
  }
  writer.write({{"type", "link_budget"},
                {"program", "b8-n4"},
                {"hardware", hardware},
                {"stages", stages},
                {"hops", hops},
                {"heater_power_w", 29.2},
                {"laser_power_w", 13.2}});
}

void write_error_laws(RecordWriter& writer) {
  write_run(writer, "error-law");
  const auto write = [&](const char* cell, const char* correction, const Json& law, double constant, auto error) {
    Json points = Json::array();
    for (const int size : {32, 64}) {
      for (const double sigma : {0.005, 0.01, 0.02}) {
        const double mean = error(size, sigma);
        points.push_back({{"size", size},
                          {"sigma", sigma},
                          {"samples", 10},
                          {"mean", 1.03 * mean},
                          {"standard_error", sigma < 0.01 ? 1.5 * mean : 0.05 * mean}});
      }
    }
    writer.write({{"type", "error_law"},
                  {"layout", "triangular"},
                  {"cell", cell},
                  {"correction", correction},
                  {"points", points},
                  {"law", law},
                  {"constant", law.is_null() ? Json(nullptr) : Json(constant)},
                  {"expected", law.is_null() ? Json(nullptr) : Json(0.97)}});
  };
  write("mzi", "none", "c sqrt(2 N) sigma", 0.98,
        [](int size, double sigma) { return 0.98 * std::sqrt(2 * size) * sigma; });
  write("mzi", "self-configured", "c N sigma^2", 0.66,
        [](int size, double sigma) { return 0.66 * size * sigma * sigma; });
  write("3-mzi", "self-configured", nullptr, 0, [](int, double) { return 1e-15; });
}

}  // namespace

void write_light(const std::filesystem::path& file) {
  RecordWriter writer(file, RecordMode::replace);
  write_program(writer);
  write_simulations(writer);
  write_link_budget(writer, "silicon", true);
  write_link_budget(writer, "ideal", false);
  write_error_laws(writer);
}
