#include "optinc/base/parallel.h"

#include <atomic>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace optinc::base {
namespace {

RC_GTEST_PROP(ParallelFor, CoversEachItemOnceInRangesOfTheGrain, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(0, 200);
  const auto grain = *rc::gen::inRange<std::size_t>(1, 50);
  const auto threads = *rc::gen::inRange(1, 5);
  std::vector<std::atomic<int>> seen(count);
  parallel_for(count, grain, threads, [&](std::size_t begin, std::size_t end, int thread) {
    if (begin % grain != 0 || end > begin + grain || thread < 0 || thread >= threads) throw std::logic_error("range");
    for (std::size_t i = begin; i < end; ++i) ++seen[i];
  });
  for (const auto& times : seen) RC_ASSERT(times == 1);
}

// Ranks are threads that each call it, over and over, with other numbers of threads.
TEST(ParallelFor, ServesManyCallersAndCallsWithinCalls) {
  std::atomic<std::size_t> sum{0};
  parallel_for(4, 1, 4, [&](std::size_t, std::size_t, int) {
    for (int threads = 1; threads <= 4; ++threads) {
      for (int call = 0; call < 50; ++call) {
        parallel_for(10, 3, threads, [&](std::size_t begin, std::size_t end, int) { sum += end - begin; });
      }
    }
  });
  EXPECT_EQ(sum, 4u * 4 * 50 * 10);
}

TEST(ParallelFor, ThrowsWhatTheWorkThrows) {
  EXPECT_THROW(parallel_for(100, 1, 2,
                            [](std::size_t begin, std::size_t, int) {
                              if (begin == 50) throw std::runtime_error("item 50");
                            }),
               std::runtime_error);
}

}  // namespace
}  // namespace optinc::base
