#include "optinc/cli/command_drill.h"

#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <mutex>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/cli/byte_sizes.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/known_sums.h"
#include "optinc/cli/optics_options.h"
#include "optinc/cli/perf_oracle.h"
#include "optinc/cli/ranks.h"
#include "optinc/collective/checksum_transport.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/fault_transport.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/parts.h"
#include "optinc/fabric/symbol_errors.h"

namespace optinc::cli {
namespace {

struct Options {
  RankOptions ranks{.deadline_s = 5};
  OpticsOptions optics;
  std::string algorithm = "optinc";
  std::string bytes = "64M";
  int calls = 3;
  std::vector<std::string> faults;
  std::vector<int> lost_ports;
  double symbol_error_rate = 0;
  std::string on_fault = "abort";
  bool no_checksum = false;
  std::uint64_t seed = 0;
};

/// "18:20:01.234", so that lines of several processes can be compared.
std::string wall_time() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm time{};
  localtime_r(&seconds, &time);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:02}:{:02}:{:02}.{:03}", time.tm_hour, time.tm_min, time.tm_sec, milliseconds);
}

/// Lines of all ranks, whole, as they come.
class Log {
 public:
  explicit Log(Context& context) : context_(context) {}
  void say(int rank, const std::string& what) {
    const std::string line = fmt::format("{} rank {}: {}\n", wall_time(), rank, what);
    const std::lock_guard lock(mutex_);
    context_.out << line << std::flush;
  }
  void fail() {
    const std::lock_guard lock(mutex_);
    context_.exit_code = kFailed;
  }

 private:
  Context& context_;
  std::mutex mutex_;
};

/// A rank's drill.
class DrillAtRank {
 public:
  DrillAtRank(const Options& options, const Optics& optics, const Rank& rank, Log& log)
      : options_(options),
        optics_(optics),
        rank_(rank.transport.rank()),
        log_(log),
        noisy_(*optics.fabric.fabric, options.symbol_error_rate, options.seed),
        faulty_(rank.transport, parse_faults(options), telling(rank.actions)),
        known_(codec::ElementType::float32, rank.transport.size(), options.seed) {
    collective::Transport* way = &faulty_;
    if (!options.no_checksum) {
      checked_ = std::make_unique<collective::ChecksumTransport>(faulty_);
      way = checked_.get();
    }
    if (options.algorithm == "ring") {
      all_reduce_ = std::make_unique<collective::RingAllReduce>(*way);
      return;
    }
    base::require(options.algorithm == "optinc", "--algorithm {}: expected optinc or ring", options.algorithm);
    const fabric::Fabric& fabric = options.symbol_error_rate > 0 ? noisy_ : *optics.fabric.fabric;
    auto optical = std::make_unique<collective::OpticalAllReduce>(
        *way, fabric,
        collective::OpticalAllReduceOptions{
            .network = optics.network,
            .pipeline = {},
            .faults = {.on_fault = collective::parse_on_fault(options.on_fault),
                       .lost_ports = options.lost_ports,
                       .notice = [this](const std::string& what) { log_.say(rank_, what); }}});
    optical_ = optical.get();
    all_reduce_ = std::move(optical);
  }

  void run() {
    const std::size_t count = parse_bytes(options_.bytes) / sizeof(float);
    values_.resize(count);
    for (int call = 1; call <= options_.calls; ++call) {
      known_.inputs(rank_, 0, values_);
      const auto start = std::chrono::steady_clock::now();
      collective::AllReduceStats stats;
      try {
        stats = all_reduce_->average(values_, 0);
      } catch (const std::exception& error) {
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        log_.say(rank_, fmt::format("call {}: told after {:.3f} s: {}", call, seconds.count(), error.what()));
        throw;
      }
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      const std::uint64_t wrong = count_wrong(stats);
      log_.say(rank_, fmt::format("call {}: {:.3f} s, average over {} servers{}, {} wrong of {} checked, hash {:016x}",
                                  call, seconds.count(), stats.servers, stats.fell_back ? ", by the ring" : "", wrong,
                                  checked_elements_, XXH3_64bits(values_.data(), values_.size() * sizeof(float))));
      if (wrong > 0) log_.fail();
    }
  }

 private:
  static std::vector<collective::Fault> parse_faults(const Options& options) {
    std::vector<collective::Fault> faults;
    for (const std::string& text : options.faults) faults.push_back(collective::parse_fault(text));
    return faults;
  }

  collective::FaultActions telling(const collective::FaultActions& actions) {
    return {.die =
                [this, actions] {
                  log_.say(rank_, "dies now");
                  actions.die();
                },
            .stop =
                [this, actions](double seconds) {
                  log_.say(rank_, fmt::format("stops now, for {} s", seconds));
                  actions.stop(seconds);
                }};
  }

  /// Of this rank's part, about a million elements at most, against the codec's reference over the servers in the
  /// result.
  std::uint64_t count_wrong(const collective::AllReduceStats& stats) {
    std::vector<int> servers;
    for (int rank = 0; rank < known_.ranks(); ++rank) {
      const bool member = optical_ == nullptr || std::ranges::count(optical_->members(), rank) > 0;
      const bool dark = !stats.fell_back && std::ranges::count(options_.lost_ports, rank) > 0;
      if (member && !dark) servers.push_back(rank);
    }
    if (static_cast<int>(servers.size()) != stats.servers) return values_.size();
    const Inputs inputs = [&](int index, std::uint64_t first, std::span<float> values) {
      known_.inputs(servers[index], first, values);
    };
    const int ranks = stats.servers;
    const bool electrical = optical_ == nullptr || stats.fell_back;
    // A dark server still takes part in agreeing on scales: only its codes are missing. Then only the size is checked.
    if (!electrical && !options_.lost_ports.empty()) return count_far(ranks, inputs);
    const Oracle oracle = electrical ? electrical_oracle(ranks, inputs, collective::ReduceOp::average)
                                     : optical_oracle(ranks, inputs, collective::ReduceOp::average,
                                                      optics_.network.quantiser, optics_.fabric.fabric->ports(),
                                                      optics_.fabric.fabric->rounding(), optics_.network.seed);
    return compare(oracle, 0);
  }

  /// With a dark port: within the steps of a quantiser over all ranks' inputs of at most 1 in size.
  std::uint64_t count_far(int ranks, const Inputs& inputs) {
    const double step = 2.0 / ((1u << optics_.network.quantiser.bits) - 1);
    const double gain = static_cast<double>(optics_.fabric.fabric->ports()) / ranks;
    return compare(electrical_oracle(ranks, inputs, collective::ReduceOp::average), step * (gain + 1));
  }

  std::uint64_t compare(const Oracle& oracle, double tolerance) {
    constexpr std::size_t kMost = 1'000'000;
    const std::size_t whole_blocks = oracle.grain * std::max<std::size_t>(kMost / oracle.grain, 1);
    const collective::Parts parts(values_.size(), known_.ranks(), oracle.grain);
    const std::size_t begin = parts.begin(rank_), end = std::min(parts.end(rank_), begin + whole_blocks);
    checked_elements_ = end - begin;
    std::vector<float> expected(end - begin);
    oracle.expect(begin, expected);
    std::uint64_t wrong = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double error = std::abs(static_cast<double>(values_[i]) - expected[i - begin]);
      wrong += !(error <= tolerance);
    }
    return wrong;
  }

  const Options& options_;
  const Optics& optics_;
  int rank_;
  Log& log_;
  fabric::SymbolErrors noisy_;
  collective::FaultTransport faulty_;
  std::unique_ptr<collective::ChecksumTransport> checked_;
  std::unique_ptr<collective::AllReduce> all_reduce_;
  collective::OpticalAllReduce* optical_ = nullptr;
  KnownSums known_;
  std::vector<float> values_;
  std::size_t checked_elements_ = 0;
};

void run_drill(const Options& options, Context& context) {
  base::require(options.calls >= 1, "-n {}: expected 1 or more", options.calls);
  collective::parse_on_fault(options.on_fault);
  for (const std::string& text : options.faults) collective::parse_fault(text);
  parse_bytes(options.bytes);
  Optics optics = make_optics(options.optics);
  optics.network.seed = options.seed;
  Log log(context);
  run_as_ranks(options.ranks, context, [&](const Rank& rank) { DrillAtRank(options, optics, rank, log).run(); });
}

}  // namespace

void add_drill(CLI::App& program, Context& context) {
  CLI::App* verb =
      add_verb(program, "drill", "Break something on purpose in an all-reduce: who is told what, and how soon",
               "  optinc drill --fault dead:2@10 --on-fault survivors\n"
               "  optinc drill --transport tcp -b 256M --fault dead:2@100            # kill -9 in the middle\n"
               "  optinc drill --transport tcp --fault stop:1:20@10 --deadline 2 --on-fault survivors\n"
               "  optinc drill --fault corrupt:3@5 --on-fault ring\n"
               "  optinc drill --lost-port 2 --on-fault survivors\n"
               "  optinc drill --symbol-error-rate 1e-6\n"
               "  mpirun -np 4 optinc drill -b 256M --fault dead:2@100\n"
               "Exchanges of a rank are counted from 1; an all-reduce of S bytes takes 2 + ceil(S / 1 MiB) of them, "
               "and one more\n"
               "with --on-fault ring or survivors. Every result is checked: the exit code is 1 if one is wrong.");
  auto options = std::make_shared<Options>();
  add_rank_flags(*verb, options->ranks);
  verb->add_option("--algorithm", options->algorithm, "optinc, or ring")->capture_default_str();
  verb->add_option("-b,--bytes", options->bytes, "Size of the tensors (float32)")->capture_default_str();
  verb->add_option("-n,--calls", options->calls, "All-reduces, one after the other")->capture_default_str();
  verb->add_option("--fault", options->faults,
                   "dead:RANK, stop:RANK:SECONDS, slow:RANK:SECONDS or corrupt:RANK, each with @EXCHANGE");
  verb->add_option("--lost-port", options->lost_ports, "The light of this rank does not arrive, and all know of it");
  verb->add_option("--symbol-error-rate", options->symbol_error_rate,
                   "Share of the received symbols that are off by one level")
      ->capture_default_str();
  verb->add_option("--on-fault", options->on_fault,
                   "abort; ring: do this call by the electrical ring; survivors: go on with the ranks that are there")
      ->capture_default_str();
  verb->add_flag("--no-checksum", options->no_checksum, "Send messages without a checksum");
  verb->add_option("--seed", options->seed, "Of the inputs and of random bits")->capture_default_str();
  add_optics_flags(*verb, options->optics);
  verb->callback([options, &context] { run_drill(*options, context); });
}

}  // namespace optinc::cli
