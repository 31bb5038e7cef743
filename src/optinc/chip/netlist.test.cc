#include "optinc/chip/netlist.h"

#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/chip/compile.h"
#include "optinc/chip/program_testing.h"
#include "optinc/mesh/testing.h"
#include "optinc/onn/design.h"

namespace optinc::chip {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int kNotInstalled = 77;

/// The largest difference of a stage's matrix, of its largest entry where that is above 1; infinite where anything else
/// differs.
double difference(const std::filesystem::path& netlist, const Program& program) {
  const std::vector<NetlistStage> stages = load_netlist(netlist);
  double most = stages.size() == program.stages.size() ? 0 : INFINITY;
  for (std::size_t s = 0; s < std::min(stages.size(), program.stages.size()); ++s) {
    const linalg::ComplexMatrix expected = stage_matrix(program.stages[s]);
    const bool relu = s > 0 && s + 2 < program.stages.size();
    const bool same = stages[s].matrix.rows() == expected.rows() && stages[s].matrix.cols() == expected.cols() &&
                      stages[s].bias == program.stages[s].bias && stages[s].relu == relu;
    const double largest = std::max(1.0, expected.cwiseAbs().maxCoeff());
    most = same ? std::max(most, mesh::distance(stages[s].matrix, expected) / largest) : INFINITY;
  }
  return most;
}

/// Exit code of tests/check_netlist.py; tests run in the project's folder.
int check_in_python(const std::filesystem::path& netlist, const std::filesystem::path& program,
                    const std::filesystem::path& design) {
  const std::string command = fmt::format("PYTHONDONTWRITEBYTECODE=1 tests/check_netlist.py '{}' '{}' '{}' >&2",
                                          netlist.string(), program.string(), design.string());
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// 4 bits, 2 servers, random weights; all layers dense.
onn::Design small_design(std::uint64_t seed, const std::vector<int>& widths = {2, 3, 5, 2}) {
  onn::Design design;
  design.bits = 4;
  design.servers = 2;
  design.inputs = 2;
  design.version = "0.1.0";
  const base::CounterStream stream(seed, 0);
  std::uint64_t next = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    onn::Layer layer{widths[i + 1], widths[i], {}, {}};
    for (int j = 0; j < layer.outputs * layer.inputs; ++j) {
      layer.weight.push_back(static_cast<float>(stream.uniform(next++) - 0.5));
    }
    for (int j = 0; j < layer.outputs; ++j) layer.bias.push_back(static_cast<float>(stream.uniform(next++)));
    design.network.layers.push_back(layer);
  }
  return design;
}

RC_GTEST_PROP(NetlistProperty, DoesWhatTheProgramDoes, ()) {
  const TestFolder folder("netlist");
  const Program program = random_program(*rc::gen::arbitrary<std::uint64_t>());
  save_netlist(folder / "n.yml", program);
  RC_ASSERT(difference(folder / "n.yml", program) < 1e-12);
}

RC_GTEST_PROP(NetlistProperty, DoesWhatACompiledDesignDoes, ()) {
  const TestFolder folder("netlist");
  CompileOptions options{.layout = *rc::gen::element(mesh::Layout::rectangular, mesh::Layout::triangular),
                         .threads = 1};
  if (options.layout == mesh::Layout::triangular) {
    options.cell = *rc::gen::element(mesh::CellKind::mzi, mesh::CellKind::three_mzi);
  }
  const Program program = compile(small_design(*rc::gen::arbitrary<std::uint64_t>()), "small", options);
  save_netlist(folder / "n.yml", program);
  RC_ASSERT(difference(folder / "n.yml", program) < 1e-12);
}

TEST(Netlist, OfAShippedDesignAgreesInPythonToo) {
  const TestFolder folder("netlist");
  const std::filesystem::path design = "designs/b8-n4.safetensors";
  const Program program = compile(onn::load_design(design), "b8-n4", {});
  save_netlist(folder / "n.yml", program);
  save_program(folder / "p.json", program);
  EXPECT_LT(difference(folder / "n.yml", program), 1e-12);
  EXPECT_THAT(check_in_python(folder / "n.yml", folder / "p.json", design), testing::AnyOf(0, kNotInstalled));
}

TEST(Netlist, OfThreeMzisAgreesInPythonToo) {
  const TestFolder folder("netlist");
  const onn::Design design = small_design(2);
  save_design(folder / "d.safetensors", design);
  const Program program =
      compile(design, "small", {.layout = mesh::Layout::triangular, .cell = mesh::CellKind::three_mzi});
  save_netlist(folder / "n.yml", program);
  save_program(folder / "p.json", program);
  EXPECT_THAT(base::read_file(folder / "n.yml"), HasSubstr("{component: mzi_3, settings: {theta: "));
  EXPECT_THAT(check_in_python(folder / "n.yml", folder / "p.json", folder / "d.safetensors"),
              testing::AnyOf(0, kNotInstalled));
}

TEST(Netlist, PythonSeesADifference) {
  const TestFolder folder("netlist");
  const onn::Design design = small_design(1);
  save_design(folder / "d.safetensors", design);
  Program program = compile(design, "small", {});
  save_program(folder / "p.json", program);
  save_netlist(folder / "n.yml", program);
  const auto check = [&] { return check_in_python(folder / "n.yml", folder / "p.json", folder / "d.safetensors"); };
  if (check() == kNotInstalled) GTEST_SKIP() << "needs Python with numpy";
  EXPECT_EQ(check(), 0);
  const std::string good = base::read_file(folder / "n.yml");
  // Two lines crossed, a phase off by 1e-11, a ReLU and a bias that are not the program's, an output less.
  program.stages[1].blocks[0].second->theta[1] += 1e-11;
  save_netlist(folder / "n.yml", program);
  EXPECT_EQ(check(), 1);
  const auto check_changed = [&](const std::string& from, const std::string& to) {
    base::write_file_atomically(folder / "n.yml", replaced(good, from, to));
    return check();
  };
  EXPECT_EQ(check_changed("s1_b0_first_c0,o0: s1_b0_first_p0,i0\n  s1_b0_first_c0,o1: s1_b0_first_p1,i0",
                          "s1_b0_first_c0,o0: s1_b0_first_p1,i0\n  s1_b0_first_c0,o1: s1_b0_first_p0,i0"),
            1);
  EXPECT_EQ(check_changed("s2_relu_0: {component: relu", "s2_relu_0: {component: phase_shifter"), 1);
  EXPECT_EQ(check_changed("{bias: 0", "{bias: 1"), 1);
  EXPECT_EQ(check_changed("  s1_b0_first_c0,o0: s1_b0_first_p0,i0\n", ""), 1);
}

TEST(Netlist, ReadsAsItIsDrawn) {
  const TestFolder folder("netlist");
  const Program program = random_program(1);
  save_netlist(folder / "n.yml", program);
  const std::string text = base::read_file(folder / "n.yml");
  EXPECT_TRUE(
      text.starts_with("# optinc-netlist/1\n# A program for the design random: 4 bits, 2 servers, nearest-unbi"));
  EXPECT_THAT(text, HasSubstr("# Stages, outputs x inputs:\n#   s0   P   2 x 4\n#   s1   1   3 x 2\n"));
  EXPECT_THAT(text, HasSubstr("\ninstances:\n  s0_b0_first_c0: {component: mzi, settings: {theta: "));
  EXPECT_THAT(text, HasSubstr("  s2_split_0: {component: splitter, settings: {ways: 2}}\n"));
  EXPECT_THAT(text, HasSubstr("  s3_combine_1: {component: combiner, settings: {ways: 3}}\n"));
  EXPECT_THAT(text, HasSubstr("  s1_relu_2: {component: relu, settings: {}}\n"));
  EXPECT_THAT(text, HasSubstr("\nconnections:\n  s0_b0_first_c0,o0: s0_b0_first_p0,i0\n"));
  EXPECT_THAT(text, HasSubstr("  s1_gain_0,o0: s1_reference_0,i0\n"));
  EXPECT_THAT(text, HasSubstr("  s1_relu_0,o0: s2_split_0,i0\n"));
  EXPECT_THAT(text, HasSubstr("  s4_reference_0,o0: s5_b0_first_p0,i0\n"));
  EXPECT_TRUE(text.ends_with("  out_2: s5_gain_2,o0\n  out_3: s5_gain_3,o0\n"));
  EXPECT_THAT(text, HasSubstr("\nports:\n  in_0: s0_b0_first_c0,i0\n  in_1: s0_b0_first_c0,i1\n"));
}

TEST(Netlist, RefusesAProgramWhoseBlocksOverlap) {
  const TestFolder folder("netlist");
  Program program = random_program(1);
  program.stages[2].blocks.push_back(program.stages[2].blocks.back());
  EXPECT_THAT(refusal_of([&] { save_netlist(folder / "n.yml", program); }), HasSubstr("stage 2"));
  program = random_program(1);
  std::swap(program.stages[2].blocks[0].row, program.stages[2].blocks[1].row);  // the other way up is fine
  EXPECT_EQ(refusal_of([&] { save_netlist(folder / "n.yml", program); }), "nothing was refused");
  EXPECT_LT(difference(folder / "n.yml", program), 1e-12);
}

class BadNetlist : public testing::Test {
 protected:
  BadNetlist() {
    save_netlist(path_, random_program(1));
    good_ = base::read_file(path_);
  }

  std::string refusal(const std::string& text) const {
    base::write_file_atomically(path_, text);
    return refusal_of([&] { load_netlist(path_); });
  }
  /// Of the good file with `from` as `to`; of its message, what stands behind the file's name, the line's number as an
  /// offset from the line that changed.
  void expect(const std::string& from, const std::string& to, const std::string& message, int offset = 0) const {
    const std::string found = refusal(replaced(good_, from, to));
    const auto end = good_.begin() + static_cast<std::ptrdiff_t>(good_.find(from));
    const auto line = std::count(good_.begin(), end, '\n') + 1 + offset;
    EXPECT_THAT(found, HasSubstr(fmt::format("n.yml:{}: {}", line, message))) << from << " -> " << to;
    EXPECT_THAT(found, Not(HasSubstr("two lines")));
  }

  const TestFolder folder_{"bad_netlist"};
  const std::filesystem::path path_ = folder_ / "n.yml";
  std::string good_;
};

TEST_F(BadNetlist, ThatIsMissingOrCutShort) {
  EXPECT_THAT(refusal_of([&] { load_netlist(folder_ / "none.yml"); }), HasSubstr("none.yml: no such file"));
  EXPECT_THAT(refusal(""), HasSubstr("n.yml:1: the end of the file, expected \"# optinc-netlist/1\""));
  for (std::size_t size = 1; size < good_.size(); size += size + 400 < good_.size() ? 61 : 1) {
    EXPECT_THAT(refusal(good_.substr(0, size)), AllOf(HasSubstr("n.yml:"), HasSubstr("expected"))) << size;
  }
}

TEST_F(BadNetlist, WithALineThatIsNoneOfOurs) {
  expect("# optinc-netlist/1", "# optinc-netlist/2", R"("# optinc-netlist/2", expected "# optinc-netlist/1")");
  expect("instances:", "Instances:", R"("Instances:", expected "instances:")");
  expect("  s0_b0_first_c0: {", "  s0_b0_first_c0:\n   {", R"("  s0_b0_first_c0:", expected "  s1_gain_0: )");
  expect("  s0_gain_0: {component: gain", "  s0_gain_0: {component: laser", R"("  s0_gain_0: {component: laser, )");
  expect("theta: ", "phi: ", "\"  s0_b0_first_c0: {component: mzi, settings: {phi: ");
  expect("{theta: ", "{theta: x", "\"  s0_b0_first_c0: {component: mzi, settings: {theta: x");
  expect("{bias: ", "{bias: nan, x: ", "\"  s1_reference_0: ");
  expect("ways: 2", "ways: 0",
         "\"  s2_split_0: {component: splitter, settings: {ways: 0}}\", expected 1 to 65536 ways");
  expect("ways: 2", "ways: 1e300", "\"  s2_split_0: ");
  expect("ways: 2}}", "ways: 2}} ", "\"  s2_split_0: ");
  expect("connections:\n", "connections:\n  s9_b0_first_c0,o0: s0_gain_0,i0\n",
         "\"  s9_b0_first_c0,o0: s0_gain_0,i0\", expected an instance, which s9_b0_first_c0 is not", 1);
  expect("connections:\n", "connections:\n  s0_gain_0,o1: s1_gain_0,i0\n",
         "\"  s0_gain_0,o1: s1_gain_0,i0\", expected o0 to o0 of s0_gain_0", 1);
  expect("  s0_b0_first_c0,o1: s0_b0_first_p1,i0", "  s0_b0_first_c0,o0: s0_b0_first_p1,i0",
         "\"  s0_b0_first_c0,o0: s0_b0_first_p1,i0\", expected each output once");
  expect("s0_b0_first_c0,o1: s0_b0_first_p1,i0", "s0_b0_first_c0,o1: s0_b0_first_p0,i0",
         "\"  s0_b0_first_c0,o1: s0_b0_first_p0,i0\", expected each input once");
  expect("  in_1: ", "  in_2: ", "\"  in_2: ");
  expect("  out_0: ", "  out_1: ", "\"  out_1: ");
  expect("  s0_b0_first_p1: {", "  s0_b0_first_p0: {", "\"  s0_b0_first_p0: ");
}

TEST_F(BadNetlist, WhoseConnectionsMakeNoProgram) {
  // In a circle: a phase shifter that feeds the cell before it.
  const std::string circle =
      replaced(replaced(good_, "  s0_b0_first_p0,o0: s0_b0_a0,i0\n", "  s0_b0_first_p0,o0: s0_b0_first_c0,i0\n"),
               "  in_0: s0_b0_first_c0,i0\n", "  in_0: s0_b0_a0,i0\n");
  EXPECT_THAT(refusal(circle), HasSubstr("instance s0_b0_first_c0, expected connections that make no circle"));
  const auto refusal_with = [&](const std::string& from, const std::string& to) {
    return refusal(replaced(good_, from, to));
  };
  EXPECT_THAT(refusal_with("  out_3: s5_gain_3,o0\n", ""), HasSubstr("n.yml: 3 output ports, expected 4"));
  EXPECT_THAT(
      refusal_with("  out_2: s5_gain_2,o0\n  out_3: s5_gain_3,o0\n", "  out_2: s5_gain_3,o0\n  out_3: s5_gain_2,o0\n"),
      HasSubstr("port out_2 is s5_gain_3, expected output 2 of the last stage"));
  EXPECT_THAT(refusal_with("  s0_gain_0,o0: s1_b0_first_c0,i0", "  s0_gain_0,o0: s1_b0_first_c0,i1"),
              HasSubstr("expected each input once"));
  EXPECT_THAT(refusal_with("s1_relu_0,o0: s2_split_0,i0", "s1_relu_0,o0: s3_b0_a0,i1"),
              HasSubstr("instance s3_b0_a0, expected light of its own stage, or of an output of the one before"));
  EXPECT_THAT(refusal_with("  s1_gain_0,o0: s1_reference_0,i0\n  s1_reference_0,o0: s1_relu_0,i0\n",
                           "  s1_gain_0,o0: s1_relu_0,i0\n"),
              HasSubstr("instance s1_reference_0, expected it behind a gain of its stage"));
  EXPECT_THAT(refusal_with("s1_relu_0: {component: relu, settings: {}}",
                           "s1_relu_0: {component: reference, settings: {bias: 1}}"),
              HasSubstr("instance s1_relu_0, expected it behind a gain of its stage"));
  EXPECT_THAT(refusal_with("instances:\n", "instances:\n  x_gain: {component: gain, settings: {gain: 1.0}}\n"),
              HasSubstr("instance x_gain, expected a name that begins with its stage, like s1_"));
  EXPECT_THAT(refusal_with("instances:\n", "instances:\n  s6_p0: {component: phase_shifter, settings: {phase: 1.0}}\n"),
              HasSubstr("instance s6_p0, expected a gain for every output of its stage, and there is none"));
  EXPECT_THAT(refusal_with("instances:\n", "instances:\n  s0_gain_x: {component: gain, settings: {gain: 1.0}}\n"),
              HasSubstr("instance s0_gain_x, expected a name that ends with the number of its output, like _7"));
  EXPECT_THAT(refusal_with("instances:\n", "instances:\n  s0_gain_7: {component: gain, settings: {gain: 1.0}}\n"),
              HasSubstr("instance s0_gain_7, expected the gains of a stage in their order"));
  EXPECT_THAT(refusal_with("instances:\n", "instances:\n  s7_gain_0: {component: gain, settings: {gain: 1.0}}\n"),
              HasSubstr("n.yml: no stage s6, expected it before s7"));
}

}  // namespace
}  // namespace optinc::chip
