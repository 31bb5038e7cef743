#include "optinc/cli/quantisation_error.h"

#include <gtest/gtest.h>

#include "optinc/cli/known_sums.h"

namespace optinc::cli {
namespace {

// 200 blocks of 256: the mean square of 51,200 errors is known to about 1 %, the mean of 200 squared maxima to 2 %.
TEST(QuantisationError, ThePredictionIsWhatTheCodecDoes) {
  for (const int bits : {4, 6, 8, 12, 16}) {
    for (const auto format : {codec::ScaleFormat::absmax16, codec::ScaleFormat::exponent8}) {
      for (const auto rounding :
           {codec::Rounding::floor, codec::Rounding::nearest, codec::Rounding::nearest_unbiased}) {
        for (const auto& [servers, ports] : {std::pair{4, 4}, {3, 4}, {16, 16}}) {
          for (const auto quantiser_rounding :
               {codec::QuantiserRounding::half_even, codec::QuantiserRounding::stochastic}) {
            const QuantisationQuestion question{
                .quantiser = {.bits = bits, .scale_format = format, .rounding = quantiser_rounding},
                .rounding = rounding,
                .servers = servers,
                .ports = ports};
            const double predicted = predicted_nmse(question), measured = measured_nmse(question, 200, 1);
            EXPECT_NEAR(predicted / measured, 1, predicted > 0.5 ? 0.3 : 0.12)
                << bits << " bits, " << codec::to_string(format) << ", " << codec::to_string(rounding) << ", "
                << servers << " of " << ports << ", " << codec::to_string(quantiser_rounding);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace optinc::cli
