#include "optinc/cli/hardware_options.h"

#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::cli {
namespace {

TEST(HardwareOptions, AValueIsSetOverThePreset) {
  const chip::Hardware silicon = chip::load_hardware("silicon");
  const chip::Hardware hardware = load({"silicon", {"coupler.imbalance_rms_rad=0.03", "detector.shot_noise=0"}});
  EXPECT_EQ(hardware.coupler_imbalance_rms_rad, 0.03);
  EXPECT_EQ(hardware.shot_noise, 0);
  EXPECT_EQ(hardware.thermal_noise_pa_per_sqrt_hz, silicon.thermal_noise_pa_per_sqrt_hz);
}

TEST(HardwareOptions, TheLastAssignmentCounts) {
  EXPECT_EQ(load({"ideal", {"coupler.loss_db=1", "coupler.loss_db=2e-1"}}).coupler_loss_db, 0.2);
}

// The one value that is no number.
TEST(HardwareOptions, TheKindOfActivationIsAWord) {
  const chip::Hardware hardware = load({"ideal", {"activation.kind=electro_optic"}});
  EXPECT_EQ(hardware.activation, chip::Activation::electro_optic);
  EXPECT_EQ(differences_from_ideal(hardware).dump(), R"({"activation.kind":"electro_optic"})");
  EXPECT_EQ(load({"silicon", {"activation.kind=relu"}}).activation, chip::Activation::relu);
  EXPECT_THROW(load({"ideal", {"activation.kind=tanh"}}), base::InputError);
  EXPECT_THROW(load({"ideal", {"activation.kind="}}), base::InputError);
}

TEST(HardwareOptions, OnlyWhatDiffersFromIdealIsListed) {
  EXPECT_EQ(differences_from_ideal(load({"ideal", {}})).dump(), "{}");
  EXPECT_EQ(differences_from_ideal(load({"ideal", {"coupler.loss_db=0.5", "coupler.imbalance_rms_rad=0"}})).dump(),
            R"({"coupler.loss_db":0.5})");
}

}  // namespace
}  // namespace optinc::cli
