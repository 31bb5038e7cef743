#include "optinc/onn/safetensors.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"

namespace optinc::onn {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

/// A file of this header and so many bytes of data.
std::string file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data_bytes, '\0');
}

/// The header with these entries.
std::string header_of(const std::vector<std::string>& entries) {
  return fmt::format("{{{}}}", fmt::join(entries, ","));
}

std::string entry(const std::string& name, const std::string& shape, const std::string& offsets,
                  const std::string& dtype = "F32") {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

void expect_refused(const std::string& bytes, const std::string& part) {
  EXPECT_THAT([&] { parse_safetensors(bytes, "x.st"); },
              ThrowsMessage<base::InputError>(AllOf(StartsWith("x.st: "), HasSubstr(part), Not(HasSubstr("\n")))));
}

TEST(WriteSafetensors, GivesTheseBytes) {
  const TensorFile file{{{"format", "x/1"}}, {{"a", {1, 2}, {1.0f, -2.0f}}}};
  const std::string header =
      R"({"__metadata__":{"format":"x/1"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  const std::string padding((8 - header.size() % 8) % 8, ' ');
  std::string expected = file_of(header + padding, 0);
  expected += std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8);
  EXPECT_EQ(write_safetensors(file), expected);
}

TEST(WriteSafetensors, RefusesWhatItCouldNotReadBack) {
  const auto refusal = [](const char* part) { return ThrowsMessage<base::InputError>(HasSubstr(part)); };
  EXPECT_THAT(([] { write_safetensors({{}, {{"a", {2}, {1}}}}); }), refusal("tensor \"a\" has 1 values, expected 2"));
  EXPECT_THAT(([] { write_safetensors({{}, {{"a", {0}, {}}}}); }), refusal("sizes of at least 1"));
  EXPECT_THAT(([] { write_safetensors({{}, {{"a", {1}, {1}}, {"a", {1}, {1}}}}); }), refusal("twice"));
  EXPECT_THAT(([] { write_safetensors({{}, {{"__metadata__", {1}, {1}}}}); }), refusal("__metadata__"));
  EXPECT_THAT(([] { write_safetensors({{{"k", "1"}, {"k", "2"}}, {}}); }), refusal("twice"));
  EXPECT_THAT(([] { write_safetensors({{{"k", "\xff"}}, {}}); }), refusal("UTF-8"));
}

RC_GTEST_PROP(Safetensors, ReadsBackWhatItWrites, (const std::vector<std::vector<float>>& values)) {
  TensorFile file{{{"one", "line\nbreak"}, {"\"quoted\"", "\\"}}, {}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) {
      file.tensors.push_back({fmt::format("number {}", i), {}, {static_cast<float>(i)}});
    } else {
      file.tensors.push_back({fmt::format("list {}", i), {1, values[i].size()}, values[i]});
    }
  }
  RC_ASSERT(parse_safetensors(write_safetensors(file), "x.st") == file);
}

TEST(ParseSafetensors, ReadsTensorsInAnyOrderOfTheirData) {
  const std::string header = header_of({entry("b", "[1]", "[4,8]"), entry("a", "[1]", "[0,4]")}) + "  ";
  std::string bytes = file_of(header, 8);
  const float first = 1;
  const float second = 2;
  std::memcpy(bytes.data() + bytes.size() - 8, &first, 4);
  std::memcpy(bytes.data() + bytes.size() - 4, &second, 4);
  EXPECT_EQ(parse_safetensors(bytes, "x.st"), (TensorFile{{}, {{"b", {1}, {2}}, {"a", {1}, {1}}}}));
}

TEST(ParseSafetensors, RefusesAFileThatIsCutShort) {
  const std::string whole = write_safetensors({{{"k", "v"}}, {{"a", {3}, {1, 2, 3}}, {"b", {1}, {4}}}});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    expect_refused(whole.substr(0, length), "cut short");
  }
}

TEST(ParseSafetensors, RefusesBytesAfterTheLastTensor) {
  expect_refused(file_of(header_of({entry("a", "[1]", "[0,4]")}), 5), "has 5 bytes of data, expected 4");
}

TEST(ParseSafetensors, RefusesAHeaderLengthBeyondTheFile) {
  std::string bytes = file_of("{}", 0);
  bytes[0] = 3;
  expect_refused(bytes, "header of 3 bytes, expected at most the 2 that follow");
  bytes[7] = '\x7f';
  expect_refused(bytes, "header length 9151314442816847875, expected at most 16777216");
}

TEST(ParseSafetensors, RefusesBrokenJson) {
  expect_refused(file_of("{\"a\":", 0), "header is no valid JSON");
  expect_refused(file_of("", 0), "header is no valid JSON");
  expect_refused(file_of("{} x", 0), "header is no valid JSON");
  expect_refused(file_of("{\"\xff\":1}", 0), "header is no valid JSON");
  expect_refused(file_of("{\n,", 0), "header is no valid JSON");
  expect_refused(file_of(std::string(100'000, '['), 0), "header is no valid JSON");
  expect_refused(file_of("[1]", 0), "header is [1], expected a JSON object");
}

TEST(ParseSafetensors, RefusesKeysThatOccurTwice) {
  const std::string a = entry("a", "[1]", "[0,4]");
  expect_refused(file_of(header_of({a, a}), 4), "header has the key \"a\" twice");
  expect_refused(file_of(R"({"__metadata__":{"k":"1","k":"2"}})", 0), "header has the key \"k\" twice");
}

TEST(ParseSafetensors, RefusesMetadataThatAreNoStrings) {
  expect_refused(file_of(R"({"__metadata__":{"bits":8}})", 0), "metadata \"bits\" is 8, expected a string");
  expect_refused(file_of(R"({"__metadata__":"x"})", 0), "__metadata__ is \"x\", expected an object");
}

TEST(ParseSafetensors, RefusesGapsAndOverlaps) {
  expect_refused(file_of(header_of({entry("a", "[1]", "[4,8]")}), 8),
                 "tensor \"a\" begins at byte 4 of the data, expected 0");
  expect_refused(file_of(header_of({entry("a", "[1]", "[0,4]"), entry("b", "[1]", "[8,12]")}), 12),
                 "tensor \"b\" begins at byte 8 of the data, expected 4");
  expect_refused(file_of(header_of({entry("a", "[2]", "[0,8]"), entry("b", "[1]", "[4,8]")}), 8),
                 "tensor \"b\" begins at byte 4 of the data, expected 8");
}

TEST(ParseSafetensors, RefusesSizesThatDoNotFit) {
  expect_refused(file_of(header_of({entry("a", "[2]", "[0,4]")}), 4), "expected 8 bytes for shape [2]");
  expect_refused(file_of(header_of({entry("a", "[1]", "[4,0]")}), 4), "expected 4 bytes for shape [1]");
  expect_refused(file_of(header_of({entry("a", "[0]", "[0,0]")}), 0), "expected sizes of at least 1");
  // 2^32 * 2^32 elements: the product wraps round to 0.
  expect_refused(file_of(header_of({entry("a", "[4294967296,4294967296]", "[0,0]")}), 0), "fewer than 2^62");
  expect_refused(file_of(header_of({entry("a", "[4611686018427387904]", "[0,0]")}), 0), "fewer than 2^62");
}

TEST(ParseSafetensors, RefusesOtherTypes) {
  expect_refused(file_of(header_of({entry("a", "[1]", "[0,2]", "F16")}), 2),
                 "tensor \"a\" has dtype \"F16\", expected \"F32\"");
  for (const char* shape : {"1", "[-1]", "[1.5]", "[\"1\"]", "[18446744073709551616]", "{}", "null"}) {
    expect_refused(file_of(header_of({entry("a", shape, "[0,4]")}), 4), "expected a list of sizes");
  }
  for (const char* offsets : {"4", "[0]", "[0,4,8]", "[-4,0]", "[0,4.0]", "null"}) {
    expect_refused(file_of(header_of({entry("a", "[1]", offsets)}), 4), "expected [begin, end]");
  }
}

TEST(ParseSafetensors, RefusesIncompleteEntries) {
  expect_refused(file_of(R"({"a":1})", 0), "tensor \"a\" is 1, expected an object");
  expect_refused(file_of(R"({"a":{"dtype":"F32","shape":[1]}})", 4), "tensor \"a\" has 2 keys");
  expect_refused(file_of(R"({"a":{"dtype":"F32","shape":[1],"offsets":[0,4]}})", 4),
                 "tensor \"a\" has no \"data_offsets\"");
}

TEST(ParseSafetensors, KeepsItsMessagesToOneShortLine) {
  const std::string name = std::string(5000, 'x') + "\\n\\u0007";
  try {
    parse_safetensors(file_of(header_of({entry(name, "[2]", "[0,4]")}), 4), "x.st");
    FAIL() << "expected a refusal";
  } catch (const base::InputError& error) {
    EXPECT_LT(std::string(error.what()).size(), 300);
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
  }
}

}  // namespace
}  // namespace optinc::onn
