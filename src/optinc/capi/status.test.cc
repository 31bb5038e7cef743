#include "optinc/capi/status.h"

#include <new>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "optinc/capi/testing.h"
#include "optinc/collective/transport_error.h"

namespace optinc::capi {
namespace {

using Cause = collective::TransportError::Cause;

TEST(Status, TheVersionIsTheProjects) {
  EXPECT_STREQ(optinc_version(), OPTINC_PROJECT_VERSION);
}

TEST(Status, EveryExceptionHasOneAndLeavesItsLine) {
  EXPECT_EQ(guarded([] {}), OPTINC_OK);
  EXPECT_EQ(guarded([] { base::refuse("bits {}", 1); }), OPTINC_BAD_INPUT);
  EXPECT_STREQ(optinc_last_error(), "bits 1");
  EXPECT_EQ(guarded([] { throw base::RunError("the disk is full"); }), OPTINC_FAILED);
  EXPECT_STREQ(optinc_last_error(), "the disk is full");
  EXPECT_EQ(guarded([] { throw collective::TransportError(Cause::gone, 2, "rank 2 is gone"); }), OPTINC_FAILED);
  EXPECT_STREQ(optinc_last_error(), "rank 2 is gone");
  EXPECT_EQ(guarded([] { throw collective::TransportError(Cause::excluded, 2, "rank 2 is out"); }), OPTINC_EXCLUDED);
  EXPECT_STREQ(optinc_last_error(), "rank 2 is out");
  EXPECT_EQ(guarded([] { throw std::bad_alloc(); }), OPTINC_FAILED);
  EXPECT_STREQ(optinc_last_error(), "out of memory");
  EXPECT_EQ(guarded([] { throw 1; }), OPTINC_FAILED);
  EXPECT_STREQ(optinc_last_error(), "failed for an unknown reason");
}

TEST(Status, ALineStaysUntilTheNextErrorOfItsThread) {
  EXPECT_EQ(guarded([] { base::refuse("first"); }), OPTINC_BAD_INPUT);
  const char* const line = optinc_last_error();
  EXPECT_EQ(guarded([] {}), OPTINC_OK);
  std::jthread([] {
    EXPECT_STREQ(optinc_last_error(), "");
    EXPECT_EQ(guarded([] { base::refuse("second"); }), OPTINC_BAD_INPUT);
  }).join();
  EXPECT_EQ(optinc_last_error(), line);
  EXPECT_STREQ(line, "first");
}

TEST(Status, AnErrorIsOneLineWhateverNamesAreInIt) {
  optinc_fabric* fabric;
  EXPECT_EQ(optinc_fabric_from_design("no\nfile", OPTINC_EVALUATION_AUTO, &fabric), OPTINC_BAD_INPUT);
  EXPECT_EQ(std::string(optinc_last_error()).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace optinc::capi
