#include "optinc/workload/image_set.h"

#include <cstdlib>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/workload/image_testing.h"

namespace optinc::workload {
namespace {

using base::InputError;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::filesystem::path scratch(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / ("image-set-" + name);
  std::filesystem::remove_all(path);
  return path;
}

TEST(ImageSet, GivesLabelsAndPixels) {
  const std::filesystem::path file = scratch("some.bin");
  const std::string bytes = image_records(120);
  base::write_file_atomically(file, bytes);
  const ImageSet set(file);
  ASSERT_EQ(set.count(), 120u);
  EXPECT_EQ(set.label(0), 0);
  EXPECT_EQ(set.label(119), 19);
  EXPECT_EQ(set.pixels(1).size(), 3072u);
  EXPECT_EQ(set.pixels(1)[0], static_cast<std::uint8_t>(bytes[3074 + 2]));
  EXPECT_EQ(set.pixels(119)[3071], static_cast<std::uint8_t>(bytes.back()));
  EXPECT_EQ(set.fingerprint(), ImageSet(file).fingerprint());
  base::write_file_atomically(file, image_records(120, 9));
  EXPECT_NE(set.fingerprint(), ImageSet(file).fingerprint());
}

TEST(ImageSet, RefusesWhatIsNoCifar100) {
  const std::filesystem::path file = scratch("bad.bin");
  const auto with = [&](const std::string& bytes) {
    return [&file, bytes] {
      base::write_file_atomically(file, bytes);
      ImageSet{file};
    };
  };
  const std::string whole = image_records(3);
  EXPECT_THAT([&] { ImageSet{scratch("none.bin")}; }, ThrowsMessage<InputError>(HasSubstr("No such file")));
  EXPECT_THAT(with(""), ThrowsMessage<InputError>(HasSubstr("0 bytes, expected a multiple of 3074")));
  EXPECT_THAT(with(whole.substr(0, 5000)), ThrowsMessage<InputError>(HasSubstr("5000 bytes, expected a multiple")));
  std::string coarse = whole, fine = whole;
  coarse[3074] = 20;
  fine[2 * 3074 + 1] = 100;
  EXPECT_THAT(with(coarse), ThrowsMessage<InputError>(HasSubstr("record 1 has labels 20 and 1, expected")));
  EXPECT_THAT(with(fine), ThrowsMessage<InputError>(HasSubstr("record 2 has labels 2 and 100, expected")));
  EXPECT_THAT([] { ImageSet{testing::TempDir()}; }, ThrowsMessage<InputError>(HasSubstr("expected a multiple")));
}

TEST(LoadImageSets, TakesAFolderOrTheArchive) {
  const std::filesystem::path folder = image_folder(scratch("folder") / "cifar-100-binary", 40, 20);
  EXPECT_EQ(load_image_sets(folder).train.count(), 40u);

  const std::filesystem::path other = scratch("archive");
  std::filesystem::create_directories(other);
  const std::string command = "tar -C " + folder.parent_path().string() + " -czf " +
                              (other / "cifar-100-binary.tar.gz").string() + " cifar-100-binary";
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (int time = 0; time < 2; ++time) {  // unpacked, then found unpacked
    const ImageSets sets = load_image_sets(other / "cifar-100-binary.tar.gz");
    EXPECT_EQ(sets.train.count(), 40u);
    EXPECT_EQ(sets.test.count(), 20u);
  }
  EXPECT_TRUE(std::filesystem::exists(other / "cifar-100-binary" / "train.bin"));
}

TEST(LoadImageSets, RefusesDamagedArchivesAndOtherFolders) {
  const std::filesystem::path folder = scratch("damaged");
  std::filesystem::create_directories(folder / "empty");
  EXPECT_THAT([&] { load_image_sets(folder / "empty"); },
              ThrowsMessage<InputError>(HasSubstr("expected a folder with train.bin and test.bin")));
  const auto archive = folder / "a.tar.gz";
  base::write_file_atomically(archive, "this is no archive");
  EXPECT_THAT([&] { load_image_sets(archive); }, ThrowsMessage<InputError>(HasSubstr("a.tar.gz: ")));
  // Cut off in the middle.
  const std::filesystem::path source = image_folder(scratch("source") / "cifar-100-binary", 40, 20);
  ASSERT_EQ(
      std::system(
          ("tar -C " + source.parent_path().string() + " -czf " + archive.string() + " cifar-100-binary").c_str()),
      0);
  const std::string whole = base::read_file(archive);
  base::write_file_atomically(archive, whole.substr(0, whole.size() / 2));
  EXPECT_THAT([&] { load_image_sets(archive); }, ThrowsMessage<InputError>(HasSubstr("a.tar.gz: damaged or cut off")));
}

TEST(LoadImageSets, ReadsTheRealDataWhereTheyAre) {
  const char* const data = std::getenv("OPTINC_DATA");
  if (data == nullptr) GTEST_SKIP() << "OPTINC_DATA is not set: no real CIFAR-100 to read";
  const ImageSets sets = load_image_sets(std::filesystem::path(data) / "cifar-100-binary");
  EXPECT_EQ(sets.test.count(), 10'000u);
  std::map<int, int> labels;
  for (std::size_t i = 0; i < sets.test.count(); ++i) ++labels[sets.test.label(i)];
  ASSERT_EQ(labels.size(), 100u);
  for (const auto& [label, count] : labels) EXPECT_EQ(count, 100) << label;
}

}  // namespace
}  // namespace optinc::workload
