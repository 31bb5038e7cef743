// The optics that gradients go through, as flags: which design stands for the device, and how blocks are quantised.
#pragma once

#include <filesystem>
#include <string>

#include "optinc/cli/command.h"
#include "optinc/collective/optical_network.h"
#include "optinc/fabric/design_fabric.h"

namespace optinc::cli {

struct OpticsOptions {
  std::filesystem::path design = "designs/b8-n4-nearest.safetensors";
  std::filesystem::path level_1;
  std::string cascade_mode = "snapped";
  std::string evaluation = "auto";
  std::string scale_format = "absmax16";
  std::string quantiser_rounding = "half-even";
  std::size_t block = 256;
};

/// What the options make.
struct Optics {
  fabric::DesignFabric fabric;
  collective::OpticalNetworkOptions network;  ///< seed left at 0
  base::Json description;                     ///< file, bits, servers, rounding, evaluation, tabulated, ...
};

/// Adds --design, --level-1, --cascade-mode, --evaluation, --scale-format, --quantiser-rounding and --block.
void add_optics_flags(CLI::App& verb, OpticsOptions& options);

/// How blocks of an all-reduce of `bits` bits are quantised; and as the description has it.
codec::QuantiserOptions quantiser_of(const OpticsOptions& options, int bits);
base::Json quantiser_json(const OpticsOptions& options);

/// A file's bytes in 16 digits, so that a run is not resumed with another file of the same name.
std::string content_of(const std::filesystem::path& file);

/// Throws base::InputError for a flag or a file that can't be.
Optics make_optics(const OpticsOptions& options);

}  // namespace optinc::cli
