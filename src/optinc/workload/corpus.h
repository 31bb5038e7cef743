// The text as tokens, and which of them a worker sees when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace optinc::workload {

struct CorpusOptions {
  std::filesystem::path train_text;  ///< UTF-8
  /// Empty: the last tenth of `train_text`, from the start of a line on, which is not trained on then.
  std::filesystem::path validation_text;
  int vocab = 512;                        ///< tokens of the tokeniser, which is trained on the training text
  std::filesystem::path tokeniser_cache;  ///< a folder for the tokeniser (tokeniser.h); empty: none
};

struct Corpus {
  std::vector<std::int32_t> train, validation;  ///< tokens 0 .. vocab - 1
};

/// Throws base::InputError for files that are missing or empty and for an impossible vocabulary.
Corpus load_corpus(const CorpusOptions& options);

/// The sequences of `batch` places drawn from the text, [batch, context + 1] row-major: a function of the arguments
/// alone, so that any worker can draw the batch of any step. `step` and `worker` (below 2^16) count from 0. Throws
/// base::InputError when the text is shorter than context + 1 tokens.
std::vector<std::int32_t> draw_batch(std::span<const std::int32_t> text, int context, int batch, std::uint64_t seed,
                                     std::uint64_t step, int worker);

/// Fixed sequences to validate on: the text is cut into windows of `context` predictions, of which at most `most` (0:
/// all) are taken, evenly spaced.
class ValidationWindows {
 public:
  /// `text` must live as long as this. Throws base::InputError when it is shorter than context + 1 tokens.
  ValidationWindows(std::span<const std::int32_t> text, int context, int most);
  std::size_t count() const { return count_; }
  /// Windows begin .. end - 1, [end - begin, context + 1] row-major.
  std::vector<std::int32_t> tokens(std::size_t begin, std::size_t end) const;

 private:
  std::span<const std::int32_t> text_;
  std::size_t context_;
  std::size_t all_;    // windows in the text
  std::size_t count_;  // of them taken
};

}  // namespace optinc::workload
