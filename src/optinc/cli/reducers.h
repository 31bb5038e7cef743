// How gradients are reduced in training, as flags: which all-reduce, through which device, with which errors.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "optinc/cli/command.h"
#include "optinc/cli/hardware_options.h"
#include "optinc/cli/optics_options.h"
#include "optinc/collective/all_reduce.h"
#include "optinc/collective/transport.h"
#include "optinc/fabric/fabric.h"

namespace optinc::cli {

struct ReducerOptions {
  std::string reduce = "optinc";
  OpticsOptions optics;
  int bits = 0;                      ///< of an ideal device in the place of a design; 0: the design's
  std::string rounding = "nearest";  ///< of an ideal device
  int ports = 0;                     ///< of an ideal device; 0: as few as do
  std::string inject;                ///< error_models.h; empty: none
  int fail_step = 0;                 ///< the device is gone from this step (from 1) on; 0: never
  std::string lose_port;             ///< "PORT@STEP": that port is dark from that step on; empty: none

  std::filesystem::path program;  ///< of a chip
  HardwareOptions hardware;
  std::string correction = "self-configured";
  std::uint64_t chip = 0;     ///< its number
  double hours_per_step = 0;  ///< that it ages
  int age_every = 50;         ///< steps, between which it does not
};

/// Adds --reduce, --bits, --rounding, --ports, --inject, --fail-step, --lose-port, the flags of the optics and those of
/// a chip.
void add_reducer_flags(CLI::App& verb, ReducerOptions& options);

/// Throws base::InputError for a flag that was given and that the reducer takes no notice of.
void check_reducer_flags(const CLI::App& verb, const ReducerOptions& options);

/// One rank's all-reduce with all that it needs.
class Reducer {
 public:
  virtual ~Reducer() = default;
  virtual collective::AllReduce& all_reduce() = 0;
  /// What the `run` record has as its `design` (doc/format_records.md).
  const base::Json& design() const { return design_; }
  /// Throws base::InputError for what could not last so many steps: a chip that ages beyond what its hardware allows.
  virtual void check_steps(int) const {}

 protected:
  base::Json design_;
};

/// All ranks make it together. Throws base::InputError for flags that can't be.
std::unique_ptr<Reducer> make_reducer(const ReducerOptions& options, std::uint64_t seed,
                                      collective::Transport& transport);

}  // namespace optinc::cli
