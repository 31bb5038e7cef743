#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/record.h"
#include "optinc/chip/number_text.h"
#include "optinc/chip/program.h"
#include "optinc/chip/program_testing.h"

namespace optinc::chip {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string number_text(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

TEST(NumberText, HasAPointAndASignedExponent) {
  EXPECT_EQ(number_text(0), "0.0");
  EXPECT_EQ(number_text(-0.0), "-0.0");
  EXPECT_EQ(number_text(3), "3.0");
  EXPECT_EQ(number_text(3.141592653589793), "3.1415926535897931");
  EXPECT_EQ(number_text(1e-20), "9.9999999999999995e-21");
  EXPECT_EQ(number_text(0x1p-20), "9.5367431640625e-07");
  EXPECT_EQ(number_text(1e22), "1.0e+22");
  EXPECT_THROW(number_text(std::numeric_limits<double>::infinity()), base::InputError);
}

RC_GTEST_PROP(ProgramFileProperty, ReadsBackToTheBit, ()) {
  const TestFolder folder("program_file");
  Program program = random_program(*rc::gen::arbitrary<std::uint64_t>());
  program.shape.rounding = *rc::gen::element(codec::Rounding::floor, codec::Rounding::nearest_unbiased);
  program.area_mzi = *rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max());
  const auto mantissa = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 53);
  program.stages[1].bias[0] = std::ldexp(static_cast<double>(mantissa), *rc::gen::inRange(-1126, 971));
  save_program(folder / "p.json", program);
  RC_ASSERT(load_program(folder / "p.json") == program);
}

TEST(ProgramFile, KeepsTheSignOfZeroAndNumbersThatAreWhole) {
  const TestFolder folder("program_file");
  Program program = random_program(1);
  program.stages[1].bias = {-0.0, 3, 5e-324};
  save_program(folder / "p.json", program);
  const Program read = load_program(folder / "p.json");
  EXPECT_EQ(read, program);
  EXPECT_TRUE(std::signbit(read.stages[1].bias[0]));
}

TEST(ProgramFile, SaysWhatItIs) {
  const TestFolder folder("program_file");
  save_program(folder / "p.json", random_program(2));
  const base::Json json = base::Json::parse(base::read_file(folder / "p.json"));
  EXPECT_EQ(json["format"], "optinc-program/1");
  EXPECT_EQ(json["design"], "random");
  EXPECT_EQ(json["rounding"], "nearest-unbiased");
  EXPECT_EQ(json["role"], "single");
  EXPECT_EQ(json["approximated"], "2-3");
  ASSERT_EQ(json["stages"].size(), 6);
  EXPECT_EQ(json["stages"][2]["blocks"].size(), 2);
  EXPECT_EQ(json["stages"][2]["blocks"][1]["row"], 3);
  EXPECT_TRUE(json["stages"][2]["blocks"][1]["second"].is_null());
  EXPECT_EQ(json["stages"][1]["blocks"][0]["second"]["theta"].size(), 3);
}

class BadProgramFile : public testing::Test {
 protected:
  BadProgramFile() {
    save_program(path_, random_program(2));
    good_ = base::read_file(path_);
  }

  std::string refusal(const std::string& text) const {
    base::write_file_atomically(path_, text);
    return refusal_of([&] { load_program(path_); });
  }
  std::string refusal(const std::string& from, const std::string& to) const {
    return refusal(replaced(good_, from, to));
  }
  /// Of the good file with a change in its JSON.
  std::string refusal_changed(const std::function<void(base::Json&)>& change) const {
    base::Json json = base::Json::parse(good_);
    change(json);
    return refusal(json.dump());
  }

  const TestFolder folder_{"bad_program_file"};
  const std::filesystem::path path_ = folder_ / "p.json";
  std::string good_;
};

TEST_F(BadProgramFile, ThatIsMissingOrCutShort) {
  EXPECT_THAT(refusal_of([&] { load_program(folder_ / "none.json"); }), HasSubstr("none.json: no such file"));
  for (std::size_t size = 0; size + 3 < good_.size(); size += 97) {
    EXPECT_THAT(refusal(good_.substr(0, size)), AllOf(HasSubstr("p.json: no valid JSON from byte"),
                                                      HasSubstr("cut short"), Not(HasSubstr("two lines"))))
        << size;
  }
  EXPECT_THAT(refusal(good_ + "x"), HasSubstr("no valid JSON"));
}

TEST_F(BadProgramFile, OfAnotherFormat) {
  EXPECT_THAT(refusal("[1, 2]"), HasSubstr("p.json: is a list of 2, expected an object"));
  EXPECT_THAT(refusal("{}"), HasSubstr("p.json: no key \"format\", expected a text"));
  EXPECT_THAT(refusal("optinc-program/1", "optinc-program/2"),
              HasSubstr("p.json: format \"optinc-program/2\", expected \"optinc-program/1\""));
}

TEST_F(BadProgramFile, ThatLacksAnyKey) {
  const base::Json json = base::Json::parse(good_);
  const auto expect_missed = [&](const std::string& key, const std::string& place,
                                 const std::function<base::Json&(base::Json&)>& object) {
    const std::string message = refusal_changed([&](base::Json& changed) { object(changed).erase(key); });
    EXPECT_THAT(message, HasSubstr("p.json: " + place + "no key \"" + key + "\", expected ")) << message;
  };
  for (const auto& [key, value] : json.items()) expect_missed(key, "", [](base::Json& j) -> base::Json& { return j; });
  for (const auto& [key, value] : json["stages"][1].items()) {
    expect_missed(key, "stages[1]: ", [](base::Json& j) -> base::Json& { return j["stages"][1]; });
  }
  for (const auto& [key, value] : json["stages"][2]["blocks"][1].items()) {
    expect_missed(key,
                  "stages[2].blocks[1]: ", [](base::Json& j) -> base::Json& { return j["stages"][2]["blocks"][1]; });
  }
  for (const auto& [key, value] : json["stages"][1]["blocks"][0]["second"].items()) {
    expect_missed(key, "stages[1].blocks[0].second: ", [](base::Json& j) -> base::Json& {
      return j["stages"][1]["blocks"][0]["second"];
    });
  }
}

TEST_F(BadProgramFile, WithAValueOfAnotherType) {
  const auto with = [&](const char* pointer, const base::Json& value) {
    return refusal_changed([&](base::Json& json) { json[base::Json::json_pointer(pointer)] = value; });
  };
  EXPECT_THAT(with("/bits", "8"), HasSubstr("p.json: \"bits\" is \"8\", expected a whole number"));
  EXPECT_THAT(with("/bits", 8.5), HasSubstr("\"bits\" is 8.5, expected a whole number"));
  EXPECT_THAT(with("/bits", 4294967304), HasSubstr("\"bits\" is 4294967304, expected a whole number below 2^31"));
  EXPECT_THAT(with("/bits", 1), HasSubstr("p.json: "));  // DeviceShape::check's refusal
  EXPECT_THAT(with("/area_mzi", 9223372036854775808u), HasSubstr("expected a whole number below 2^63"));
  EXPECT_THAT(with("/rounding", "up"), HasSubstr("p.json: \"rounding\": "));
  EXPECT_THAT(with("/role", "none"), HasSubstr("p.json: \"role\": "));
  EXPECT_THAT(with("/approximated", "5"), HasSubstr("p.json: \"approximated\": layers \"5\": expected"));
  EXPECT_THAT(with("/design", "a\nb"), HasSubstr("\"design\" has 3 bytes, expected at most 255 and no control"));
  EXPECT_THAT(with("/design", 3), HasSubstr("\"design\" is 3, expected a text"));
  EXPECT_THAT(with("/stages", 3), HasSubstr("\"stages\" is 3, expected a list of objects"));
  EXPECT_THAT(with("/stages/1", 3), HasSubstr("stages[1]: is 3, expected an object"));
  EXPECT_THAT(with("/stages/1/approximated", 1), HasSubstr("stages[1]: \"approximated\" is 1, expected true or false"));
  EXPECT_THAT(with("/stages/1/gain", nullptr), HasSubstr("stages[1]: \"gain\" is null, expected a number"));
  EXPECT_THAT(with("/stages/1/bias/2", nullptr), HasSubstr("stages[1]: \"bias\"[2] is null, expected a number"));
  EXPECT_THAT(with("/stages/1/blocks/0/first", "x"),
              HasSubstr("stages[1].blocks[0].first: is \"x\", expected an object"));
  EXPECT_THAT(with("/stages/1/blocks/0/second", 1), HasSubstr("stages[1].blocks[0].second: is 1, expected an object"));
  EXPECT_THAT(with("/stages/1/blocks/0/first/layout", "round"), HasSubstr("first: \"layout\": layout 'round'"));
  EXPECT_THAT(with("/stages/1/blocks/0/first/cell", "4-mzi"), HasSubstr("first: \"cell\": cell '4-mzi'"));
}

TEST_F(BadProgramFile, WithNumbersThatCantBe) {
  EXPECT_THAT(refusal("\"gain\": ", "\"gain\": NaN, \"x\": "), HasSubstr("no valid JSON from byte"));
  EXPECT_THAT(refusal("\"gain\": ", "\"gain\": 1e999, \"x\": "), HasSubstr("a number beyond the range of float64"));
  EXPECT_THAT(refusal("\"theta\": [", "\"theta\": [7.0, "), HasSubstr("p.json: stage P, block 0, first mesh, theta: "));
  const std::string negative =
      refusal_changed([](base::Json& json) { json["stages"][0]["blocks"][0]["first"]["phi"][0] = -1; });
  EXPECT_THAT(negative, HasSubstr("stage P, block 0, first mesh, phi: phase -1, expected 0 <= phase < 2 pi"));
  const std::string short_bias = refusal_changed([](base::Json& json) { json["stages"][1]["bias"].erase(0); });
  EXPECT_THAT(short_bias, HasSubstr("stage 1: bias of 2 outputs, expected 3"));
  const std::string few = refusal_changed([](base::Json& json) {
    while (json["stages"].size() > 2) json["stages"].erase(1);
    json["approximated"] = "none";
  });
  EXPECT_THAT(few, HasSubstr("p.json: 2 stages, expected P, at least one layer, and T"));
  EXPECT_THAT(refusal("\"size\": 2", "\"size\": 1000000000"), HasSubstr("1000000000"));
}

TEST(ProgramFile, IsNotWrittenWhereItCouldNotBeRead) {
  const TestFolder folder("program_file");
  Program program = random_program(2);
  program.design = "two\nlines";
  EXPECT_THAT(refusal_of([&] { save_program(folder / "p.json", program); }),
              HasSubstr("\"two\\nlines\": expected a text of at most 255 bytes and no control characters"));
  program = random_program(2);
  program.stages[1].largest_output = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal_of([&] { save_program(folder / "p.json", program); }), HasSubstr("nan"));
  program = random_program(2);
  program.stages[1].gain = 0;
  EXPECT_THAT(refusal_of([&] { save_program(folder / "p.json", program); }), HasSubstr("p.json: stage 1: gain 0"));
  EXPECT_FALSE(std::filesystem::exists(folder / "p.json"));
}

}  // namespace
}  // namespace optinc::chip
