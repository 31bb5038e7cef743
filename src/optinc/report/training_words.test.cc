#include "optinc/report/training_words.h"

#include <limits>

#include <gtest/gtest.h>

namespace optinc::report {
namespace {

TEST(TrainingWords, Models) {
  EXPECT_EQ(model_name("llama"), "LLaMA-like model");
  EXPECT_EQ(model_name("resnet50"), "ResNet50");
  EXPECT_EQ(model_name("vit"), "vit");
}

TEST(TrainingWords, Experiments) {
  Experiment text{.workers = 4,
                  .parameters = 935040,
                  .planned_steps = 300,
                  .data = {.train_tokens = 785958, .validation_tokens = 72828}};
  EXPECT_EQ(experiment_words(text),
            "4 workers; 935,040 parameters; 300 steps; trained on 785,958 tokens, validated on 72,828");
  text.planned_steps = 0;
  EXPECT_EQ(experiment_words(text), "4 workers; 935,040 parameters; trained on 785,958 tokens, validated on 72,828");
  const Experiment images{
      .workers = 2,
      .parameters = 278324,
      .planned_steps = 750,
      .data = {.train_images = 50000, .validation_images = 10000, .classes = 100, .steps_per_epoch = 2.5}};
  EXPECT_EQ(experiment_words(images),
            "2 workers; 278,324 parameters; 750 steps (300 epochs); trained on 50,000 images of 100 classes, validated "
            "on 10,000");
}

TEST(TrainingWords, AnIntervalSaysPlainlyWhetherItContainsZero) {
  EXPECT_EQ(interval_words(estimate({-1, 1}), 1), "95\u00a0% interval \u221212.7 to +12.7, which contains zero");
  EXPECT_EQ(interval_words(estimate({1, 1, 1.5}), 2), "95\u00a0% interval +0.45 to +1.88, which does not contain zero");
  EXPECT_EQ(interval_words(estimate({1}), 2), "one seed: no interval");
  EXPECT_EQ(interval_words(estimate({1, std::numeric_limits<double>::quiet_NaN()}), 2), "not finite: no interval");
  EXPECT_EQ(interval_text(estimate({1}), 2), "–");
}

TEST(TrainingWords, AMeanHasItsDeviation) {
  EXPECT_EQ(mean_text(estimate({1, 2, 3}), 2), "2.00\u00a0±\u00a01.00");
  EXPECT_EQ(mean_text(estimate({2}), 1), "2.0");
}

}  // namespace
}  // namespace optinc::report
