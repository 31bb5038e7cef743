#include "optinc/workload/image_task.h"

#include <mutex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/collective/exact_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/workload/image_testing.h"
#include "optinc/workload/training.h"

namespace optinc::workload {
namespace {

using base::InputError;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::filesystem::path& data() {
  static const std::filesystem::path folder =
      image_folder(std::filesystem::path(testing::TempDir()) / "image-task", 64, 30);
  return folder;
}

ImageOptions small_options() {
  return {.data = data(), .model = {.depth = 20}, .batch = 4};
}

void with_task(const ImageOptions& options, const std::function<void(Task&)>& work) {
  collective::run_ranks(1, {},
                        [&](collective::Transport& transport) { work(*make_image_task(options, 1, transport)); });
}

TEST(ImageTask, TellsWhatItIs) {
  with_task(small_options(), [](Task& task) {
    EXPECT_EQ(task.batches_per_epoch(), 16u);
    EXPECT_EQ(task.description(),
              (base::Json{{"model", "resnet20"}, {"train_images", 64}, {"validation_images", 30}, {"classes", 100}}));
    EXPECT_TRUE(task.classifies());
    const Score score = task.validate();
    EXPECT_EQ(score.examples, 30);
    EXPECT_NEAR(score.loss / 30, std::log(100), 1);
  });
}

// The shares of the ranks are the whole.
TEST(ImageTask, RanksShareValidation) {
  Score all;
  with_task(small_options(), [&](Task& task) { all = task.validate(); });
  std::mutex mutex;
  Score sum;
  collective::run_ranks(4, {}, [&](collective::Transport& transport) {
    const Score own = make_image_task(small_options(), 1, transport)->validate();
    const std::lock_guard lock(mutex);
    sum.loss += own.loss;
    sum.examples += own.examples;
    sum.right += own.right;
  });
  EXPECT_EQ(sum.examples, 30);
  EXPECT_EQ(sum.right, all.right);
  EXPECT_NEAR(sum.loss, all.loss, 1e-3);
}

// Odd labels are bright and even ones dark, so that there is something to learn in a few steps; the same bits each
// time.
TEST(ImageTask, ARunLearnsAndRepeatsItself) {
  const auto run = [](int workers) {
    std::vector<TrainResult> results(workers);
    collective::run_ranks(workers, {}, [&](collective::Transport& transport) {
      ImageOptions options = small_options();
      options.label_smoothing = 0.1;
      const auto task = make_image_task(options, 1, transport);
      collective::ExactAllReduce exact(transport);
      TrainOptions train{.steps = 24, .clip_norm = 0, .validate_every = 0};
      train.optimiser.kind = OptimiserKind::sgd;
      train.learning_rate = {.highest = 0.05, .warmup_steps = 2, .last_share = 0};
      results[transport.rank()] =
          train_worker(train, {.reduce = "exact", .transport = "threads"}, *task, transport, exact, {});
    });
    return results;
  };
  const std::vector<TrainResult> once = run(2), again = run(2);
  EXPECT_EQ(once[0].validation_loss, again[0].validation_loss);
  EXPECT_EQ(once[0].validation_loss, once[1].validation_loss);
  EXPECT_EQ(once[0].validation_top1, once[1].validation_top1);
  EXPECT_LT(once[0].validation_loss, 4.5);
}

TEST(ImageTask, RefusesWhatCanNotBe) {
  const auto with = [](auto change) {
    ImageOptions options = small_options();
    change(options);
    return [options] { with_task(options, [](Task&) {}); };
  };
  EXPECT_THAT(with([](ImageOptions& o) { o.batch = 1; }), ThrowsMessage<InputError>(HasSubstr("batch of 1 images")));
  EXPECT_THAT(with([](ImageOptions& o) { o.batch = 65; }),
              ThrowsMessage<InputError>(HasSubstr("64 training images: expected at least 65")));
  EXPECT_THAT(with([](ImageOptions& o) { o.label_smoothing = 1; }),
              ThrowsMessage<InputError>(HasSubstr("smoothing 1")));
  EXPECT_THAT(with([](ImageOptions& o) { o.validation_images = 31; }),
              ThrowsMessage<InputError>(HasSubstr("31 validation images: expected at most 30")));
  EXPECT_THAT(with([](ImageOptions& o) { o.model.classes = 10; }), ThrowsMessage<InputError>(HasSubstr("10 classes")));
  EXPECT_THAT(with([](ImageOptions& o) { o.data = "no-such-folder"; }),
              ThrowsMessage<InputError>(HasSubstr("no-such-folder")));
}

}  // namespace
}  // namespace optinc::workload
