#include "optinc/workload/image_set.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/fingerprint.h"
#include "optinc/workload/unpack.h"

namespace optinc::workload {
namespace {

constexpr std::size_t kRecord = 2 + 3 * kImagePixels;

}  // namespace

/// A file in memory.
class ImageSet::Bytes {
 public:
  explicit Bytes(const std::filesystem::path& file) {
    const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    base::require(descriptor >= 0, "{}: {}", file.string(), std::strerror(errno));
    struct stat status {};
    const bool known = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    size_ = known ? static_cast<std::size_t>(status.st_size) : 0;
    const bool whole = size_ > 0 && size_ % kRecord == 0;
    if (whole) memory_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    const int error = errno;
    close(descriptor);
    base::require(whole, "{}: {} bytes, expected a multiple of {}, the size of a CIFAR-100 record", file.string(),
                  size_, kRecord);
    base::require(memory_ != MAP_FAILED, "{}: can't be mapped into memory: {}", file.string(), std::strerror(error));
  }
  ~Bytes() {
    if (memory_ != MAP_FAILED) munmap(memory_, size_);
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  std::span<const std::uint8_t> all() const { return {static_cast<const std::uint8_t*>(memory_), size_}; }
  std::span<const std::uint8_t> record(std::size_t image) const { return all().subspan(image * kRecord, kRecord); }

 private:
  void* memory_ = MAP_FAILED;
  std::size_t size_ = 0;
};

ImageSet::ImageSet(const std::filesystem::path& file) : bytes_(std::make_unique<Bytes>(file)) {
  for (std::size_t image = 0; image < count(); ++image) {
    const auto record = bytes_->record(image);
    base::require(record[0] < 20 && record[1] < kImageClasses,
                  "{}: record {} has labels {} and {}, expected at most 19 and 99 (CIFAR-100, binary version)",
                  file.string(), image, record[0], record[1]);
  }
}

ImageSet::~ImageSet() = default;
ImageSet::ImageSet(ImageSet&&) noexcept = default;

std::size_t ImageSet::count() const {
  return bytes_->all().size() / kRecord;
}

int ImageSet::label(std::size_t image) const {
  return bytes_->record(image)[1];
}

std::span<const std::uint8_t> ImageSet::pixels(std::size_t image) const {
  return bytes_->record(image).subspan(2);
}

std::uint64_t ImageSet::fingerprint() const {
  const auto all = bytes_->all();
  return base::fingerprint({reinterpret_cast<const char*>(all.data()), all.size()});
}

ImageSets load_image_sets(const std::filesystem::path& data) {
  std::filesystem::path folder = data;
  if (std::filesystem::is_regular_file(data)) {
    folder = data.parent_path() / "cifar-100-binary";
    unpack(data, folder, {"train.bin", "test.bin"});
  }
  base::require(std::filesystem::exists(folder / "train.bin") && std::filesystem::exists(folder / "test.bin"),
                "{}: expected a folder with train.bin and test.bin, or cifar-100-binary.tar.gz", data.string());
  return {.train = ImageSet(folder / "train.bin"), .test = ImageSet(folder / "test.bin")};
}

}  // namespace optinc::workload
