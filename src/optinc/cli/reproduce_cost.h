// The paper's figures 6 and 7b beside ours: bytes a server sends, and what a step then takes.
#pragma once

#include <filesystem>

#include "optinc/cli/command.h"

namespace optinc::cli {

inline constexpr const char* kFigure6 = "fig6";
inline constexpr const char* kFigure7b = "fig7b";

struct CostFigureOptions {
  std::filesystem::path records;  ///< to write, for `optinc report`; empty: none
  bool json = false;
};

/// Bytes over one pass of the data, ring and OptINC, at 4, 8 and 16 servers. The exit code is 1 if one is not the
/// paper's to its last digit, the exchange of scales apart.
void reproduce_figure6(const CostFigureOptions& options, Context& context);

/// The paper's two reductions of a step's latency at 4 servers: for each of several sets of assumptions the samples a
/// server at which they come out (the paper does not publish them), what of a ring's step is computing then, and the
/// most that can be saved. The exit code is 1 if no set gives the paper's figures at any number of samples.
void reproduce_figure7b(const CostFigureOptions& options, Context& context);

}  // namespace optinc::cli
