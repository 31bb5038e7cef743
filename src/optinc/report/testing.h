// For this folder's tests: record files and what they hold.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace optinc::report {

/// A folder of its own for the running test, emptied first.
inline std::filesystem::path test_folder() {
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  auto folder = std::filesystem::path(testing::TempDir()) / "optinc_report" / test.test_suite_name() / test.name();
  static std::string emptied;
  if (emptied != folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    emptied = folder;
  }
  return folder;
}

/// Writes `lines` to test_folder()/name.
inline std::filesystem::path write_records(const std::string& name, const std::string& lines) {
  std::filesystem::path path = test_folder() / name;
  std::ofstream(path, std::ios::binary) << lines;
  return path;
}

inline std::string design_run(std::uint64_t seed = 1, const std::string& config = "{}") {
  return fmt::format(
      R"({{"type":"run","command":"design","version":"0.1.0","seed":{},"threads":2,"config":{},"inputs":28561}})"
      "\n",
      seed, config);
}

inline std::string epoch(int number, int stage, double loss, int wrong) {
  return fmt::format(R"({{"type":"epoch","epoch":{},"stage":{},"loss":{},"wrong":{},"learning_rate":0.1,"seconds":{}}})"
                     "\n",
                     number, stage, loss, wrong, number);
}

inline std::string verification(int wrong, const std::string& errors) {
  return fmt::format(R"({{"type":"verification","inputs":28561,"wrong":{},"accuracy":0.5,"errors":{},)"
                     R"("largest_analog_error":0.4,"seconds":0.1,"inputs_per_second":285610.0}})"
                     "\n",
                     wrong, errors);
}

inline std::string area(int mzis) {
  return fmt::format(R"({{"type":"area","mzis":{},"dense_mzis":1000,"ratio":{},"reference_mzis":10,"activations":5,)"
                     R"("preprocessing_mzis":136,"splitting_mzis":136,"layers":[{{"outputs":8,"inputs":4,)"
                     R"("approximated":true,"mzis":20,"dense_mzis":42}}]}})"
                     "\n",
                     mzis, mzis / 1000.0);
}

struct TrainRunText {
  std::string reduce = "ring";
  std::uint64_t seed = 1;
  std::string transport = "threads";
  std::string rounding = "nearest";
  int parameters = 1000;
  int steps = 4;
  int bits = 8;
  std::string model;        ///< empty: as old records, which are of text
  std::string design_keys;  ///< more of the design, with a comma in front
};

/// A run of images where it has a model, else of text.
inline std::string train_run(const TrainRunText& run) {
  const bool is_electrical = run.reduce == "ring" || run.reduce == "exact";
  const std::string design = is_electrical
                                 ? "null"
                                 : fmt::format(R"({{"file":"d.safetensors","bits":{},"servers":4,"rounding":"{}"{}}})",
                                               run.bits, run.rounding, run.design_keys);
  const std::string model = run.model.empty() ? "" : fmt::format(R"("model":"{}",)", run.model);
  const std::string data = run.model.empty()
                               ? R"("train_tokens":500,"validation_tokens":50)"
                               : R"("train_images":5000,"validation_images":1000,"classes":100,"steps_per_epoch":2.0)";
  return fmt::format(R"({{"type":"run","command":"train","version":"0.1.0",{}"reduce":"{}","workers":4,)"
                     R"("transport":"{}","seed":{},"config":{{"steps":{}}},"parameters":{},"design":{},{}}})"
                     "\n",
                     model, run.reduce, run.transport, run.seed, run.steps, run.parameters, design, data);
}

inline std::string step(int number, const std::string& loss) {
  return fmt::format(R"({{"type":"step","step":{},"loss":{},"learning_rate":0.1,"seconds":{},"non_finite_blocks":0}})"
                     "\n",
                     number, loss, number);
}

inline std::string validation(int number, const std::string& loss) {
  return fmt::format(R"({{"type":"validation","step":{},"loss":{}}})"
                     "\n",
                     number, loss);
}

inline std::string image_validation(int number, const std::string& loss, const std::string& top1) {
  return fmt::format(R"({{"type":"validation","step":{},"loss":{},"top1":{}}})"
                     "\n",
                     number, loss, top1);
}

/// With the account of its time: seconds of the whole run.
inline std::string account_result(int steps, double quantise_seconds, double emulate_seconds,
                                  const std::string& modelled = "null") {
  return fmt::format(R"({{"type":"result","steps":{},"validation_loss":4.5,"seconds":8.0,"compute_seconds":4.0,)"
                     R"("wait_seconds":0.5,"reduce_seconds":2.0,"quantise_seconds":{},"emulate_seconds":{},)"
                     R"("apply_seconds":0.25,"validate_seconds":1.0,"payload_bytes":16000,"wire_bytes":4000,)"
                     R"("modelled":{}}})"
                     "\n",
                     steps, quantise_seconds, emulate_seconds, modelled);
}

inline std::string train_result(int steps, double wire_bytes) {
  return fmt::format(R"({{"type":"result","steps":{},"validation_loss":4.5,"seconds":2.0,"reduce_seconds":0.5,)"
                     R"("payload_bytes":16000,"wire_bytes":{}}})"
                     "\n",
                     steps, wire_bytes);
}

/// A run about light; `keys` go into its `run` record.
inline std::string light_run(const std::string& command, const std::string& keys = "") {
  return fmt::format(R"({{"type":"run","command":"{}",{}"version":"0.1.0"}})"
                     "\n",
                     command, keys);
}

struct SimulateRunText {
  std::string program = "p";
  std::string cell = "mzi";
  std::string hardware = "silicon";
};

inline std::string simulate_run(const SimulateRunText& run = {}) {
  return light_run("simulate", fmt::format(R"("seed":1,"config":{{"program":"{}","design":"d","layout":"rectangular",)"
                                           R"("cell":"{}","hardware":"{}"}},)",
                                           run.program, run.cell, run.hardware));
}

inline std::string chip() {
  return R"({"type":"chip","condition":0,"chip":0,"exact_symbol_rate":0.5})"
         "\n";
}

/// `keys` says what was swept or left, with a comma at its end.
inline std::string yield(int condition, const std::string& keys, double rate,
                         const std::string& interval = "[0.25,1.0]", const std::string& correction = "none",
                         double threshold = 0.99) {
  return fmt::format(R"({{"type":"yield","condition":{},"correction":"{}",{}"chips":4,"exact_symbol_rate":{},)"
                     R"("rate_interval":{},"least_rate":0.25,"median_rate":0.5,"largest_rate":1,)"
                     R"("symbol_error_rate":0.125,"threshold":{},"yield":0.5,"yield_interval":[0.1,0.9]}})"
                     "\n",
                     condition, correction, keys, rate, interval, threshold);
}

/// A program of one mesh of three columns.
inline std::string program(const std::string& cells, const std::string& modes = "3") {
  return fmt::format(R"({{"type":"program","design":"d","origin":"trained","layout":"rectangular","cell":"mzi",)"
                     R"("area_mzi":40,"placed_mzi":30,"stages":[{{"name":"P","outputs":3,"inputs":3,)"
                     R"("approximated":false,"area_mzi":40,"placed_mzi":30,"gain_db":-6.0}}],)"
                     R"("meshes":[{{"stage":"P","modes":{},"columns":3,"cells":{}}}]}})"
                     "\n",
                     modes, cells);
}

inline std::string link_budget(const std::string& snr_db, const std::string& hardware = "silicon") {
  return fmt::format(R"({{"type":"link_budget","program":"p","hardware":"{}","stages":[{{"name":"1","outputs":4,)"
                     R"("inputs":4,"area_mzi":6,"placed_mzi":6,"gain_db":3.0,"mesh_loss_db":2.5,"network_loss_db":0.0,)"
                     R"("bias_loss_db":3.0,"heater_power_w":1.5}}],"hops":[{{"name":"P + 1","lanes":4,"detectors":4,)"
                     R"("emission_dbm":0.0,"received_dbm":-20.0,"largest_output":5.0,"noise_levels":0.03,"snr_db":{},)"
                     R"("laser_power_w":0.5}}],"heater_power_w":1.5,"laser_power_w":0.5}})"
                     "\n",
                     hardware, snr_db);
}

inline std::string error_law(const std::string& correction, const std::string& law, const std::string& constant,
                             const std::string& expected) {
  return fmt::format(R"({{"type":"error_law","layout":"rectangular","cell":"mzi","correction":"{}","points":[)"
                     R"({{"size":32,"sigma":0.01,"samples":10,"mean":0.08,"standard_error":0.001}},)"
                     R"({{"size":32,"sigma":0.02,"samples":10,"mean":0.16,"standard_error":0.2}}],)"
                     R"("law":{},"constant":{},"expected":{}}})"
                     "\n",
                     correction, law, constant, expected);
}

/// The text of the script element with this id.
inline std::string script(const std::string& html, const std::string& id) {
  const std::string open = "<script type=\"application/json\" id=\"" + id + "\">";
  const std::size_t begin = html.find(open);
  EXPECT_NE(begin, std::string::npos) << id;
  const std::size_t end = html.find("</script>", begin);
  return html.substr(begin + open.size(), end - begin - open.size());
}

inline std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

inline std::string section(const std::string& html, const std::string& id) {
  const std::size_t begin = html.find("<section id=\"" + id + "\">");
  EXPECT_NE(begin, std::string::npos) << id;
  return html.substr(begin, html.find("</section>", begin) - begin);
}

}  // namespace optinc::report
