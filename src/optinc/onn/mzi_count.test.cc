#include "optinc/onn/mzi_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::onn {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct Row {
  std::vector<int> widths;
  const char* approximated;
  int servers;
  std::int64_t mzis;
  std::int64_t dense_mzis;
  double published_percent;
};

Area count(const Row& row) {
  return count_mzis(row.widths, LayerSet::parse(row.approximated, static_cast<int>(row.widths.size()) - 1),
                    row.servers);
}

// The paper rounds or cuts its percentages, and Table II's lie up to 0.15 points off their own formula.
void expect_row(const Row& row) {
  const Area area = count(row);
  EXPECT_EQ(area.mzis, row.mzis) << row.approximated;
  EXPECT_EQ(area.dense_mzis, row.dense_mzis) << row.approximated;
  EXPECT_NEAR(100 * area.ratio(), row.published_percent, 0.16) << row.approximated;
}

const std::vector<int> kWidths4 = {4, 64, 128, 256, 128, 64, 4};
const std::vector<int> kWidths8 = {4, 64, 128, 256, 512, 256, 128, 64, 4};
const std::vector<int> kWidths16 = {4, 64, 128, 256, 512, 1024, 512, 256, 128, 64, 4};
const std::vector<int> kWidths16Bit = {4, 64, 128, 256, 512, 256, 128, 64, 8};

TEST(CountMzis, ReproducesTableI) {
  expect_row({kWidths4, "1-6", 4, 41'936, 106'784, 39.3});
  expect_row({kWidths8, "2-7", 8, 178'080, 435'232, 40.9});
  expect_row({kWidths16, "2-9", 16, 706'464, 1'749'024, 40.4});
  expect_row({kWidths16Bit, "4-6", 4, 214'800, 435'280, 49.3});
}

TEST(CountMzis, ReproducesTableII) {
  expect_row({kWidths16Bit, "4-6", 4, 214'800, 435'280, 49.3});
  expect_row({kWidths16Bit, "4-7", 4, 208'752, 435'280, 47.9});
  expect_row({kWidths16Bit, "4-8", 4, 206'988, 435'280, 47.4});
  expect_row({kWidths16Bit, "3-6", 4, 190'288, 435'280, 43.7});
  expect_row({kWidths16Bit, "3-7", 4, 184'240, 435'280, 42.2});
}

TEST(CountMzis, CountsTheStructuresOfTableIWithAllLayersApproximated) {
  EXPECT_EQ(count({kWidths8, "all", 8}).mzis, 174'288);
  EXPECT_EQ(count({kWidths16, "all", 16}).mzis, 702'672);
  EXPECT_EQ(count({kWidths16Bit, "all", 4}).mzis, 174'438);
  EXPECT_EQ(count({kWidths16Bit, "3-8", 4}).mzis, 182'476);
}

// P is 4 x 16: 4*5/2 + 16*15/2 = 130. T is 16 x 4: 16*17/2 + 4*3/2 = 142.
TEST(CountMzis, TellsUnitsAndLayersApart) {
  const Area area = count({kWidths4, "all", 4});
  EXPECT_EQ(area.preprocessing_mzis, 130);
  EXPECT_EQ(area.splitting_mzis, 142);
  std::int64_t layers = 0;
  std::int64_t dense_layers = 0;
  for (const LayerArea& layer : area.layers) {
    layers += layer.mzis;
    dense_layers += layer.dense_mzis;
  }
  EXPECT_EQ(layers, 41'664);
  EXPECT_EQ(dense_layers, 106'512);
}

// 2-3-1, 2 servers, by hand. Layer 1, 3 x 2: 3*4/2 + 2*1/2 = 7. Layer 2, 1 x 3, approximated: 3 squares of side 1 = 3,
// dense 1 + 3 = 4. P, 2 x 2: 3 + 1 = 4. T, 2 x 1: 3 + 0 = 3. References: 3 + 2 + 3 = 8 and 1 + 0 + 1 = 2.
TEST(CountMzis, CountsATinyNetworkByHand) {
  const Area area = count_mzis({2, 3, 1}, LayerSet::parse("2", 2), 2);
  ASSERT_EQ(area.layers.size(), 2);
  EXPECT_EQ(area.layers[0].outputs, 3);
  EXPECT_EQ(area.layers[0].inputs, 2);
  EXPECT_FALSE(area.layers[0].approximated);
  EXPECT_EQ(area.layers[0].mzis, 7);
  EXPECT_EQ(area.layers[0].dense_mzis, 7);
  EXPECT_EQ(area.layers[0].reference_mzis, 8);
  EXPECT_EQ(area.layers[0].activations, 3);
  EXPECT_TRUE(area.layers[1].approximated);
  EXPECT_EQ(area.layers[1].mzis, 3);
  EXPECT_EQ(area.layers[1].dense_mzis, 4);
  EXPECT_EQ(area.layers[1].reference_mzis, 2);
  EXPECT_EQ(area.layers[1].activations, 0);
  EXPECT_EQ(area.preprocessing_mzis, 4);
  EXPECT_EQ(area.splitting_mzis, 3);
  EXPECT_EQ(area.mzis, 7 + 3 + 4 + 3);
  EXPECT_EQ(area.dense_mzis, 7 + 4 + 4 + 3);
  EXPECT_EQ(area.reference_mzis, 10);
  EXPECT_EQ(area.activations, 3);
}

// Hidden widths 64 + 128 + 256 + 128 + 64 = 640; with the 4 outputs 644 biases: 3 * 644 - 6 layers = 1,926.
TEST(CountMzis, CountsReferencesAndActivationsOfTheFirstRow) {
  const Area area = count({kWidths4, "all", 4});
  EXPECT_EQ(area.activations, 640);
  EXPECT_EQ(area.reference_mzis, 1'926);
}

// W = U S V^T with U 4 x 4 (6 MZIs), V 2 x 2 (1) and, as the paper counts them, 4 attenuators.
TEST(DenseMzis, CountsUnitariesAndDiagonal) {
  EXPECT_EQ(dense_mzis(4, 2), 11);
  EXPECT_EQ(dense_mzis(2, 4), 9);
  EXPECT_EQ(dense_mzis(1, 1), 1);
}

TEST(ApproximatedMzis, CountsSquares) {
  EXPECT_EQ(approximated_mzis(4, 2), 2 * 3);
  EXPECT_EQ(approximated_mzis(2, 4), 2 * 3);
  EXPECT_EQ(approximated_mzis(3, 3), 6);
  EXPECT_EQ(approximated_mzis(1, 5), 5);
}

TEST(ApproximatedMzis, RefusesWhatCanNotBeCut) {
  EXPECT_THAT([] { approximated_mzis(6, 4); },
              ThrowsMessage<base::InputError>(HasSubstr("layer of 6 outputs and 4 inputs")));
}

TEST(CountMzis, RefusesWhatIsNoNetwork) {
  EXPECT_THAT([] { count_mzis({4}, {}, 4); }, ThrowsMessage<base::InputError>(HasSubstr("expected at least 2")));
  EXPECT_THAT([] { count_mzis({4, 0, 4}, {}, 4); }, ThrowsMessage<base::InputError>(HasSubstr("layer width 0")));
  EXPECT_THAT([] { count_mzis({4, 4}, {}, 0); }, ThrowsMessage<base::InputError>(HasSubstr("0 servers")));
  EXPECT_THAT(
      [] {
        count_mzis({4, 4}, LayerSet::parse("2", 2), 4);
      },
      ThrowsMessage<base::InputError>(HasSubstr("approximated layer 2: expected layers from 1 to 1")));
  EXPECT_THAT(
      [] {
        count_mzis({4, 6}, LayerSet::parse("1", 1), 4);
      },
      ThrowsMessage<base::InputError>(HasSubstr("can't be approximated")));
}

}  // namespace
}  // namespace optinc::onn
