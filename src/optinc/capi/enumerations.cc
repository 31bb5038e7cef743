#include "optinc/capi/enumerations.h"

#include <cstddef>
#include <string>

#include "optinc/base/error.h"
#include "optinc/capi/optinc.h"

namespace optinc::capi {
namespace {

template <typename Enumeration>
struct Name {
  int value;
  Enumeration meaning;
  const char* text;
};

#define OPTINC_NAME(value, meaning) \
  { value, meaning, #value }
constexpr Name<fabric::Evaluation> kEvaluations[] = {
    OPTINC_NAME(OPTINC_EVALUATION_AUTO, fabric::Evaluation::automatic),
    OPTINC_NAME(OPTINC_EVALUATION_INTEGER, fabric::Evaluation::integer),
    OPTINC_NAME(OPTINC_EVALUATION_ONN, fabric::Evaluation::onn),
    OPTINC_NAME(OPTINC_EVALUATION_EVERY_SYMBOL, fabric::Evaluation::every_symbol)};
constexpr Name<fabric::CascadeMode> kCascadeModes[] = {
    OPTINC_NAME(OPTINC_CASCADE_SNAPPED, fabric::CascadeMode::snapped),
    OPTINC_NAME(OPTINC_CASCADE_ANALOG, fabric::CascadeMode::analog)};
constexpr Name<codec::Rounding> kRoundings[] = {
    OPTINC_NAME(OPTINC_ROUNDING_FLOOR, codec::Rounding::floor),
    OPTINC_NAME(OPTINC_ROUNDING_NEAREST, codec::Rounding::nearest),
    OPTINC_NAME(OPTINC_ROUNDING_NEAREST_UNBIASED, codec::Rounding::nearest_unbiased)};
constexpr Name<codec::ScaleFormat> kScaleFormats[] = {
    OPTINC_NAME(OPTINC_SCALE_ABSMAX16, codec::ScaleFormat::absmax16),
    OPTINC_NAME(OPTINC_SCALE_EXPONENT8, codec::ScaleFormat::exponent8)};
constexpr Name<codec::QuantiserRounding> kQuantiserRoundings[] = {
    OPTINC_NAME(OPTINC_QUANTISER_HALF_EVEN, codec::QuantiserRounding::half_even),
    OPTINC_NAME(OPTINC_QUANTISER_STOCHASTIC, codec::QuantiserRounding::stochastic)};
constexpr Name<collective::OnFault> kOnFaults[] = {
    OPTINC_NAME(OPTINC_ON_FAULT_ABORT, collective::OnFault::abort),
    OPTINC_NAME(OPTINC_ON_FAULT_RING, collective::OnFault::ring),
    OPTINC_NAME(OPTINC_ON_FAULT_SURVIVORS, collective::OnFault::survivors)};
constexpr Name<codec::ElementType> kElementTypes[] = {OPTINC_NAME(OPTINC_FLOAT32, codec::ElementType::float32),
                                                      OPTINC_NAME(OPTINC_FLOAT16, codec::ElementType::float16),
                                                      OPTINC_NAME(OPTINC_BFLOAT16, codec::ElementType::bfloat16)};
constexpr Name<collective::ReduceOp> kReduceOps[] = {OPTINC_NAME(OPTINC_SUM, collective::ReduceOp::sum),
                                                     OPTINC_NAME(OPTINC_AVERAGE, collective::ReduceOp::average)};
#undef OPTINC_NAME

template <typename Enumeration, std::size_t size>
Enumeration find(const Name<Enumeration> (&names)[size], int value, const char* what) {
  std::string expected;
  for (std::size_t i = 0; i < size; ++i) {
    if (names[i].value == value) return names[i].meaning;
    if (i > 0) expected += i + 1 < size ? ", " : " or ";
    expected += names[i].text;
  }
  base::refuse("{} {}: expected {}", what, value, expected);
}

template <typename Enumeration, std::size_t size>
int find_value(const Name<Enumeration> (&names)[size], Enumeration meaning) {
  for (const Name<Enumeration>& name : names) {
    if (name.meaning == meaning) return name.value;
  }
  throw base::RunError("a value that optinc.h has no name for");
}

}  // namespace

fabric::Evaluation evaluation_of(int value) {
  return find(kEvaluations, value, "evaluation");
}
fabric::CascadeMode cascade_mode_of(int value) {
  return find(kCascadeModes, value, "mode of a cascade");
}
codec::Rounding rounding_of(int value) {
  return find(kRoundings, value, "rounding");
}
codec::ScaleFormat scale_format_of(int value) {
  return find(kScaleFormats, value, "scale_format");
}
codec::QuantiserRounding quantiser_rounding_of(int value) {
  return find(kQuantiserRoundings, value, "quantiser");
}
collective::OnFault on_fault_of(int value) {
  return find(kOnFaults, value, "on_fault");
}
codec::ElementType element_type_of(int value) {
  return find(kElementTypes, value, "type");
}
collective::ReduceOp reduce_op_of(int value) {
  return find(kReduceOps, value, "op");
}

int to_int(fabric::Evaluation evaluation) {
  return find_value(kEvaluations, evaluation);
}
int to_int(codec::Rounding rounding) {
  return find_value(kRoundings, rounding);
}

}  // namespace optinc::capi
