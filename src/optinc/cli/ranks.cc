#include "optinc/cli/ranks.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/collective/file_store.h"
#include "optinc/collective/tcp_transport.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/collective/transport_error.h"
#ifdef OPTINC_WITH_MPI
#include "optinc/collective/mpi_transport.h"
#endif

namespace optinc::cli {
namespace {

// What a process that was started as a rank finds in its environment.
constexpr const char* kRankVariable = "OPTINC_TCP_RANK";
constexpr const char* kStoreVariable = "OPTINC_TCP_STORE";

bool started_by_mpirun() {
#ifdef OPTINC_WITH_MPI
  return collective::started_by_mpi();
#else
  return false;
#endif
}

/// A folder for the ranks to meet in, gone at the end.
class MeetingPlace {
 public:
  MeetingPlace() {
    std::string path = (std::filesystem::temp_directory_path() / "optinc-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) {
      throw base::RunError(fmt::format("no folder {} for the ranks to meet in: {}", path, std::strerror(errno)));
    }
    path_ = path;
  }
  ~MeetingPlace() { std::filesystem::remove_all(path_); }
  MeetingPlace(const MeetingPlace&) = delete;
  MeetingPlace& operator=(const MeetingPlace&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// This process's own arguments, the program's name first.
std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> arguments;
  for (std::size_t begin = 0; begin < all.size(); begin += arguments.back().size() + 1) {
    arguments.emplace_back(all.c_str() + begin);
  }
  return arguments;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& each : strings) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

pid_t start_rank(int rank, const std::string& store) {
  std::vector<std::string> arguments = own_arguments(), variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  variables.push_back(fmt::format("{}={}", kRankVariable, rank));
  variables.push_back(fmt::format("{}={}", kStoreVariable, store));
  pid_t process = 0;
  const int error = posix_spawn(&process, "/proc/self/exe", nullptr, nullptr, pointers_to(arguments).data(),
                                pointers_to(variables).data());
  if (error != 0) throw base::RunError(fmt::format("rank {} could not be started: {}", rank, std::strerror(error)));
  return process;
}

std::string ending_of(int status) {
  return WIFSIGNALED(status) ? fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)))
                             : fmt::format("exit code {}", WEXITSTATUS(status));
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void start_all_ranks(int ranks, Context& context) {
  const MeetingPlace place;
  context.out.flush();
  std::vector<pid_t> processes;
  for (int rank = 0; rank < ranks; ++rank) processes.push_back(start_rank(rank, place.path()));
  std::vector<int> statuses(ranks);
  bool all_well = true;
  for (int rank = 0; rank < ranks; ++rank) {
    waitpid(processes[rank], &statuses[rank], 0);
    all_well = all_well && statuses[rank] == 0;
  }
  if (all_well) return;
  for (int rank = 0; rank < ranks; ++rank) {
    fmt::print(context.err, "optinc: rank {} of {} ended: {}\n", rank, ranks, ending_of(statuses[rank]));
    if (context.exit_code == 0) context.exit_code = exit_code_of(statuses[rank]);
  }
}

void run_tcp_rank(const RankOptions& options, int rank, const std::function<void(const Rank&)>& body) {
  const char* const folder = std::getenv(kStoreVariable);
  base::require(folder != nullptr, "{} without {}: expected both", kRankVariable, kStoreVariable);
  collective::FileStore store(folder);
  collective::TcpTransport transport(store, rank, options.ranks, {.deadline_s = options.deadline_s});
  try {
    body({transport, collective::process_fault_actions()});
  } catch (const std::exception& error) {
    transport.abort(error.what());
    throw;
  }
}

}  // namespace

void add_rank_flags(CLI::App& verb, RankOptions& options) {
  verb.add_option(
          "--transport", options.transport,
          "threads, tcp (processes of this machine, started here), mpi, or auto: mpi under mpirun, else threads")
      ->capture_default_str();
  verb.add_option("-g,--ranks", options.ranks, "Ranks of threads and tcp; under mpirun its processes are the ranks")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  verb.add_option("--deadline", options.deadline_s, "Seconds that one exchange of messages may take")
      ->capture_default_str();
}

std::string transport_of(const RankOptions& options) {
  if (options.transport == "auto") return started_by_mpirun() ? "mpi" : "threads";
  base::require(options.transport == "threads" || options.transport == "tcp" || options.transport == "mpi",
                "--transport {}: expected auto, threads, tcp or mpi", options.transport);
  base::require(options.transport != "mpi" || started_by_mpirun(),
                "--transport mpi: start the program with mpirun -np N, in a build with MPI");
  return options.transport;
}

void run_as_ranks(const RankOptions& options, Context& context, const std::function<void(const Rank&)>& body) {
  const std::string transport = transport_of(options);
  if (transport == "tcp") {
    const char* const rank = std::getenv(kRankVariable);
    if (rank == nullptr) return start_all_ranks(options.ranks, context);
    return run_tcp_rank(options, std::atoi(rank), body);
  }
#ifdef OPTINC_WITH_MPI
  if (transport == "mpi") {
    const collective::MpiSession session;
    collective::run_mpi_rank(session, {.deadline_s = options.deadline_s}, [&](collective::Transport& ranks) {
      body({ranks, collective::process_fault_actions()});
    });
    return;
  }
#endif
  collective::ThreadHub hub(options.ranks, {.deadline_s = options.deadline_s});
  collective::run_ranks(hub, options.ranks, [&](collective::Transport& ranks) {
    const int rank = ranks.rank();
    // A thread can't be killed: it leaves, as its process would, and stops by sleeping.
    body({ranks,
          {.die =
               [&hub, rank, size = options.ranks] {
                 hub.leave(rank);
                 throw collective::TransportError(collective::TransportError::Cause::gone, rank,
                                                  fmt::format("rank {} of {}: has left", rank, size));
               },
           .stop = [](double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }}});
  });
}

}  // namespace optinc::cli
