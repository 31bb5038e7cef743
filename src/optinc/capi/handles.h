// What is behind the handles of optinc.h, and how exceptions become statuses.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "optinc/base/error.h"
#include "optinc/capi/optinc.h"
#include "optinc/collective/all_reduce.h"
#include "optinc/collective/in_network.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/collective/transport.h"
#include "optinc/fabric/fabric.h"

struct optinc_fabric {
  std::unique_ptr<optinc::fabric::Fabric> fabric;
};

struct optinc_hub {
  optinc::collective::ThreadHub hub;
  int size;
};

struct optinc_comm {
  virtual ~optinc_comm() = default;
  virtual optinc::collective::Transport& transport() = 0;
};

struct optinc_all_reduce {
  std::unique_ptr<optinc::collective::Transport> checked;    // where messages have checksums
  std::unique_ptr<optinc::collective::InNetwork> network;    // of the int32 switch
  std::unique_ptr<optinc::collective::AllReduce> algorithm;  // uses both
};

namespace optinc::capi {

/// Keeps what the exception says for optinc_last_error(), and gives its status. Call it in a catch clause.
optinc_status status_of_exception() noexcept;

/// Runs `work`; what it throws becomes a status.
template <typename Work>
optinc_status guarded(const Work& work) noexcept {
  try {
    work();
    return OPTINC_OK;
  } catch (...) {
    return status_of_exception();
  }
}

/// Throws base::InputError for a null pointer.
inline void require_given(const void* pointer, std::string_view name) {
  base::require(pointer != nullptr, "{}: NULL, expected a value", name);
}

inline std::string text_or(const char* text, const char* otherwise) {
  return text != nullptr ? text : otherwise;
}

}  // namespace optinc::capi
