#include "optinc/collective/mpi_all_reduce.h"

#include <mpi.h>

#include <algorithm>

#include "optinc/base/error.h"
#include "optinc/collective/element_arithmetic.h"

namespace optinc::collective {

struct MpiAllReduce::State {
  MPI_Comm communicator = MPI_COMM_NULL;
  int size = 1;
};

MpiAllReduce::MpiAllReduce() : state_(std::make_unique<State>()) {
  MPI_Comm_dup(MPI_COMM_WORLD, &state_->communicator);
  MPI_Comm_size(state_->communicator, &state_->size);
}

MpiAllReduce::~MpiAllReduce() {
  MPI_Comm_free(&state_->communicator);
}

AllReduceStats MpiAllReduce::run(const Tensor& tensor, const ReduceCall& call) {
  base::require(tensor.type == codec::ElementType::float32, "MPI_Allreduce of {}: expected float32",
                codec::to_string(tensor.type));
  // MPI counts in int.
  constexpr std::size_t kMostElements = std::size_t{1} << 28;
  for (std::size_t begin = 0; begin < tensor.count; begin += kMostElements) {
    const std::size_t count = std::min(kMostElements, tensor.count - begin);
    const std::byte* const input = tensor.input + begin * sizeof(float);
    std::byte* const output = tensor.output + begin * sizeof(float);
    MPI_Allreduce(tensor.in_place() ? MPI_IN_PLACE : input, output, static_cast<int>(count), MPI_FLOAT, MPI_SUM,
                  state_->communicator);
  }
  if (call.op == ReduceOp::average) {
    divide_elements(tensor.type, {tensor.output, tensor.bytes()}, static_cast<float>(state_->size));
  }
  return {.payload_bytes = tensor.bytes(), .servers = state_->size};
}

}  // namespace optinc::collective
