#include "optinc/workload/corpus.h"

#include <algorithm>
#include <string>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/workload/tokeniser.h"

namespace optinc::workload {
namespace {

constexpr std::uint64_t kBatchStreams = std::uint64_t{0xba7c} << 48;  // apart from the seed's other uses

std::string read_text(const std::filesystem::path& path) {
  std::string text = base::read_file(path);
  base::require(text.find_first_not_of(" \t\r\n") != std::string::npos, "{}: empty, expected text", path.string());
  return text;
}

}  // namespace

Corpus load_corpus(const CorpusOptions& options) {
  std::string train = read_text(options.train_text), validation;
  if (options.validation_text.empty()) {
    const std::size_t line_end = train.find('\n', train.size() / 10 * 9);
    const std::size_t begin = line_end == std::string::npos ? train.size() / 10 * 9 : line_end + 1;
    validation = train.substr(begin);
    train.resize(begin);
  } else {
    validation = read_text(options.validation_text);
  }
  const Tokeniser tokeniser = Tokeniser::train_or_load(train, options.vocab, options.tokeniser_cache);
  return {.train = tokeniser.encode(train), .validation = tokeniser.encode(validation)};
}

std::vector<std::int32_t> draw_batch(std::span<const std::int32_t> text, int context, int batch, std::uint64_t seed,
                                     std::uint64_t step, int worker) {
  const std::size_t length = static_cast<std::size_t>(context) + 1;
  base::require(text.size() >= length, "training text of {} tokens: expected at least {}, the context and one more",
                text.size(), length);
  const base::CounterStream random(seed, kBatchStreams + (step << 16) + static_cast<std::uint64_t>(worker));
  const double places = static_cast<double>(text.size() - length + 1);
  std::vector<std::int32_t> tokens;
  tokens.reserve(length * batch);
  for (int i = 0; i < batch; ++i) {
    const auto sequence = text.subspan(static_cast<std::size_t>(random.uniform(i) * places), length);
    tokens.insert(tokens.end(), sequence.begin(), sequence.end());
  }
  return tokens;
}

ValidationWindows::ValidationWindows(std::span<const std::int32_t> text, int context, int most)
    : text_(text), context_(context) {
  base::require(text.size() > context_, "validation text of {} tokens: expected at least {}, the context and one more",
                text.size(), context_ + 1);
  all_ = (text.size() - 1) / context_;
  count_ = most > 0 ? std::min(all_, static_cast<std::size_t>(most)) : all_;
}

std::vector<std::int32_t> ValidationWindows::tokens(std::size_t begin, std::size_t end) const {
  std::vector<std::int32_t> tokens;
  tokens.reserve((end - begin) * (context_ + 1));
  for (std::size_t w = begin; w < end; ++w) {
    const auto window = text_.subspan(w * all_ / count_ * context_, context_ + 1);
    tokens.insert(tokens.end(), window.begin(), window.end());
  }
  return tokens;
}

}  // namespace optinc::workload
