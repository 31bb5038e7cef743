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
  const auto folder =
      std::filesystem::path(testing::TempDir()) / "optinc_report" / test.test_suite_name() / test.name();
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
  const std::filesystem::path path = test_folder() / name;
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
};

inline std::string train_run(const TrainRunText& run) {
  const std::string design =
      run.reduce == "ring"
          ? "null"
          : fmt::format(R"({{"file":"d.safetensors","bits":8,"servers":4,"rounding":"{}"}})", run.rounding);
  return fmt::format(R"({{"type":"run","command":"train","version":"0.1.0","reduce":"{}","workers":4,"transport":"{}",)"
                     R"("seed":{},"config":{{"steps":4}},"parameters":{},"design":{},"train_tokens":500,)"
                     R"("validation_tokens":50}})"
                     "\n",
                     run.reduce, run.transport, run.seed, run.parameters, design);
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

inline std::string train_result(int steps, double wire_bytes) {
  return fmt::format(R"({{"type":"result","steps":{},"validation_loss":4.5,"seconds":2.0,"reduce_seconds":0.5,)"
                     R"("payload_bytes":16000,"wire_bytes":{}}})"
                     "\n",
                     steps, wire_bytes);
}

}  // namespace optinc::report
