// CIFAR-100 files for tests: as many records as asked for, of noise.
#pragma once

#include <filesystem>
#include <string>

#include "optinc/base/atomic_file.h"
#include "optinc/base/random.h"
#include "optinc/workload/image_set.h"

namespace optinc::workload {

/// Record i has coarse label i mod 20, fine label i mod 100 and pixels of a brightness that tells odd labels from even.
inline std::string image_records(int count, std::uint64_t seed = 1) {
  const base::CounterStream random(seed, 0);
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes += static_cast<char>(i % 20);
    bytes += static_cast<char>(i % kImageClasses);
    for (std::size_t p = 0; p < 3 * kImagePixels; ++p) {
      const std::uint64_t at = i * 3 * kImagePixels + p;
      bytes += static_cast<char>(random.word(at) % 128 + (i % 2 == 0 ? 0 : 127));
    }
  }
  return bytes;
}

/// A folder with train.bin and test.bin.
inline std::filesystem::path image_folder(const std::filesystem::path& folder, int train, int test) {
  std::filesystem::create_directories(folder);
  base::write_file_atomically(folder / "train.bin", image_records(train, 1));
  base::write_file_atomically(folder / "test.bin", image_records(test, 2));
  return folder;
}

}  // namespace optinc::workload
