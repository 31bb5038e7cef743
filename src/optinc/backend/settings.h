// The optics between the ranks of a process group, as their user sets them, and what these settings make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "optinc/collective/optical_all_reduce.h"
#include "optinc/fabric/design_fabric.h"

namespace optinc::backend {

struct Settings {
  std::filesystem::path design;   ///< of the device; of level 2 where there is a level 1
  std::filesystem::path level_1;  ///< empty: one device
  std::string cascade_mode = "snapped";
  std::string evaluation = "auto";
  std::string scale_format = "absmax16";
  std::size_t block = 256;
  bool stochastic = false;  ///< quantise by chance, without bias, rather than half to even
  std::uint64_t seed = 0;
  bool error_feedback = false;
  int threads = 1;
  double deadline_s = 300;  ///< of each message, and of finding each other at first
  std::string on_fault = "abort";
  std::string address;   ///< where other ranks reach this one; empty: the transport's own choice
  bool checksum = true;  ///< of every message
  bool verbose = false;  ///< rank 0 says on stderr what its group goes through
};

struct Optics {
  fabric::DesignFabric fabric;
  collective::OpticalAllReduceOptions options;  ///< without a notice
  std::string description;                      ///< for people, one line
};

/// Throws base::InputError for a file or a value that can't be, and for designs with fewer ports than `size`.
Optics make_optics(const Settings& settings, int size);

}  // namespace optinc::backend
