// One rank of an MPI job fails, in the way that the first argument names, while the others wait for it.
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/collective/mpi_transport.h"

namespace {

using optinc::collective::MpiSession;

void fail(optinc::collective::Transport& transport, std::string_view how) {
  if (how == "all") optinc::base::refuse("steps -1: expected 0 or more");
  if (transport.rank() == 2) {
    if (how == "input") optinc::base::refuse("no such file: text.txt");
    if (how == "run") throw optinc::base::RunError("the disk is full");
    if (how == "abort") transport.abort("the plug is pulled");
  }
  std::vector<std::byte> received(1);
  transport.exchange(2, std::vector<std::byte>(1), 2, received);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc == 2 ? argv[1] : "";
  try {
    const MpiSession session;
    optinc::collective::run_mpi_rank(session, {}, [&](optinc::collective::Transport& transport) {
      if (how != "unwind") fail(transport, how);
    });
    // Outside of run_mpi_rank, on one rank alone: the others are in MPI_Finalize.
    optinc::collective::MpiTransport transport(session);
    if (transport.rank() == 2) throw std::runtime_error("an exception that passes by the session");
  } catch (const std::exception& error) {
    std::cerr << "unreachable: " << error.what() << '\n';
  }
  return 0;
}
