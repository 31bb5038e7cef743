#include "optinc/onn/layer_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"

namespace optinc::onn {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(LayerSet, ReadsTheFormsOfTheTables) {
  const LayerSet set = LayerSet::parse("2,4-5", 6);
  const std::vector<bool> expected = {false, false, true, false, true, true, false};
  for (int layer = 0; layer <= 6; ++layer) EXPECT_EQ(set.contains(layer), expected[layer]) << layer;
  EXPECT_EQ(set.last(), 5);
  EXPECT_FALSE(set.empty());
}

TEST(LayerSet, ReadsAllAndNone) {
  EXPECT_EQ(LayerSet::parse("all", 6).to_string(), "1-6");
  EXPECT_EQ(LayerSet::parse("none", 6).to_string(), "none");
  EXPECT_TRUE(LayerSet::parse("none", 6).empty());
  EXPECT_EQ(LayerSet().last(), 0);
}

TEST(LayerSet, WritesTheShortestForm) {
  EXPECT_EQ(LayerSet::parse("3,1,2", 8).to_string(), "1-3");
  EXPECT_EQ(LayerSet::parse("1-4,3-6,8", 8).to_string(), "1-6,8");
  EXPECT_EQ(LayerSet::parse("7", 8).to_string(), "7");
}

TEST(LayerSet, HasNoLayersBeyondItsEnds) {
  const LayerSet set = LayerSet::parse("1-3", 3);
  for (const int layer : {-1, 0, 4, 1000}) EXPECT_FALSE(set.contains(layer)) << layer;
}

TEST(LayerSet, ComparesByContent) {
  LayerSet by_hand;
  by_hand.insert(3);
  by_hand.insert(2);
  EXPECT_EQ(by_hand, LayerSet::parse("2-3", 9));
  EXPECT_FALSE(by_hand == LayerSet::parse("2-4", 9));
}

TEST(LayerSet, RefusesWhatNamesNoLayers) {
  for (const char* text : {"", ",", "1,", ",1", "0", "7", "1-7", "3-1", "-2", "2-", "1-2-3", " 1", "1 ", "a", "1;2",
                           "+1", "All", "99999999999999999999"}) {
    EXPECT_THAT([&] { LayerSet::parse(text, 6); },
                ThrowsMessage<base::InputError>(HasSubstr("expected numbers and ranges from 1 to 6")))
        << text;
  }
}

TEST(LayerSet, RefusesToInsertLayerZero) {
  EXPECT_THROW(LayerSet().insert(0), base::InputError);
}

RC_GTEST_PROP(LayerSet, ReadsWhatItWrites, (const std::vector<bool>& chosen)) {
  LayerSet set;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) set.insert(static_cast<int>(i) + 1);
  }
  const LayerSet read = LayerSet::parse(set.to_string(), static_cast<int>(chosen.size()));
  for (std::size_t i = 0; i < chosen.size(); ++i) RC_ASSERT(read.contains(static_cast<int>(i) + 1) == chosen[i]);
}

}  // namespace
}  // namespace optinc::onn
