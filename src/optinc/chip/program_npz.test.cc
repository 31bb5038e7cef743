#include "optinc/chip/program_npz.h"

#include <sys/wait.h>

#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/chip/program_testing.h"
#include "optinc/onn/npy.h"
#include "optinc/onn/zip.h"

namespace optinc::chip {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

RC_GTEST_PROP(ProgramNpzProperty, ReadsBackToTheBit, ()) {
  const TestFolder folder("program_npz");
  Program program = random_program(*rc::gen::arbitrary<std::uint64_t>());
  program.stages[1].bias[0] = -0.0;
  save_npz(folder / "p.npz", program);
  const Program read = load_npz(folder / "p.npz");
  RC_ASSERT(read == program);
  RC_ASSERT(std::signbit(read.stages[1].bias[0]));
}

TEST(ProgramNpz, HasTheSameBytesEveryTime) {
  const TestFolder folder("program_npz");
  save_npz(folder / "a.npz", random_program(4));
  save_npz(folder / "b.npz", load_npz(folder / "a.npz"));
  EXPECT_EQ(base::read_file(folder / "a.npz"), base::read_file(folder / "b.npz"));
}

/// Exit code of Python with numpy for `code`, which has tests/read_program.py and numpy at hand.
int python(const std::string& code) {
  const std::string command = "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests /usr/bin/python3 -c '" + code + "' >&2";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// numpy's own reader finds in both files the same program, and its meshes make the same matrices.
TEST(ProgramNpz, IsWhatNumpyReads) {
  if (python("import numpy") != 0) GTEST_SKIP() << "needs Python with numpy";
  const TestFolder folder("program_npz");
  for (const int seed : {3, 4, 5}) {  // a 3-MZI program, a triangular one, a rectangular one
    const Program program = random_program(seed);
    save_npz(folder / "p.npz", program);
    save_program(folder / "p.json", program);
    std::string code = "import numpy as np, read_program\n";
    code += "a = read_program.read_npz(\"" + (folder / "p.npz").string() + "\")\n";
    code += "b = read_program.read_json(\"" + (folder / "p.json").string() + "\")\n";
    code += "np.testing.assert_equal(a, b)\n";
    for (std::size_t s = 0; s < program.stages.size(); ++s) {
      const linalg::ComplexMatrix matrix = stage_matrix(program.stages[s]);
      code += "m = np.array([";
      for (Eigen::Index i = 0; i < matrix.size(); ++i) {
        code += fmt::format("complex({:.17g}, {:.17g}), ", matrix.data()[i].real(), matrix.data()[i].imag());
      }
      code += fmt::format("]).reshape({}, {})\n", matrix.rows(), matrix.cols());
      code += fmt::format("assert abs(read_program.stage_matrix(a[\"stages\"][{}]) - m).max() < 1e-13\n", s);
    }
    EXPECT_EQ(python(code), 0) << seed;
  }
}

class BadProgramNpz : public testing::Test {
 protected:
  using Entries = std::vector<std::pair<std::string, std::string>>;

  BadProgramNpz() {
    save_npz(path_, random_program(4));
    bytes_ = base::read_file(path_);
    onn::Zip zip(bytes_, "good");
    for (const onn::ZipEntry& entry : zip.entries()) entries_.emplace_back(entry.name, zip.read(entry));
  }

  std::string refusal(const std::string& bytes) const {
    base::write_file_atomically(path_, bytes);
    return refusal_of([&] { load_npz(path_); });
  }
  /// Of the archive with the array `name` as `array`.
  std::string refusal(const std::string& name, const onn::NpyArray& array) const {
    Entries entries = entries_;
    for (auto& [entry, content] : entries) {
      if (entry == name + ".npy") content = onn::write_npy(array);
    }
    return refusal(onn::write_zip(entries));
  }

  const TestFolder folder_{"bad_program_npz"};
  const std::filesystem::path path_ = folder_ / "p.npz";
  std::string bytes_;
  Entries entries_;
};

TEST_F(BadProgramNpz, ThatIsMissingCutShortOrDamaged) {
  EXPECT_THAT(refusal_of([&] { load_npz(folder_ / "none.npz"); }), HasSubstr("none.npz: no such file"));
  EXPECT_THAT(refusal("{}"), HasSubstr("p.npz: no zip archive, expected a program as .npz"));
  for (std::size_t size = 4; size < bytes_.size(); size += 211) {
    EXPECT_THAT(refusal(bytes_.substr(0, size)), AllOf(HasSubstr("p.npz: "), Not(HasSubstr("two lines")))) << size;
  }
  std::string damaged = bytes_;
  damaged[bytes_.find("\"bits\": 4") + 8] = '5';
  EXPECT_THAT(refusal(damaged), HasSubstr("p.npz: entry metadata.json.npy has checksum"));
}

TEST_F(BadProgramNpz, WithArraysThatAreNoneOfItsOwn) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entries entries = entries_;
    const std::string array = entries[i].first.substr(0, entries[i].first.size() - 4);
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THAT(refusal(onn::write_zip(entries)), HasSubstr("p.npz: no array " + array + ", expected it in a program"));
  }
  const std::string eight(8, '\0'), twelve(12, '\0');
  const std::string name = "stage_1.block_0.first.theta";
  EXPECT_THAT(refusal(name, {.type = "'<f4'", .shape = {2}, .data = eight}),
              HasSubstr("p.npz: array stage_1.block_0.first.theta: type '<f4', expected '<f8'"));
  EXPECT_THAT(refusal(name, {.type = "'<f8'", .shape = {1, 1}, .data = eight}), HasSubstr("2 dimensions, expected 1"));
  EXPECT_THAT(refusal(name, {.type = "'<f8'", .shape = {1}, .data = twelve}),
              HasSubstr("12 bytes, expected 1 numbers of 8"));
  EXPECT_THAT(refusal(name, {.type = "'<f8'", .shape = {2}, .data = eight}),
              HasSubstr("8 bytes, expected 2 numbers of 8"));
  EXPECT_THAT(refusal(name, {.type = "'<f8'", .shape = {0}, .data = {}}),
              HasSubstr("p.npz: stage 1, block 0, first mesh, theta: 0 phases, expected 1"));
  const double nan = std::nan("");
  EXPECT_THAT(refusal(name, {.type = "'<f8'", .shape = {1}, .data = {reinterpret_cast<const char*>(&nan), 8}}),
              HasSubstr("p.npz: stage 1, block 0, first mesh, theta: phase nan, expected"));
  EXPECT_THAT(refusal("metadata.json", {.type = "'|u1'", .shape = {2}, .data = "{}"}),
              HasSubstr("p.npz: no key \"format\""));
  EXPECT_THAT(refusal("metadata.json", {.type = "'<f8'", .shape = {1}, .data = eight}),
              HasSubstr("array metadata.json: type '<f8', expected '|u1'"));
}

}  // namespace
}  // namespace optinc::chip
