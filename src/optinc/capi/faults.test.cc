// What a caller of optinc.h is told when ranks fail, and what it can do then.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/capi/testing.h"

namespace optinc::capi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Outcome {
  int status = OPTINC_OK;
  std::string error;  // where it is not OK
  std::vector<float> values;
  optinc_stats stats = {};
};

/// `count` elements of value rank + 1, averaged.
Outcome call(const Reducer& reducer, int rank, std::size_t count = 100) {
  Outcome outcome{.values = std::vector<float>(count, static_cast<float>(rank + 1))};
  outcome.status = optinc_all_reduce(reducer.get(), outcome.values.data(), outcome.values.data(), count, OPTINC_FLOAT32,
                                     OPTINC_AVERAGE, 0, nullptr, &outcome.stats);
  if (outcome.status != OPTINC_OK) outcome.error = optinc_last_error();
  return outcome;
}

std::vector<int> members_of(const Reducer& reducer, int size) {
  std::vector<int> ranks(size);
  int count = 0;
  EXPECT_OK(optinc_all_reduce_members(reducer.get(), ranks.data(), &count));
  ranks.resize(count);
  return ranks;
}

optinc_all_reduce_options options_with(int on_fault, std::atomic<int>* notices = nullptr) {
  optinc_all_reduce_options options = default_options();
  options.on_fault = on_fault;
  if (notices != nullptr) {
    options.notice = [](void* context, const char* line) {
      EXPECT_THAT(line, HasSubstr(" ranks go on"));
      ++*static_cast<std::atomic<int>*>(context);
    };
    options.notice_context = notices;
  }
  return options;
}

void pause(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

TEST(Faults, ALateRankFailsTheCallAndEveryLaterOneSaysTheSame) {
  const Fabric fabric = exact_fabric(2, 8);
  const std::vector<Comm> comms = thread_comms(2, 0.2);
  const Reducer reducer = make_reducer(comms[0], fabric, default_options());
  const Reducer other = make_reducer(comms[0], fabric, default_options());
  const Outcome first = call(reducer, 0);
  EXPECT_EQ(first.status, OPTINC_FAILED);
  EXPECT_THAT(first.error, HasSubstr(" bytes from rank 1: nothing came within 0.2 s"));
  EXPECT_THAT(first.error, HasSubstr("[optinc all-reduce number 1: 0 of 400 bytes done]"));
  for (const Reducer* each : {&reducer, &other}) {
    const Outcome later = call(*each, 0);
    EXPECT_EQ(later.status, OPTINC_FAILED);
    EXPECT_EQ(later.error, first.error);
  }
}

TEST(Faults, RanksThatCallForDifferentLengthsAreTold) {
  const Fabric fabric = exact_fabric(2, 8);
  const std::vector<Comm> comms = thread_comms(2, 5);
  std::vector<Outcome> outcomes(2);
  run_threads(2, [&](int rank) {
    const Reducer reducer = make_reducer(comms[rank], fabric, default_options());
    outcomes[rank] = call(reducer, rank, rank == 0 ? 100 : 1000);
    if (outcomes[rank].status != OPTINC_OK) {
      EXPECT_OK(optinc_comm_abort(comms[rank].get(), optinc_last_error()));
    }
  });
  EXPECT_EQ(outcomes[0].status, OPTINC_FAILED);
  EXPECT_EQ(outcomes[1].status, OPTINC_FAILED);
  EXPECT_THAT(outcomes[0].error + outcomes[1].error, HasSubstr("calls for the avg of"));
}

// Ranks 0 and 1 wait 0.3 s for rank 2, then go on: (1 + 2) / 2 = 1.5 instead of (1 + 2 + 3) / 3 = 2.
TEST(Faults, SurvivorsGoOnAndTheLateRankIsExcluded) {
  const Fabric fabric = exact_fabric(3, 16);
  const std::vector<Comm> comms = thread_comms(3, 0.3);
  std::atomic<int> notices = 0;
  run_threads(3, [&](int rank) {
    const Reducer reducer = make_reducer(comms[rank], fabric, options_with(OPTINC_ON_FAULT_SURVIVORS, &notices));
    const Outcome first = call(reducer, rank);
    EXPECT_EQ(first.status, OPTINC_OK) << first.error;
    EXPECT_NEAR(first.values[0], 2, 1e-3);
    EXPECT_EQ(first.stats.servers, 3);
    if (rank == 2) pause(2);
    const Outcome second = call(reducer, rank);
    if (rank == 2) {
      EXPECT_EQ(second.status, OPTINC_EXCLUDED);
      EXPECT_THAT(second.error, HasSubstr("rank 2 of 3: excluded: the others went on without this rank"));
      EXPECT_EQ(call(reducer, rank).error, second.error);
    } else {
      EXPECT_EQ(second.status, OPTINC_OK) << second.error;
      EXPECT_NEAR(second.values[0], 1.5, 1e-3);
      EXPECT_EQ(second.stats.servers, 2);
      EXPECT_THAT(members_of(reducer, 3), ElementsAre(0, 1));
    }
  });
  EXPECT_EQ(notices, 2);
}

// Rank 1 comes after the first deadline of 1 s and within the second.
TEST(Faults, TheRingTakesThePlaceOfTheOpticsForOneCall) {
  const Fabric fabric = exact_fabric(2, 16);
  const std::vector<Comm> comms = thread_comms(2, 1);
  std::atomic<int> notices = 0;
  run_threads(2, [&](int rank) {
    const Reducer reducer = make_reducer(comms[rank], fabric, options_with(OPTINC_ON_FAULT_RING, &notices));
    if (rank == 1) pause(1.4);
    const Outcome first = call(reducer, rank);
    EXPECT_EQ(first.status, OPTINC_OK) << first.error;
    EXPECT_EQ(first.stats.fell_back, 1);
    EXPECT_EQ(first.values[0], 1.5f);
    const Outcome second = call(reducer, rank);
    EXPECT_EQ(second.status, OPTINC_OK) << second.error;
    EXPECT_EQ(second.stats.fell_back, 0);
  });
  EXPECT_EQ(notices, 2);
}

TEST(Faults, AReducerThatOutlivesFaultsIsTheOnlyOneOfItsCommunicator) {
  const Fabric fabric = exact_fabric(1, 8);
  const char* const line =
      "a second reducer on this communicator: expected a reducer with on_fault OPTINC_ON_FAULT_RING or "
      "OPTINC_ON_FAULT_SURVIVORS to be its only one";
  const optinc_all_reduce_options plain = default_options(), survivors = options_with(OPTINC_ON_FAULT_SURVIVORS);
  for (const bool plain_first : {true, false}) {
    const std::vector<Comm> comms = thread_comms(1);
    make_reducer(comms[0], fabric, plain_first ? plain : survivors).reset();
    optinc_reducer* second = nullptr;
    EXPECT_REFUSED(optinc_all_reduce_create(comms[0].get(), fabric.get(), plain_first ? &survivors : &plain, &second),
                   line);
    EXPECT_EQ(second, nullptr);
  }
}

}  // namespace
}  // namespace optinc::capi
