#include "optinc/backend/process_group_optinc.h"

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include "optinc/base/error.h"

namespace optinc::backend {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

/// Ranks as threads, each with a group, over TCP. No Gloo.
void run_groups(int size, Settings settings, const std::function<void(int rank, ProcessGroupOptinc& group)>& body) {
  if (settings.design.empty()) settings.design = "designs/b8-n4-nearest.safetensors";
  const auto store = c10::make_intrusive<c10d::HashStore>();
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < size; ++rank) {
    ranks.emplace_back([&, rank] {
      const auto group = c10::make_intrusive<ProcessGroupOptinc>(store, rank, size, settings);
      body(rank, *group);
    });
  }
  for (std::thread& rank : ranks) rank.join();
}

c10::intrusive_ptr<c10d::Work> begin(ProcessGroupOptinc& group, const at::Tensor& tensor,
                                     c10d::ReduceOp::RedOpType op = c10d::ReduceOp::SUM) {
  std::vector<at::Tensor> tensors{tensor};
  c10d::AllreduceOptions options;
  options.reduceOp = op;
  return group.allreduce(tensors, options);
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

// All ranks give the same numbers, of which the largest is 127 steps of a power of two: nothing is rounded.
TEST(ProcessGroupOptinc, SumsAndAverages) {
  run_groups(4, {}, [](int, ProcessGroupOptinc& group) {
    const at::Tensor given = at::arange(-127, 128, at::kFloat);
    const at::Tensor sum = given.clone(), average = given.clone();
    const auto first = begin(group, sum), second = begin(group, average, c10d::ReduceOp::AVG);
    EXPECT_TRUE(second->wait(kNoTimeout));
    EXPECT_TRUE(first->isCompleted());  // in order
    EXPECT_TRUE(first->isSuccess());
    EXPECT_TRUE(sum.equal(4 * given));
    EXPECT_TRUE(average.equal(given));
    EXPECT_TRUE(second->result()[0].is_same(average));
    second->getFuture()->wait();
    EXPECT_TRUE(second->getFuture()->value().toTensorVector()[0].is_same(average));
    EXPECT_EQ(group.stats().calls, 2);
  });
}

TEST(ProcessGroupOptinc, AWaitEndsAtItsTimeout) {
  run_groups(2, {}, [](int rank, ProcessGroupOptinc& group) {
    if (rank == 1) std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const auto work = begin(group, at::ones({1000}));
    if (rank == 0) {
      EXPECT_EQ(error_of([&] { work->wait(std::chrono::milliseconds(20)); }),
                "rank 0 of 2: all_reduce of 4000 bytes: not done within 0.02 s");
    }
    EXPECT_TRUE(work->wait(kNoTimeout));
  });
}

TEST(ProcessGroupOptinc, AnErrorIsTheSameEverAfter) {
  run_groups(2, {.deadline_s = 0.3}, [](int rank, ProcessGroupOptinc& group) {
    if (rank == 1) return std::this_thread::sleep_for(std::chrono::milliseconds(600));
    const auto work = begin(group, at::ones({1000}));
    const std::string error = error_of([&] { work->wait(kNoTimeout); });
    EXPECT_THAT(error, MatchesRegex("rank 0 of 2: receive of .* bytes from rank 1: nothing came within 0.3 s .*"));
    EXPECT_FALSE(work->isSuccess());
    EXPECT_TRUE(work->getFuture()->hasError());
    EXPECT_EQ(error_of([&] { begin(group, at::ones({3}))->wait(kNoTimeout); }), error);
    EXPECT_EQ(error_of([&] { group.barrier({})->wait(kNoTimeout); }), error);
    std::vector<at::Tensor> tensors{at::ones({3})};
    EXPECT_EQ(error_of([&] { group.broadcast(tensors, {}); }), error);
    EXPECT_EQ(group.stats().failure, error);
  });
}

TEST(ProcessGroupOptinc, IsClosedInOrder) {
  run_groups(4, {}, [](int rank, ProcessGroupOptinc& group) {
    const at::Tensor ones = at::ones({100'000});
    const auto work = begin(group, ones);
    group.close();
    EXPECT_TRUE(work->isSuccess());
    EXPECT_EQ(ones[99'999].item<float>(), 4);
    EXPECT_EQ(error_of([&] { begin(group, ones); }), fmt::format("rank {} of 4: the group has been closed", rank));
    group.close();
  });
}

TEST(ProcessGroupOptinc, WithoutGlooItSaysSo) {
  run_groups(2, {}, [](int rank, ProcessGroupOptinc& group) {
    std::vector<at::Tensor> tensors{at::ones({3})};
    EXPECT_EQ(error_of([&] { group.broadcast(tensors, {}); }),
              fmt::format("rank {} of 2: broadcast of 12 bytes: there is no Gloo group beside the optics", rank));
    EXPECT_TRUE(group.barrier({})->wait(kNoTimeout));
  });
}

// 0.4 of a step: every call alone gives 0; with what it left over, two of five give a whole step.
TEST(ProcessGroupOptinc, ErrorFeedbackPerMemory) {
  for (const bool feedback : {false, true}) {
    run_groups(4, {.error_feedback = feedback}, [feedback](int, ProcessGroupOptinc& group) {
      const at::Tensor given = at::tensor({127.0f, 0.4f}), values = at::empty({2});
      double sum = 0;
      for (int call = 0; call < 50; ++call) {
        values.copy_(given);
        begin(group, values, c10d::ReduceOp::AVG)->wait(kNoTimeout);
        sum += values[1].item<float>();
      }
      EXPECT_NEAR(sum / 50, feedback ? 0.4 : 0.0, 0.02);
    });
  }
}

TEST(ProcessGroupOptinc, RefusesMoreRanksThanPorts) {
  const auto store = c10::make_intrusive<c10d::HashStore>();
  EXPECT_THAT(error_of([&] { ProcessGroupOptinc(store, 0, 5, {.design = "designs/b8-n4.safetensors"}); }),
              HasSubstr("5 ranks through b8-n4.safetensors, which has 4 ports"));
}

}  // namespace
}  // namespace optinc::backend
