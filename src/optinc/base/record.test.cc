#include "optinc/base/record.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"

namespace optinc::base {
namespace {

class RecordTest : public testing::Test {
 protected:
  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "record_test.jsonl";
  void SetUp() override { std::filesystem::remove(path_); }
};

TEST_F(RecordTest, WhatIsWrittenIsRead) {
  {
    RecordWriter writer(path_, RecordMode::replace);
    writer.write({{"type", "run"}, {"seed", 1}});
    writer.write({{"type", "step"}, {"loss", 0.25}});
  }
  const auto records = read_records(path_);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["seed"], 1);
  EXPECT_EQ(records[1]["loss"], 0.25);
}

TEST_F(RecordTest, AHalfLastLineIsSkippedAndCutOffOnAppend) {
  std::ofstream(path_) << "{\"step\":1}\n{\"step\":2";
  EXPECT_EQ(read_records(path_).size(), 1u);
  RecordWriter(path_, RecordMode::append).write({{"step", 3}});
  const auto records = read_records(path_);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1]["step"], 3);
}

TEST_F(RecordTest, ALineThatIsNoObjectIsNamed) {
  std::ofstream(path_) << "{\"step\":1}\nnonsense\n";
  try {
    read_records(path_);
    FAIL() << "accepted a line that is no JSON";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("record_test.jsonl:2: not a JSON object"));
  }
}

TEST_F(RecordTest, AMissingFileIsNamed) {
  EXPECT_THROW(read_records(path_), InputError);
}

TEST_F(RecordTest, AnAtomicWriteThatFailsLeavesTheOldFile) {
  write_file_atomically(path_, "old");
  EXPECT_THROW(write_file_atomically(path_.parent_path() / "no-such-folder" / "x", "new"), RunError);
  EXPECT_EQ(read_file(path_), "old");
  write_file_atomically(path_, "new");
  EXPECT_EQ(read_file(path_), "new");
}

}  // namespace
}  // namespace optinc::base
