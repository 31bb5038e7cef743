#include "optinc/collective/transport.h"

#include "optinc/base/error.h"

namespace optinc::collective {

Membership Transport::regroup(std::uint64_t) {
  throw base::RunError("this transport can't go on without a rank");
}

}  // namespace optinc::collective
