#include "optinc/workload/sentencepiece_plugin.h"

#include <stdexcept>

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

namespace optinc::workload {
namespace {

void check(const sentencepiece::util::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.error_message());
}

class Model : public PieceModel {
 public:
  explicit Model(std::string_view bytes) { check(processor_.LoadFromSerializedProto(bytes)); }

  int size() const override { return processor_.GetPieceSize(); }

  std::vector<int> encode(std::string_view text) const override {
    std::vector<int> pieces;
    check(processor_.Encode(text, &pieces));
    return pieces;
  }

  std::string decode(const std::vector<int>& pieces) const override {
    std::string text;
    check(processor_.Decode(pieces, &text));
    return text;
  }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

class Sentences : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(const std::vector<std::string>& sentences) : sentences_(sentences) {}
  bool done() const override { return next_ == sentences_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return sentences_[next_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& sentences_;
  std::size_t next_ = 0;
};

std::string train(const std::vector<std::string>& sentences,
                  const std::unordered_map<std::string, std::string>& options) {
  Sentences iterator(sentences);
  std::string model;
  check(sentencepiece::SentencePieceTrainer::Train(options, &iterator, &model));
  return model;
}

std::unique_ptr<PieceModel> load(std::string_view model) {
  return std::make_unique<Model>(model);
}

}  // namespace
}  // namespace optinc::workload

extern "C" {
extern const optinc::workload::PiecePlugin optinc_piece_plugin;
const optinc::workload::PiecePlugin optinc_piece_plugin{optinc::workload::train, optinc::workload::load};
}
