// The enumerations of optinc.h, which come as int, as those of the library. Whatever is none of them throws
// base::InputError with the names that exist.
#pragma once

#include "optinc/codec/block_quantiser.h"
#include "optinc/codec/element_type.h"
#include "optinc/codec/rounding.h"
#include "optinc/collective/all_reduce.h"
#include "optinc/collective/resilient_all_reduce.h"
#include "optinc/fabric/cascade.h"
#include "optinc/fabric/design_fabric.h"

namespace optinc::capi {

fabric::Evaluation evaluation_of(int value);
fabric::CascadeMode cascade_mode_of(int value);
codec::Rounding rounding_of(int value);
codec::ScaleFormat scale_format_of(int value);
codec::QuantiserRounding quantiser_rounding_of(int value);
collective::OnFault on_fault_of(int value);
codec::ElementType element_type_of(int value);
collective::ReduceOp reduce_op_of(int value);

int to_int(fabric::Evaluation evaluation);
int to_int(codec::Rounding rounding);

}  // namespace optinc::capi
