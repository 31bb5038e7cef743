#include "optinc/backend/gloo_all_reduce.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/collective/transport_error.h"

namespace optinc::backend {
namespace {

using testing::HasSubstr;

// Rank r gives r + i at place i: the sum over N ranks is N i + N (N - 1) / 2.
TEST(GlooAllReduce, SumsAndAveragesInPlaceAndApart) {
  for (const int size : {1, 2, 4}) {
    collective::run_ranks(size, {}, [size](collective::Transport& transport) {
      GlooAllReduce gloo(transport, 60);
      std::vector<float> values(1000), sums(1000);
      for (int i = 0; i < 1000; ++i) values[i] = static_cast<float>(transport.rank() + i);
      const auto* input = reinterpret_cast<const std::byte*>(values.data());
      const collective::AllReduceStats stats =
          gloo.all_reduce({.count = 1000, .input = input, .output = reinterpret_cast<std::byte*>(sums.data())},
                          {.op = collective::ReduceOp::sum});
      EXPECT_EQ(stats.servers, size);
      EXPECT_EQ(stats.payload_bytes, 4000);
      EXPECT_EQ(stats.wire_bytes, 0u);
      gloo.average(values, 0);
      for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(sums[i], static_cast<float>(size * i) + size * (size - 1) / 2.0f);
        EXPECT_EQ(values[i], sums[i] / static_cast<float>(size));
      }
    });
  }
}

// 1.5 + 2.5 in float16: 0x3e00 + 0x4100 = 0x4400.
TEST(GlooAllReduce, HasFloat16AndNoBfloat16) {
  collective::run_ranks(2, {}, [](collective::Transport& transport) {
    GlooAllReduce gloo(transport, 60);
    std::vector<std::uint16_t> values(5, transport.rank() == 0 ? 0x3e00 : 0x4100);
    auto* bytes = reinterpret_cast<std::byte*>(values.data());
    gloo.all_reduce({codec::ElementType::float16, 5, bytes, bytes}, {.op = collective::ReduceOp::sum});
    EXPECT_THAT(values, testing::Each(0x4400));
    EXPECT_THROW(gloo.all_reduce({codec::ElementType::bfloat16, 5, bytes, bytes}, {}), base::InputError);
  });
}

TEST(GlooAllReduce, ARankThatDoesNotComeIsADeadlineError) {
  collective::run_ranks(2, {}, [](collective::Transport& transport) {
    GlooAllReduce gloo(transport, 1);
    std::vector<float> values(10);
    if (transport.rank() == 1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1500));
      return;
    }
    try {
      gloo.average(values, 0);
      ADD_FAILURE() << "expected an error";
    } catch (const collective::TransportError& error) {
      EXPECT_EQ(error.cause(), collective::TransportError::Cause::deadline);
      EXPECT_THAT(error.what(), HasSubstr("rank 0 of 2: all-reduce of 40 bytes: Gloo: Timed out"));
      EXPECT_THAT(error.what(), HasSubstr("[gloo all-reduce number 1: "));
    }
  });
}

}  // namespace
}  // namespace optinc::backend
