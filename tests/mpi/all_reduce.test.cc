// Ranks as processes: the same bits as ranks as threads, and what happens when one is late. Run under mpirun.
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/codec/pam4.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/mpi_transport.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/cascade.h"
#include "optinc/fabric/single_device.h"

namespace optinc::collective {
namespace {

const MpiSession* session = nullptr;

std::vector<float> gradient_of(int rank, std::size_t count) {
  const base::CounterStream stream(7, rank);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>((stream.uniform(i) - 0.5) * std::ldexp(1.0, static_cast<int>(i / 300 % 20) - 10));
  }
  return values;
}

/// What `average` makes of every rank's gradient at this rank: over MPI, and over threads, all of them in this process.
void expect_the_same_bits(std::size_t count, const std::function<void(Transport&, std::span<float>)>& average) {
  MpiTransport mpi(*session, {.part_bytes = 1000});
  std::vector<float> over_mpi = gradient_of(mpi.rank(), count);
  average(mpi, over_mpi);

  std::vector<std::vector<float>> over_threads(mpi.size());
  run_ranks(mpi.size(), {}, [&](Transport& transport) {
    over_threads[transport.rank()] = gradient_of(transport.rank(), count);
    average(transport, over_threads[transport.rank()]);
  });
  for (const std::vector<float>& values : over_threads) {
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(over_mpi[i]), std::bit_cast<std::uint32_t>(values[i])) << "element " << i;
    }
  }
}

TEST(Mpi, RingGivesTheSameBitsAsOverThreads) {
  for (const std::size_t count : {0, 1, 2, 1001, 100'000}) {
    SCOPED_TRACE(count);
    expect_the_same_bits(count, [](Transport& transport, std::span<float> values) {
      RingAllReduce(transport, {.segment_bytes = 4096}).average(values, 0);
    });
  }
}

TEST(Mpi, OptincGivesTheSameBitsAsOverThreads) {
  for (const int bits : {8, 7, 16}) {
    const fabric::SingleDevice device(
        std::make_shared<device::ExactAverager>(device::DeviceShape{.bits = bits,
                                                                    .servers = 4,
                                                                    .inputs = codec::symbols_per_code(bits),
                                                                    .rounding = codec::Rounding::nearest_unbiased}));
    const OpticalAllReduceOptions options{
        .network = {.quantiser = {.bits = bits, .rounding = codec::QuantiserRounding::stochastic}, .seed = 5},
        .pipeline = {.chunk = 30'000}};
    for (const std::size_t count : {0, 1, 2, 1001, 100'000}) {
      SCOPED_TRACE(fmt::format("{} bits, {} elements", bits, count));
      expect_the_same_bits(count, [&](Transport& transport, std::span<float> values) {
        OpticalAllReduce all_reduce(transport, device, options);
        all_reduce.average(values, 0);
        all_reduce.average(values, count);
      });
    }
  }
}

TEST(Mpi, ACascadeOf16RanksGivesTheSameBitsAsOverThreads) {
  if (MpiTransport(*session).size() != 16) GTEST_SKIP() << "needs 16 ranks";
  const fabric::Cascade cascade(
      std::make_shared<device::ExactAverager>(device::DeviceShape{.role = onn::Role::cascade_level_1}),
      std::make_shared<device::ExactAverager>(
          device::DeviceShape{.rounding = codec::Rounding::nearest, .role = onn::Role::cascade_level_2}));
  expect_the_same_bits(10'001, [&](Transport& transport, std::span<float> values) {
    OpticalAllReduce(transport, cascade, {}).average(values, 0);
  });
}

TEST(Mpi, OptincRefusesMoreRanksThanPorts) {
  MpiTransport transport(*session);
  if (transport.size() < 3) GTEST_SKIP() << "needs 3 ranks";
  const fabric::SingleDevice device(
      std::make_shared<device::ExactAverager>(device::DeviceShape{.bits = 8, .servers = 2, .inputs = 4}));
  try {
    OpticalAllReduce(transport, device, {});
    FAIL() << "no error";
  } catch (const base::InputError& error) {
    EXPECT_EQ(error.what(), fmt::format("{} ranks, but the device has 2 ports", transport.size()));
  }
}

TEST(Mpi, MessagesOfOneByteAndOfManyParts) {
  MpiTransport transport(*session, {.part_bytes = 7});
  const int size = transport.size(), rank = transport.rank(), next = (rank + 1) % size,
            previous = (rank + size - 1) % size;
  for (const std::size_t count : {1, 6, 7, 8, 14, 15, 5000}) {
    std::vector<std::byte> sent(count, static_cast<std::byte>(rank + 1)), received(count);
    transport.exchange(next, sent, previous, received);
    EXPECT_EQ(received, std::vector<std::byte>(count, static_cast<std::byte>(previous + 1))) << count << " bytes";
  }
}

std::string run_error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::RunError& error) {
    return error.what();
  }
  return "no RunError";
}

// 20 bytes are parts of 7, 7 and 6.
TEST(Mpi, TellsAMessageOfTheWrongSize) {
  const auto receive = [](std::size_t sent, std::size_t expected) {
    MpiTransport transport(*session, {.part_bytes = 7});
    std::vector<std::byte> received(expected);
    if (transport.rank() == 0) transport.exchange(transport.size() - 1, std::vector<std::byte>(sent), -1, {});
    if (transport.rank() != transport.size() - 1) return std::string();
    return run_error_of([&] { transport.exchange(-1, {}, 0, received); });
  };
  MpiTransport transport(*session);
  const int size = transport.size();
  if (size < 2) GTEST_SKIP() << "needs 2 ranks";
  const auto expect = [&](std::size_t sent, std::size_t expected, const std::string& what) {
    const std::string said = receive(sent, expected);
    if (transport.rank() == size - 1) {
      EXPECT_EQ(said,
                fmt::format("rank {} of {}: receive of {} bytes from rank 0: {}", size - 1, size, expected, what));
    }
  };
  expect(20, 21, "20 bytes came");
  expect(20, 19, "20 bytes came");
  expect(20, 14, "more than 14 bytes came");
  expect(7, 20, "7 bytes came");
}

TEST(Mpi, APeerThatIsTooLateMeetsTheDeadline) {
  MpiTransport good(*session);
  if (good.size() < 2) GTEST_SKIP() << "needs 2 ranks";
  MpiTransport transport(*session, {.deadline_s = 1});
  if (transport.rank() == 0) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::byte> received(24);
    const std::string said = run_error_of([&] { transport.exchange(1, {}, 1, received); });
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_EQ(said, fmt::format("rank 0 of {}: receive of 24 bytes from rank 1: nothing came within 1 s", good.size()));
    EXPECT_GE(seconds.count(), 1.0);
    EXPECT_LT(seconds.count(), 20.0);
    EXPECT_EQ(run_error_of([&] { transport.exchange(1, {}, 1, received); }),
              fmt::format("rank 0 of {}: receive of 24 bytes from rank 1: an earlier exchange failed", good.size()));
  }
  // Rank 1 does nothing until rank 0 has given up.
  std::vector<std::byte> token(1);
  if (good.rank() == 0) good.exchange(1, token, -1, {});
  if (good.rank() == 1) good.exchange(-1, {}, 0, token);
}

/// Says what failed and at which rank; what went well, rank 0 alone says.
class RankPrinter : public testing::EmptyTestEventListener {
 public:
  explicit RankPrinter(int rank) : rank_(rank) {}
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d: %s:%d: %s\n", rank_, result.file_name(), result.line_number(), result.message());
  }

 private:
  int rank_;
};

}  // namespace
}  // namespace optinc::collective

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const optinc::collective::MpiSession session;
  optinc::collective::session = &session;
  const int rank = optinc::collective::MpiTransport(session).rank();
  if (rank != 0) {
    testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new optinc::collective::RankPrinter(rank));
  }
  return RUN_ALL_TESTS();
}
