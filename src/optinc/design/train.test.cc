#include "optinc/design/train.h"

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/device/onn_averager.h"
#include "optinc/onn/matrix_approximation.h"

namespace optinc::design {
namespace {

namespace fs = std::filesystem;

/// 4 bits, 2 servers: 7^2 = 49 inputs, learnt in about a second.
TrainOptions small_options() {
  TrainOptions options;
  options.shape = {.bits = 4, .servers = 2, .inputs = 2};
  options.widths = {2, 32, 32, 2};
  options.approximated = onn::LayerSet::parse("all", 3);
  options.epochs = 1500;
  options.epoch_samples = 49;
  options.first_stage_epochs = 300;
  options.batch = 16;
  return options;
}

void ignore(const EpochReport&) {}

TEST(Train, EndsExactWithApproximatedLayers) {
  for (const auto rounding : {codec::Rounding::floor, codec::Rounding::nearest, codec::Rounding::nearest_unbiased}) {
    TrainOptions options = small_options();
    options.shape.rounding = rounding;
    const TrainResult result = train(options, ignore);
    EXPECT_EQ(result.verification.wrong, 0u) << codec::to_string(rounding);
    EXPECT_EQ(result.verification.inputs, options.shape.input_count());
    EXPECT_LE(result.epochs, options.epochs);
    EXPECT_EQ(result.design.accuracy, 1.0);
    for (const onn::Layer& layer : result.design.network.layers) {
      EXPECT_LE(onn::approximation_error(layer), onn::kApproximationTolerance);
    }
    // What it reports is what anyone finds who verifies the design.
    EXPECT_EQ(verify::verify(device::OnnAverager(result.design), {}).wrong, 0u);
  }
}

// On the lattice of every rounding mode: as it is the ONN floors; with constant light of N/2 steps it gives nearest.
TEST(Train, OneTrainingServesEveryRounding) {
  TrainOptions options = small_options();
  options.shape.every_rounding = true;
  const onn::Design design = train(options, ignore).design;
  EXPECT_EQ(design.rounding, codec::Rounding::floor);
  EXPECT_EQ(design.wrong, 0u);
  for (const auto rounding : {codec::Rounding::floor, codec::Rounding::nearest_unbiased}) {
    device::DeviceShape shape = device::shape_of(design);
    shape.rounding = rounding;
    EXPECT_EQ(verify::verify(device::OnnAverager(design, shape), {}).wrong, 0u) << codec::to_string(rounding);
  }
}

// Symbol 2 of level 1 comes in steps of 1/2: an error of 1/4 there is wrong.
TEST(Train, LearnsBothLevelsOfACascade) {
  for (const auto role : {onn::Role::cascade_level_1, onn::Role::cascade_level_2}) {
    TrainOptions options = small_options();
    options.shape.role = role;
    options.epoch_samples = options.shape.input_count();
    const TrainResult result = train(options, ignore);
    EXPECT_EQ(result.verification.wrong, 0u) << onn::to_string(role);
    EXPECT_EQ(result.design.role, role);
    EXPECT_LT(result.verification.largest_errors.back(), role == onn::Role::cascade_level_1 ? 0.25 : 0.5);
  }
}

TEST(Train, GoesOnFromADesign) {
  const onn::Design first = train(small_options(), ignore).design;
  TrainOptions options = small_options();
  options.start = std::make_shared<onn::Design>(first);
  options.epochs = 1;
  options.first_stage_epochs = 0;
  options.learning_rate = 1e-6;
  const TrainResult again = train(options, ignore);
  EXPECT_EQ(again.verification.wrong, 0u);
  EXPECT_NE(again.design.network, first.network);
  EXPECT_EQ(again.design.origin, "trained");
  onn::Design constructed = first;
  constructed.origin = "constructed";
  options.start = std::make_shared<onn::Design>(constructed);
  EXPECT_EQ(train(options, ignore).design.origin, "trained-from-constructed");
}

TEST(Train, TheSameSeedGivesTheSameBitsWhateverTheThreads) {
  TrainOptions options = small_options();
  options.epochs = 20;
  options.first_stage_epochs = 10;
  options.threads = 1;
  const TrainResult one = train(options, ignore);
  options.threads = 2;
  EXPECT_EQ(train(options, ignore).design.network, one.design.network);
  options.seed = 2;
  EXPECT_NE(train(options, ignore).design.network, one.design.network);
}

// The loss `gradient` leaves symbols free as long as their sum is right, so it is the loss that must fall, not the
// count.
TEST(Train, BothSecondStageLossesLearn) {
  for (const Loss loss : {Loss::margin, Loss::gradient}) {
    TrainOptions options = small_options();
    options.epochs = 600;
    options.first_stage_epochs = 20;
    options.verify_below = 0;
    options.mine_after = 1;
    options.second_stage_loss = loss;
    std::vector<double> losses;
    train(options, [&](const EpochReport& report) {
      if (report.stage == 2) losses.push_back(report.loss);
    });
    EXPECT_LT(losses.back(), losses.front() / 2) << to_string(loss);
  }
}

class ResumeTest : public testing::Test {
 protected:
  fs::path path_ = fs::path(testing::TempDir()) / "design.checkpoint";
  void SetUp() override { fs::remove(path_); }

  TrainOptions options() const {
    TrainOptions options = small_options();
    options.epochs = 30;
    options.first_stage_epochs = 10;
    options.verify_below = 0;  // never ends early
    options.mine_after = 0.5;
    options.checkpoint = path_;
    options.checkpoint_every_s = 0;
    return options;
  }
};

TEST_F(ResumeTest, AKilledRunEndsAsTheUnbrokenOne) {
  const TrainResult unbroken = train(options(), ignore);
  fs::remove(path_);
  for (const int killed_in : {4, 13, 22}) {
    TrainOptions part = options();
    part.resume = killed_in != 4;
    EXPECT_THROW(train(part,
                       [&](const EpochReport& report) {
                         if (report.epoch == killed_in) throw std::runtime_error("killed");
                       }),
                 std::runtime_error);
  }
  TrainOptions rest = options();
  rest.resume = true;
  int first = 0;
  const TrainResult resumed =
      train(rest, [&](const EpochReport& report) { first = first == 0 ? report.epoch : first; });
  EXPECT_EQ(first, 22);  // the checkpoint behind epoch 21 was the last
  EXPECT_EQ(resumed.design.network, unbroken.design.network);
}

TEST_F(ResumeTest, RunsInPartsEndAsTheUnbrokenOne) {
  const TrainResult unbroken = train(options(), ignore);
  TrainOptions part = options();
  part.part_s = 1e-9;  // every part is one epoch
  for (int epoch = 1; epoch < 30; ++epoch) {
    part.resume = epoch > 1;
    const TrainResult result = train(part, ignore);
    ASSERT_TRUE(result.unfinished);
    ASSERT_EQ(result.epochs, epoch);
  }
  const TrainResult last = train(part, ignore);
  EXPECT_FALSE(last.unfinished);
  EXPECT_EQ(last.design.network, unbroken.design.network);
}

TEST_F(ResumeTest, ACheckpointOfAnotherRunIsRefusedByTheOptionThatDiffers) {
  TrainOptions other = options();
  other.epochs = 2;
  train(other, ignore);
  try {
    TrainOptions resumed = options();
    resumed.resume = true;
    train(resumed, ignore);
    FAIL() << "took up another run";
  } catch (const base::InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("its run had epochs 2, this one has 30"));
  }
}

TEST_F(ResumeTest, ADamagedCheckpointIsRefusedAtEveryLength) {
  TrainOptions options = this->options();
  options.epochs = 2;
  train(options, ignore);
  options.resume = true;
  const auto size = fs::file_size(path_);
  for (std::uintmax_t length = size; length-- > 0;) {
    if (length > 600 && length < size - 20 && length % 997 != 0) continue;  // header, end, and some between
    fs::resize_file(path_, length);
    EXPECT_THROW(train(options, ignore), base::InputError) << length;
  }
}

void expect_refused(const TrainOptions& options, const char* message) {
  try {
    check(options);
    ADD_FAILURE() << "accepted: expected \"" << message << "\"";
  } catch (const base::InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(message));
  }
}

TEST(TrainOptions, ImpossibleOnesAreNamed) {
  TrainOptions options = small_options();
  options.widths = {3, 32, 32, 2};
  expect_refused(options, "layer widths start with 3: expected the 2 inputs");
  options.widths = {2, 32, 32, 4};
  expect_refused(options, "layer widths end with 4: expected the 2 symbols of 4 bits");
  options.widths = {2, 32, 30, 2};
  expect_refused(options, "layer 2 is 30 x 32: to be approximated");
  options = small_options();
  options.shape.bits = 1;
  expect_refused(options, "bits 1: expected 2 .. 32");
  options = small_options();
  options.symbol_weights = {1};
  expect_refused(options, "1 symbol weights: expected 2");
}

TEST(Train, ALossThatIsNoNumberEndsTheRun) {
  TrainOptions options = small_options();
  options.symbol_weights = {1e38f, 1e38f};
  EXPECT_THROW(train(options, ignore), base::RunError);
}

}  // namespace
}  // namespace optinc::design
