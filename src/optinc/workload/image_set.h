// CIFAR-100 as its authors' binary version has it: records of 3,074 bytes, one behind the other, without a header:
// coarse label (0 .. 19), fine label (0 .. 99), then 1,024 red, 1,024 green and 1,024 blue pixels, each 32 x 32 row by
// row. Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", University of Toronto, 2009;
// https://www.cs.toronto.edu/~kriz/cifar.html.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace optinc::workload {

inline constexpr int kImageSide = 32;
inline constexpr int kImageClasses = 100;
inline constexpr std::size_t kImagePixels = std::size_t{kImageSide} * kImageSide;

/// The images of one file, which is mapped into memory: ranks on one machine share its pages.
class ImageSet {
 public:
  /// Throws base::InputError, one line, for a file that is missing, empty or no whole number of records, and for the
  /// first label out of range.
  explicit ImageSet(const std::filesystem::path& file);
  ~ImageSet();
  ImageSet(ImageSet&&) noexcept;

  std::size_t count() const;
  int label(std::size_t image) const;  ///< fine
  /// [3, 32, 32]: red, green, blue.
  std::span<const std::uint8_t> pixels(std::size_t image) const;
  /// Of all bytes: two sets with one fingerprint are the same.
  std::uint64_t fingerprint() const;

 private:
  class Bytes;
  std::unique_ptr<Bytes> bytes_;
};

struct ImageSets {
  ImageSet train, test;
};

/// `data`: a folder with train.bin and test.bin, or the official archive cifar-100-binary.tar.gz, whose two files are
/// unpacked beside it first, into the folder cifar-100-binary, unless that has them already. Throws base::InputError
/// for anything else.
ImageSets load_image_sets(const std::filesystem::path& data);

}  // namespace optinc::workload
