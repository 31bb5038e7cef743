#include "optinc/design/fares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::design {
namespace {

TEST(Fares, AreWrongAtFirstAndCounted) {
  Fares fares(5);
  EXPECT_EQ(fares.count(Fare::wrong), 5u);
  fares.set(4, Fare::quiet);
  fares.set(1, Fare::loud);
  fares.set(1, Fare::quiet);
  EXPECT_EQ(fares.count(Fare::wrong), 3u);
  EXPECT_EQ(fares.count(Fare::loud), 0u);
  EXPECT_EQ(fares.count(Fare::quiet), 2u);
  EXPECT_EQ(fares.get(1), Fare::quiet);
  EXPECT_EQ(fares.get(0), Fare::wrong);
}

TEST(Fares, ComeBackFromTheirBytes) {
  Fares fares(6);
  fares.set(2, Fare::loud);
  fares.set(5, Fare::quiet);
  Fares other(6);
  other.unpack(fares.packed());
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(other.get(i), fares.get(i));
  EXPECT_EQ(other.count(Fare::wrong), 4u);
}

TEST(Fares, RefuseBytesOfAnotherRunAndWhatIsNoFare) {
  Fares fares(6);
  EXPECT_THROW(fares.unpack({0, 0, 0}), base::InputError);
  EXPECT_THROW(fares.unpack({0b11, 0}), base::InputError);
}

}  // namespace
}  // namespace optinc::design
