// From exceptions to a status and a line of text, at the border between C++ and C.
#pragma once

#include <string_view>

#include "optinc/base/error.h"
#include "optinc/capi/optinc.h"

namespace optinc::capi {

/// The status for the exception that is being handled; what it says is optinc_last_error() of this thread from now on.
optinc_status status_of_current_exception() noexcept;

/// Calls `work`: OPTINC_OK, or the status for what it throws.
template <typename Work>
optinc_status guarded(const Work& work) noexcept {
  try {
    work();
    return OPTINC_OK;
  } catch (...) {
    return status_of_current_exception();
  }
}

/// What an argument points to. Throws base::InputError for NULL.
template <typename T>
T& pointed_to(T* pointer, std::string_view argument) {
  base::require(pointer != nullptr, "{} is NULL: expected a pointer", argument);
  return *pointer;
}

}  // namespace optinc::capi
