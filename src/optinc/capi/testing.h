// What the tests of optinc.h share: ranks as threads, and handles that end by themselves.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "optinc/capi/optinc.h"

#define EXPECT_OK(call) EXPECT_EQ(call, OPTINC_OK) << optinc_last_error()
#define ASSERT_OK(call) ASSERT_EQ(call, OPTINC_OK) << optinc_last_error()
/// The status, and the whole line of the error.
#define EXPECT_REFUSED(call, line)           \
  do {                                       \
    EXPECT_EQ(call, OPTINC_BAD_INPUT);       \
    EXPECT_STREQ(optinc_last_error(), line); \
  } while (0)

namespace optinc::capi {

struct Destroy {
  void operator()(optinc_fabric* fabric) const { EXPECT_OK(optinc_fabric_destroy(fabric)); }
  void operator()(optinc_comm* comm) const { EXPECT_OK(optinc_comm_destroy(comm)); }
  void operator()(optinc_reducer* reducer) const { EXPECT_OK(optinc_all_reduce_destroy(reducer)); }
};
using Fabric = std::unique_ptr<optinc_fabric, Destroy>;
using Comm = std::unique_ptr<optinc_comm, Destroy>;
using Reducer = std::unique_ptr<optinc_reducer, Destroy>;

inline Fabric exact_fabric(int ports, int bits, int rounding = OPTINC_ROUNDING_NEAREST) {
  optinc_fabric* fabric = nullptr;
  EXPECT_OK(optinc_fabric_exact(ports, bits, rounding, &fabric));
  return Fabric(fabric);
}

inline std::vector<Comm> thread_comms(int size, double deadline_s = 60) {
  std::vector<optinc_comm*> comms(size);
  EXPECT_OK(optinc_comm_threads(size, deadline_s, comms.data()));
  return {comms.begin(), comms.end()};
}

inline optinc_all_reduce_options default_options() {
  optinc_all_reduce_options options;
  EXPECT_OK(optinc_all_reduce_options_init(&options, sizeof options));
  return options;
}

inline Reducer make_reducer(const Comm& comm, const Fabric& fabric, const optinc_all_reduce_options& options) {
  optinc_reducer* reducer = nullptr;
  EXPECT_OK(optinc_all_reduce_create(comm.get(), fabric.get(), &options, &reducer));
  return Reducer(reducer);
}

/// `body` for each rank on a thread of its own; returns when all have ended.
inline void run_threads(int size, const std::function<void(int rank)>& body) {
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank) threads.emplace_back(body, rank);
}

}  // namespace optinc::capi
