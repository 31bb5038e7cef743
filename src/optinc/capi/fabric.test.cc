#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/capi/testing.h"

namespace optinc::capi {
namespace {

using testing::HasSubstr;

const char* const kDesign = "designs/b8-n4-nearest.safetensors";
const char* const kLevel1 = "designs/b8-n4-cascade-1.safetensors";
const char* const kLevel2 = "designs/b8-n4-cascade-2.safetensors";

/// ports, bits, rounding, evaluation.
std::vector<int> facts_of(const Fabric& fabric) {
  std::vector<int> facts(4);
  EXPECT_OK(optinc_fabric_ports(fabric.get(), &facts[0]));
  EXPECT_OK(optinc_fabric_bits(fabric.get(), &facts[1]));
  EXPECT_OK(optinc_fabric_rounding(fabric.get(), &facts[2]));
  EXPECT_OK(optinc_fabric_evaluation(fabric.get(), &facts[3]));
  return facts;
}

std::vector<int> facts_of_design(int evaluation) {
  optinc_fabric* fabric = nullptr;
  EXPECT_OK(optinc_fabric_from_design(kDesign, evaluation, &fabric));
  return facts_of(Fabric(fabric));
}

std::vector<int> facts_of_cascade(int mode) {
  optinc_fabric* fabric = nullptr;
  EXPECT_OK(optinc_fabric_cascade(kLevel1, kLevel2, mode, OPTINC_EVALUATION_AUTO, &fabric));
  return facts_of(Fabric(fabric));
}

TEST(Fabric, SaysWhatItIs) {
  using Facts = std::vector<int>;
  EXPECT_EQ(facts_of_design(OPTINC_EVALUATION_AUTO), (Facts{4, 8, OPTINC_ROUNDING_NEAREST, OPTINC_EVALUATION_INTEGER}));
  EXPECT_EQ(facts_of_design(OPTINC_EVALUATION_ONN), (Facts{4, 8, OPTINC_ROUNDING_NEAREST, OPTINC_EVALUATION_ONN}));
  EXPECT_EQ(facts_of_design(OPTINC_EVALUATION_EVERY_SYMBOL),
            (Facts{4, 8, OPTINC_ROUNDING_NEAREST, OPTINC_EVALUATION_EVERY_SYMBOL}));
  EXPECT_EQ(facts_of_cascade(OPTINC_CASCADE_SNAPPED), (Facts{16, 8, OPTINC_ROUNDING_FLOOR, OPTINC_EVALUATION_INTEGER}));
  EXPECT_EQ(facts_of_cascade(OPTINC_CASCADE_ANALOG), (Facts{16, 8, OPTINC_ROUNDING_FLOOR, OPTINC_EVALUATION_ONN}));
  EXPECT_EQ(facts_of(exact_fabric(9, 16, OPTINC_ROUNDING_NEAREST_UNBIASED)),
            (Facts{9, 16, OPTINC_ROUNDING_NEAREST_UNBIASED, OPTINC_EVALUATION_INTEGER}));
}

TEST(Fabric, RefusesFilesThatCanNotBe) {
  optinc_fabric* fabric = nullptr;
  EXPECT_EQ(optinc_fabric_from_design("no-such-file", OPTINC_EVALUATION_AUTO, &fabric), OPTINC_BAD_INPUT);
  EXPECT_THAT(optinc_last_error(), HasSubstr("no-such-file"));
  EXPECT_REFUSED(optinc_fabric_from_design(kLevel1, OPTINC_EVALUATION_AUTO, &fabric),
                 "a design for cascade-level-1 as the only device: expected role single");
  EXPECT_EQ(optinc_fabric_cascade(kDesign, kLevel2, OPTINC_CASCADE_SNAPPED, OPTINC_EVALUATION_AUTO, &fabric),
            OPTINC_BAD_INPUT);
  EXPECT_THAT(optinc_last_error(), HasSubstr("level"));
}

TEST(Fabric, RefusesNumbersThatCanNotBe) {
  optinc_fabric* fabric = nullptr;
  EXPECT_REFUSED(optinc_fabric_exact(0, 8, OPTINC_ROUNDING_FLOOR, &fabric), "ports 0: expected 1 to 65536");
  EXPECT_REFUSED(optinc_fabric_exact(65537, 8, OPTINC_ROUNDING_FLOOR, &fabric), "ports 65537: expected 1 to 65536");
  EXPECT_REFUSED(optinc_fabric_exact(4, 1, OPTINC_ROUNDING_FLOOR, &fabric), "bits 1: expected 2 to 32");
  EXPECT_REFUSED(
      optinc_fabric_exact(4, 8, 3, &fabric),
      "rounding 3: expected OPTINC_ROUNDING_FLOOR, OPTINC_ROUNDING_NEAREST or OPTINC_ROUNDING_NEAREST_UNBIASED");
  const char* const evaluations =
      "evaluation -1: expected OPTINC_EVALUATION_AUTO, OPTINC_EVALUATION_INTEGER, OPTINC_EVALUATION_ONN or "
      "OPTINC_EVALUATION_EVERY_SYMBOL";
  EXPECT_REFUSED(optinc_fabric_from_design(kDesign, -1, &fabric), evaluations);
  EXPECT_REFUSED(optinc_fabric_cascade(kLevel1, kLevel2, OPTINC_CASCADE_SNAPPED, -1, &fabric), evaluations);
  EXPECT_REFUSED(optinc_fabric_cascade(kLevel1, kLevel2, 2, OPTINC_EVALUATION_AUTO, &fabric),
                 "mode of a cascade 2: expected OPTINC_CASCADE_SNAPPED or OPTINC_CASCADE_ANALOG");
}

TEST(Fabric, WhatAFailedFunctionWasToMakeIsNull) {
  int anything = 0;
  auto* fabric = reinterpret_cast<optinc_fabric*>(&anything);
  EXPECT_EQ(optinc_fabric_exact(0, 8, OPTINC_ROUNDING_FLOOR, &fabric), OPTINC_BAD_INPUT);
  EXPECT_EQ(fabric, nullptr);
}

TEST(Fabric, RefusesNullWhereSomethingIsNeeded) {
  const Fabric made = exact_fabric(4, 8);
  optinc_fabric* fabric = nullptr;
  int number = 0;
  const char* const no_fabric = "fabric is NULL: expected a pointer";
  EXPECT_REFUSED(optinc_fabric_exact(4, 8, OPTINC_ROUNDING_FLOOR, nullptr), no_fabric);
  EXPECT_REFUSED(optinc_fabric_from_design(kDesign, OPTINC_EVALUATION_AUTO, nullptr), no_fabric);
  EXPECT_REFUSED(optinc_fabric_from_design(nullptr, OPTINC_EVALUATION_AUTO, &fabric),
                 "path is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_fabric_cascade(kLevel1, kLevel2, 0, 0, nullptr), no_fabric);
  EXPECT_REFUSED(optinc_fabric_cascade(nullptr, kLevel2, 0, 0, &fabric), "level_1_path is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_fabric_cascade(kLevel1, nullptr, 0, 0, &fabric), "level_2_path is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_fabric_ports(nullptr, &number), no_fabric);
  EXPECT_REFUSED(optinc_fabric_bits(nullptr, &number), no_fabric);
  EXPECT_REFUSED(optinc_fabric_rounding(nullptr, &number), no_fabric);
  EXPECT_REFUSED(optinc_fabric_evaluation(nullptr, &number), no_fabric);
  EXPECT_REFUSED(optinc_fabric_ports(made.get(), nullptr), "ports is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_fabric_bits(made.get(), nullptr), "bits is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_fabric_rounding(made.get(), nullptr), "rounding is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_fabric_evaluation(made.get(), nullptr), "evaluation is NULL: expected a pointer");
  EXPECT_OK(optinc_fabric_destroy(nullptr));
}

}  // namespace
}  // namespace optinc::capi
