// Text to tokens and back: sentencepiece's byte-pair encoding with byte fallback, as LLaMA has it, trained on the text
// itself. Source: T. Kudo, J. Richardson, "SentencePiece", arXiv:1808.06226.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace optinc::workload {

class PieceModel;

/// Tokens are 0 .. size() - 1. Any valid UTF-8 comes back as it was, but for U+2581 (sentencepiece's sign for a space),
/// which comes back as a space; what is no UTF-8 comes back as U+FFFD.
class Tokeniser {
 public:
  /// Trains on `text`: a function of (text, vocab) alone. Of long texts, evenly spaced lines are used, about 4 MB of
  /// them. Throws base::InputError when the text is no place to find `vocab` pieces in: too short, or with more
  /// different characters than `vocab` has room for.
  static Tokeniser train(std::string_view text, int vocab);

  /// The tokeniser train() gives, from a file in the folder `cache` if one is there from an earlier call with the same
  /// text and vocab; otherwise it is trained, and the file written; the folder is made if need be. An empty
  /// path: no cache. Throws base::RunError when the file can't be written.
  static Tokeniser train_or_load(std::string_view text, int vocab, const std::filesystem::path& cache);

  Tokeniser(Tokeniser&&) noexcept;
  ~Tokeniser();

  int size() const;
  std::vector<std::int32_t> encode(std::string_view text) const;
  std::string decode(std::span<const std::int32_t> tokens) const;
  /// The model as bytes, in sentencepiece's own format.
  const std::string& model() const { return model_; }

 private:
  explicit Tokeniser(std::string model);
  std::string model_;
  std::unique_ptr<PieceModel> pieces_;
};

}  // namespace optinc::workload
