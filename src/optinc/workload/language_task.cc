#include "optinc/workload/language_task.h"

#include <algorithm>

#include "optinc/base/error.h"
#include "optinc/base/fingerprint.h"
#include "optinc/workload/rank_exchange.h"

namespace optinc::workload {
namespace {

using base::Json;

LanguageOptions checked(LanguageOptions options) {
  base::require(options.batch >= 1, "batch of {} sequences: expected at least 1", options.batch);
  base::require(options.validation_windows >= 0, "{} validation windows: expected at least 0",
                options.validation_windows);
  options.model.vocab = options.corpus.vocab;
  options.model = checked(options.model);
  return options;
}

/// Rank 0 reads and tokenises; the others get the tokens.
Corpus shared_corpus(const CorpusOptions& options, collective::Transport& transport) {
  Corpus corpus;
  at_rank_0(transport, [&] { corpus = load_corpus(options); });
  broadcast(transport, corpus.train);
  broadcast(transport, corpus.validation);
  return corpus;
}

Json text_fingerprint(const std::vector<std::int32_t>& tokens) {
  const auto bytes = std::as_bytes(std::span(tokens));
  return fmt::format("{:016x}", base::fingerprint({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

class LanguageTask : public Task {
 public:
  LanguageTask(const LanguageOptions& options, std::uint64_t seed, collective::Transport& transport)
      : options_(checked(options)),
        seed_(seed),
        rank_(transport.rank()),
        ranks_(transport.size()),
        corpus_(shared_corpus(options_.corpus, transport)),
        windows_(corpus_.validation, options_.model.context, options_.validation_windows),
        model_(options_.model, seed) {}

  std::span<float> parameters() override { return model_.parameters(); }
  std::size_t decayed_parameter_count() const override { return model_.matrix_parameter_count(); }
  std::vector<NamedArray> named_arrays() const override { return model_.named_arrays(); }

  double loss_and_gradient(std::uint64_t batch, std::span<float> gradient) override {
    const std::vector<std::int32_t> tokens =
        draw_batch(corpus_.train, options_.model.context, options_.batch, seed_, batch, rank_);
    return model_.loss_and_gradient(tokens, options_.batch, gradient);
  }

  Score validate() override {
    const std::size_t count = windows_.count();
    const std::size_t begin = count * rank_ / ranks_, end = count * (rank_ + 1) / ranks_;
    Score score;
    for (std::size_t w = begin; w < end;) {
      const std::size_t next = std::min(end, w + static_cast<std::size_t>(options_.batch));
      const auto losses = model_.losses(windows_.tokens(w, next), static_cast<int>(next - w));
      for (const float loss : losses) score.loss += loss;
      score.examples += static_cast<double>(losses.size());
      w = next;
    }
    return score;
  }

  bool classifies() const override { return false; }

  Json description() const override {
    return {
        {"model", "llama"}, {"train_tokens", corpus_.train.size()}, {"validation_tokens", corpus_.validation.size()}};
  }

  Json fingerprint() const override {
    return {{"model", "llama"},
            {"batch", options_.batch},
            {"vocab", options_.model.vocab},
            {"layers", options_.model.layers},
            {"hidden", options_.model.hidden},
            {"heads", options_.model.heads},
            {"ffn_hidden", options_.model.ffn_hidden},
            {"context", options_.model.context},
            {"validation_windows", options_.validation_windows},
            {"train_text", text_fingerprint(corpus_.train)},
            {"validation_text", text_fingerprint(corpus_.validation)}};
  }

 private:
  const LanguageOptions options_;
  const std::uint64_t seed_;
  const int rank_, ranks_;
  const Corpus corpus_;
  const ValidationWindows windows_;
  Llama model_;
};

}  // namespace

std::unique_ptr<Task> make_language_task(const LanguageOptions& options, std::uint64_t seed,
                                         collective::Transport& transport) {
  return std::make_unique<LanguageTask>(options, seed, transport);
}

}  // namespace optinc::workload
