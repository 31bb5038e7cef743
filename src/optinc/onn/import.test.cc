#include "optinc/onn/import.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/onn/design.h"
#include "optinc/onn/import_readers.h"

namespace optinc::onn {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int kNotInstalled = 77;

/// What all files in tests/make_import_files.py's folder `good` and tests/data/import_state_dict.pt hold: weight k of a
/// layer is (k - 3) / 8, bias k is k / 4.
Network counted_network() {
  Network network;
  for (const auto& [outputs, inputs] : {std::pair{5, 3}, std::pair{2, 5}}) {
    Layer layer{outputs, inputs, {}, {}};
    for (int k = 0; k < outputs * inputs; ++k) layer.weight.push_back(static_cast<float>(k - 3) / 8);
    for (int k = 0; k < outputs; ++k) layer.bias.push_back(static_cast<float>(k) / 4);
    network.layers.push_back(layer);
  }
  return network;
}

std::string refusal(const std::filesystem::path& path) {
  try {
    import_network(path);
  } catch (const base::InputError& error) {
    return error.what();
  }
  return "nothing was refused";
}

class Import : public testing::Test {
 protected:
  Import() { std::filesystem::create_directories(folder_); }
  ~Import() override { std::filesystem::remove_all(folder_); }

  /// Fills the folder; false where Python lacks what that needs.
  bool make_files() const {
    const int status = std::system(("tests/make_import_files.py '" + folder_.string() + "' >&2").c_str());
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    EXPECT_TRUE(code == 0 || code == kNotInstalled) << code;
    return code == 0;
  }

  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("optinc_import_test_" + std::to_string(::getpid()));
};

TEST_F(Import, ReadsWhatNumpyOnnxAndPytorchWrite) {
  if (!make_files()) GTEST_SKIP() << "needs Python with numpy and onnx";
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "good")) {
    ++count;
    EXPECT_EQ(import_network(file.path()), counted_network()) << file.path();
  }
  EXPECT_EQ(count, 12);
}

// torch.save's own bytes: tests/data/make_import_fixture.py.
TEST_F(Import, ReadsAStateDictOfPytorchItself) {
  EXPECT_EQ(import_network("tests/data/import_state_dict.pt"), counted_network());
}

TEST_F(Import, SaysInOneLineWhatIsWrong) {
  if (!make_files()) GTEST_SKIP() << "needs Python with numpy and onnx";
  const std::map<std::string, std::string> expected = {
      {"half.npz", "array w: type '<f2', expected '<f4' or '<f8' (float32 or float64)"},
      {"big_endian.npz", "array w: type '>f4', expected '<f4' or '<f8' (float32 or float64)"},
      {"nan.npz", "the weights of layer 1 have nan at place 3, expected finite numbers in the range of float32"},
      {"overflow.npz", "the weights of layer 1 have -inf at place 0, expected finite"},
      {"transposed.npz", "b1 has shape [5], expected [3], the outputs of W1: transpose that"},
      {"chain.npz", "W2 has shape [2, 4], expected [outputs, 5]"},
      {"bias.npz", "b1 has shape [2], expected [5], the outputs of W1"},
      {"only_bias.npz", "b1 has shape [5] and no weight [outputs, inputs] beside it, expected linear layers alone"},
      {"prelu.npz", "1.weight has shape [5] and no weight [outputs, inputs] beside it"},
      {"sizes.npz", "w has shape [1, 1, 1, 1, 1, 1, 1, 1, ...], expected a weight"},
      {"lines.npz", "array w?: shape (5,?-3), expected one like (64, 4)"},
      {"many.npz", "4097 arrays, expected at most 4096"},
      {"bomb.npz", "1073742012 bytes up to entry W2.npy, expected at most 1073741824"},
      {"cube.npz", "w has shape [2, 2, 2], expected a weight [outputs, inputs] or a bias [outputs]"},
      {"twice.npz", "kernel and weight would be the same part of a layer"},
      {"none.npz", "has no arrays"},
      {"no_outputs.npz", "w has shape [0, 3], expected at least one output and one input"},
      {"text.npz", "entry notes.txt, expected arrays (.npy) alone"},
      {"one.npy", "one array, expected all of them in an .npz"},
      {"sigmoid.onnx", "node Sigmoid y, expected Gemm, MatMul, Add, Relu, Identity or Constant alone"},
      {"no_relu.onnx", "node MatMul y follows a linear layer, expected a Relu between them"},
      {"relu_last.onnx", "ends with a Relu, expected a linear layer last"},
      {"relu_first.onnx", "node Relu y does not follow a linear layer, expected it to"},
      {"chain.onnx", "node MatMul y takes 3 inputs, expected 5, what the layer before gives"},
      {"skip.onnx", "node MatMul y takes a, expected b: one chain from the input to the output"},
      {"activations.onnx", "node MatMul y takes x, expected an initialiser there"},
      {"bias.onnx", "node Add y adds a tensor of shape [5, 2], expected [5], the outputs of the layer"},
      {"two_inputs.onnx", "takes 2 inputs, expected one"},
      {"two_outputs.onnx", "gives 2 outputs, expected one"},
      {"nothing.onnx", "has no Gemm or MatMul"},
      {"integers.onnx", "tensor w1: type INT64, expected float32 or float64"},
      {"short.onnx", "tensor w1: 59 bytes, expected 60 for its shape and type"},
      {"deep.onnx", "can't be read, expected a whole ONNX model"},
      {"half.pt", "tensor w: torch HalfStorage, expected FloatStorage or DoubleStorage (float32 or float64)"},
      {"whole_model.pt", "holds torch.nn.modules.container Sequential, expected a state dict"},
      {"no_tensors.pt", "holds no tensors, expected a state dict"},
      {"mixed.pt", "epoch is no tensor, expected a state dict"},
      {"beyond.pt", "tensor w: reaches to number 20 of 15 that are stored"},
      {"stride.pt", "tensor w: stride 1099511627776, expected at most"},
      {"huge.pt", "w has shape [1048576, 1048576], expected at most 67108864 numbers"},
      {"no_storage.pt", "tensor w: no entry archive/data/7 in the archive"},
      {"big_endian.pt", "byte order big, expected little"},
      {"script.pt", "a TorchScript archive, expected a state dict"},
      {"opcode.pt", "archive/data.pkl: pickle opcode 0x69 at byte 2, expected those of a state dict"},
      {"endless.pt", "archive/data.pkl: the pickle ends at byte 3, expected more"},
      {"empty_stack.pt", "archive/data.pkl: a pickle that takes more than it has"},
      {"cycle.pt", "holds no tensors, expected a state dict"},
      {"many.pt", "holds no dictionary of at most 4096 entries, expected a state dict"},
      {"deep.pt", "holds no dictionary of at most 4096 entries, expected a state dict"},
      {"large.pt", "archive/data.pkl: a pickle of 4194306 bytes, expected at most 4194304"},
      {"doubling.pt", "archive/data.pkl: a pickle with a name that is none"},
      {"long_name.pt", "archive/data.pkl: a pickle with a name that is none"},
  };
  std::set<std::string> seen;
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "bad")) {
    const std::string name = file.path().filename().string();
    ASSERT_TRUE(expected.contains(name)) << name;
    const std::string message = refusal(file.path());
    EXPECT_THAT(message, StartsWith(file.path().string() + ": ")) << name;
    EXPECT_THAT(message, HasSubstr(expected.at(name))) << name;
    EXPECT_EQ(message.find('\n'), std::string::npos) << name;
    seen.insert(name);
  }
  EXPECT_EQ(seen.size(), expected.size());
}

TEST_F(Import, RefusesWhatIsNoNetwork) {
  EXPECT_THAT(refusal(folder_ / "none.onnx"), HasSubstr("no such file"));
  EXPECT_THAT(refusal(write("empty.onnx", "")), HasSubstr("is empty, expected ONNX"));
  EXPECT_THAT(refusal(write("text.onnx", "hello, world")),
              HasSubstr("text.onnx: can't be read, expected a whole ONNX model"));
  EXPECT_THAT(refusal(write("text.npz", "hello")), HasSubstr("no zip archive, expected what numpy.savez writes"));
  EXPECT_THAT(refusal(write("old.pt", "\x80\x02")), HasSubstr("expected what torch.save writes since PyTorch 1.6"));
  std::filesystem::resize_file(write("large.onnx", ""), (std::uintmax_t{1} << 32) + 1);  // takes no room on the disk
  EXPECT_THAT(refusal(folder_ / "large.onnx"), HasSubstr("4294967297 bytes, expected at most 4294967296"));
}

/// Cuts the file at every `step`th place and turns its byte there: it is read or refused in one line, nothing else.
/// Gives how many were refused.
int refused_when_damaged(const std::filesystem::path& path, std::size_t step) {
  const std::string whole = base::read_file(path);
  int refused = 0;
  const auto check = [&](const std::string& damaged) {
    try {
      read_network(damaged, path.string());
    } catch (const base::InputError& error) {
      ++refused;
      EXPECT_THAT(error.what(), StartsWith(path.string() + ": "));
      EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    }
  };
  for (std::size_t place = 0; place < whole.size(); place += step) {
    check(whole.substr(0, place));
    std::string damaged = whole;
    for (const int turned : {0x41, 0xff}) {
      damaged[place] = static_cast<char>(whole[place] ^ turned);
      check(damaged);
    }
  }
  return refused;
}

TEST_F(Import, ADamagedFileIsReadOrRefused) {
  // Of 1,755 cuts all, of 3,510 turned bytes some: the rest is padding, dates and what nobody reads.
  EXPECT_GT(refused_when_damaged("tests/data/import_state_dict.pt", 1), 1755 + 1400);
  if (!make_files()) GTEST_SKIP() << "needs Python with numpy and onnx";
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "good")) {
    EXPECT_GT(refused_when_damaged(file.path(), 2), 100) << file.path();
  }
}

TEST_F(Import, NamesSortAsPeopleCount) {
  EXPECT_TRUE(natural_less("fc2.weight", "fc10.weight"));
  EXPECT_FALSE(natural_less("fc10.weight", "fc2.weight"));
  EXPECT_TRUE(natural_less("fc", "fc1"));
  EXPECT_TRUE(natural_less("a07b1", "a7b2"));
  EXPECT_FALSE(natural_less("x", "x"));
  EXPECT_TRUE(natural_less("W2", "b1"));
}

// import(export(network)) = network, to the bit.
RC_GTEST_FIXTURE_PROP(Import, AnExportedDesignComesBack, ()) {
  const int hidden = *rc::gen::inRange(0, 4);
  std::vector<int> widths = {*rc::gen::inRange(1, 5)};
  for (int i = 0; i < hidden; ++i) widths.push_back(*rc::gen::inRange(1, 20));
  widths.push_back(4);
  if (widths[0] == 3) widths[0] = 2;  // 4 symbols can't be shared out over 3 inputs
  Design design;
  design.inputs = widths[0];
  const auto seed = *rc::gen::arbitrary<std::uint32_t>();
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const base::CounterStream stream(seed, i);
    Layer layer{widths[i + 1], widths[i], {}, {}};
    for (int j = 0; j < layer.outputs * layer.inputs; ++j)
      layer.weight.push_back(static_cast<float>(stream.uniform(j) - 0.5));
    for (int j = 0; j < layer.outputs; ++j) layer.bias.push_back(static_cast<float>(stream.uniform(1000 + j) - 0.5));
    design.network.layers.push_back(layer);
  }
  export_onnx(folder_ / "d.onnx", design);
  RC_ASSERT(import_network(folder_ / "d.onnx") == design.network);
}

}  // namespace
}  // namespace optinc::onn
