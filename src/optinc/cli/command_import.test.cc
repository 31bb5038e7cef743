#include "optinc/cli/command_import.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/random.h"
#include "optinc/cli/testing.h"
#include "optinc/onn/design.h"
#include "optinc/onn/matrix_approximation.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kShipped = "designs/b8-n4.safetensors";

/// The shipped design's network as another tool might have it: `change`d, as ONNX.
template <typename Change>
std::string write_network(const TemporaryFolder& folder, Change change) {
  onn::Design design = onn::load_design(kShipped);
  design.approximated = {};
  change(design.network);
  onn::export_onnx(folder / "mine.onnx", design);
  return folder / "mine.onnx";
}

std::string write_network(const TemporaryFolder& folder) {
  return write_network(folder, [](onn::Network&) {});
}

std::vector<std::string> import_of(const std::string& file, const TemporaryFolder& folder,
                                   const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"import",    file, "--bits", "8",
                                        "--servers", "4",  "--out",  folder / "d.safetensors"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

// A shipped design goes out as ONNX and comes back as it was, but for where it is from.
TEST(Import, AnExportedDesignComesBack) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program(import_of(write_network(folder), folder, {"--approximated", "all"}));
  EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("4-64-128-256-128-64-4: 4 inputs, 4 outputs; 8 bits, 4 servers, rounding floor; "
                                     "approximated layers 1-6\n"
                                     "28,561 of 28,561 inputs right (100 %), 0 wrong\n"));
  EXPECT_THAT(outcome.out, HasSubstr("41,936 of 106,784 MZIs, 39.27 %\n"));
  const onn::Design shipped = onn::load_design(kShipped);
  const onn::Design found = onn::load_design(folder / "d.safetensors");
  EXPECT_EQ(found.network, shipped.network);
  EXPECT_EQ(found.approximated, shipped.approximated);
  EXPECT_EQ(found.origin, "imported");
  EXPECT_EQ(found.wrong, 0u);
  EXPECT_EQ(found.accuracy, 1);
  EXPECT_EQ(found.area_mzi, shipped.area_mzi);
  EXPECT_EQ(run_program({"verify", folder / "d.safetensors"}).exit_code, kOk);
}

// The same network in other units: it takes (A - 1.5) / 2 and gives (levels - 1.5) / 4. Powers of two leave the
// weights' bits; the biases are rounded once more.
TEST(Import, UnitsAreFoldedIn) {
  const TemporaryFolder folder;
  const std::string file = write_network(folder, [](onn::Network& network) {
    onn::Layer& first = network.layers.front();
    for (int i = 0; i < first.outputs; ++i) {
      for (int j = 0; j < first.inputs; ++j) {
        first.bias[i] += first.weight[i * first.inputs + j] * 1.5f;
        first.weight[i * first.inputs + j] *= 2;
      }
    }
    for (float& weight : network.layers.back().weight) weight /= 4;
    for (float& bias : network.layers.back().bias) bias = (bias - 1.5f) / 4;
  });
  EXPECT_EQ(run_program(import_of(file, folder)).exit_code, kFailed);
  const Outcome outcome = run_program(import_of(
      file, folder,
      {"--input-scale", "2", "--input-shift", "1.5", "--output-scale", "4", "--output-shift", "1.5", "--json"}));
  EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_EQ(outcome.json()["verified"], "all");
  EXPECT_EQ(outcome.json()["verification"]["inputs"], 28561);
  EXPECT_EQ(outcome.json()["verification"]["wrong"], 0);
  EXPECT_EQ(outcome.json()["mzis"], outcome.json()["dense_mzis"]);
  EXPECT_EQ(outcome.json()["layers"].dump(), "[4,64,128,256,128,64,4]");
}

// floor's network under nearest's rule is wrong for about half of the inputs: the file is written and says so.
TEST(Import, ANetworkThatIsWrongIsWrittenAllTheSame) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program(import_of(write_network(folder), folder, {"--rounding", "nearest", "--json"}));
  EXPECT_EQ(outcome.exit_code, kFailed);
  const onn::Design design = onn::load_design(folder / "d.safetensors");
  EXPECT_EQ(outcome.json()["verification"]["wrong"], design.wrong);
  EXPECT_NEAR(static_cast<double>(design.wrong), 28561 / 2.0, 28561 * 0.05);
  EXPECT_DOUBLE_EQ(design.accuracy, 1 - static_cast<double>(design.wrong) / 28561);
  EXPECT_EQ(design.rounding, codec::Rounding::nearest);
}

TEST(Import, WhatWasNotVerifiedCountsAsWrong) {
  const TemporaryFolder folder;
  const std::string file = write_network(folder);
  Outcome outcome = run_program(import_of(file, folder, {"--no-verify"}));
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_THAT(outcome.out, HasSubstr("not verified: 28,561 possible inputs\n"));
  EXPECT_EQ(onn::load_design(folder / "d.safetensors").wrong, 28561u);
  EXPECT_EQ(onn::load_design(folder / "d.safetensors").accuracy, 0);

  outcome = run_program(import_of(file, folder, {"--sample", "1000", "--seed", "2"}));
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_THAT(outcome.out, HasSubstr("1,000 of 1,000 sampled inputs right (100 %), 0 wrong\n"
                                     "sampled: drawn at random with seed 2 from 28,561 possible inputs"));
  EXPECT_EQ(onn::load_design(folder / "d.safetensors").wrong, 28561u);
  outcome = run_program(import_of(file, folder, {"--sample", "1000", "--rounding", "nearest", "--json"}));
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_EQ(outcome.json()["verified"], "sample");
}

// 8 inputs over 4 servers: 13^8 = 815,730,721 are more than 2^26.
TEST(Import, VerifiesManyInputsOnlyWhenAsked) {
  const TemporaryFolder folder;
  onn::Design design;
  design.bits = 16;
  design.inputs = 8;
  design.network.layers = {{8, 8, std::vector<float>(64), std::vector<float>(8)}};
  onn::export_onnx(folder / "mine.onnx", design);
  const Outcome outcome = run_program(
      {"import", folder / "mine.onnx", "--bits", "16", "--servers", "4", "--out", folder / "d.safetensors"});
  EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("not verified: 815,730,721 possible inputs; --sample draws some of them, --verify "
                                     "takes them all\n"));
  EXPECT_EQ(onn::load_design(folder / "d.safetensors").wrong, 815730721u);
}

TEST(Import, LayersThatAreNotApproximatedAreRefusedOrProjected) {
  const TemporaryFolder folder;
  const std::string file = write_network(folder, [](onn::Network& network) {
    onn::Layer& second = network.layers[1];
    const base::CounterStream stream(1, 0);
    for (std::size_t i = 0; i < second.weight.size(); ++i) {
      second.weight[i] += static_cast<float>(1e-3 * (stream.uniform(i) - 0.5));
    }
  });
  expect_bad_input(run_program(import_of(file, folder, {"--approximated", "1-3"})), "mine.onnx: layer 2 is ");
  expect_bad_input(run_program(import_of(file, folder, {"--approximated", "1-3"})),
                   " from diagonal * orthogonal squares, expected at most 1e-05; --project moves it to the nearest");
  EXPECT_FALSE(std::filesystem::exists(folder / "d.safetensors"));
  EXPECT_EQ(run_program(import_of(file, folder, {"--approximated", "1,3-6"})).exit_code, kOk);

  const Outcome outcome = run_program(import_of(file, folder, {"--approximated", "all", "--project", "--json"}));
  EXPECT_EQ(outcome.exit_code, kOk) << outcome.out << outcome.err;
  ASSERT_EQ(outcome.json()["projected"].size(), 1u);
  EXPECT_EQ(outcome.json()["projected"][0]["layer"], 2);
  EXPECT_GT(outcome.json()["projected"][0]["distance"], 1e-5);
  const onn::Design found = onn::load_design(folder / "d.safetensors");
  EXPECT_EQ(found.network.layers[0], onn::load_design(kShipped).network.layers[0]);
  EXPECT_LE(onn::approximation_error(found.network.layers[1]), onn::kApproximationTolerance);
  EXPECT_THAT(run_program(import_of(file, folder, {"--approximated", "all", "--project"})).out,
              HasSubstr("layer 2 moved to the nearest diagonal * orthogonal squares: it was "));
}

// tests/data/import_state_dict.pt is 3-5-2: 3 or 4 bits have 2 symbols, 5 bits have 3.
TEST(Import, ShapesThatDoNotFitAreRefused) {
  const TemporaryFolder folder;
  const auto import = [&](const char* bits) {
    return run_program({"import", "tests/data/import_state_dict.pt", "--servers", "4", "--out",
                        folder / "d.safetensors", "--bits", bits});
  };
  expect_bad_input(import("4"), "import_state_dict.pt: takes 3 inputs, expected 1 to 2, the PAM4 symbols of 4 bits");
  expect_bad_input(import("6"), "import_state_dict.pt: gives 2 outputs, expected 3, the PAM4 symbols of 6 bits");
  expect_bad_input(import("1"), "--bits");
  EXPECT_FALSE(std::filesystem::exists(folder / "d.safetensors"));
}

TEST(Import, SaysInOneLineWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string file = write_network(folder);
  const std::string before = base::read_file(file);
  expect_bad_input(run_program(import_of("none.onnx", folder)), "none.onnx: no such file");
  expect_bad_input(run_program(import_of(kShipped, folder)), "expected a whole ONNX model, .npz or a state dict");
  expect_bad_input(run_program(import_of(file, folder, {"--rounding", "up"})), "up");
  expect_bad_input(run_program(import_of(file, folder, {"--role", "middle"})), "middle");
  expect_bad_input(run_program(import_of(file, folder, {"--approximated", "7"})),
                   "expected numbers and ranges from 1 to 6");
  expect_bad_input(run_program(import_of(file, folder, {"--input-scale", "0"})), "scale 0 of the inputs");
  expect_bad_input(run_program(import_of(file, folder, {"--verify", "--no-verify"})), "--no-verify");
  expect_bad_input(run_program(import_of(file, folder, {"--seed", "2"})), "--sample");
  expect_bad_input(run_program(import_of(file, folder, {"--role", "cascade-level-1", "--rounding", "nearest"})),
                   "rounding nearest at level 1 of a cascade: expected floor");
  expect_bad_input(run_program({"import", file, "--bits", "8", "--servers", "4", "--out", file}),
                   "is the file to import, expected another");
  expect_bad_input(run_program({"import", file, "--bits", "8", "--servers", "4", "--out", folder / "no/d.safetensors"}),
                   "no such folder as");
  expect_bad_input(run_program({"import", file, "--servers", "4", "--out", "d.safetensors"}), "--bits");
  EXPECT_EQ(base::read_file(file), before);
}

TEST(Import, HasHelpWithExamples) {
  EXPECT_THAT(run_program({"import", "--help"}).out, HasSubstr("Examples:\n  optinc import"));
}

}  // namespace
}  // namespace optinc::cli
