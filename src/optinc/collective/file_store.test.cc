#include "optinc/collective/file_store.h"

#include <chrono>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/collective/tcp_testing.h"

namespace optinc::collective {
namespace {

using testing::EndsWith;

TEST(FileStore, GivesTheLastValueToAllWhoLookThere) {
  const Meeting meeting;
  FileStore store(meeting.folder() / "of" / "a job");
  store.set("group/rank 0", "127.0.0.1:1");
  store.set("group/rank 0", std::string("a\0b\n", 4));
  store.set("group/rank_0", "another");
  EXPECT_EQ(FileStore(meeting.folder() / "of" / "a job").get("group/rank 0", 1), std::string("a\0b\n", 4));
}

TEST(FileStore, KeysStayInTheFolderWhateverTheyAre) {
  const Meeting meeting;
  FileStore store(meeting.folder() / "inner");
  for (const std::string key : {"", ".", "..", "../outer", "/root", "%", "%2F", "ä"}) store.set(key, "of " + key);
  for (const std::string key : {"", ".", "..", "../outer", "/root", "%", "%2F", "ä"}) {
    EXPECT_EQ(store.get(key, 1), "of " + key);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(meeting.folder()), {}), 1);
}

TEST(FileStore, WaitsForWhatIsNotThereYet) {
  const Meeting meeting;
  FileStore store(meeting.folder());
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    FileStore(meeting.folder()).set("key", "value");
  });
  EXPECT_EQ(store.get("key", 30), "value");
}

TEST(FileStore, NamesTheKeyThatNobodySetsAndTheSeconds) {
  const Meeting meeting;
  FileStore store(meeting.folder());
  EXPECT_THAT(error_of([&] { store.get("the key", 0.1); }),
              EndsWith(": nobody has set the key \"the key\" within 0.1 s"));
  EXPECT_THROW(store.get("the key", 0), base::RunError);
}

TEST(FileStore, RefusesAFolderThatCanNotBe) {
  const Meeting meeting;
  std::filesystem::create_directories(meeting.folder());
  base::write_file_atomically(meeting.folder() / "file", "");
  EXPECT_THROW(FileStore(meeting.folder() / "file"), base::InputError);
  EXPECT_THROW(FileStore(meeting.folder() / "file" / "below"), base::InputError);
}

}  // namespace
}  // namespace optinc::collective
