#include "optinc/workload/corpus.h"

#include <numeric>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/workload/tokeniser.h"

namespace optinc::workload {
namespace {

using base::InputError;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// 0, 1, 2, ...: a token is its own place.
std::vector<std::int32_t> counting(int count) {
  std::vector<std::int32_t> tokens(count);
  std::iota(tokens.begin(), tokens.end(), 0);
  return tokens;
}

std::filesystem::path temporary_file(const std::string& name, const std::string& content) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / name;
  base::write_file_atomically(path, content);
  return path;
}

TEST(LoadCorpus, TheShippedExcerptIsWhole) {
  // Both splits from the small file, to be quick.
  const std::filesystem::path text = "data/wikipedia-excerpt/valid.txt";
  const Corpus corpus = load_corpus({.train_text = text, .validation_text = text, .vocab = 400});
  EXPECT_EQ(corpus.train, corpus.validation);
  EXPECT_EQ(Tokeniser::train(base::read_file(text), 400).decode(corpus.train), base::read_file(text));
}

TEST(LoadCorpus, ValidatesOnTheLastTenthByDefault) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "line " + std::to_string(1000 + i) + "\n";
  const Corpus corpus = load_corpus({.train_text = temporary_file("lines.txt", text), .vocab = 280});
  // Of 10,000 bytes the last tenth, without the line that byte 9,000 is in.
  const Tokeniser tokeniser = Tokeniser::train(text.substr(0, 9010), 280);
  EXPECT_EQ(tokeniser.decode(corpus.train), text.substr(0, 9010));
  EXPECT_EQ(tokeniser.decode(corpus.validation), text.substr(9010));
}

TEST(LoadCorpus, RefusesMissingAndEmptyFiles) {
  EXPECT_THAT([] { load_corpus({.train_text = "no-such.txt"}); }, ThrowsMessage<InputError>(HasSubstr("no-such.txt")));
  const std::filesystem::path empty = temporary_file("empty.txt", "\n \n");
  EXPECT_THAT([&] { load_corpus({.train_text = empty}); },
              ThrowsMessage<InputError>(empty.string() + ": empty, expected text"));
  EXPECT_THAT([&] { load_corpus({.train_text = "data/wikipedia-excerpt/valid.txt", .validation_text = empty}); },
              ThrowsMessage<InputError>(HasSubstr("empty.txt: empty")));
}

TEST(DrawBatch, GivesSequencesOfTheText) {
  const std::vector<std::int32_t> text = counting(1000);
  const std::vector<std::int32_t> batch = draw_batch(text, 7, 5, 1, 2, 3);
  ASSERT_EQ(batch.size(), 5u * 8);
  for (int s = 0; s < 5; ++s) {
    for (int i = 1; i < 8; ++i) EXPECT_EQ(batch[s * 8 + i], batch[s * 8] + i);
  }
}

TEST(DrawBatch, IsAFunctionOfSeedStepAndWorker) {
  const std::vector<std::int32_t> text = counting(1 << 20);
  std::set<std::vector<std::int32_t>> batches;
  for (std::uint64_t seed : {1, 2}) {
    for (std::uint64_t step : {0, 1, 65536}) {
      for (int worker : {0, 1, 63}) {
        const auto batch = draw_batch(text, 4, 3, seed, step, worker);
        EXPECT_EQ(batch, draw_batch(text, 4, 3, seed, step, worker));
        batches.insert(batch);
      }
    }
  }
  EXPECT_EQ(batches.size(), 2u * 3 * 3);
}

// Each of the 5 places that fit comes up, the first and the last too. (600 draws: a place is missed with chance 5 *
// 0.8^600.)
TEST(DrawBatch, ReachesEveryPlace) {
  const std::vector<std::int32_t> text = counting(8);
  const std::vector<std::int32_t> batch = draw_batch(text, 3, 600, 1, 0, 0);
  std::set<std::int32_t> places;
  for (std::size_t i = 0; i < batch.size(); i += 4) places.insert(batch[i]);
  EXPECT_THAT(places, ElementsAre(0, 1, 2, 3, 4));
}

TEST(DrawBatch, RefusesATextShorterThanASequence) {
  EXPECT_EQ(draw_batch(counting(4), 3, 1, 1, 0, 0), counting(4));
  EXPECT_THAT([] { draw_batch(counting(3), 3, 1, 1, 0, 0); },
              ThrowsMessage<InputError>(HasSubstr("training text of 3 tokens: expected at least 4")));
}

TEST(ValidationWindows, PredictEachTokenOnce) {
  const std::vector<std::int32_t> text = counting(12);  // 3 windows of 3 predictions, and two tokens that fill none
  const ValidationWindows windows(text, 3, 0);
  EXPECT_EQ(windows.count(), 3u);
  EXPECT_THAT(windows.tokens(0, 3), ElementsAre(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9));
  EXPECT_THAT(windows.tokens(1, 2), ElementsAre(3, 4, 5, 6));
}

TEST(ValidationWindows, AFewAreSpreadOverTheText) {
  const std::vector<std::int32_t> text = counting(1 + 10 * 2);  // 10 windows of 2 predictions
  const ValidationWindows windows(text, 2, 4);
  EXPECT_EQ(windows.count(), 4u);
  EXPECT_THAT(windows.tokens(0, 4), ElementsAre(0, 1, 2, 4, 5, 6, 10, 11, 12, 14, 15, 16));
  EXPECT_EQ(ValidationWindows(text, 2, 100).count(), 10u);
}

TEST(ValidationWindows, RefuseATextShorterThanOne) {
  EXPECT_THAT([] { ValidationWindows(counting(3), 3, 0); },
              ThrowsMessage<InputError>(HasSubstr("validation text of 3 tokens: expected at least 4")));
}

}  // namespace
}  // namespace optinc::workload
