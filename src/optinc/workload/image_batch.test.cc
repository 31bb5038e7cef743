#include "optinc/workload/image_batch.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/workload/image_testing.h"

namespace optinc::workload {
namespace {

const ImageSet& images() {
  static const ImageSet set = [] {
    const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "image-batch.bin";
    base::write_file_atomically(file, image_records(64));
    return ImageSet(file);
  }();
  return set;
}

constexpr std::size_t kFloats = 3 * kImagePixels;

RC_GTEST_PROP(EpochOrder, HasEveryImageOnce, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(0, 500);
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 50);
  std::vector<std::uint32_t> order = epoch_order(count, seed, 3);
  RC_ASSERT(order == epoch_order(count, seed, 3));
  if (count > 20) RC_ASSERT(order != epoch_order(count, seed, 4));
  std::ranges::sort(order);
  for (std::size_t i = 0; i < count; ++i) RC_ASSERT(order[i] == i);
}

// Pixel 0 of record 1: (value / 255 - mean) / deviation, colour by colour, colours last.
TEST(TakeImages, NormalisesEachColour) {
  ImageBatch batch;
  take_images(images(), std::vector<std::uint32_t>{1, 33}, batch);
  ASSERT_EQ(batch.images.size(), 2 * kFloats);
  EXPECT_THAT(batch.labels, testing::ElementsAre(1, 33));
  const auto pixels = images().pixels(1);
  EXPECT_NEAR(batch.images[0], (pixels[0] / 255.0 - 0.50707516) / 0.26733429, 1e-5);
  EXPECT_NEAR(batch.images[1], (pixels[1024] / 255.0 - 0.48654887) / 0.25643846, 1e-5);
  EXPECT_NEAR(batch.images[2], (pixels[2048] / 255.0 - 0.44091784) / 0.27615047, 1e-5);
  EXPECT_NEAR(batch.images[3 * 35], (pixels[35] / 255.0 - 0.50707516) / 0.26733429, 1e-5);
}

// Whatever is drawn, each image is one of the 2 (2 shift + 1)^2 that it can become.
RC_GTEST_PROP(TakeAugmentedImages, MovesAndFlips, ()) {
  const auto shift = *rc::gen::inRange(0, 3);
  const bool flip = *rc::gen::arbitrary<bool>();
  const auto place = *rc::gen::inRange<std::uint64_t>(0, 1000);
  const std::vector<std::uint32_t> order{5};
  ImageBatch plain, changed;
  take_images(images(), order, plain);
  take_augmented_images(images(), order, {.shift = shift, .flip = flip}, 7, 2, place, changed);
  const auto pixel = [](const ImageBatch& batch, int y, int x) { return batch.images[(y * kImageSide + x) * 3]; };
  bool found = false;
  for (int down = -shift; down <= shift; ++down) {
    for (int right = -shift; right <= shift; ++right) {
      for (const bool flipped : {false, true}) {
        if (flipped && !flip) continue;
        bool same = true;
        for (int y = 0; y < kImageSide && same; ++y) {
          for (int x = 0; x < kImageSide && same; ++x) {
            const int from_y = y - down, from_x = (flipped ? kImageSide - 1 - x : x) - right;
            const bool inside = from_y >= 0 && from_y < kImageSide && from_x >= 0 && from_x < kImageSide;
            same = pixel(changed, y, x) == (inside ? pixel(plain, from_y, from_x) : 0.0f);
          }
        }
        found = found || same;
      }
    }
  }
  RC_ASSERT(found);
}

// What happens to an image goes by its place in the epoch: batches may be cut in any way.
TEST(TakeAugmentedImages, GoesByThePlace) {
  std::vector<std::uint32_t> order(20);
  for (std::uint32_t i = 0; i < 20; ++i) order[i] = 3 * i;
  ImageBatch whole, part;
  take_augmented_images(images(), order, {}, 1, 0, 100, whole);
  take_augmented_images(images(), std::span(order).subspan(8, 5), {}, 1, 0, 108, part);
  EXPECT_TRUE(std::equal(part.images.begin(), part.images.end(), whole.images.begin() + 8 * kFloats));
  take_augmented_images(images(), std::span(order).subspan(8, 5), {}, 1, 1, 108, part);
  EXPECT_FALSE(std::equal(part.images.begin(), part.images.end(), whole.images.begin() + 8 * kFloats));
}

}  // namespace
}  // namespace optinc::workload
