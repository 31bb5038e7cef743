#include "optinc/workload/tokeniser.h"

#include <dlfcn.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/fingerprint.h"
#include "optinc/workload/sentencepiece_plugin.h"

namespace optinc::workload {
namespace {

constexpr std::size_t kTrainingBytes = std::size_t{4} << 20;  // bounds the time that training takes, to some seconds
constexpr std::size_t kSentenceBytes = 4000;
constexpr int kBytePieces = 256, kSpecialPieces = 1;  // byte fallback; the unknown piece
constexpr double kLeastCoverage = 0.98;               // the least that sentencepiece accepts

const PiecePlugin& plugin() {
  static const PiecePlugin* const loaded = [] {
    // Found through the run path of the program that this is linked into.
    void* const library = dlopen(OPTINC_SENTENCEPIECE_PLUGIN, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    void* const symbol = library != nullptr ? dlsym(library, kPiecePluginSymbol) : nullptr;
    if (symbol == nullptr) throw base::RunError(fmt::format("sentencepiece can't be loaded: {}", dlerror()));
    return static_cast<const PiecePlugin*>(symbol);
  }();
  return *loaded;
}

/// Lines with their line feed; those longer than kSentenceBytes are cut in front of a space.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    end = end == std::string_view::npos ? text.size() : end + 1;
    if (end > kSentenceBytes) end = std::min(end, text.find(' ', kSentenceBytes));
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

std::vector<std::string> training_sentences(std::string_view text) {
  const std::vector<std::string_view> lines = lines_of(text);
  const std::size_t stride = text.size() / kTrainingBytes + 1;
  std::vector<std::string> sentences;
  for (std::size_t i = 0; i < lines.size(); i += stride) {
    const std::string_view line = lines[i].substr(0, lines[i].find('\n'));
    if (!line.empty()) sentences.emplace_back(line);
  }
  return sentences;
}

/// The share of the text to be written with characters that are pieces themselves (the rest falls back to bytes), such
/// that these pieces take at most a quarter of the room. sentencepiece ends the process when there is no room: we
/// refuse first.
double character_coverage(const std::vector<std::string>& sentences, int vocab) {
  std::map<std::string_view, std::size_t> counts;
  std::size_t total = 0;
  for (const std::string_view sentence : sentences) {
    for (std::size_t begin = 0; begin < sentence.size(); ++total) {
      std::size_t end = begin + 1;
      while (end < sentence.size() && (sentence[end] & 0xC0) == 0x80) ++end;  // continuation bytes of UTF-8
      ++counts[sentence.substr(begin, end - begin)];
      begin = end;
    }
  }
  std::vector<std::size_t> sorted;
  for (const auto& [character, count] : counts) sorted.push_back(count);
  std::sort(sorted.rbegin(), sorted.rend());

  const int room = vocab - kBytePieces - kSpecialPieces;
  double covered = 0;
  int characters = 0;
  for (const std::size_t count : sorted) {
    if (characters >= room / 4 && covered >= kLeastCoverage * static_cast<double>(total)) break;
    covered += static_cast<double>(count);
    ++characters;
  }
  constexpr int kSlack = 8;  // sentencepiece counts a little otherwise: spaces, control characters
  base::require(characters + kSlack <= room, "vocabulary of {} tokens: expected at least {} for this text", vocab,
                kBytePieces + kSpecialPieces + characters + kSlack);
  return std::clamp(covered / static_cast<double>(total), kLeastCoverage, 1.0);
}

}  // namespace

Tokeniser Tokeniser::train(std::string_view text, int vocab) {
  const std::vector<std::string> sentences = training_sentences(text);
  base::require(!sentences.empty(), "no text to train a tokeniser on");
  const std::unordered_map<std::string, std::string> options = {
      {"model_type", "bpe"},
      {"vocab_size", std::to_string(vocab)},
      {"character_coverage", fmt::format("{}", character_coverage(sentences, vocab))},
      {"byte_fallback", "true"},
      // Text is taken as it is, so that it can be given back as it was.
      {"normalization_rule_name", "identity"},
      {"remove_extra_whitespaces", "false"},
      {"add_dummy_prefix", "false"},
      {"max_sentence_length", std::to_string(text.size())},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"num_threads", "1"},
      {"minloglevel", "2"}};
  const PiecePlugin& sentencepiece = plugin();
  std::string model;
  try {
    model = sentencepiece.train(sentences, options);
  } catch (const std::runtime_error& error) {
    // "file(line) [check] what is wrong"
    const std::string_view reason = error.what();
    base::refuse("vocabulary of {} tokens, {} bytes of text: sentencepiece can't train on them: {}", vocab, text.size(),
                 reason.substr(reason.find("] ") == reason.npos ? 0 : reason.rfind("] ") + 2));
  }
  return Tokeniser(std::move(model));
}

Tokeniser Tokeniser::train_or_load(std::string_view text, int vocab, const std::filesystem::path& cache) {
  if (cache.empty()) return train(text, vocab);
  const std::filesystem::path path = cache / fmt::format("tokeniser-{}-{:016x}.model", vocab, base::fingerprint(text));
  if (std::filesystem::exists(path)) {
    try {
      return Tokeniser(base::read_file(path));
    } catch (const std::runtime_error&) {
      // A damaged file is as good as none.
    }
  }
  Tokeniser trained = train(text, vocab);
  std::error_code reported_below;
  std::filesystem::create_directories(cache, reported_below);
  base::write_file_atomically(path, trained.model());
  return trained;
}

Tokeniser::Tokeniser(std::string model) : model_(std::move(model)), pieces_(plugin().load(model_)) {}

Tokeniser::Tokeniser(Tokeniser&&) noexcept = default;

Tokeniser::~Tokeniser() = default;

int Tokeniser::size() const {
  return pieces_->size();
}

std::vector<std::int32_t> Tokeniser::encode(std::string_view text) const {
  std::vector<std::int32_t> tokens;
  // Line by line: the time sentencepiece takes grows faster than its input.
  for (const std::string_view line : lines_of(text)) {
    const std::vector<int> pieces = pieces_->encode(line);
    tokens.insert(tokens.end(), pieces.begin(), pieces.end());
  }
  return tokens;
}

std::string Tokeniser::decode(std::span<const std::int32_t> tokens) const {
  return pieces_->decode({tokens.begin(), tokens.end()});
}

}  // namespace optinc::workload
