#include "optinc/design/parameters.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/onn/forward.h"
#include "optinc/onn/matrix_approximation.h"

namespace optinc::design {
namespace {

TEST(Parameters, TheOrthogonalStartIsApproximatedAlready) {
  const ParameterLayout layout({4, 64, 128, 64, 4});
  const onn::Network network = to_network(layout, orthogonal_start(layout, 1), Normalisation({8, 4, 4}));
  for (const onn::Layer& layer : network.layers) EXPECT_LT(onn::approximation_error(layer), 1e-5);
}

// Folding: network(A) = shift + scale * plain((A - shift) / scale), evaluated both ways.
TEST(Parameters, FoldingTheNormalisationChangesNothing) {
  const device::DeviceShape shape{8, 4, 4};
  const Normalisation normalisation(shape);
  const ParameterLayout layout({4, 16, 16, 4});
  const std::vector<float> parameters = orthogonal_start(layout, 2);
  Normalisation none(shape);
  none.input_shift = none.output_shift = 0;
  none.input_scale = none.output_scale = 1;
  const onn::Network folded = to_network(layout, parameters, normalisation),
                     plain = to_network(layout, parameters, none);

  const std::vector<float> levels{0.25f, 3.0f, 1.5f, 2.75f};
  std::vector<float> x;
  for (const float level : levels) {
    x.push_back(static_cast<float>((level - normalisation.input_shift) / normalisation.input_scale));
  }
  std::vector<double> of_folded(4), of_plain(4);
  onn::reference::forward(folded, 1, levels.data(), of_folded.data());
  onn::reference::forward(plain, 1, x.data(), of_plain.data());
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(of_folded[i], normalisation.output_shift + normalisation.output_scale * of_plain[i], 1e-5);
  }
}

TEST(Parameters, ComeBackFromTheirNetwork) {
  const Normalisation normalisation(device::DeviceShape{.bits = 8, .servers = 4, .inputs = 4});
  const ParameterLayout layout({4, 16, 8, 4});
  const std::vector<float> parameters = orthogonal_start(layout, 2);
  const std::vector<float> back = from_network(layout, to_network(layout, parameters, normalisation), normalisation);
  for (std::size_t i = 0; i < parameters.size(); ++i) EXPECT_NEAR(back[i], parameters[i], 1e-6);
  EXPECT_THROW(from_network(ParameterLayout({4, 8, 4}), to_network(layout, parameters, normalisation), normalisation),
               base::InputError);
}

}  // namespace
}  // namespace optinc::design
