#include "optinc/collective/subgroup_transport.h"

#include <vector>

#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/collective/thread_transport.h"

namespace optinc::collective {
namespace {

TEST(SubgroupTransport, TwoGroupsOfOneTransportRingSideBySide) {
  run_ranks(5, {}, [](Transport& transport) {
    const bool even = transport.rank() % 2 == 0;
    SubgroupTransport group(transport, even ? std::vector<int>{0, 2, 4} : std::vector<int>{1, 3});
    EXPECT_EQ(group.rank(), transport.rank() / 2);
    EXPECT_EQ(group.size(), even ? 3 : 2);
    const int next = (group.rank() + 1) % group.size(), previous = (group.rank() + group.size() - 1) % group.size();
    const std::vector<std::byte> sent(1, static_cast<std::byte>(transport.rank()));
    std::vector<std::byte> received(1);
    group.exchange(next, sent, previous, received);
    EXPECT_EQ(static_cast<int>(received[0]), 2 * previous + (even ? 0 : 1));
  });
}

TEST(SubgroupTransport, RefusesWhatIsNoGroup) {
  ThreadHub hub(4);
  EXPECT_THROW(SubgroupTransport(hub.transport(0), {1, 2}), base::InputError);
  EXPECT_THROW(SubgroupTransport(hub.transport(0), {2, 0}), base::InputError);
  EXPECT_THROW(SubgroupTransport(hub.transport(0), {0, 4}), base::InputError);
  EXPECT_THROW(SubgroupTransport(hub.transport(0), {0, 0}), base::InputError);
}

}  // namespace
}  // namespace optinc::collective
