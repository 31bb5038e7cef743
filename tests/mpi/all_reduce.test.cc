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
#include "optinc/collective/checksum_transport.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/int32_switch.h"
#include "optinc/collective/mpi_all_reduce.h"
#include "optinc/collective/mpi_transport.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/cascade.h"
#include "optinc/fabric/integer_fabric.h"
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

TEST(Mpi, RabenseifnerTreeAndTheInt32SwitchGiveTheSameBitsAsOverThreads) {
  for (const std::size_t count : {0, 1, 5, 1001, 50'000}) {
    SCOPED_TRACE(count);
    expect_the_same_bits(count, [](Transport& transport, std::span<float> values) {
      RabenseifnerAllReduce(transport, {.segment_bytes = 4096}).average(values, 0);
    });
    expect_the_same_bits(count, [](Transport& transport, std::span<float> values) {
      TreeAllReduce(transport, {.segment_bytes = 4096}).average(values, 0);
    });
    expect_the_same_bits(count, [](Transport& transport, std::span<float> values) {
      const Int32Switch network(transport.size());
      InNetworkAllReduce(transport, network, {.chunk = 4096}).average(values, 0);
    });
  }
}

TEST(Mpi, ChecksummedMessagesGiveTheSameBits) {
  expect_the_same_bits(10'000, [](Transport& transport, std::span<float> values) {
    ChecksumTransport checked(transport);
    RingAllReduce(checked).average(values, 0);
  });
}

// The library's own: sums of whole numbers are exact in any order.
TEST(Mpi, TheLibrarysOwnAllReduceInPlaceAndOutOfPlace) {
  MpiAllReduce all_reduce;
  MpiTransport transport(*session);
  const int size = transport.size(), rank = transport.rank();
  std::vector<float> values(1001), sums(1001);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(rank + 1 + i % 5);
  all_reduce.all_reduce({.count = values.size(),
                         .input = std::as_bytes(std::span(values)).data(),
                         .output = std::as_writable_bytes(std::span(sums)).data()},
                        {.op = ReduceOp::sum});
  all_reduce.average(values, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto sum = static_cast<float>(size * (size + 1) / 2 + size * static_cast<int>(i % 5));
    ASSERT_EQ(sums[i], sum);
    ASSERT_EQ(values[i], sum / static_cast<float>(size));
  }
  std::vector<std::byte> half(2);
  EXPECT_THROW(all_reduce.all_reduce(
                   {.type = codec::ElementType::float16, .count = 1, .input = half.data(), .output = half.data()}, {}),
               base::InputError);
}

// Even and odd ranks average among themselves, both groups at once, and with the whole job in turn.
TEST(Mpi, SeveralGroupsSideBySide) {
  MpiTransport all(*session);
  const int color = all.rank() % 2;
  MpiTransport group(*session, {.group = color});
  EXPECT_EQ(group.size(), (all.size() + 1 - color) / 2);
  EXPECT_EQ(group.rank(), all.rank() / 2);
  const fabric::IntegerFabric fabric(16, 8, codec::Rounding::nearest);
  OpticalAllReduce in_group(group, fabric), in_all(all, fabric);
  for (int round = 0; round < 3; ++round) {
    std::vector<float> values(5000, static_cast<float>(color + 1)), ones(700, 1.0f);
    in_group.average(values, 0);
    in_all.average(ones, 0);
    // 1 and 2 are their own scales: 16 ports, of which n are used, give n of 16 parts of 127 steps, back in 16 / n.
    for (const float value : values) ASSERT_NEAR(value, color + 1, 0.5 * (color + 1) * 16 / 127 / group.size() + 1e-6);
    for (const float value : ones) ASSERT_NEAR(value, 1, 0.5 * 16 / 127 / all.size() + 1e-6);
  }
}

TEST(Mpi, ManyMessagesGoAtOnceAndInOrder) {
  MpiTransport transport(*session, {.part_bytes = 100});
  const int rank = transport.rank(), size = transport.size();
  std::vector<std::vector<std::byte>> sent, received;
  for (int i = 0; i < 2 * size; ++i) {
    sent.emplace_back(50 * (i + 1), static_cast<std::byte>(16 * rank + i));
    received.emplace_back(50 * (2 * rank + i % 2 + 1));
  }
  std::vector<Outgoing> out;
  std::vector<Incoming> in;
  for (int i = 0; i < 2 * size; ++i) {
    out.push_back({i / 2, sent[i]});
    in.push_back({i / 2, received[i]});
  }
  transport.exchange(out, in);
  for (int i = 0; i < 2 * size; ++i) {
    EXPECT_EQ(received[i],
              std::vector<std::byte>(received[i].size(), static_cast<std::byte>(16 * (i / 2) + 2 * rank + i % 2)));
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
