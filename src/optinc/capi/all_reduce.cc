#include "optinc/collective/all_reduce.h"

#include "optinc/capi/handles.h"
#include "optinc/collective/checksum_transport.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/int32_switch.h"
#include "optinc/collective/optical_all_reduce.h"

using namespace optinc;
using capi::guarded;
using capi::require_given;
using capi::text_or;

namespace {

codec::ElementType type_of(optinc_type type) {
  switch (type) {
    case OPTINC_FLOAT32:
      return codec::ElementType::float32;
    case OPTINC_FLOAT16:
      return codec::ElementType::float16;
    case OPTINC_BFLOAT16:
      return codec::ElementType::bfloat16;
  }
  base::refuse("type {}: expected OPTINC_FLOAT32, OPTINC_FLOAT16 or OPTINC_BFLOAT16", static_cast<int>(type));
}

collective::ReduceOp op_of(optinc_op op) {
  base::require(op == OPTINC_SUM || op == OPTINC_AVG, "op {}: expected OPTINC_SUM or OPTINC_AVG", static_cast<int>(op));
  return op == OPTINC_SUM ? collective::ReduceOp::sum : collective::ReduceOp::average;
}

collective::OpticalAllReduceOptions optical_options(const optinc_options& options, int bits) {
  return {.network = {.quantiser = {.bits = bits,
                                    .block = options.block,
                                    .scale_format = codec::parse_scale_format(text_or(options.scale_format, "absmax16")),
                                    .rounding = options.stochastic != 0 ? codec::QuantiserRounding::stochastic
                                                                        : codec::QuantiserRounding::half_even},
                      .seed = options.seed,
                      .dark_ports = {}},
          .pipeline = {.chunk = options.chunk, .threads = options.threads},
          .faults = {.on_fault = collective::parse_on_fault(text_or(options.on_fault, "abort")),
                     .lost_ports = {},
                     .notice = nullptr}};
}

void make(collective::Transport& transport, const optinc_fabric* fabric, const optinc_options& options,
          optinc_all_reduce& made) {
  const std::string name = text_or(options.algorithm, "optinc");
  if (name == "optinc") {
    require_given(fabric, "fabric");
    made.algorithm = std::make_unique<collective::OpticalAllReduce>(
        transport, *fabric->fabric, optical_options(options, fabric->fabric->bits()));
  } else if (name == "int32-switch") {
    made.network = std::make_unique<collective::Int32Switch>(transport.size(), options.block);
    made.algorithm = std::make_unique<collective::InNetworkAllReduce>(
        transport, *made.network, collective::InNetworkOptions{.chunk = options.chunk, .threads = options.threads});
  } else if (name == "ring") {
    made.algorithm = std::make_unique<collective::RingAllReduce>(transport);
  } else if (name == "rabenseifner") {
    made.algorithm = std::make_unique<collective::RabenseifnerAllReduce>(transport);
  } else {
    base::require(name == "tree", "algorithm \"{}\": expected optinc, ring, rabenseifner, tree or int32-switch", name);
    made.algorithm = std::make_unique<collective::TreeAllReduce>(transport);
  }
}

}  // namespace

void optinc_options_init(optinc_options* options) {
  if (options == nullptr) return;
  const collective::InNetworkOptions pipeline;
  const codec::QuantiserOptions quantiser;
  *options = optinc_options{.size = sizeof(optinc_options),
                            .algorithm = "optinc",
                            .block = quantiser.block,
                            .scale_format = "absmax16",
                            .stochastic = 0,
                            .seed = 0,
                            .chunk = pipeline.chunk,
                            .threads = pipeline.threads,
                            .checksum = 1,
                            .on_fault = "abort"};
}

optinc_status optinc_all_reduce_create(optinc_comm* comm, const optinc_fabric* fabric, const optinc_options* options,
                                       optinc_all_reduce** all_reduce) {
  return guarded([&] {
    require_given(comm, "comm");
    require_given(all_reduce, "all_reduce");
    optinc_options given;
    optinc_options_init(&given);
    if (options != nullptr) {
      base::require(options->size == sizeof(optinc_options),
                    "options of {} bytes: expected {}, as optinc_options_init() has it", options->size,
                    sizeof(optinc_options));
      given = *options;
    }
    auto made = std::make_unique<optinc_all_reduce>();
    collective::Transport* transport = &comm->transport();
    if (given.checksum != 0) {
      made->checked = std::make_unique<collective::ChecksumTransport>(*transport);
      transport = made->checked.get();
    }
    make(*transport, fabric, given, *made);
    *all_reduce = made.release();
  });
}

optinc_status optinc_all_reduce_run(optinc_all_reduce* all_reduce, const void* input, void* output, size_t count,
                                    optinc_type type, optinc_op op, uint64_t first_element, float* residual,
                                    optinc_stats* stats) {
  return guarded([&] {
    require_given(all_reduce, "all_reduce");
    if (count > 0) {
      require_given(input, "input");
      require_given(output, "output");
    }
    const collective::AllReduceStats told = all_reduce->algorithm->all_reduce(
        {.type = type_of(type),
         .count = count,
         .input = static_cast<const std::byte*>(input),
         .output = static_cast<std::byte*>(output)},
        {.op = op_of(op),
         .first_element = first_element,
         .residual = residual != nullptr ? std::span(residual, count) : std::span<float>()});
    if (stats == nullptr) return;
    *stats = {.payload_bytes = told.payload_bytes,
              .wire_bytes = told.wire_bytes,
              .non_finite_blocks = told.non_finite_blocks,
              .rounds = told.rounds,
              .servers = told.servers,
              .fell_back = told.fell_back ? 1 : 0};
  });
}

void optinc_all_reduce_destroy(optinc_all_reduce* all_reduce) {
  delete all_reduce;
}
