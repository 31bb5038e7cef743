#include "optinc/backend/gloo_error.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "optinc/collective/transport_error.h"

namespace optinc::backend {
namespace {

using Cause = collective::TransportError::Cause;

TEST(GlooError, ALineWithoutPlaceAndTrace) {
  EXPECT_EQ(first_line("[../gloo/transport/tcp/pair.cc:598] Connection closed by peer [127.0.0.1]:4242\nException ..."),
            "Connection closed by peer [127.0.0.1]:4242");
  EXPECT_EQ(first_line("Invalid scalar type"), "Invalid scalar type");
  EXPECT_EQ(first_line(""), "");
}

TEST(GlooError, CausesAreTold) {
  for (const auto& [text, cause] : {std::pair{"[a.cc:1] Timed out waiting 1000ms for recv", Cause::deadline},
                                    std::pair{"Socket Timeout", Cause::deadline},
                                    std::pair{"[a.cc:1] Connection closed by peer [::1]:1", Cause::gone},
                                    std::pair{"Read error: Connection reset by peer", Cause::gone},
                                    std::pair{"Invalid scalar type", Cause::broken}}) {
    try {
      throw_gloo_error("rank 0 of 2: all-reduce", std::runtime_error(text));
    } catch (const collective::TransportError& error) {
      EXPECT_EQ(error.cause(), cause) << text;
      EXPECT_EQ(error.what(), "rank 0 of 2: all-reduce: Gloo: " + first_line(text));
    }
  }
}

}  // namespace
}  // namespace optinc::backend
