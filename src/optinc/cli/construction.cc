#include "optinc/cli/construction.h"

#include <chrono>

#include "optinc/base/error.h"
#include "optinc/base/progress.h"
#include "optinc/construct/construct.h"
#include "optinc/device/onn_averager.h"
#include "optinc/verify/by_stage.h"
#include "optinc/verify/inputs.h"

namespace optinc::cli {
namespace {

constexpr double kMostPutThrough = 1 << 24;
constexpr std::uint64_t kSample = 1 << 20;

}  // namespace

verify::Verification verify_as_far_as_possible(const onn::Design& design, const device::DeviceShape& shape,
                                               int threads) {
  const double possible = verify::possible_inputs(shape);
  verify::VerifyOptions options{.threads = threads};
  if (possible > kMostPutThrough) {
    options.sampled = true;
    options.count = kSample;
  }
  base::Progress progress("verify", options.sampled ? static_cast<double>(kSample) : possible);
  return verify::verify(device::OnnAverager(design, shape), options, &progress);
}

Construction construct_and_verify(device::DeviceShape shape, const std::vector<int>& widths,
                                  const onn::LayerSet& approximated, const std::string& variant_name, int threads) {
  const auto start = std::chrono::steady_clock::now();
  const construct::Variant variant = construct::parse_variant(variant_name);
  Construction made;
  if (shape.inputs == 0) shape.inputs = shape.symbols();
  made.design = widths.empty() ? construct::construct(shape, construct::pick_plan(shape, variant))
                               : construct::construct(shape, widths, approximated);
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
