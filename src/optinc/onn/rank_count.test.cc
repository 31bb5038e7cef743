#include "optinc/onn/rank_count.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/onn/mzi_count.h"

namespace optinc::onn {

void PrintTo(const Block& block, std::ostream* out) {
  *out << block.outputs << " x " << block.inputs << " of rank " << block.rank;
}

namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

bool operator==(const Block& a, const Block& b) {
  return std::tie(a.outputs, a.inputs, a.rank) == std::tie(b.outputs, b.inputs, b.rank);
}
MATCHER_P3(IsBlock, outputs, inputs, rank, "") {
  return arg == Block{outputs, inputs, rank};
}

TEST(RankCount, OfAFullMatrixIsThatOfADenseOneWithoutWhatIsNotNeeded) {
  EXPECT_EQ(mzis_of_rank(4, 4, 4), dense_mzis(4, 4));
  EXPECT_EQ(mzis_of_rank(4, 4, 1), 3 + 3 + 1);
  EXPECT_EQ(mzis_of_rank(1, 8, 1), 7 + 1);
  EXPECT_EQ(mzis_of_rank(1, 1, 1), 1);
}

// Two rows from input 1, equal but for their size; inputs 2 and 3 added up and apart; a dark output.
TEST(RankCount, TakesBlocksApart) {
  const Layer layer{.outputs = 5,
                    .inputs = 3,
                    .weight = {1, 0, 0,   //
                               -2, 0, 0,  //
                               0, 1, 1,   //
                               0, 1, -1,  //
                               0, 0, 0},
                    .bias = {0, 0, 0, 0, 1}};
  EXPECT_THAT(blocks_of(layer), UnorderedElementsAre(IsBlock(2, 1, 1), IsBlock(2, 2, 2)));
  EXPECT_THAT(count_by_rank({{layer}}), ElementsAre(2 + 4));
}

TEST(RankCount, RoundingOfFloat32MakesNoRank) {
  Layer layer{.outputs = 3, .inputs = 4, .weight = {}, .bias = {0, 0, 0}};
  const float row[] = {0.1f, 1 / 3.0f, -0.7f, 0.01f}, column[] = {3, 1 / 7.0f, 0.3f};
  for (const float a : column) {
    for (const float b : row) layer.weight.push_back(a * b);
  }
  EXPECT_THAT(blocks_of(layer), ElementsAre(IsBlock(3, 4, 1)));
}

// Never more than dense meshes take, whatever the order of the wires.
RC_GTEST_PROP(RankCountProperty, IsAtMostTheDenseCountInAnyOrder, ()) {
  const int outputs = *rc::gen::inRange(1, 9), inputs = *rc::gen::inRange(1, 9);
  Layer layer{.outputs = outputs, .inputs = inputs, .weight = {}, .bias = std::vector<float>(outputs)};
  for (int i = 0; i < outputs * inputs; ++i) {
    layer.weight.push_back(static_cast<float>(*rc::gen::element(0, 0, 0, 1, 2, -3)));
  }
  const std::int64_t count = count_by_rank({{layer}})[0];
  RC_ASSERT(count <= dense_mzis(outputs, inputs));
  Layer shuffled = layer;
  const int shift = *rc::gen::inRange(0, outputs);
  std::ranges::rotate(shuffled.weight, shuffled.weight.begin() + shift * inputs);
  RC_ASSERT(count_by_rank({{shuffled}})[0] == count);
}

}  // namespace
}  // namespace optinc::onn
