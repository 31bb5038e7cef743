#include "optinc/workload/tokeniser.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/fingerprint.h"
#include "optinc/base/random.h"

namespace optinc::workload {
namespace {

using base::InputError;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::string& corpus() {
  static const std::string text = base::read_file("data/wikipedia-excerpt/valid.txt");
  return text;
}

const Tokeniser& tokeniser() {
  static const Tokeniser trained = Tokeniser::train(corpus(), 512);
  return trained;
}

// Known answers published with the FNV reference code.
TEST(Fingerprint, IsFnv1a) {
  EXPECT_EQ(base::fingerprint(""), 0xcbf29ce484222325u);
  EXPECT_EQ(base::fingerprint("a"), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(base::fingerprint("foobar"), 0x85944171f73967e8u);
}

TEST(Tokeniser, GivesTheCorpusBackInFewerTokens) {
  const std::vector<std::int32_t> tokens = tokeniser().encode(corpus());
  EXPECT_EQ(tokeniser().decode(tokens), corpus());
  EXPECT_LT(tokens.size(), corpus().size() * 6 / 10);
  EXPECT_EQ(tokeniser().size(), 512);
  EXPECT_THAT(tokens, testing::Each(testing::AllOf(testing::Ge(0), testing::Lt(512))));
}

TEST(Tokeniser, GivesBackWhatTheCorpusNeverHad) {
  for (const std::string text :
       {"", " ", "  two  spaces  ", "tab\tand\r\nCRLF\n\n\n", "光 и свет ☀ 🚀", "\x01 control"}) {
    EXPECT_EQ(tokeniser().decode(tokeniser().encode(text)), text);
  }
}

RC_GTEST_PROP(Tokeniser, GivesBackAnyAscii, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
  RC_ASSERT(tokeniser().decode(tokeniser().encode(text)) == text);
}

TEST(Tokeniser, IsAFunctionOfTextAndVocabulary) {
  EXPECT_EQ(Tokeniser::train(corpus(), 512).model(), tokeniser().model());
  EXPECT_NE(Tokeniser::train(corpus(), 500).model(), tokeniser().model());
}

TEST(Tokeniser, IsFoundAgainInTheCache) {
  const std::filesystem::path cache = std::filesystem::path(testing::TempDir()) / "tokeniser-cache";
  std::filesystem::remove_all(cache);
  const auto files = [&] {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(cache)) found.push_back(entry.path());
    return found;
  };
  const std::string_view text = std::string_view(corpus()).substr(0, 20000);
  const Tokeniser trained = Tokeniser::train_or_load(text, 400, cache);
  ASSERT_EQ(files().size(), 1u);

  // That the file is used is seen by putting another model in its place.
  base::write_file_atomically(files()[0], tokeniser().model());
  EXPECT_EQ(Tokeniser::train_or_load(text, 400, cache).size(), 512);
  // Another vocabulary or another text is another file; a damaged one is made anew.
  EXPECT_EQ(Tokeniser::train_or_load(text, 401, cache).size(), 401);
  EXPECT_EQ(Tokeniser::train_or_load(text.substr(1), 400, cache).size(), 400);
  EXPECT_EQ(files().size(), 3u);
  for (const auto& file : files()) std::filesystem::resize_file(file, 100);
  EXPECT_EQ(Tokeniser::train_or_load(text, 400, cache).model(), trained.model());
}

TEST(Tokeniser, RefusesWhatItCannotTrainOn) {
  EXPECT_THAT([] { Tokeniser::train("", 512); }, ThrowsMessage<InputError>(HasSubstr("no text")));
  EXPECT_THAT([] { Tokeniser::train("\n\n\n", 512); }, ThrowsMessage<InputError>(HasSubstr("no text")));
  EXPECT_THAT([] { Tokeniser::train(corpus(), 100); },
              ThrowsMessage<InputError>(HasSubstr("vocabulary of 100 tokens: expected at least ")));
  EXPECT_THAT([] { Tokeniser::train("to be or not to be", 5000); },
              ThrowsMessage<InputError>(
                  HasSubstr("vocabulary of 5000 tokens, 18 bytes of text: sentencepiece can't train on them: Vocab")));
}

// One line of 20,000 letters and not a space.
TEST(Tokeniser, TakesTextWithoutLines) {
  const base::CounterStream random(1, 2);
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "abcdefgh"[random.word(i) % 8];
  const Tokeniser trained = Tokeniser::train(text, 280);
  EXPECT_EQ(trained.decode(trained.encode(text)), text);
}

}  // namespace
}  // namespace optinc::workload
