#include "optinc/cost/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::cost {
namespace {

// Published counts: torchvision's documentation for the ResNets; for the others the sum over the tensors of the models
// as they are published.
TEST(Model, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(named_model("resnet18").parameters(), 11'689'512);
  EXPECT_EQ(named_model("resnet50").parameters(), 25'557'032);
  EXPECT_EQ(named_model("llama-7b").parameters(), 6'738'415'616);
  EXPECT_EQ(named_model("llama-13b").parameters(), 13'015'864'320);
  EXPECT_EQ(named_model("llama-33b").parameters(), 32'528'943'616);
  EXPECT_EQ(named_model("llama-65b").parameters(), 65'285'660'672);
  EXPECT_EQ(named_model("llama-2-70b").parameters(), 68'976'648'192);
  EXPECT_EQ(named_model("llama-3-8b").parameters(), 8'030'261'248);
  EXPECT_EQ(named_model("llama-3-70b").parameters(), 70'553'706'496);
}

// torchvision's documentation gives 1.81 and 4.09 GFLOPS for 224 x 224, a multiply-add being one.
TEST(Model, ResnetsHaveThePublishedArithmetic) {
  EXPECT_NEAR(named_model("resnet18").forward_flop() / 2e9, 1.81, 0.01);
  EXPECT_NEAR(named_model("resnet50").forward_flop() / 2e9, 4.09, 0.01);
}

// A 3 x 3 convolution of 3 -> 16 on 32 x 32: 432 weights, 2 x 432 x 1024 operations, and 32 numbers of normalisation.
TEST(Model, CountsTheFirstConvolutionByHand) {
  const Model model = named_model("resnet20-cifar100");
  EXPECT_EQ(model.parts.front().parameters, 464);
  EXPECT_EQ(model.parts.front().forward_flop, 884'736);
  EXPECT_EQ(model.parameters(), 275'572);
}

// Without attention's scores, a token costs two operations a parameter of a matrix.
TEST(Model, TransformersCostTwoOperationsAParameterAToken) {
  TransformerShape shape{
      .layers = 2, .hidden = 8, .ffn_hidden = 16, .heads = 2, .key_value_heads = 2, .vocab = 10, .context = 1};
  const Model model = transformer("tiny", shape);
  const double norms = 2 * 2 * 8 + 8, embedding = 80, scores = 2 * 4 * 8;
  EXPECT_EQ(model.forward_flop(), 2 * (static_cast<double>(model.parameters()) - norms - embedding) + scores);
}

TEST(Model, RefusesWhatCannotBe) {
  EXPECT_THROW(named_model("gpt-5"), base::InputError);
  EXPECT_THROW(resnet("x", {.depth = 34}), base::InputError);
  EXPECT_THROW(resnet("x", {.depth = 20, .imagenet_stem = true}), base::InputError);
  EXPECT_THROW(resnet("x", {.image_side = 4}), base::InputError);
  EXPECT_THROW(transformer("x", {1, 10, 1, 3, 3, 1, 1}), base::InputError);
  EXPECT_THROW(transformer("x", {1, 0, 1, 1, 1, 1, 1}), base::InputError);
  EXPECT_THROW(transformer("x", {1, 12, 1, 4, 3, 1, 1}), base::InputError);
}

TEST(Model, EveryNameIsAModel) {
  for (const std::string& name : model_names()) EXPECT_EQ(named_model(name).name, name);
}

}  // namespace
}  // namespace optinc::cost
