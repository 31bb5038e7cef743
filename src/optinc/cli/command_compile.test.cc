#include "optinc/cli/command_compile.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/chip/program_npz.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kDesign = "designs/b8-n4.safetensors";

// Layers 4, 64, 128, 256, 128, 64, 4 between P and T. The approximated ones have m n / min(m, n) columns of squares:
// what the paper counts is placed. Dense P (4 x 16) counts 4 3 / 2 + 16 15 / 2 + 4 = 130 and places 24 + 4 = 28; T
// counts 142 and places 28: 41,936 - 102 - 114 = 41,720.
TEST(Compile, OneProgramInThreeFormats) {
  const TemporaryFolder folder;
  const std::string json = folder / "p.json", npz = folder / "p.npz", yml = folder / "p.yml";
  const Outcome outcome = run_program({"compile", kDesign, "--out", json, "--out", npz, "--out", yml, "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json found = outcome.json();
  EXPECT_EQ(found["design"], "b8-n4");
  EXPECT_EQ(found["origin"], "trained");
  EXPECT_EQ(found["layout"], "rectangular");
  EXPECT_EQ(found["cell"], "mzi");
  EXPECT_EQ(found["area_mzi"], 41936);
  EXPECT_EQ(found["placed_mzi"], 41720);
  EXPECT_GE(found["seconds"], 0);
  EXPECT_EQ(found["files"], base::Json::array({json, npz, yml}));
  ASSERT_EQ(found["stages"].size(), 8u);
  EXPECT_EQ(found["stages"][0]["name"], "P");
  EXPECT_EQ(found["stages"][0]["placed_mzi"], 28);
  EXPECT_EQ(found["stages"][0]["approximated"], false);
  EXPECT_EQ(found["stages"][3]["outputs"], 256);
  EXPECT_EQ(found["stages"][3]["inputs"], 128);
  EXPECT_EQ(found["stages"][3]["approximated"], true);
  EXPECT_EQ(found["stages"][7]["name"], "T");
  for (const base::Json& stage : found["stages"]) EXPECT_LT(stage["difference"], 1e-6) << stage["name"];

  // From one to the other, either way; the numbers come back bit for bit.
  const std::string again = folder / "again.json";
  const Outcome words = run_program({"compile", npz, "--out", again, "--compare", yml});
  EXPECT_EQ(words.exit_code, kOk) << words.err;
  EXPECT_THAT(words.out, HasSubstr("b8-n4, rectangular meshes of cells mzi\n"));
  EXPECT_THAT(words.out, HasSubstr("41,936 MZIs by the paper's count, 41,720 placed"));
  EXPECT_THAT(words.out, HasSubstr("p.yml, stage by stage: "));
  EXPECT_THAT(words.out, HasSubstr(again + "\n"));
  EXPECT_EQ(base::read_file(again), base::read_file(json));
  const Outcome compared = run_program({"compile", json, "--compare", npz, "--json"});
  EXPECT_EQ(compared.exit_code, kOk);
  EXPECT_EQ(compared.json()["compared"], base::Json(std::vector<double>(8, 0.0)));
  EXPECT_TRUE(compared.json()["stages"][0]["difference"].is_null());

  // What is cut short is no program.
  const std::string half = folder / "half.json", out = folder / "out.npz";
  base::write_file_atomically(half, base::read_file(json).substr(0, 100'000));
  expect_bad_input(run_program({"compile", half, "--out", out}), "half.json: no valid JSON");
  base::write_file_atomically(folder / "half.yml", base::read_file(yml).substr(0, 100'000));
  expect_bad_input(run_program({"compile", npz, "--out", out, "--compare", folder / "half.yml"}), "cut short");
  expect_bad_input(run_program({"compile", yml, "--out", out}), "p.yml: expected a mesh program, .json or .npz");
  expect_bad_input(run_program({"compile", npz, "--layout", "triangular", "--out", out}),
                   "p.npz: expected a design (.safetensors) with --layout or --cell");
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(Compile, AnotherProgramFailsTheComparison) {
  const TemporaryFolder folder;
  const std::string npz = folder / "p.npz", changed = folder / "changed.npz";
  ASSERT_EQ(run_program({"compile", kDesign, "--out", npz}).exit_code, kOk);
  chip::Program program = chip::load_npz(npz);
  program.stages[2].blocks[0].first.theta[5] += 1e-6;
  chip::save_npz(changed, program);
  const Outcome outcome = run_program({"compile", npz, "--compare", changed, "--json"});
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_EQ(outcome.json()["compared"][1], 0.0);
  EXPECT_GT(outcome.json()["compared"][2], 1e-9);
  EXPECT_LT(outcome.json()["compared"][2], 1e-4);

  // The designs of floor and nearest rounding have the same matrices; the first bias is another.
  const Outcome nearest = run_program(
      {"compile", "designs/b8-n4-nearest.safetensors", "--out", folder / "nearest.yml", "--compare", npz, "--json"});
  EXPECT_EQ(nearest.exit_code, kFailed);
  EXPECT_GT(nearest.json()["compared"][1], 0.01);
  EXPECT_EQ(run_program({"compile", npz, "--compare", folder / "nearest.yml"}).exit_code, kFailed);

  // A cascade's has two layers more.
  expect_bad_input(
      run_program({"compile", "designs/b8-n4-cascade-1.safetensors", "--compare", npz, "--out", folder / "c.npz"}),
      "p.npz: 8 stages, expected 10");
  EXPECT_FALSE(std::filesystem::exists(folder / "c.npz"));
}

TEST(Compile, TriangularMeshesOf3MzisAreTheSameMatrices) {
  const TemporaryFolder folder;
  const std::string npz = folder / "p.npz", triangular = folder / "t.npz";
  ASSERT_EQ(run_program({"compile", kDesign, "--out", npz}).exit_code, kOk);
  const Outcome outcome = run_program({"compile", kDesign, "--layout", "triangular", "--cell", "3-mzi", "--out",
                                       triangular, "--compare", npz, "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_EQ(outcome.json()["layout"], "triangular");
  EXPECT_EQ(outcome.json()["cell"], "3-mzi");
  EXPECT_EQ(outcome.json()["area_mzi"], 41936);
  EXPECT_EQ(outcome.json()["placed_mzi"], 41720);
  const base::Json found = outcome.json();
  for (const base::Json& difference : found["compared"]) EXPECT_LT(difference, 1e-12);
  EXPECT_EQ(chip::load_npz(triangular).stages[1].blocks[0].first.shape.kind, mesh::CellKind::three_mzi);
}

// A rectangular mesh of N modes has N columns and N (N - 1) / 2 cells; T's single modes have none and aren't drawn.
TEST(Compile, RecordsHaveMeshesToDraw) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program({"compile", kDesign, "--records", folder / "c.jsonl"}).exit_code, kOk);
  const auto records = base::read_records(folder / "c.jsonl");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["type"], "run");
  EXPECT_EQ(records[0]["command"], "compile");
  EXPECT_EQ(records[1]["type"], "program");
  EXPECT_EQ(records[1]["placed_mzi"], 41720);
  ASSERT_GE(records[1]["meshes"].size(), 3u);
  for (const base::Json& mesh : records[1]["meshes"]) {
    const auto modes = mesh["modes"].get<std::size_t>();
    EXPECT_LE(modes, 128u);
    EXPECT_EQ(mesh["columns"], modes) << mesh["stage"];
    EXPECT_EQ(mesh["cells"].size(), modes * (modes - 1) / 2) << mesh["stage"];
    EXPECT_EQ(mesh["cells"][0].size(), 4u);  // column, mode, theta, phi
  }
}

TEST(Compile, BadInputIsOneLineAndNothingIsWritten) {
  const TemporaryFolder folder;
  const std::string out = folder / "p.json";
  expect_bad_input(run_program({"compile", kDesign}), "nothing to do: expected --out, --compare or --records");
  // A good name before the bad one.
  expect_bad_input(run_program({"compile", kDesign, "--out", out, "--out", folder / "p.txt"}),
                   "p.txt: expected a name that ends in .json, .npz, .yml or .yaml");
  expect_bad_input(run_program({"compile", kDesign, "--out", out, "--cell", "3-mzi"}),
                   "a rectangular mesh of cells 3-mzi: expected a triangular one");
  expect_bad_input(run_program({"compile", kDesign, "--out", out, "--layout", "round"}),
                   "layout 'round': expected rectangular or triangular");
  expect_bad_input(run_program({"compile", "designs/none.safetensors", "--out", out}),
                   "none.safetensors: no such file");
  expect_bad_input(run_program({"compile", "none.json", "--out", out}), "none.json: no such file");
  expect_bad_input(run_program({"compile", kDesign, "--out", out, "--compare", folder / "none.yml"}),
                   "none.yml: no such file");
  EXPECT_TRUE(std::filesystem::is_empty(std::filesystem::path(out).parent_path()));
}

}  // namespace
}  // namespace optinc::cli
