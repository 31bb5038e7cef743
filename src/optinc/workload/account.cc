#include "optinc/workload/account.h"

namespace optinc::workload {

base::Json to_json(const Account& account) {
  return {{"compute_seconds", account.compute},  {"wait_seconds", account.wait},
          {"reduce_seconds", account.reduce},    {"quantise_seconds", account.quantise},
          {"emulate_seconds", account.emulate},  {"apply_seconds", account.apply},
          {"validate_seconds", account.validate}};
}

Account account_from_json(const base::Json& json) {
  return {.compute = json.at("compute_seconds"),
          .wait = json.at("wait_seconds"),
          .reduce = json.at("reduce_seconds"),
          .quantise = json.at("quantise_seconds"),
          .emulate = json.at("emulate_seconds"),
          .apply = json.at("apply_seconds"),
          .validate = json.at("validate_seconds")};
}

}  // namespace optinc::workload
