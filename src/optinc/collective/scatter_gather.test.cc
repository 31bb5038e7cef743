#include "optinc/collective/scatter_gather.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/codec/pam4.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/single_device.h"

namespace optinc::collective {
namespace {

using Floats = std::vector<float>;

Tensor tensor_of(const Floats& input, Floats& output) {
  return {.count = input.size(),
          .input = std::as_bytes(std::span(input)).data(),
          .output = std::as_writable_bytes(std::span(output)).data()};
}

Floats integers(int rank, std::size_t count) {
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>((rank + 1) * (1 + i % 5));
  return values;
}

RC_GTEST_PROP(ScatterGather, ByRingGivesEachRankItsPartAndThenAllToAll, ()) {
  const int ranks = *rc::gen::inRange(1, 6);
  const auto count = *rc::gen::inRange<std::size_t>(0, 100);
  run_ranks(ranks, {}, [&](Transport& transport) {
    const int rank = transport.rank();
    const Floats input = integers(rank, count);
    Floats scattered(count), gathered(count);
    std::vector<std::byte> scratch;
    reduce_scatter_by_ring(transport, tensor_of(input, scattered), {.op = ReduceOp::sum}, scratch);
    const Parts parts(count, ranks, 1);
    const auto sum = [&](std::size_t i) { return static_cast<float>(ranks * (ranks + 1) / 2 * (1 + i % 5)); };
    for (std::size_t i = parts.begin(rank); i < parts.end(rank); ++i) RC_ASSERT(scattered[i] == sum(i));
    all_gather_by_ring(transport, tensor_of(scattered, gathered));
    for (std::size_t i = 0; i < count; ++i) RC_ASSERT(gathered[i] == sum(i));
  });
}

// With a part's values whole multiples of N steps of the quantiser, nothing is lost: max 127 N steps, step 1 / N.
TEST(ScatterGather, ByDeviceGathersPartsToTwoBitsLess) {
  const fabric::SingleDevice device(std::make_shared<device::ExactAverager>(
      device::DeviceShape{.bits = 8, .servers = 4, .inputs = 4, .rounding = codec::Rounding::nearest}));
  run_ranks(4, {}, [&](Transport& transport) {
    OpticalAllReduce optics(transport, device, {.network = {.quantiser = {.block = 8}, .dark_ports = {}}});
    Floats input(8), output(8);
    const int rank = transport.rank();
    input[2 * rank] = 127.0f;  // absmax 127: steps of 1
    input[2 * rank + 1] = static_cast<float>(4 * rank - 8);
    std::vector<std::byte> scratch;
    all_gather_by_device(optics, rank, 4, tensor_of(input, output), {}, scratch);
    EXPECT_EQ(output, (Floats{128, -8, 128, -4, 128, 0, 128, 4}));
  });
}

TEST(ScatterGather, ByDeviceReduceScatterIsTheAllReduce) {
  const fabric::SingleDevice device(std::make_shared<device::ExactAverager>(
      device::DeviceShape{.bits = 8, .servers = 4, .inputs = 4, .rounding = codec::Rounding::nearest}));
  run_ranks(3, {}, [&](Transport& transport) {
    OpticalAllReduce optics(transport, device);
    const Floats input = integers(transport.rank(), 50);
    Floats whole(50), scattered(50);
    optics.all_reduce(tensor_of(input, whole), {});
    reduce_scatter_by_device(optics, tensor_of(input, scattered), {});
    EXPECT_EQ(whole, scattered);
  });
}

}  // namespace
}  // namespace optinc::collective
