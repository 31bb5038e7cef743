// PyTorch's store as ours.
#pragma once

#include <string>

#include <torch/csrc/distributed/c10d/Store.hpp>

#include "optinc/collective/store.h"

namespace optinc::backend {

/// Keys are those of the c10d store, which a PrefixStore may keep apart.
class StoreOverC10d : public collective::Store {
 public:
  explicit StoreOverC10d(c10::intrusive_ptr<c10d::Store> store) : store_(std::move(store)) {}

  /// Throws base::RunError when the store fails, which it does when its host has ended.
  void set(const std::string& key, const std::string& value) override;
  /// Asks again after 1 ms, then ever later up to 50 ms: c10d's own waiting would hold the store's lock meanwhile.
  std::string get(const std::string& key, double deadline_s) override;

 private:
  c10::intrusive_ptr<c10d::Store> store_;
};

}  // namespace optinc::backend
