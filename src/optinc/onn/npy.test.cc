#include "optinc/onn/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/onn/zip.h"

namespace optinc::onn {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// How numpy.save(np.arange(2, dtype=np.uint8)) begins: magic, version 1.0, 118 bytes of header, up to byte 128.
TEST(Npy, IsWrittenAsNumpyWritesIt) {
  const std::string bytes = write_npy({.type = "'|u1'", .shape = {2}, .data = {"\0\1", 2}});
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_EQ(bytes.size(), 130);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\1\0\x76\0", 10));
  EXPECT_EQ(bytes.substr(10, 118), header + std::string(117 - header.size(), ' ') + "\n");
  EXPECT_EQ(bytes.substr(128), std::string("\0\1", 2));
}

TEST(Npy, ReadsWhatItWrites) {
  for (const std::vector<std::uint64_t>& shape :
       std::vector<std::vector<std::uint64_t>>{{}, {0}, {7}, {3, 4}, {2, 1, 5}}) {
    for (const bool column_major : {false, true}) {
      const NpyArray array{"'<f8'", column_major, shape, "data"};
      const std::string bytes = write_npy(array);
      EXPECT_EQ(bytes.size() % 64, 4);
      EXPECT_EQ(parse_npy(bytes, "x"), array);
    }
  }
}

TEST(Npy, RefusesWhatIsNone) {
  const std::string good = write_npy({"'<f8'", false, {1}, "12345678"});
  EXPECT_THAT([&] { parse_npy(good.substr(0, 11), "f: array a"); },
              ThrowsMessage<base::InputError>(HasSubstr("f: array a: does not begin as a .npy file")));
  EXPECT_THAT([&] { parse_npy(good.substr(0, 60), "f: array a"); },
              ThrowsMessage<base::InputError>(HasSubstr("f: array a: header of 118 bytes, expected at most the 50")));
  EXPECT_THAT(
      [] {
        write_npy({"'<f8'", false, std::vector<std::uint64_t>(40000), ""});
      },
      ThrowsMessage<base::InputError>(HasSubstr("expected at most 65535")));
}

TEST(Zip, ReadsWhatItWrites) {
  const std::vector<std::pair<std::string, std::string>> entries = {
      {"a.npy", "first"}, {"empty", ""}, {"folder/b.npy", std::string(100000, '\0')}};
  const std::string bytes = write_zip(entries);
  EXPECT_TRUE(Zip::is_zip(bytes));
  Zip zip(bytes, "x");
  ASSERT_EQ(zip.entries().size(), entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(zip.entries()[i].name, entries[i].first);
    EXPECT_EQ(zip.entries()[i].method, 0);
    EXPECT_EQ(zip.read(zip.entries()[i]), entries[i].second);
  }
  EXPECT_TRUE(Zip(write_zip({}), "x").entries().empty());
}

TEST(Zip, RefusesToWriteWhatAPlainArchiveCantHold) {
  EXPECT_THAT(
      [] {
        write_zip({{std::string(65536, 'n'), ""}});
      },
      ThrowsMessage<base::InputError>(HasSubstr("a name of 65536 bytes, expected at most 65535")));
  EXPECT_THAT([] { write_zip(std::vector<std::pair<std::string, std::string>>(65535)); },
              ThrowsMessage<base::InputError>(HasSubstr("65535 entries")));
}

}  // namespace
}  // namespace optinc::onn
