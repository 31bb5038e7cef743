#include "optinc/workload/image_task.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "optinc/base/error.h"
#include "optinc/workload/rank_exchange.h"

namespace optinc::workload {
namespace {

using base::Json;

constexpr std::size_t kValidationBatch = 100;

ImageOptions checked(const ImageOptions& options) {
  using base::require;
  require(options.batch >= 2, "batch of {} images: expected at least 2, for batch normalisation", options.batch);
  require(options.label_smoothing >= 0 && options.label_smoothing < 1, "label smoothing {}: expected 0 to below 1",
          options.label_smoothing);
  require(options.augmentation.shift >= 0 && options.augmentation.shift < kImageSide,
          "images moved by {} pixels: expected 0 to {}", options.augmentation.shift, kImageSide - 1);
  require(options.validation_images >= 0, "{} validation images: expected at least 0", options.validation_images);
  require(options.model.classes >= kImageClasses, "{} classes: expected at least {}, those of the images",
          options.model.classes, kImageClasses);
  check(options.model);
  return options;
}

/// The files are mapped by every rank; what rank 0 may have to unpack is there before the others look.
ImageSets shared_sets(const std::filesystem::path& data, collective::Transport& transport) {
  at_rank_0(transport, [&] { load_image_sets(data); });
  return load_image_sets(data);
}

/// Cross-entropy of one row of logits, in nats.
double cross_entropy(std::span<const float> logits, std::int64_t label) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  return largest + std::log(sum) - logits[label];
}

class ImageTask : public Task {
 public:
  ImageTask(const ImageOptions& options, std::uint64_t seed, collective::Transport& transport)
      : options_(checked(options)),
        seed_(seed),
        rank_(transport.rank()),
        ranks_(transport.size()),
        sets_(shared_sets(options_.data, transport)),
        batches_(sets_.train.count() / (static_cast<std::size_t>(options_.batch) * ranks_)),
        model_(options_.model, seed) {
    const auto validation = static_cast<std::size_t>(options_.validation_images);
    base::require(batches_ > 0, "{} training images: expected at least {}, a batch of {} for each of {} workers",
                  sets_.train.count(), options_.batch * ranks_, options_.batch, ranks_);
    base::require(validation <= sets_.test.count(), "{} validation images: expected at most {}", validation,
                  sets_.test.count());
  }

  std::span<float> parameters() override { return model_.parameters(); }
  std::size_t decayed_parameter_count() const override { return model_.decayed_parameter_count(); }
  std::span<float> statistics() override { return model_.statistics(); }
  std::vector<NamedArray> named_arrays() const override { return model_.named_arrays(); }

  double loss_and_gradient(std::uint64_t batch, std::span<float> gradient) override {
    const std::uint64_t epoch = batch / batches_;
    if (order_.empty() || epoch != epoch_) {
      epoch_ = epoch;
      order_ = epoch_order(sets_.train.count(), seed_, epoch);
    }
    const std::size_t place = ((batch % batches_) * ranks_ + rank_) * options_.batch;
    take_augmented_images(sets_.train, std::span(order_).subspan(place, options_.batch), options_.augmentation, seed_,
                          epoch, place, taken_);
    return model_.loss_and_gradient(taken_.images, taken_.labels, kImageSide, options_.label_smoothing, gradient);
  }

  Score validate() override {
    const std::size_t count =
        options_.validation_images > 0 ? static_cast<std::size_t>(options_.validation_images) : sets_.test.count();
    const std::size_t end = count * (rank_ + 1) / ranks_;
    Score score;
    std::vector<std::uint32_t> images;
    for (std::size_t begin = count * rank_ / ranks_; begin < end; begin += images.size()) {
      images.resize(std::min(kValidationBatch, end - begin));
      std::iota(images.begin(), images.end(), static_cast<std::uint32_t>(begin));
      take_images(sets_.test, images, taken_);
      add_to(score);
    }
    return score;
  }

  bool classifies() const override { return true; }
  std::uint64_t batches_per_epoch() const override { return batches_; }

  Json description() const override {
    return {{"model", fmt::format("resnet{}", options_.model.depth)},
            {"train_images", sets_.train.count()},
            {"validation_images", options_.validation_images > 0 ? static_cast<std::size_t>(options_.validation_images)
                                                                 : sets_.test.count()},
            {"classes", options_.model.classes}};
  }

  Json fingerprint() const override {
    return {{"model", fmt::format("resnet{}", options_.model.depth)},
            {"stem", to_string(options_.model.stem)},
            {"classes", options_.model.classes},
            {"batch", options_.batch},
            {"label_smoothing", options_.label_smoothing},
            {"shift", options_.augmentation.shift},
            {"flip", options_.augmentation.flip},
            {"validation_images", options_.validation_images},
            {"train_images", fmt::format("{:016x}", sets_.train.fingerprint())},
            {"test_images", fmt::format("{:016x}", sets_.test.fingerprint())}};
  }

 private:
  /// The batch that was taken.
  void add_to(Score& score) {
    const std::vector<float> logits = model_.logits(taken_.images, static_cast<int>(taken_.labels.size()), kImageSide);
    const std::size_t classes = logits.size() / taken_.labels.size();
    for (std::size_t i = 0; i < taken_.labels.size(); ++i) {
      const auto row = std::span(logits).subspan(i * classes, classes);
      score.loss += cross_entropy(row, taken_.labels[i]);
      score.right += std::ranges::max_element(row) - row.begin() == taken_.labels[i] ? 1 : 0;
    }
    score.examples += static_cast<double>(taken_.labels.size());
  }

  const ImageOptions options_;
  const std::uint64_t seed_;
  const int rank_, ranks_;
  const ImageSets sets_;
  const std::uint64_t batches_;  // an epoch
  Resnet model_;
  std::uint64_t epoch_ = 0;
  std::vector<std::uint32_t> order_;  // of epoch_
  ImageBatch taken_;
};

}  // namespace

std::unique_ptr<Task> make_image_task(const ImageOptions& options, std::uint64_t seed,
                                      collective::Transport& transport) {
  return std::make_unique<ImageTask>(options, seed, transport);
}

}  // namespace optinc::workload
