#include "optinc/capi/status.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string>

#include "optinc/base/version.h"
#include "optinc/collective/transport_error.h"

namespace optinc::capi {
namespace {

thread_local std::string last_error_text;
thread_local const char* last_error = "";

void remember(const char* text) noexcept {
  try {
    last_error_text = text;
    std::ranges::replace(last_error_text, '\n', ' ');
    last_error = last_error_text.c_str();
  } catch (...) {
    last_error = "out of memory";
  }
}

}  // namespace

optinc_status status_of_current_exception() noexcept {
  try {
    throw;
  } catch (const base::InputError& error) {
    remember(error.what());
    return OPTINC_BAD_INPUT;
  } catch (const collective::TransportError& error) {
    remember(error.what());
    return error.cause() == collective::TransportError::Cause::excluded ? OPTINC_EXCLUDED : OPTINC_FAILED;
  } catch (const std::bad_alloc&) {
    remember("out of memory");
  } catch (const std::exception& error) {
    remember(error.what());
  } catch (...) {
    remember("failed for an unknown reason");
  }
  return OPTINC_FAILED;
}

}  // namespace optinc::capi

const char* optinc_version(void) {
  return optinc::base::kVersion;
}

const char* optinc_last_error(void) {
  return optinc::capi::last_error;
}
