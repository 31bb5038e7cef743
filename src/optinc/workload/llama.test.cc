#include "optinc/workload/llama.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"

namespace optinc::workload {
namespace {

using base::InputError;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr LlamaOptions kTiny{.vocab = 11, .layers = 2, .hidden = 8, .heads = 2, .ffn_hidden = 12, .context = 6};

std::vector<std::int32_t> random_tokens(int count, int vocab) {
  const base::CounterStream random(5, 6);
  std::vector<std::int32_t> tokens(count);
  for (int i = 0; i < count; ++i) tokens[i] = static_cast<std::int32_t>(random.word(i) % vocab);
  return tokens;
}

/// Away from the start, where all parts of the model matter: larger matrices, gains that differ.
void shake(Llama& model) {
  const auto parameters = model.parameters();
  const base::CounterStream random(7, 8);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i] =
        i < model.matrix_parameter_count() ? 2 * parameters[i] : 0.5f + static_cast<float>(random.uniform(i));
  }
}

double mean_loss(const Llama& model, const std::vector<std::int32_t>& tokens, int sequences) {
  const std::vector<float> losses = model.losses(tokens, sequences);
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

// embedding + output 2 * 11 * 8 = 176; a layer 4 * 8 * 8 + 3 * 12 * 8 = 544; gains (2 * 2 + 1) * 8 = 40.
TEST(Llama, HasTheParametersOfItsShape) {
  Llama model(kTiny, 1);
  EXPECT_EQ(model.matrix_parameter_count(), 176u + 2 * 544);
  EXPECT_EQ(model.parameters().size(), 176u + 2 * 544 + 40);
  const auto gains = model.parameters().subspan(model.matrix_parameter_count());
  EXPECT_THAT(gains, testing::Each(1.0f));
}

// The published model: 8/3 of 384 is 1,024.
TEST(Llama, WidthOfTheFeedForwardPartIsChosen) {
  EXPECT_EQ(checked({.hidden = 384, .heads = 8}).ffn_hidden, 1024);
  EXPECT_EQ(checked({.hidden = 128, .heads = 4}).ffn_hidden, 352);  // 341.3, rounded up to a multiple of 16
}

// Logits are about normal with variance 1/2: the cross-entropy is about log(300) + 1/4.
TEST(Llama, KnowsNothingAtTheStart) {
  const Llama model({.vocab = 300, .layers = 2, .hidden = 64, .heads = 2, .context = 16}, 1);
  EXPECT_NEAR(mean_loss(model, random_tokens(16 * 17, 300), 16), std::log(300) + 0.25, 0.2);
}

// Central differences: (loss(p + h) - loss(p - h)) / 2h, off by O(h^2) and by about 1e-7 / h of float32 rounding.
TEST(Llama, GradientIsThatOfFiniteDifferences) {
  Llama model(kTiny, 3);
  shake(model);
  constexpr int kSequences = 3;
  const std::vector<std::int32_t> tokens = random_tokens(kSequences * 7, kTiny.vocab);
  const auto parameters = model.parameters();
  std::vector<float> gradient(parameters.size());
  EXPECT_NEAR(model.loss_and_gradient(tokens, kSequences, gradient), mean_loss(model, tokens, kSequences), 1e-5);

  constexpr float kStep = 4e-3f;
  double difference = 0, length = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const float kept = parameters[i];
    parameters[i] = kept + kStep;
    const double above = mean_loss(model, tokens, kSequences);
    parameters[i] = kept - kStep;
    const double below = mean_loss(model, tokens, kSequences);
    parameters[i] = kept;
    const double expected = (above - below) / (2.0 * kStep);
    EXPECT_NEAR(gradient[i], expected, 5e-4 + 5e-3 * std::abs(expected)) << "parameter " << i;
    difference += (gradient[i] - expected) * (gradient[i] - expected);
    length += expected * expected;
  }
  EXPECT_GT(std::sqrt(length), 0.1);
  EXPECT_LT(std::sqrt(difference / length), 1e-3);
}

// Causality: what is predicted before a token does not depend on it; what is predicted after it does.
TEST(Llama, SeesNoFutureTokens) {
  Llama model(kTiny, 3);
  shake(model);
  std::vector<std::int32_t> tokens = random_tokens(2 * 7, kTiny.vocab);
  const std::vector<float> before = model.losses(tokens, 2);
  tokens[4] = (tokens[4] + 1) % kTiny.vocab;  // of the first sequence
  const std::vector<float> after = model.losses(tokens, 2);
  for (int i = 0; i < 12; ++i) {
    if (i == 3 || i == 4 || i == 5) {  // prediction 3 is of this token, 4 and 5 are made from it
      EXPECT_NE(before[i], after[i]) << i;
    } else {
      EXPECT_EQ(before[i], after[i]) << i;
    }
  }
}

// Rotary positions: the order of what came before matters, and a layer without positions could not tell.
TEST(Llama, TellsTheOrderOfEarlierTokens) {
  LlamaOptions options = kTiny;
  options.layers = 1;
  Llama model(options, 3);
  shake(model);
  const float ab = model.losses(std::vector<std::int32_t>{1, 2, 3, 4}, 1)[2];
  const float ba = model.losses(std::vector<std::int32_t>{2, 1, 3, 4}, 1)[2];
  EXPECT_GT(std::abs(ab - ba), 1e-4);
}

// Sequences of a batch do not see each other, and shorter ones than the context are fine.
TEST(Llama, ABatchIsItsSequences) {
  Llama model(kTiny, 3);
  shake(model);
  const std::vector<std::int32_t> tokens = random_tokens(3 * 5, kTiny.vocab);
  const std::vector<float> together = model.losses(tokens, 3);
  for (int s = 0; s < 3; ++s) {
    const std::vector<float> alone = model.losses(std::span(tokens).subspan(s * 5, 5), 1);
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(together[s * 4 + i], alone[i], 1e-5);
  }
}

TEST(Llama, IsAFunctionOfItsSeedWhateverOtherThreadsDo) {
  const LlamaOptions options{.vocab = 64, .layers = 2, .hidden = 32, .heads = 2, .context = 32};
  const std::vector<std::int32_t> tokens = random_tokens(4 * 33, options.vocab);
  const auto gradient_of = [&](std::uint64_t seed) {
    Llama model(options, seed);
    std::vector<float> gradient(model.parameters().size());
    model.loss_and_gradient(tokens, 4, gradient);
    return gradient;
  };
  const std::vector<float> alone = gradient_of(1);
  std::vector<std::vector<float>> found(4);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&, i] { found[i] = gradient_of(i < 3 ? 1 : 2); });
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(found[i], alone);
  EXPECT_NE(found[3], alone);
}

TEST(Llama, RefusesImpossibleOptionsAndTokens) {
  EXPECT_THAT([] { checked({.hidden = 100, .heads = 8}); },
              ThrowsMessage<InputError>("hidden size 100: expected a multiple of 16, twice the number of heads"));
  EXPECT_THAT([] { checked({.layers = 0}); }, ThrowsMessage<InputError>(HasSubstr("0 layers")));
  EXPECT_THAT([] { checked({.context = 0}); }, ThrowsMessage<InputError>(HasSubstr("context of 0")));
  const Llama model(kTiny, 1);
  EXPECT_THAT(
      [&] {
        model.losses(std::vector<std::int32_t>{1, 11}, 1);
      },
      ThrowsMessage<InputError>("token 11: expected 0 to 10"));
  EXPECT_THAT([&] { model.losses(std::vector<std::int32_t>(8, 1), 1); },
              ThrowsMessage<InputError>("sequences of 8 tokens: expected 2 to 7"));
}

}  // namespace
}  // namespace optinc::workload
