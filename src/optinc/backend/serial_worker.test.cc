#include "optinc/backend/serial_worker.h"

#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace optinc::backend {
namespace {

TEST(SerialWorker, DoesAllJobsInOrderOnOneThread) {
  std::vector<int> done;
  std::vector<std::thread::id> threads;
  {
    SerialWorker worker;
    for (int job = 0; job < 100; ++job) {
      worker.add([&, job] {
        done.push_back(job);
        threads.push_back(std::this_thread::get_id());
      });
    }
  }  // waits for them
  std::vector<int> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(done, expected);
  EXPECT_EQ(threads, std::vector(100, threads.front()));
  EXPECT_NE(threads.front(), std::this_thread::get_id());
}

TEST(SerialWorker, AJobMayAddOne) {
  int done = 0;
  {
    SerialWorker worker;
    worker.add([&] { worker.add([&] { ++done; }); });
  }
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace optinc::backend
