// Which images a worker sees when, and how they are changed on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "optinc/workload/image_set.h"

namespace optinc::workload {

/// The images of an epoch, each once, in random order: a function of the arguments alone.
std::vector<std::uint32_t> epoch_order(std::size_t images, std::uint64_t seed, std::uint64_t epoch);

struct Augmentation {
  int shift = 4;     ///< pixels that an image is moved by at most, each way; what comes in is the mean colour
  bool flip = true;  ///< left and right are exchanged in every second image
};

/// Images as a model takes them: [n, 32, 32, 3] float32, each colour less its mean over its standard deviation
/// (CIFAR-100's whole training set's, published), and their labels [n].
struct ImageBatch {
  std::vector<float> images;
  std::vector<std::int64_t> labels;
};

/// Images begin .. begin + count - 1 of `order`, unchanged. Reuses the memory of `batch`.
void take_images(const ImageSet& set, std::span<const std::uint32_t> order, ImageBatch& batch);
/// The same, moved and flipped at random: what happens to the image at place `first_place + i` of an epoch is a
/// function of (seed, epoch, place).
void take_augmented_images(const ImageSet& set, std::span<const std::uint32_t> order, const Augmentation& augmentation,
                           std::uint64_t seed, std::uint64_t epoch, std::uint64_t first_place, ImageBatch& batch);

}  // namespace optinc::workload
