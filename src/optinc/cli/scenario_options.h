// A case of the cost model as a verb takes it: servers, network, device, model.
#pragma once

#include <filesystem>
#include <string>

#include "optinc/cli/hardware_options.h"
#include "optinc/cost/scenario.h"

namespace optinc::cli {

struct ScenarioOptions {
  std::string model = "resnet50";
  std::string type = "float32";
  int bits = 8;
  std::size_t block = 256;
  std::string scale_format = "absmax16";
  std::filesystem::path design;  // empty: the structure of Table I's first row
  int ports = 0;                 // 0: the design's
  HardwareOptions hardware{"silicon", {}};
  int links = 8;
  double link_gbps = 800;
  double tflops = 60;
  double utilisation = 0.6;
  double memory_tbps = 3.35;
  double memory_gb = 80;
  double software_us = 1;
  int colours = 1;
  bool direct = false;
  bool fused = false;
  bool overlap = false;
  double bucket_mb = 25;
  double update_bytes = 28;
};

void add_scenario_options(CLI::App& verb, ScenarioOptions& options);

/// All of them, for records: by the flags' names.
base::Json config_of(const ScenarioOptions& options);

/// The case, of 4 servers and 32 samples. Reads and compiles the design, if one is given, for its power. Throws
/// base::InputError that names the flag.
cost::Scenario scenario_of(const ScenarioOptions& options);

}  // namespace optinc::cli
