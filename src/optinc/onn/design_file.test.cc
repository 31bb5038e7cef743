#include <unistd.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/onn/design.h"
#include "optinc/onn/matrix_approximation.h"
#include "optinc/onn/safetensors.h"

namespace optinc::onn {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

/// A folder of this process's own, gone at the end.
class DesignFile : public testing::Test {
 protected:
  DesignFile() { std::filesystem::create_directories(folder_); }
  ~DesignFile() override { std::filesystem::remove_all(folder_); }

  void expect_refused(const std::string& bytes, const std::string& part) const {
    base::write_file_atomically(path_, bytes);
    EXPECT_THAT([&] { load_design(path_); },
                ThrowsMessage<base::InputError>(
                    AllOf(StartsWith(path_.string() + ": "), HasSubstr(part), Not(HasSubstr("\n")))));
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("optinc_design_file_test_" + std::to_string(::getpid()));
  const std::filesystem::path path_ = folder_ / "d.safetensors";
};

/// 3 bits, 2 servers, 2-2-2: layer 1 is 3 times a rotation; layer 2 is anything.
Design tiny_design() {
  Design design;
  design.bits = 3;
  design.servers = 2;
  design.inputs = 2;
  design.rounding = codec::Rounding::nearest;
  design.approximated = LayerSet::parse("1", 2);
  design.origin = "constructed";
  design.wrong = 7;
  design.accuracy = 1.0 / 3;
  design.area_mzi = 123;
  design.seed = 18446744073709551615u;
  design.version = "0.1.0";
  design.network.layers = {{2, 2, {0, -3, 3, 0}, {0.5, -0.25}}, {2, 2, {1, 2, 0.1f, -4}, {0, 1e-30f}}};
  return design;
}

/// The design as a tensor file that can be spoilt.
TensorFile tiny_file() {
  static const TensorFile file = [] {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("optinc_tiny_design_" + std::to_string(::getpid()));
    save_design(path, tiny_design());
    TensorFile read = parse_safetensors(base::read_file(path), "tiny");
    std::filesystem::remove(path);
    return read;
  }();
  return file;
}

std::string with_metadata(const std::string& key, const std::string& value) {
  TensorFile file = tiny_file();
  for (auto& [name, old] : file.metadata) {
    if (name == key) old = value;
  }
  return write_safetensors(file);
}

void expect_equal(const Design& a, const Design& b) {
  EXPECT_EQ(a.bits, b.bits);
  EXPECT_EQ(a.servers, b.servers);
  EXPECT_EQ(a.inputs, b.inputs);
  EXPECT_EQ(a.rounding, b.rounding);
  EXPECT_EQ(a.role, b.role);
  EXPECT_EQ(a.approximated, b.approximated);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.wrong, b.wrong);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(a.accuracy), std::bit_cast<std::uint64_t>(b.accuracy));
  EXPECT_EQ(a.area_mzi, b.area_mzi);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.network, b.network);
}

TEST_F(DesignFile, ReadsBackWhatItWrites) {
  save_design(path_, tiny_design());
  expect_equal(load_design(path_), tiny_design());
}

TEST_F(DesignFile, ReadsBackTheStructureOfTableIWithAllLayersApproximated) {
  Design design;
  design.approximated = LayerSet::parse("all", 6);
  const std::vector<int> widths = {4, 64, 128, 256, 128, 64, 4};
  const base::CounterStream stream(1, 2);
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    Layer layer{widths[i + 1], widths[i], std::vector<float>(widths[i] * widths[i + 1]),
                std::vector<float>(widths[i + 1])};
    for (std::size_t j = 0; j < layer.weight.size(); ++j) layer.weight[j] = static_cast<float>(stream.uniform(j) - 0.5);
    approximate(layer);
    design.network.layers.push_back(layer);
  }
  save_design(path_, design);
  expect_equal(load_design(path_), design);
}

// The format is a contract: these bytes must not change while it is called optinc-design/1.
TEST_F(DesignFile, HasTheseBytes) {
  save_design(path_, tiny_design());
  const std::string header =
      R"({"__metadata__":{"format":"optinc-design/1","bits":"3","servers":"2","inputs":"2","rounding":"nearest",)"
      R"("role":"single","approximated":"1","origin":"constructed","accuracy":"0.3333333333333333","wrong":"7",)"
      R"("area_mzi":"123","seed":"18446744073709551615","version":"0.1.0"},)"
      R"("layer.0.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
      R"("layer.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},)"
      R"("layer.1.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[24,40]},)"
      R"("layer.1.bias":{"dtype":"F32","shape":[2],"data_offsets":[40,48]}})";
  const std::string bytes = base::read_file(path_);
  ASSERT_GE(bytes.size(), 8 + header.size() + 48);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length, (header.size() + 7) / 8 * 8);
  EXPECT_EQ(bytes.substr(8, header.size()), header);
  EXPECT_EQ(bytes.substr(8 + header.size(), length - header.size()), std::string(length - header.size(), ' '));
  std::string data;
  for (const unsigned char byte : bytes.substr(8 + length)) data += fmt::format("{:02x}", byte);
  const std::string layer_0 = "00000000000040c000004040000000000000003f000080be";  // 0 -3 3 0, 0.5 -0.25
  const std::string layer_1 = "0000803f00000040cdcccc3d000080c0000000006042a20d";  // 1 2 0.1 -4, 0 1e-30
  EXPECT_EQ(data, layer_0 + layer_1);
}

TEST_F(DesignFile, GivesTheSameBytesTwice) {
  save_design(path_, tiny_design());
  const std::string first = base::read_file(path_);
  save_design(path_, load_design(path_));
  EXPECT_EQ(base::read_file(path_), first);
}

TEST_F(DesignFile, IsRefusedCutAtEveryByte) {
  save_design(path_, tiny_design());
  const std::string whole = base::read_file(path_);
  for (std::size_t length = whole.size(); length-- > 0;) {
    std::filesystem::resize_file(path_, length);
    EXPECT_THAT([&] { load_design(path_); },
                ThrowsMessage<base::InputError>(
                    AllOf(StartsWith(path_.string()), HasSubstr("cut short"), Not(HasSubstr("\n")))))
        << length;
  }
  expect_refused(whole + '\0', "bytes after the last tensor");
}

TEST_F(DesignFile, ThatIsMissingIsRefused) {
  EXPECT_THAT([&] { load_design(folder_ / "nowhere"); },
              ThrowsMessage<base::InputError>(AllOf(HasSubstr("nowhere"), Not(HasSubstr("\n")))));
  EXPECT_THAT([&] { load_design(folder_); }, ThrowsMessage<base::InputError>(HasSubstr("folder")));
}

TEST_F(DesignFile, RefusesMetadataOutOfRange) {
  expect_refused(with_metadata("format", "optinc-design/2"),
                 "format \"optinc-design/2\", expected \"optinc-design/1\"");
  expect_refused(with_metadata("bits", "1"), "1 bits, expected 2 to 32");
  expect_refused(with_metadata("bits", "33"), "33 bits, expected 2 to 32");
  expect_refused(with_metadata("bits", "8.0"), "metadata \"bits\" is \"8.0\", expected a whole number");
  expect_refused(with_metadata("bits", " 8"), "metadata \"bits\"");
  expect_refused(with_metadata("bits", ""), "metadata \"bits\" is \"\"");
  expect_refused(with_metadata("bits", "99999999999"), "metadata \"bits\"");
  expect_refused(with_metadata("servers", "1"), "1 servers, expected 2 to 1024");
  expect_refused(with_metadata("servers", "1025"), "1025 servers");
  expect_refused(with_metadata("inputs", "0"), "0 inputs, expected 1 to 2 for 3 bits");
  expect_refused(with_metadata("inputs", "3"), "3 inputs, expected 1 to 2 for 3 bits");
  expect_refused(with_metadata("rounding", "up"), "metadata \"rounding\": rounding \"up\": expected floor");
  expect_refused(with_metadata("rounding", "a\nb"), "control characters");
  expect_refused(with_metadata("role", "double"),
                 "role \"double\": expected single, cascade-level-1 or cascade-level-2");

  expect_refused(with_metadata("approximated", "1-3"), "metadata \"approximated\": layers \"1-3\"");
  expect_refused(with_metadata("origin", "found"), "origin \"found\", expected one of trained");
  expect_refused(with_metadata("accuracy", "1.01"), "accuracy 1.01, expected 0 to 1");
  expect_refused(with_metadata("accuracy", "-0.5"), "accuracy -0.5");
  expect_refused(with_metadata("accuracy", "nan"), "accuracy nan");
  expect_refused(with_metadata("accuracy", "high"), "metadata \"accuracy\" is \"high\", expected a number");
  expect_refused(with_metadata("wrong", "-1"), "metadata \"wrong\" is \"-1\"");
  expect_refused(with_metadata("area_mzi", "-1"), "area_mzi -1, expected at least 0");
  expect_refused(with_metadata("seed", "18446744073709551616"), "metadata \"seed\"");
  expect_refused(with_metadata("version", std::string(201, 'v')), "metadata \"version\" has 201 bytes");
}

// 10 bits are 5 symbols; 4 inputs take 2 each, and nothing is left for the first.
TEST_F(DesignFile, RefusesInputsThatLeaveNoSymbolsForTheFirst) {
  Design design = tiny_design();
  design.bits = 10;
  design.inputs = 4;
  EXPECT_THAT([&] { save_design(path_, design); },
              ThrowsMessage<base::InputError>(HasSubstr("4 inputs of 2 symbols each")));
}

TEST_F(DesignFile, RefusesMissingMetadata) {
  const TensorFile whole = tiny_file();
  for (std::size_t i = 0; i < whole.metadata.size(); ++i) {
    TensorFile file = whole;
    file.metadata.erase(file.metadata.begin() + static_cast<std::ptrdiff_t>(i));
    expect_refused(write_safetensors(file), "metadata has no \"" + whole.metadata[i].first + "\"");
  }
  expect_refused(write_safetensors({{}, whole.tensors}), "has no metadata");
}

TEST_F(DesignFile, PassesOverOtherMetadata) {
  TensorFile file = tiny_file();
  file.metadata.emplace_back("note", "two\nlines");
  base::write_file_atomically(path_, write_safetensors(file));
  expect_equal(load_design(path_), tiny_design());
}

TEST_F(DesignFile, RefusesTensorsThatAreNotLayers) {
  const TensorFile whole = tiny_file();
  const auto spoilt = [&](auto change) {
    TensorFile file = whole;
    change(file.tensors);
    return write_safetensors(file);
  };
  using Tensors = std::vector<Tensor>;
  expect_refused(spoilt([](Tensors& tensors) { tensors.clear(); }), "has 0 tensors");
  expect_refused(spoilt([](Tensors& tensors) { tensors.pop_back(); }), "has 3 tensors, expected a weight and a bias");
  expect_refused(spoilt([](Tensors& tensors) { tensors[2].name = "layer.2.weight"; }),
                 "tensor 3 of 4 is not \"layer.1.weight\"");
  expect_refused(spoilt([](Tensors& tensors) { std::swap(tensors[0], tensors[1]); }),
                 "tensor 1 of 4 is not \"layer.0.weight\"");
  expect_refused(spoilt([](Tensors& tensors) { tensors[0].shape = {4}; }),
                 "tensor layer.0.weight has shape [4], expected [outputs, inputs]");
  expect_refused(spoilt([](Tensors& tensors) { tensors[1].shape = {1, 2}; }), "tensor layer.0.bias has shape [1, 2]");
  expect_refused(spoilt([](Tensors& tensors) {
                   tensors[0].shape = {1, 4};
                 }),
                 "layer.0.bias has shape [2], expected [1]");
  expect_refused(spoilt([](Tensors& tensors) {
                   tensors[0] = {"layer.0.weight", {2, 3}, std::vector<float>(6)};
                 }),
                 "layer.0 has 3 inputs, expected 2");
  expect_refused(spoilt([](Tensors& tensors) {
                   tensors[2] = {"layer.1.weight", {2, 1}, {1, 1}};
                 }),
                 "layer.1 has 1 inputs, expected 2");
  expect_refused(spoilt([](Tensors& tensors) {
                   tensors[2] = {"layer.1.weight", {3, 2}, std::vector<float>(6)};
                   tensors[3] = {"layer.1.bias", {3}, std::vector<float>(3)};
                 }),
                 "layer.1, the last, has 3 outputs, expected 2 symbols for 3 bits");
}

TEST_F(DesignFile, RefusesNanAndInf) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    for (std::size_t tensor = 0; tensor < 4; ++tensor) {
      TensorFile file = tiny_file();
      file.tensors[tensor].values[1] = bad;
      expect_refused(write_safetensors(file),
                     file.tensors[tensor].name + " has " + fmt::format("{}", bad) + " at place 1");
    }
  }
}

TEST_F(DesignFile, RefusesALayerThatIsCalledApproximatedAndIsNot) {
  expect_refused(with_metadata("approximated", "1-2"), "layer.1 is called approximated and is 0.");
  // Rows (0, -3) and (3, 3e-4): their directions' product is 1e-4, ten times the tolerance.
  TensorFile file = tiny_file();
  file.tensors[0].values[3] = 3e-4f;
  expect_refused(write_safetensors(file), "expected at most 1e-05");
  file.tensors[0].values[3] = 1e-5f;
  base::write_file_atomically(path_, write_safetensors(file));
  EXPECT_EQ(load_design(path_).network.layers[0].weight[3], 1e-5f);
}

TEST_F(DesignFile, RefusesAnApproximatedLayerThatCanNotBeCut) {
  Design design = tiny_design();
  design.network.layers = {{3, 2, std::vector<float>(6), std::vector<float>(3)},
                           {2, 3, std::vector<float>(6), std::vector<float>(2)}};
  EXPECT_THAT([&] { save_design(path_, design); },
              ThrowsMessage<base::InputError>(HasSubstr("layer.0 is called approximated and is 3 x 2")));
}

TEST_F(DesignFile, IsNotWrittenWhenItWouldBeRefused) {
  save_design(path_, tiny_design());
  const std::string before = base::read_file(path_);
  Design design = tiny_design();
  const auto expect_not_saved = [&](const char* part) {
    EXPECT_THAT([&] { save_design(path_, design); }, ThrowsMessage<base::InputError>(HasSubstr(part)));
    EXPECT_THAT([&] { export_onnx(path_, design); }, ThrowsMessage<base::InputError>(HasSubstr(part)));
    EXPECT_EQ(base::read_file(path_), before);
    design = tiny_design();
  };
  design.network.layers[1].bias[0] = std::numeric_limits<float>::quiet_NaN();
  expect_not_saved("layer.1.bias has nan at place 0");
  design.network.layers[1].weight.pop_back();
  expect_not_saved("layer.1.weight has 3 numbers, expected 2 x 2");
  design.network.layers[0].bias.clear();
  expect_not_saved("layer.0.bias has 0 numbers, expected 2");
  design.network.layers[0].outputs = -2;
  expect_not_saved("layer.0 has -2 outputs");
  design.network.layers.clear();
  expect_not_saved("has no layers");
  design.approximated.insert(3);
  expect_not_saved("approximated layers 1,3, expected layers from 1 to 2");
  design.version = "1\n2";
  expect_not_saved("version");
  design.accuracy = std::numeric_limits<double>::quiet_NaN();
  expect_not_saved("accuracy");
}

TEST_F(DesignFile, ThatCanNotBeWrittenIsAFailureOfTheRun) {
  EXPECT_THROW(save_design(folder_ / "no folder" / "d.safetensors", tiny_design()), base::RunError);
  EXPECT_THROW(export_onnx(folder_ / "no folder" / "d.onnx", tiny_design()), base::RunError);
}

// A spoilt file either loads, as a design that check accepts, or is refused in one line.
RC_GTEST_PROP(SpoiltDesignFile, LoadsOrIsRefused, ()) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("optinc_spoilt_design_" + std::to_string(::getpid()));
  std::string bytes = write_safetensors(tiny_file());
  const auto flips = *rc::gen::inRange(1, 5);
  for (int i = 0; i < flips; ++i) {
    const auto bit = *rc::gen::noShrink(rc::gen::resize(1 << 20, rc::gen::inRange<std::size_t>(0, 8 * bytes.size())));
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
  }
  std::ofstream(path, std::ios::binary) << bytes;
  try {
    check(load_design(path), "loaded");
  } catch (const base::InputError& error) {
    RC_ASSERT(std::string(error.what()).starts_with(path.string() + ": "));
    RC_ASSERT(std::string(error.what()).find('\n') == std::string::npos);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace optinc::onn
