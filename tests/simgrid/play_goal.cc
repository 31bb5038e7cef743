// Plays an all-reduce under SimGrid's MPI and prints the simulated time.
//
//   play_goal FILE.goal       the schedule, operation by operation, as each rank's text has it
//   play_goal --own BYTES     SimGrid's own MPI_Allreduce of that many bytes (smpi/allreduce chooses the algorithm)
//
// Nothing is added up: only the time of messages is simulated. All ranks share one buffer.
#include <fcntl.h>
#include <mpi.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <climits>

namespace {

struct Operation {
  bool is_send = false;
  int peer = 0, tag = 0;
  long bytes = 0;
  int waits_for = 0;
  std::vector<int> followers;
};

[[noreturn]] void fail(const char* what, const char* value) {
  std::fprintf(stderr, "play_goal: %s: %s\n", value, what);
  MPI_Abort(MPI_COMM_WORLD, 2);
  std::abort();
}

/// The text between "rank R {" and "}".
std::string text_of_rank(const char* path, int rank) {
  const int file = open(path, O_RDONLY);
  struct stat status {};
  if (file < 0 || fstat(file, &status) != 0) fail("can't be read", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) fail("can't be mapped", path);
  const char* begin = static_cast<const char*>(mapped);
  const std::string head = "\nrank " + std::to_string(rank) + " {\n";
  const auto* found = static_cast<const char*>(memmem(begin, size, head.data(), head.size()));
  if (found == nullptr) fail("has no such rank", head.c_str());
  found += head.size();
  const auto* end = static_cast<const char*>(std::memchr(found, '}', size - (found - begin)));
  std::string text(found, end);
  munmap(mapped, size);
  close(file);
  return text;
}

std::vector<Operation> parse(const std::string& text) {
  std::vector<Operation> operations;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    int label = 0, peer = 0, tag = 0, before = 0;
    long bytes = 0;
    if (std::sscanf(line.c_str(), "l%d: send %ldb to %d tag %d", &label, &bytes, &peer, &tag) == 4) {
      operations.push_back({true, peer, tag, bytes, 0, {}});
    } else if (std::sscanf(line.c_str(), "l%d: recv %ldb from %d tag %d", &label, &bytes, &peer, &tag) == 4) {
      operations.push_back({false, peer, tag, bytes, 0, {}});
    } else if (std::sscanf(line.c_str(), "l%d requires l%d", &label, &before) == 2) {
      operations[before - 1].followers.push_back(label - 1);
      ++operations[label - 1].waits_for;
    } else {
      fail("expected send, recv or requires", line.c_str());
    }
    if (bytes > INT_MAX) fail("MPI counts no more than 2^31 - 1 bytes", line.c_str());
  }
  return operations;
}

void play(std::vector<Operation>& operations, char* buffer) {
  std::vector<MPI_Request> requests;
  std::vector<int> running;
  const auto start = [&](int index) {
    const Operation& operation = operations[index];
    MPI_Request request = MPI_REQUEST_NULL;
    const int count = static_cast<int>(operation.bytes);
    if (operation.is_send) {
      MPI_Isend(buffer, count, MPI_BYTE, operation.peer, operation.tag, MPI_COMM_WORLD, &request);
    } else {
      MPI_Irecv(buffer, count, MPI_BYTE, operation.peer, operation.tag, MPI_COMM_WORLD, &request);
    }
    requests.push_back(request);
    running.push_back(index);
  };
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].waits_for == 0) start(static_cast<int>(i));
  }
  while (!requests.empty()) {
    int which = 0;
    MPI_Waitany(static_cast<int>(requests.size()), requests.data(), &which, MPI_STATUS_IGNORE);
    const int done = running[which];
    requests.erase(requests.begin() + which);
    running.erase(running.begin() + which);
    for (const int next : operations[done].followers) {
      if (--operations[next].waits_for == 0) start(next);
    }
  }
}

void add_nothing(void*, void*, int*, MPI_Datatype*) {}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const bool own = argc == 3 && std::strcmp(argv[1], "--own") == 0;
  if (!own && argc != 2) fail("expected a file, or --own BYTES", "arguments");
  std::vector<Operation> operations;
  long bytes = 0;
  if (own) {
    bytes = std::atol(argv[2]);
  } else {
    operations = parse(text_of_rank(argv[1], rank));
    for (const Operation& operation : operations) bytes = std::max(bytes, operation.bytes);
  }
  auto* buffer = static_cast<char*>(SMPI_SHARED_MALLOC(bytes + 4));
  auto* result = static_cast<char*>(SMPI_SHARED_MALLOC(bytes + 4));
  MPI_Op nothing{};
  MPI_Op_create(&add_nothing, 1, &nothing);
  MPI_Barrier(MPI_COMM_WORLD);
  // From when the last has left the barrier to when the last is done; all ranks have one clock.
  double times[2] = {MPI_Wtime(), 0};
  if (own) {
    MPI_Allreduce(buffer, result, static_cast<int>(bytes / 4), MPI_FLOAT, nothing, MPI_COMM_WORLD);
  } else {
    play(operations, buffer);
  }
  times[1] = MPI_Wtime();
  double last[2] = {};
  MPI_Reduce(times, last, 2, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  if (rank == 0) std::printf("simulated %.9e\n", last[1] - last[0]);
  MPI_Op_free(&nothing);
  SMPI_SHARED_FREE(buffer);
  SMPI_SHARED_FREE(result);
  MPI_Finalize();
}
