// Writes record files like those of real runs, and the report made of them, for the browser to open:
//     optinc_report_fixture FOLDER
// gives FOLDER/report.html and the records beside it. Same bytes on every run.
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/base/record.h"
#include "optinc/report/report.h"

#include "light_fixture.h"

namespace {

using optinc::base::CounterStream;
using optinc::base::Json;
using optinc::base::RecordMode;
using optinc::base::RecordWriter;

// Roughly normal: twelve uniforms less six.
double noise(const CounterStream& stream, std::uint64_t index) {
  double sum = -6;
  for (std::uint64_t i = 0; i < 12; ++i) sum += stream.uniform(12 * index + i);
  return sum;
}

Json area_record() {
  const int sizes[] = {4, 64, 128, 256, 128, 64, 4};
  Json layers = Json::array();
  for (int layer = 0; layer < 6; ++layer) {
    const int n = sizes[layer];
    const int m = sizes[layer + 1];
    const int q = std::min(m, n);
    layers.push_back({{"outputs", m},
                      {"inputs", n},
                      {"approximated", true},
                      {"mzis", std::max(m, n) / q * q * (q + 1) / 2},
                      {"dense_mzis", m * (m + 1) / 2 + n * (n - 1) / 2}});
  }
  return {{"type", "area"},         {"mzis", 41936},      {"dense_mzis", 106784},      {"ratio", 41936.0 / 106784},
          {"reference_mzis", 1926}, {"activations", 640}, {"preprocessing_mzis", 136}, {"splitting_mzis", 136},
          {"layers", layers}};
}

void write_design(const std::filesystem::path& file, std::uint64_t seed, const std::string& rounding, int epochs,
                  std::uint64_t wrong_at_end) {
  constexpr int kInputs = 28561;
  constexpr int kFirstEpochOfStage2 = 31;
  RecordWriter writer(file, RecordMode::replace);
  writer.write(
      {{"type", "run"},
       {"command", "design"},
       {"version", "0.1.0"},
       {"seed", seed},
       {"threads", 2},
       {"config",
        {{"bits", 8},
         {"servers", 4},
         {"layers", {4, 64, 128, 256, 128, 64, 4}},
         {"approximate", "all"},
         {"rounding", rounding},
         {"learning-rate", 0.003},
         // What a careless or hostile value could do to the page: nothing.
         {"note", "</script><script>document.documentElement.dataset.hostile = 1</script><img src=x onerror=\"1\">"}}},
       {"inputs", kInputs}});
  writer.write(area_record());
  const CounterStream stream(seed, 1);
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    const double progress = static_cast<double>(epoch) / epochs;
    const int stage = epoch < kFirstEpochOfStage2 ? 1 : 2;
    const double start = stage == 1 ? 1.1 : 0.02;
    const double loss = start * std::exp(-6 * progress + 0.15 * noise(stream, epoch));
    const double left = kInputs * std::exp(-11 * progress * progress + 0.3 * noise(stream, 1000 + epoch));
    const auto wrong = epoch == epochs ? wrong_at_end : static_cast<std::uint64_t>(std::min(left, 1.0 * kInputs));
    writer.write({{"type", "epoch"},
                  {"epoch", epoch},
                  {"stage", stage},
                  {"loss", loss},
                  {"wrong", wrong},
                  {"learning_rate", 0.003 * std::sin(3.14 * progress)},
                  {"seconds", 0.43 * epoch}});
  }
  Json errors = Json::array();
  const auto add_error = [&](int value, std::uint64_t count) {
    errors.push_back({{"value", value}, {"count", count}, {"share", static_cast<double>(count) / wrong_at_end}});
  };
  if (wrong_at_end > 0) {
    add_error(1, wrong_at_end - 5);
    add_error(-1, 4);
    add_error(-64, 1);
  }
  writer.write({{"type", "verification"},
                {"inputs", kInputs},
                {"wrong", wrong_at_end},
                {"accuracy", 1.0 - static_cast<double>(wrong_at_end) / kInputs},
                {"errors", errors},
                {"largest_analog_error", wrong_at_end > 0 ? 0.71 : 0.418},
                {"seconds", 0.0931},
                {"inputs_per_second", 306777.0}});
  writer.write({{"type", "result"},
                {"outcome", wrong_at_end > 0 ? "not exact" : "exact"},
                {"epochs", epochs},
                {"seconds", 0.43 * epochs},
                {"gflops", 71.3},
                {"sgemm_gflops", 118.0},
                {"file", "b8-n4.safetensors"}});
}

/// Costs over servers and samples, and figure 6.
void write_scale(const std::filesystem::path& file) {
  RecordWriter writer(file, RecordMode::replace);
  writer.write({{"type", "run"}, {"command", "model"}, {"version", "0.1.0"}});
  for (const int servers : {4, 64, 1024, 65536}) {
    for (const int samples : {1, 16}) {
      const double saved = 1 - 1 / (1 + servers / 100.0 / samples);
      writer.write({{"type", "model"},
                    {"model", "resnet50"},
                    {"bits", 8},
                    {"element_bits", 32},
                    {"fused", true},
                    {"overlapped", false},
                    {"servers", servers},
                    {"samples", samples},
                    {"saved_of_ring", saved},
                    {"saved_of_best_other", saved / 10},
                    {"saved_of_ring_at_equal_bits", saved / 2},
                    {"saved_of_best_at_equal_bits", saved / 20 - 0.02}});
    }
  }
  writer.write({{"type", "figure6"},
                {"servers", 4},
                {"paper", {{"ring", 1.5}, {"optinc", 1}}},
                {"ours", {{"ring", 1.5}, {"optinc", 1}, {"scales", 0.0078}}}});
}

/// Designs of three sizes under noise, and on chips.
void write_front(const std::filesystem::path& file) {
  RecordWriter writer(file, RecordMode::replace);
  writer.write({{"type", "run"}, {"command", "noise"}, {"version", "0.1.0"}, {"seed", 1}});
  for (const int mzis : {500, 5000, 40000}) {
    Json rates = Json::array(), chips = Json::array();
    for (const double sigma : {1e-3, 1e-2}) {
      rates.push_back({{"sigma", sigma}, {"trials", 285610}, {"rate", 1 - std::min(1.0, 500 * sigma / mzis * 100)}});
      chips.push_back({{"condition", "phase_shifter.error_rms_rad=" + std::to_string(sigma)},
                       {"chips", 20},
                       {"rate", 0.9},
                       {"low", 0.88},
                       {"high", 0.92}});
    }
    writer.write({{"type", "noise"},
                  {"design", fmt::format("b8-n4-{}", mzis)},
                  {"origin", mzis < 40000 ? "searched" : "trained"},
                  {"bits", 8},
                  {"servers", 4},
                  {"layers", {4, 24, 14, 8, 4}},
                  {"mzis", mzis},
                  {"accuracy", 1.0},
                  {"rates", rates},
                  {"chip_rates", chips}});
  }
}

void write_training(const std::filesystem::path& file, std::uint64_t seed, bool optinc) {
  constexpr int kSteps = 200;
  constexpr double kGradientBytes = 4.0 * 393344 * kSteps;
  RecordWriter writer(file, RecordMode::replace);
  const Json design = {
      {"file", "designs/b8-n4-nearest.safetensors"}, {"bits", 8}, {"servers", 4}, {"rounding", "nearest"}};
  writer.write({{"type", "run"},
                {"command", "train"},
                {"version", "0.1.0"},
                {"reduce", optinc ? "optinc" : "ring"},
                {"workers", 4},
                {"transport", "threads"},
                {"seed", seed},
                {"config", {{"steps", kSteps}, {"batch", 8}, {"context", 64}, {"reduce", optinc ? "optinc" : "ring"}}},
                {"parameters", 393344},
                {"design", optinc ? design : Json(nullptr)},
                {"train_tokens", 300000},
                {"validation_tokens", 20000}});
  const CounterStream batches(seed, 2);  // the same batches for both
  const CounterStream quantisation(seed, 3);
  for (int step = 1; step <= kSteps; ++step) {
    const double trend = 3.85 + 2.4 * std::exp(-step / 38.0) + 0.002 * static_cast<double>(seed);
    const double penalty = optinc ? 0.004 * (1 - std::exp(-step / 60.0)) + 0.003 * noise(quantisation, step) : 0;
    writer.write({{"type", "step"},
                  {"step", step},
                  {"loss", trend + 0.05 * noise(batches, step) + penalty},
                  {"learning_rate", 0.001},
                  {"seconds", (optinc ? 0.34 : 0.29) * step},
                  {"non_finite_blocks", 0}});
    if (step % 20 == 0) {
      writer.write({{"type", "validation"}, {"step", step}, {"loss", trend + 0.061 + penalty}});
    }
  }
  const double last = 3.85 + 2.4 * std::exp(-kSteps / 38.0) + 0.061;
  writer.write({{"type", "result"},
                {"steps", kSteps},
                {"validation_loss", last},
                {"seconds", (optinc ? 0.34 : 0.29) * kSteps},
                {"reduce_seconds", optinc ? 16.4 : 5.9},
                {"payload_bytes", kGradientBytes},
                {"wire_bytes", kGradientBytes * (optinc ? 0.25 + 2.0 / 1024 : 1.5)}});
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 2) throw optinc::base::InputError(fmt::format("{} arguments, expected 1: FOLDER", count - 1));
    const std::filesystem::path folder = arguments[1];
    std::filesystem::create_directories(folder);
    optinc::report::ReportInputs inputs;
    const auto add = [&](const std::string& name) {
      return inputs.records.emplace_back(folder / (name + ".records.jsonl"));
    };
    write_design(add("b8-n4"), 1, "floor", 96, 0);
    write_design(add("b8-n4-nearest"), 1, "nearest", 83, 17);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      write_training(add(fmt::format("ring-{}", seed)), seed, false);
      write_training(add(fmt::format("optinc-{}", seed)), seed, true);
    }
    write_light(add("light"));
    write_scale(add("scale"));
    write_front(add("front"));
    optinc::base::write_file_atomically(folder / "report.html", optinc::report::write_report(inputs));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "optinc_report_fixture: {}\n", error.what());
    return 1;
  }
}
