#include "optinc/base/version.h"
#include "optinc/capi/handles.h"
#include "optinc/collective/transport_error.h"

namespace optinc::capi {
namespace {

thread_local std::string last_error;

}  // namespace

optinc_status status_of_exception() noexcept {
  try {
    throw;
  } catch (const base::InputError& error) {
    last_error = error.what();
    return OPTINC_BAD_INPUT;
  } catch (const collective::TransportError& error) {
    last_error = error.what();
    return error.cause() == collective::TransportError::Cause::excluded ? OPTINC_EXCLUDED : OPTINC_FAILED;
  } catch (const std::exception& error) {
    last_error = error.what();
    return OPTINC_FAILED;
  } catch (...) {
    last_error = "failed for an unknown reason";
    return OPTINC_FAILED;
  }
}

}  // namespace optinc::capi

const char* optinc_version(void) {
  return optinc::base::kVersion;
}

const char* optinc_last_error(void) {
  return optinc::capi::last_error.c_str();
}
