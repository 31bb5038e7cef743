#include "optinc/collective/fault_transport.h"

#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "optinc/base/error.h"

namespace optinc::collective {
namespace {

constexpr std::pair<Fault::Kind, std::string_view> kKinds[] = {{Fault::Kind::dead, "dead"},
                                                               {Fault::Kind::stop, "stop"},
                                                               {Fault::Kind::slow, "slow"},
                                                               {Fault::Kind::corrupt, "corrupt"}};

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// What is before `mark`, which is taken off; all of it where there is none.
std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view taken = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return taken;
}

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace

Fault parse_fault(std::string_view text) {
  const auto refuse = [&]() {
    base::refuse(
        "fault \"{}\": expected dead:RANK, stop:RANK:SECONDS, slow:RANK:SECONDS or corrupt:RANK, with "
        "@EXCHANGE behind it if need be",
        text);
  };
  Fault fault;
  std::string_view when = text, what = take_until(when, '@');
  const std::string_view kind = take_until(what, ':'), rank = take_until(what, ':'), seconds = what;
  bool known = false;
  for (const auto& [value, name] : kKinds) {
    if (name == kind) {
      fault.kind = value;
      known = true;
    }
  }
  const bool timed = fault.kind == Fault::Kind::stop || fault.kind == Fault::Kind::slow;
  if (!known || !parse_number(rank, fault.rank) || fault.rank < 0) refuse();
  if (timed ? !parse_number(seconds, fault.seconds) || fault.seconds < 0 : !seconds.empty()) refuse();
  if (text.find('@') != std::string_view::npos && (!parse_number(when, fault.exchange) || fault.exchange < 1)) refuse();
  return fault;
}

std::string to_string(const Fault& fault) {
  std::string text;
  for (const auto& [value, name] : kKinds) {
    if (value == fault.kind) text = fmt::format("{}:{}", name, fault.rank);
  }
  if (fault.kind == Fault::Kind::stop || fault.kind == Fault::Kind::slow) text += fmt::format(":{}", fault.seconds);
  return text + fmt::format("@{}", fault.exchange);
}

FaultActions process_fault_actions() {
  return {.die = [] { kill(getpid(), SIGKILL); },
          .stop =
              [](double seconds) {
                const pid_t stopped = getpid();
                const pid_t waker = fork();
                if (waker == 0) {
                  usleep(static_cast<useconds_t>(seconds * 1e6));
                  kill(stopped, SIGCONT);
                  _exit(0);
                }
                kill(stopped, SIGSTOP);
                waitpid(waker, nullptr, 0);
              }};
}

FaultTransport::FaultTransport(Transport& transport, const std::vector<Fault>& faults, FaultActions actions)
    : transport_(transport), actions_(std::move(actions)) {
  for (const Fault& fault : faults) {
    base::require(fault.rank < transport.size(), "fault {}: expected a rank 0 .. {}", to_string(fault),
                  transport.size() - 1);
    if (fault.rank == transport.rank()) faults_.push_back(fault);
  }
}

void FaultTransport::exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) {
  ++exchanges_;
  bool corrupt = false;
  for (const Fault& fault : faults_) {
    if (fault.exchange != exchanges_) continue;
    switch (fault.kind) {
      case Fault::Kind::dead:
        actions_.die();
        break;
      case Fault::Kind::stop:
        actions_.stop(fault.seconds);
        break;
      case Fault::Kind::slow:
        sleep_for(fault.seconds);
        break;
      case Fault::Kind::corrupt:
        corrupt = true;
        break;
    }
  }
  transport_.exchange(sent, received);
  for (const Incoming& message : received) {
    if (!corrupt || message.bytes.empty()) continue;
    message.bytes[message.bytes.size() / 2] ^= std::byte{0x10};
    break;
  }
}

}  // namespace optinc::collective
