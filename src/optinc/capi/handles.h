// What is behind the opaque handles of optinc.h. They share: whoever is destroyed last ends what was shared.
#pragma once

#include <exception>
#include <memory>
#include <optional>

#include "optinc/capi/optinc.h"
#include "optinc/collective/checksum_transport.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/transport.h"
#include "optinc/fabric/fabric.h"

namespace optinc::capi {

/// One rank's end, as a comm and its reducers share it.
struct Rank {
  std::shared_ptr<collective::Transport> transport;
  bool has_checksums = false;    ///< the transport's own
  bool has_reducer = false;      ///< or has had one
  bool outlives_faults = false;  ///< that reducer has another outcome of faults than abort
  std::exception_ptr failure;    ///< why nothing works any more
};

}  // namespace optinc::capi

// NOLINTBEGIN(readability-identifier-naming): C.
struct optinc_fabric {
  std::shared_ptr<const optinc::fabric::Fabric> fabric;
  int evaluation;
};

struct optinc_comm {
  std::shared_ptr<optinc::capi::Rank> rank;
};

struct optinc_reducer {
  std::shared_ptr<optinc::capi::Rank> rank;
  std::shared_ptr<const optinc::fabric::Fabric> fabric;  // none: an electrical algorithm
  std::optional<optinc::collective::ChecksumTransport> checksums;
  std::unique_ptr<optinc::collective::AllReduce> all_reduce;
  const optinc::collective::OpticalAllReduce* optical = nullptr;  // all_reduce, where it is that
};
// NOLINTEND(readability-identifier-naming)
