#include "optinc/collective/mpi_transport.h"

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include <climits>

#include "optinc/base/error.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {
namespace {

using Clock = std::chrono::steady_clock;

// The tag of a part says whether more parts follow: so a receiver notices a message of fewer or more parts than it
// expects.
constexpr int kMoreFollow = 0;
constexpr int kLastPart = 1;

// A rank that fails ends all the others. Where all fail of the same cause (a file that is not there), each would speak
// before it is ended; so rank r waits this long, times r, for one that speaks before it.
constexpr std::chrono::milliseconds kTurnToSpeak{200};

std::string mpi_error(int code) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  return {text, static_cast<std::size_t>(length)};
}

[[noreturn]] void end_all_ranks(const std::string& line, int exit_code) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", line.c_str());
  std::fflush(stderr);
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

/// The rank that is to blame and what it says, for standard error.
std::string line_of(int rank, const char* what) {
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const std::string place = fmt::format("rank {} of {}: ", rank, size);
  // What a transport throws says the place already.
  return "optinc: " + (std::string_view(what).starts_with(place) ? "" : place) + what;
}

}  // namespace

bool started_by_mpi() {
  return std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr || std::getenv("PMI_SIZE") != nullptr ||
         std::getenv("PMIX_RANK") != nullptr;
}

bool mpi_has_begun() {
  int begun = 0;
  MPI_Initialized(&begun);
  return begun != 0;
}

MpiSession::MpiSession() : begun_here_(!mpi_has_begun()) {
  // With several groups, several threads may call MPI at once; where MPI can't have that, one group at a time still
  // can.
  int provided = MPI_THREAD_SINGLE;
  if (begun_here_) {
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
  } else {
    MPI_Query_thread(&provided);
  }
  if (provided < MPI_THREAD_FUNNELED) throw base::RunError("MPI allows no threads beside the one that calls it");
}

MpiSession::~MpiSession() {
  if (std::uncaught_exceptions() > 0) end_all_ranks(line_of(world_rank(), "failed"), 1);
  if (begun_here_) MPI_Finalize();
}

struct MpiTransport::State {
  MpiTransportOptions options;
  MPI_Comm communicator = MPI_COMM_NULL;
  int rank = 0;
  int size = 1;
  bool failed = false;
};

MpiTransport::MpiTransport(const MpiSession&, const MpiTransportOptions& options) : state_(std::make_unique<State>()) {
  check_deadline(options.deadline_s);
  base::require(options.part_bytes >= 1 && options.part_bytes <= INT_MAX, "parts of {} bytes: expected 1 .. {}",
                options.part_bytes, INT_MAX);
  state_->options = options;
  base::require(options.group >= 0, "group {}: expected 0 or more", options.group);
  const MPI_Comm parent = options.parent ? MPI_Comm_f2c(*options.parent) : MPI_COMM_WORLD;
  MPI_Comm_split(parent, options.group, /*key=*/0, &state_->communicator);
  MPI_Comm_set_errhandler(state_->communicator, MPI_ERRORS_RETURN);
  MPI_Comm_rank(state_->communicator, &state_->rank);
  MPI_Comm_size(state_->communicator, &state_->size);
}

MpiTransport::~MpiTransport() {
  // Freeing is collective in MPI's eyes: after a failure the others may not come.
  if (!state_->failed) MPI_Comm_free(&state_->communicator);
}

int MpiTransport::rank() const {
  return state_->rank;
}
int MpiTransport::size() const {
  return state_->size;
}

namespace {

/// Lets other processes run: at first by yielding, which costs an answer that is near nothing, then by sleeping, so
/// that a rank that waits for another's long work leaves it the core.
class Patience {
 public:
  void wait() {
    if (Clock::now() - start_ < std::chrono::milliseconds(1)) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }

 private:
  Clock::time_point start_ = Clock::now();
};

void check_mpi(int code, const Message& message) {
  if (code != MPI_SUCCESS) throw_failed(TransportError::Cause::broken, message, mpi_error(code));
}

/// A message on its way out, all parts at once.
class Sending {
 public:
  Sending(const Message& message, std::span<const std::byte> bytes, std::size_t part_bytes, MPI_Comm communicator)
      : message_(message) {
    for (std::size_t begin = 0; begin < bytes.size(); begin += part_bytes) {
      const std::size_t count = std::min(part_bytes, bytes.size() - begin);
      const int tag = begin + count == bytes.size() ? kLastPart : kMoreFollow;
      check_mpi(MPI_Isend(bytes.data() + begin, static_cast<int>(count), MPI_BYTE, message.peer, tag, communicator,
                          &requests_.emplace_back()),
                message);
    }
  }
  const Message& message() const { return message_; }

  bool done() {
    int all = 0;
    check_mpi(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &all, MPI_STATUSES_IGNORE), message_);
    return all != 0;
  }

 private:
  Message message_;
  std::vector<MPI_Request> requests_;
};

/// A message on its way in, part after part. Nothing is received into the buffer before its size is known to be right.
class Receiving {
 public:
  Receiving(const Message& message, std::span<std::byte> bytes, std::size_t part_bytes, MPI_Comm communicator)
      : message_(message), bytes_(bytes), part_bytes_(part_bytes), communicator_(communicator) {}
  const Message& message() const { return message_; }

  bool done() {
    while (begin_ < bytes_.size()) {
      if (request_ == MPI_REQUEST_NULL && !start_part()) return false;
      int whole = 0;
      check_mpi(MPI_Test(&request_, &whole, MPI_STATUS_IGNORE), message_);
      if (whole == 0) return false;
      begin_ += part();
    }
    return true;
  }

 private:
  std::size_t part() const { return std::min(part_bytes_, bytes_.size() - begin_); }

  bool start_part() {
    int here = 0;
    MPI_Message part_message;
    MPI_Status status;
    check_mpi(MPI_Improbe(message_.peer, MPI_ANY_TAG, communicator_, &here, &part_message, &status), message_);
    if (here == 0) return false;
    int count = 0;
    MPI_Get_count(&status, MPI_BYTE, &count);
    const bool last = begin_ + part() == bytes_.size();
    if (static_cast<std::size_t>(count) != part() || (status.MPI_TAG == kLastPart) != last) {
      throw_mismatch(message_, begin_ + count, status.MPI_TAG == kMoreFollow);
    }
    check_mpi(MPI_Imrecv(bytes_.data() + begin_, count, MPI_BYTE, &part_message, &request_), message_);
    return true;
  }

  Message message_;
  std::span<std::byte> bytes_;
  std::size_t part_bytes_;
  MPI_Comm communicator_;
  std::size_t begin_ = 0;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

/// Moves every message of `under_way` on and takes out those that are done. Of the messages from one peer only the
/// first is moved: they arrive in order.
void receive_some(std::vector<Receiving>& under_way) {
  std::vector<int> waiting_for;
  std::erase_if(under_way, [&](Receiving& receiving) {
    if (std::ranges::count(waiting_for, receiving.message().peer) > 0) return false;
    if (receiving.done()) return true;
    waiting_for.push_back(receiving.message().peer);
    return false;
  });
}

}  // namespace

void MpiTransport::exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) {
  const MpiTransportOptions& options = state_->options;
  const auto message = [&](Message::Kind kind, int peer, std::size_t bytes) {
    const Message made{kind, rank(), size(), peer, bytes};
    check_peer(made);
    if (state_->failed) throw_failed(TransportError::Cause::broken, made, "an earlier exchange failed");
    return made;
  };
  std::vector<Receiving> receiving;
  receiving.reserve(received.size());
  for (const Incoming& incoming : received) {
    if (incoming.bytes.empty()) continue;
    receiving.emplace_back(message(Message::Kind::receive, incoming.from, incoming.bytes.size()), incoming.bytes,
                           options.part_bytes, state_->communicator);
  }
  std::vector<Message> outgoing;
  for (const Outgoing& each : sent) {
    if (!each.bytes.empty()) outgoing.push_back(message(Message::Kind::send, each.to, each.bytes.size()));
  }

  const Clock::time_point deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.deadline_s));
  state_->failed = true;  // until it is done
  std::vector<Sending> sending;
  sending.reserve(outgoing.size());
  for (std::size_t i = 0, next = 0; i < sent.size(); ++i) {
    if (sent[i].bytes.empty()) continue;
    sending.emplace_back(outgoing[next++], sent[i].bytes, options.part_bytes, state_->communicator);
  }
  Patience patience;
  while (true) {
    receive_some(receiving);
    std::erase_if(sending, [](Sending& each) { return each.done(); });
    if (receiving.empty() && sending.empty()) break;
    if (Clock::now() > deadline) {
      throw_deadline(receiving.empty() ? sending.front().message() : receiving.front().message(), options.deadline_s);
    }
    patience.wait();
  }
  state_->failed = false;
}

void MpiTransport::abort(const std::string& why) noexcept {
  end_all_ranks(line_of(world_rank(), why.c_str()), 1);
}

void run_mpi_rank(const MpiSession& session, const MpiTransportOptions& options,
                  const std::function<void(Transport&)>& body) {
  int exit_code = 1;
  std::string line;
  MpiTransport transport(session, options);
  try {
    body(transport);
    return;
  } catch (const base::InputError& error) {
    exit_code = 2;
    line = line_of(transport.rank(), error.what());
  } catch (const std::exception& error) {
    line = line_of(transport.rank(), error.what());
  } catch (...) {
    line = line_of(transport.rank(), "failed for an unknown reason");
  }
  std::this_thread::sleep_for(kTurnToSpeak * std::min(transport.rank(), 10));
  end_all_ranks(line, exit_code);
}

}  // namespace optinc::collective
