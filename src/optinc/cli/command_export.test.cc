#include "optinc/cli/command_export.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

// That the file says what the design says is checked with ONNX's own tools: tests/onnx_export_check.py.
TEST(Export, WritesOnnx) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_program({"export", "designs/b8-n4.safetensors", "--onnx", folder / "d.onnx"}).exit_code, kOk);
  EXPECT_GT(std::filesystem::file_size(folder / "d.onnx"), 4u * 82432);
}

TEST(Export, RefusesWhatItCanNotRead) {
  const TemporaryFolder folder;
  expect_bad_input(run_program({"export", "none.safetensors", "--onnx", folder / "d.onnx"}),
                   "none.safetensors: no such");
  expect_bad_input(run_program({"export", "designs/b8-n4.safetensors"}), "--onnx");
}

}  // namespace
}  // namespace optinc::cli
