#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/random.h"
#include "optinc/onn/design.h"

namespace optinc::onn {
namespace {

Design random_design() {
  Design design;
  design.version = "0.1.0";
  design.accuracy = 0.1;
  const std::vector<int> widths = {4, 7, 16, 4};
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const base::CounterStream stream(1, i);
    Layer layer{widths[i + 1], widths[i], {}, {}};
    for (int j = 0; j < layer.outputs * layer.inputs; ++j) {
      layer.weight.push_back(static_cast<float>(stream.uniform(j) - 0.4));
    }
    for (int j = 0; j < layer.outputs; ++j) layer.bias.push_back(static_cast<float>(stream.uniform(1000 + j) - 0.5));
    design.network.layers.push_back(layer);
  }
  return design;
}

/// Exit code of tests/onnx_export_check.py; tests run in the project's folder.
int check_export(const std::filesystem::path& model, const std::filesystem::path& design) {
  const std::string command = "tests/onnx_export_check.py '" + model.string() + "' '" + design.string() + "' >&2";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class OnnxExport : public testing::Test {
 protected:
  OnnxExport() { std::filesystem::create_directories(folder_); }
  ~OnnxExport() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("optinc_onnx_export_test_" + std::to_string(::getpid()));
  const std::filesystem::path model_ = folder_ / "d.onnx";
  const std::filesystem::path design_ = folder_ / "d.safetensors";
};

TEST_F(OnnxExport, AgreesWithTheDesignFileByOnnxsOwnChecker) {
  constexpr int kNotInstalled = 77;
  export_onnx(model_, random_design());
  save_design(design_, random_design());
  const int code = check_export(model_, design_);
  if (code == kNotInstalled) GTEST_SKIP() << "needs Python with numpy and onnx";
  EXPECT_EQ(code, 0);
  // And the check sees a difference: one bit of one weight.
  Design other = random_design();
  other.network.layers[1].weight[5] *= 1 + 0x1p-23f;
  save_design(design_, other);
  EXPECT_EQ(check_export(model_, design_), 1);
}

TEST_F(OnnxExport, GivesTheSameBytesTwice) {
  export_onnx(model_, random_design());
  const std::string first = base::read_file(model_);
  export_onnx(model_, random_design());
  EXPECT_EQ(base::read_file(model_), first);
}

}  // namespace
}  // namespace optinc::onn
