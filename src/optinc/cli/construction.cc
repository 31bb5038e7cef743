#include "optinc/cli/construction.h"

#include <algorithm>
#include <chrono>

#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/construct/construct.h"
#include "optinc/device/onn_averager.h"
#include "optinc/verify/by_stage.h"
#include "optinc/verify/inputs.h"

namespace optinc::cli {
namespace {

constexpr double kMostEnumerated = 1 << 24;
constexpr std::uint64_t kSample = 1 << 20;

}  // namespace

verify::Verification verify_as_far_as_possible(const onn::Design& design, const device::DeviceShape& shape,
                                               int threads) {
  const double possible = verify::possible_inputs(shape);
  verify::VerifyOptions options{.threads = threads};
  if (possible > kMostEnumerated) {
    options.sampled = true;
    options.count = kSample;
  }
  base::Progress progress("verify", options.sampled ? static_cast<double>(kSample) : possible);
  return verify::verify(device::OnnAverager(design, shape), options, &progress);
}

/// One input a symbol where that is proved, else the most that are: fewer inputs have fewer remainders.
onn::Design construct_with_most_inputs(device::DeviceShape shape, construct::Variant variant) {
  shape.inputs = std::max(1, shape.symbols());
  shape.check();
  std::string refusal;
  for (shape.inputs = shape.symbols(); shape.inputs >= 1; --shape.inputs) {
    if (shape.bits_of_input(0) < 1) continue;  // groups that leave none for the first
    try {
      return construct::construct(shape, construct::pick_plan(shape, variant));
    } catch (const base::InputError& error) {
      if (refusal.empty()) refusal = error.what();
    }
  }
  base::refuse("{}", refusal);
}

Construction construct_and_verify(device::DeviceShape shape, const std::vector<int>& widths,
                                  const onn::LayerSet& approximated, const std::string& variant_name, int threads) {
  const auto start = std::chrono::steady_clock::now();
  const construct::Variant variant = construct::parse_variant(variant_name);
  Construction made;
  if (!widths.empty()) {
    made.design = construct::construct(shape, widths, approximated);
  } else if (shape.inputs > 0) {
    made.design = construct::construct(shape, construct::pick_plan(shape, variant));
  } else {
    made.design = construct_with_most_inputs(shape, variant);
    shape.inputs = made.design.inputs;
  }
  made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const verify::Stages stages = verify::parse_stages(made.design.stages);
  const device::DeviceShape proved = verify::shape_of_claims(made.design.network, shape, stages);
  made.proof = verify::to_json(verify::prove_by_stage(made.design.network, proved, stages));
  made.proof["noise"] = verify::proved_noise(made.design.network, proved, stages);

  made.verification = verify_as_far_as_possible(made.design, shape, threads);
  made.design.wrong = made.verification.wrong;
  made.design.accuracy = made.verification.accuracy();
  return made;
}

}  // namespace optinc::cli
