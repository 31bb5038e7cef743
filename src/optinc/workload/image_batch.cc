#include "optinc/workload/image_batch.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "optinc/base/random.h"

namespace optinc::workload {
namespace {

// Apart from the seed's other uses.
constexpr std::uint64_t kOrderStreams = std::uint64_t{0x04de} << 48;
constexpr std::uint64_t kAugmentationStreams = std::uint64_t{0xa063} << 48;

constexpr int kColours = 3;
constexpr std::array<float, kColours> kMean{0.50707516f, 0.48654887f, 0.44091784f};
constexpr std::array<float, kColours> kDeviation{0.26733429f, 0.25643846f, 0.27615047f};

struct Change {
  int down = 0, right = 0;
  bool flip = false;
};

void write_image(std::span<const std::uint8_t> pixels, const Change& change, float* to) {
  for (int colour = 0; colour < kColours; ++colour) {
    const std::uint8_t* const plane = pixels.data() + colour * kImagePixels;
    const float scale = 1 / (255 * kDeviation[colour]), offset = kMean[colour] / kDeviation[colour];
    for (int y = 0; y < kImageSide; ++y) {
      const int from_y = y - change.down;
      for (int x = 0; x < kImageSide; ++x) {
        const int shown_x = change.flip ? kImageSide - 1 - x : x;
        const int from_x = shown_x - change.right;
        const bool inside = from_y >= 0 && from_y < kImageSide && from_x >= 0 && from_x < kImageSide;
        to[(y * kImageSide + x) * kColours + colour] =
            inside ? static_cast<float>(plane[from_y * kImageSide + from_x]) * scale - offset : 0.0f;
      }
    }
  }
}

void resize(ImageBatch& batch, std::size_t count) {
  batch.images.resize(count * kImagePixels * kColours);
  batch.labels.resize(count);
}

}  // namespace

std::vector<std::uint32_t> epoch_order(std::size_t images, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<std::uint32_t> order(images);
  std::iota(order.begin(), order.end(), 0u);
  const base::CounterStream random(seed, kOrderStreams + epoch);
  for (std::size_t i = images; i > 1; --i) {
    // Fisher and Yates: the place is uniform to within i / 2^32.
    std::swap(order[i - 1], order[static_cast<std::size_t>(random.uniform(i) * static_cast<double>(i))]);
  }
  return order;
}

void take_images(const ImageSet& set, std::span<const std::uint32_t> order, ImageBatch& batch) {
  resize(batch, order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    write_image(set.pixels(order[i]), {}, batch.images.data() + i * kImagePixels * kColours);
    batch.labels[i] = set.label(order[i]);
  }
}

void take_augmented_images(const ImageSet& set, std::span<const std::uint32_t> order, const Augmentation& augmentation,
                           std::uint64_t seed, std::uint64_t epoch, std::uint64_t first_place, ImageBatch& batch) {
  resize(batch, order.size());
  const base::CounterStream random(seed, kAugmentationStreams + epoch);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto words = random.block(first_place + i);
    const auto shifts = static_cast<std::uint32_t>(2 * augmentation.shift + 1);
    const Change change{.down = static_cast<int>(words[0] % shifts) - augmentation.shift,
                        .right = static_cast<int>(words[1] % shifts) - augmentation.shift,
                        .flip = augmentation.flip && words[2] % 2 != 0};
    write_image(set.pixels(order[i]), change, batch.images.data() + i * kImagePixels * kColours);
    batch.labels[i] = set.label(order[i]);
  }
}

}  // namespace optinc::workload
