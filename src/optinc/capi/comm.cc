// Communicators of optinc.h.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/capi/handles.h"
#include "optinc/capi/optinc.h"
#include "optinc/capi/status.h"
#include "optinc/collective/file_store.h"
#include "optinc/collective/tcp_transport.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/collective/transport_error.h"
#ifdef OPTINC_WITH_MPI
#include "optinc/collective/mpi_transport.h"
#endif

using optinc::capi::guarded;
using optinc::capi::pointed_to;
namespace base = optinc::base;
namespace collective = optinc::collective;

namespace {

constexpr int kMostThreads = 256, kMostProcesses = 65536;

std::unique_ptr<optinc_comm> comm_of(std::shared_ptr<collective::Transport> transport, bool has_checksums = false) {
  auto comm = std::make_unique<optinc_comm>();
  comm->rank = std::make_shared<optinc::capi::Rank>();
  comm->rank->transport = std::move(transport);
  comm->rank->has_checksums = has_checksums;
  return comm;
}

#ifdef OPTINC_WITH_MPI
const collective::MpiSession& mpi_session() {
  try {
    // The caller's MPI runs already, so there is nothing to end; and an exception that passes while a comm is destroyed
    // is no reason to end the job. So it is never destroyed.
    static const collective::MpiSession& session = *new collective::MpiSession;
    return session;
  } catch (const base::RunError& error) {
    base::refuse("{}: expected MPI_Init_thread with MPI_THREAD_FUNNELED or more", error.what());
  }
}
#endif

std::shared_ptr<collective::Transport> mpi_transport(int fortran_comm, double deadline_s) {
#ifdef OPTINC_WITH_MPI
  collective::check_deadline(deadline_s);
  base::require(collective::mpi_has_begun(), "communicator {} of MPI: expected MPI_Init_thread before", fortran_comm);
  return std::make_shared<collective::MpiTransport>(
      mpi_session(), collective::MpiTransportOptions{.deadline_s = deadline_s, .parent = fortran_comm});
#else
  base::refuse("communicator {} of MPI, deadline {} s: this library was built without MPI", fortran_comm, deadline_s);
#endif
}

}  // namespace

optinc_status optinc_comm_threads(int size, double deadline_s, optinc_comm** comms) {
  return guarded([&] {
    pointed_to(comms, "comms");
    base::require(size >= 1 && size <= kMostThreads, "{} ranks as threads: expected 1 .. {}", size, kMostThreads);
    std::fill_n(comms, size, nullptr);
    const auto hub =
        std::make_shared<collective::ThreadHub>(size, collective::ThreadTransportOptions{.deadline_s = deadline_s});
    std::vector<std::unique_ptr<optinc_comm>> made;
    // The ranks' ends are the hub's: each keeps it alive.
    for (int rank = 0; rank < size; ++rank) {
      made.push_back(comm_of(std::shared_ptr<collective::Transport>(hub, &hub->transport(rank))));
    }
    for (int rank = 0; rank < size; ++rank) comms[rank] = made[rank].release();
  });
}

optinc_status optinc_comm_tcp(const char* store_folder, int rank, int size, const char* address, double deadline_s,
                              optinc_comm** comm) {
  return guarded([&] {
    pointed_to(comm, "comm") = nullptr;
    base::require(pointed_to(store_folder, "store_folder") != '\0', "store_folder \"\": expected the path of a folder");
    base::require(size >= 1 && size <= kMostProcesses, "{} ranks over TCP: expected 1 .. {}", size, kMostProcesses);
    base::require(rank >= 0 && rank < size, "rank {} of {}: expected 0 .. {}", rank, size, size - 1);
    collective::check_deadline(deadline_s);
    collective::FileStore store(store_folder);
    collective::TcpTransportOptions options{.deadline_s = deadline_s};
    if (address != nullptr) options.address = address;
    *comm = comm_of(std::make_shared<collective::TcpTransport>(store, rank, size, options), /*has_checksums=*/true)
                .release();
  });
}

optinc_status optinc_comm_mpi(int fortran_comm, double deadline_s, optinc_comm** comm) {
  return guarded([&] {
    pointed_to(comm, "comm") = nullptr;
    *comm = comm_of(mpi_transport(fortran_comm, deadline_s)).release();
  });
}

optinc_status optinc_comm_rank(const optinc_comm* comm, int* rank) {
  return guarded([&] { pointed_to(rank, "rank") = pointed_to(comm, "comm").rank->transport->rank(); });
}

optinc_status optinc_comm_size(const optinc_comm* comm, int* size) {
  return guarded([&] { pointed_to(size, "size") = pointed_to(comm, "comm").rank->transport->size(); });
}

optinc_status optinc_comm_abort(optinc_comm* comm, const char* why) {
  return guarded([&] {
    pointed_to(why, "why");
    pointed_to(comm, "comm").rank->transport->abort(why);
  });
}

optinc_status optinc_comm_destroy(optinc_comm* comm) {
  return guarded([&] { delete comm; });
}
