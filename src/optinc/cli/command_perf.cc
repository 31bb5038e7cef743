#include "optinc/cli/command_perf.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/version.h"
#include "optinc/cli/byte_sizes.h"
#include "optinc/cli/cli.h"
#include "optinc/cli/perf_algorithms.h"
#include "optinc/cli/perf_run.h"
#include "optinc/cli/ranks.h"
#include "optinc/fabric/symbol_errors.h"

namespace optinc::cli {
namespace {

struct Options {
  RankOptions ranks;
  OpticsOptions optics;
  std::string smallest = "8", largest = "32M", step = "1M";
  double factor = 0;
  int iterations = 20, warm_up = 5, check = 1;
  std::string type = "float";
  std::vector<std::string> what{"sum"};
  std::vector<std::string> algorithms{"optinc"};
  std::filesystem::path json_file;
  bool hash = false;
  bool json = false;
  int threads = 1;
  std::size_t chunk = collective::InNetworkOptions().chunk;
  std::uint64_t seed = 0;
  std::vector<int> order;
  double symbol_error_rate = 0;
};

/// What is to be run, from the flags.
struct Plan {
  codec::ElementType type = codec::ElementType::float32;
  std::vector<Operation> operations;
  std::vector<collective::ReduceOp> ops;
  std::vector<std::string> algorithms;
  std::vector<std::size_t> sizes;
};

codec::ElementType parse_type(const std::string& name) {
  if (name == "float") return codec::ElementType::float32;
  if (name == "half") return codec::ElementType::float16;
  return codec::parse_element_type(name);
}

std::vector<std::size_t> sizes_of(const Options& options) {
  const std::size_t smallest = parse_bytes(options.smallest), largest = parse_bytes(options.largest);
  const std::size_t step = parse_bytes(options.step);
  base::require(smallest <= largest, "-b {} -e {}: expected the smaller size first", options.smallest, options.largest);
  base::require(options.factor == 0 || options.factor > 1, "-f {}: expected more than 1", options.factor);
  base::require(options.factor > 0 || step > 0, "-i {}: expected 1 or more", options.step);
  std::vector<std::size_t> sizes;
  for (std::size_t size = smallest; size <= largest;) {
    sizes.push_back(size);
    size = options.factor > 0 ? std::max(size + 1, static_cast<std::size_t>(static_cast<double>(size) * options.factor))
                              : size + step;
  }
  return sizes;
}

Plan make_plan(const Options& options) {
  Plan plan{
      .type = parse_type(options.type), .operations = {}, .ops = {}, .algorithms = {}, .sizes = sizes_of(options)};
  for (const std::string& word : options.what) {
    bool known = false;
    for (const Operation operation : {Operation::all_reduce, Operation::reduce_scatter, Operation::all_gather}) {
      if (word != to_string(operation)) continue;
      plan.operations.push_back(operation);
      known = true;
    }
    if (!known && (word == "sum" || word == "avg")) {
      plan.ops.push_back(collective::parse_reduce_op(word));
      known = true;
    }
    base::require(known, "-o {}: expected sum, avg, all_reduce, reduce_scatter or all_gather", word);
  }
  if (plan.operations.empty()) plan.operations = {Operation::all_reduce};
  if (plan.ops.empty()) plan.ops = {collective::ReduceOp::sum};
  const bool over_mpi = transport_of(options.ranks) == "mpi";
  for (const std::string& name : options.algorithms) {
    if (name != "all") {
      plan.algorithms.push_back(name);
      continue;
    }
    for (const std::string& each : algorithm_names()) {
      if (each != "mpi" || over_mpi) plan.algorithms.push_back(each);
    }
  }
  return plan;
}

void check_order(const std::vector<int>& order, int ranks) {
  if (order.empty()) return;
  bool permutation = static_cast<int>(order.size()) == ranks;
  for (int rank = 0; rank < ranks; ++rank) permutation = permutation && std::ranges::count(order, rank) == 1;
  base::require(permutation, "--order {}: expected each of the ranks 0 .. {} once", fmt::join(order, ","), ranks - 1);
}

constexpr const char* kHeader =
    "#\n"
    "#                                             out-of-place                                  in-place\n"
    "#       size       count      type redop      time   algbw   busbw  wirebw  #wrong      time   algbw   busbw  "
    "wirebw  #wrong      NMSE       ULP\n"
    "#        (B)  (elements)                      (us)  (GB/s)  (GB/s)  (GB/s)              (us)  (GB/s)  (GB/s)  "
    "(GB/s)\n";

std::string half_a_row(const PerfCase& measured, int ranks, const Timing& timing, std::uint64_t wire_bytes) {
  const double wire = timing.seconds > 0 ? static_cast<double>(wire_bytes) / timing.seconds * 1e-9 : 0;
  return fmt::format("{:>10.2f} {:>7.3f} {:>7.3f} {:>7} {:>7}", timing.seconds * 1e6,
                     algorithm_bandwidth(measured, timing.seconds), bus_bandwidth(measured, ranks, timing.seconds),
                     wire_bytes > 0 ? fmt::format("{:.3f}", wire) : "-",
                     measured.check ? std::to_string(timing.wrong) : "N/A");
}

std::string type_name(codec::ElementType type) {
  return type == codec::ElementType::float32   ? "float"
         : type == codec::ElementType::float16 ? "half"
                                               : codec::to_string(type);
}

base::Json to_json(const PerfCase& measured, int ranks, const Timing& timing, std::uint64_t wire_bytes) {
  base::Json json = {{"time", timing.seconds * 1e6},
                     {"algbw", algorithm_bandwidth(measured, timing.seconds)},
                     {"busbw", bus_bandwidth(measured, ranks, timing.seconds)},
                     {"hash", fmt::format("{:016x}", timing.hash)}};
  json["wirebw"] = wire_bytes > 0 && timing.seconds > 0
                       ? base::Json(static_cast<double>(wire_bytes) / timing.seconds * 1e-9)
                       : base::Json();
  json["nwrong"] = measured.check ? base::Json(timing.wrong) : base::Json();
  return json;
}

/// What rank 0 says and keeps.
class Report {
 public:
  Report(const Options& options, const std::string& transport, int ranks, const base::Json& optics, Context& context)
      : options_(options), ranks_(ranks), context_(context) {
    document_ = {{"version", base::kVersion},
                 {"config",
                  {{"ranks", ranks},
                   {"transport", transport},
                   {"iterations", options.iterations},
                   {"warmup_iterations", options.warm_up},
                   {"threads", options.threads},
                   {"chunk", options.chunk},
                   {"seed", options.seed},
                   {"symbol_error_rate", options.symbol_error_rate},
                   {"optics", optics}}},
                 {"results", base::Json::array()}};
  }

  void begin(Operation operation, const std::string& algorithm) {
    say_what_runs();
    say("#\n# {} by {}\n{}", to_string(operation), algorithm, kHeader);
  }
  void left_out(Operation operation, const std::string& algorithm, codec::ElementType type) {
    say_what_runs();
    say("#\n# {} by {}: not of {}\n", to_string(operation), algorithm, type_name(type));
  }

  void add(const PerfCase& measured, const std::string& algorithm, const PerfResult& result) {
    const std::size_t bytes = measured.count * codec::element_bytes(measured.type);
    say("{:>12} {:>11} {:>9} {:>5} {}{} {:>9} {:>9}", bytes, measured.count, type_name(measured.type),
        measured.operation == Operation::all_gather ? "none" : collective::to_string(measured.op),
        half_a_row(measured, ranks_, result.out_of_place, result.wire_bytes),
        half_a_row(measured, ranks_, result.in_place, result.wire_bytes),
        measured.check ? fmt::format("{:.2e}", result.nmse) : "N/A",
        measured.check ? fmt::format("{:.3g}", result.ulp) : "N/A");
    if (options_.hash) say(" {:016x}", result.out_of_place.hash);
    say("\n");
    if (!options_.json) context_.out.flush();
    document_["results"].push_back({{"algorithm", algorithm},
                                    {"operation", to_string(measured.operation)},
                                    {"size", bytes},
                                    {"count", measured.count},
                                    {"type", type_name(measured.type)},
                                    {"redop", collective::to_string(measured.op)},
                                    {"wire_bytes", result.wire_bytes},
                                    {"out_of_place", to_json(measured, ranks_, result.out_of_place, result.wire_bytes)},
                                    {"in_place", to_json(measured, ranks_, result.in_place, result.wire_bytes)},
                                    {"nmse", measured.check ? base::Json(result.nmse) : base::Json()},
                                    {"ulp", measured.check ? base::Json(result.ulp) : base::Json()}});
    wrong_ += result.out_of_place.wrong + result.in_place.wrong;
    for (const Timing& timing : {result.out_of_place, result.in_place}) {
      bus_bandwidths_ += bus_bandwidth(measured, ranks_, timing.seconds);
      ++timings_;
    }
    if (measured.operation == Operation::all_reduce && measured.op == first_op(measured)) {
      seconds_[bytes][algorithm] = result.out_of_place.seconds;
    }
  }

  void end() {
    const double average = timings_ > 0 ? bus_bandwidths_ / timings_ : 0;
    if (!seconds_.empty() && seconds_.rbegin()->second.size() > 1) say("#\n{}", comparison());
    say("#\n# Out of bounds values : {} {}\n# Avg bus bandwidth    : {:.4g}\n", wrong_, wrong_ == 0 ? "OK" : "FAILED",
        average);
    document_["out_of_bounds"] = {{"count", wrong_}, {"okay", wrong_ == 0}};
    document_["average_bus_bandwidth"] = {{"bandwidth", average}};
    if (!options_.json_file.empty()) base::write_file_atomically(options_.json_file, document_.dump(1) + "\n");
    if (options_.json) print_json(context_, document_);
  }

  std::uint64_t wrong() const { return wrong_; }

 private:
  template <typename... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    if (!options_.json) fmt::print(context_.out, format, std::forward<Args>(args)...);
  }

  void say_what_runs() {
    if (begun_) return;
    begun_ = true;
    const base::Json& config = document_["config"];
    say("# optinc perf {}: {} ranks ({}), {} iterations after {} to warm up\n", base::kVersion, ranks_,
        config["transport"].get<std::string>(), options_.iterations, options_.warm_up);
    say("# optics: {}\n", config["optics"].dump());
  }

  collective::ReduceOp first_op(const PerfCase& measured) {
    if (!first_op_) first_op_ = measured.op;
    return *first_op_;
  }

  /// All algorithms at the largest size, against the first.
  std::string comparison() const {
    const auto& [bytes, of_algorithm] = *seconds_.rbegin();
    std::string text = fmt::format("# all_reduce of {} B, out of place:\n", bytes);
    const auto optinc = of_algorithm.find("optinc");
    for (const auto& [name, seconds] : of_algorithm) {
      text += fmt::format("#   {:<13} {:>10.2f} us", name, seconds * 1e6);
      if (optinc != of_algorithm.end() && name != "optinc") {
        text += fmt::format("   optinc takes {:.2f} of that: {:.2f} times as fast", optinc->second / seconds,
                            seconds / optinc->second);
      }
      text += "\n";
    }
    return text;
  }

  const Options& options_;
  int ranks_;
  Context& context_;
  base::Json document_;
  bool begun_ = false;
  std::uint64_t wrong_ = 0;
  double bus_bandwidths_ = 0;
  int timings_ = 0;
  std::optional<collective::ReduceOp> first_op_;
  std::map<std::size_t, std::map<std::string, double>> seconds_;  // [bytes][algorithm]
};

/// `report` is null but at rank 0. Returns the wrong elements, the same at all ranks.
std::uint64_t run_plan(const Options& options, const Plan& plan, const AlgorithmOptions& how,
                       const std::string& transport_name, collective::Transport& transport, Report* report) {
  std::uint64_t wrong = 0;
  for (const Operation operation : plan.operations) {
    for (const std::string& name : plan.algorithms) {
      const std::unique_ptr<Algorithm> algorithm = make_algorithm(name, transport, transport_name, how);
      bool begun = false;
      for (const collective::ReduceOp op : plan.ops) {
        for (const std::size_t size : plan.sizes) {
          const PerfCase wanted{.operation = operation,
                                .type = plan.type,
                                .op = op,
                                .count = size / codec::element_bytes(plan.type),
                                .iterations = options.iterations,
                                .warm_up = options.warm_up,
                                .check = options.check != 0,
                                .seed = options.seed,
                                .order = options.order};
          const std::optional<PerfResult> result = run_case(wanted, name, *algorithm, transport);
          if (report != nullptr && !begun) {
            if (result) report->begin(operation, name);
            if (!result) report->left_out(operation, name, plan.type);
          }
          begun = true;
          if (!result) continue;
          wrong += result->out_of_place.wrong + result->in_place.wrong;
          if (report != nullptr) report->add(wanted, name, *result);
        }
      }
    }
  }
  return wrong;
}

void run_perf(const Options& options, Context& context) {
  const Plan plan = make_plan(options);
  base::require(options.iterations >= 1, "-n {}: expected 1 or more", options.iterations);
  base::require(options.warm_up >= 0, "-w {}: expected 0 or more", options.warm_up);
  Optics optics = make_optics(options.optics);
  optics.network.seed = options.seed;
  const std::string transport_name = transport_of(options.ranks);
  run_as_ranks(options.ranks, context, [&](const Rank& rank) {
    check_order(options.order, rank.transport.size());
    const fabric::SymbolErrors with_errors(*optics.fabric.fabric, options.symbol_error_rate, options.seed);
    const AlgorithmOptions how{.optics = &optics,
                               .fabric = options.symbol_error_rate > 0 ? &with_errors : optics.fabric.fabric.get(),
                               .pipeline = {.chunk = options.chunk, .threads = options.threads},
                               .faults = {},
                               .deadline_s = options.ranks.deadline_s};
    std::optional<Report> report;
    if (rank.transport.rank() == 0) {
      report.emplace(options, transport_name, rank.transport.size(), optics.description, context);
    }
    const std::uint64_t wrong =
        run_plan(options, plan, how, transport_name, rank.transport, report ? &*report : nullptr);
    if (report) report->end();
    if (wrong > 0 && rank.transport.rank() == 0) context.exit_code = kFailed;
  });
}

}  // namespace

void add_perf(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(
      program, "perf", "Time and check all-reduce algorithms side by side (nccl-tests' flags and columns)",
      "  optinc perf -b 8 -e 64M -f 4 --algorithm all\n"
      "  mpirun -np 4 optinc perf -b 8 -e 256M -f 2 --algorithm all -J perf.json\n"
      "  optinc perf --transport tcp -g 4 -b 1M -e 1M --algorithm optinc,ring,gloo\n"
      "  optinc perf -o reduce_scatter,all_gather,avg -d bfloat16 -b 1M -e 1M --algorithm optinc,ring\n"
      "  optinc perf -b 1M -e 1M --symbol-error-rate 1e-5 || echo \"wrong, as it should be\"\n"
      "Columns: algbw = size / time; busbw = algbw times 2 (N-1)/N for all_reduce, (N-1)/N for the others; wirebw = "
      "bytes\n"
      "that one port sends (modelled for optinc and int32-switch) / time; NMSE and ULP against the exact result.\n"
      "#wrong counts elements that differ, by one bit or more, from the algorithm's own reference.");
  auto options = std::make_shared<Options>();
  add_rank_flags(*verb, options->ranks);
  verb->add_option("-b,--minbytes", options->smallest, "Smallest size: 8, 64K, 256M, 2G")->capture_default_str();
  verb->add_option("-e,--maxbytes", options->largest, "Largest size")->capture_default_str();
  verb->add_option("-i,--stepbytes", options->step, "Added from one size to the next")->capture_default_str();
  verb->add_option("-f,--stepfactor", options->factor, "Or factor from one size to the next; 0: none")
      ->capture_default_str();
  verb->add_option("-n,--iters", options->iterations, "Calls that are timed")->capture_default_str();
  verb->add_option("-w,--warmup_iters", options->warm_up, "Calls before them")->capture_default_str();
  verb->add_option("-c,--check", options->check, "Check the results: 1, or 0")->capture_default_str();
  verb->add_option("-d,--datatype", options->type, "float (float32), half (float16) or bfloat16")
      ->capture_default_str();
  verb->add_option("-o,--op", options->what,
                   "sum, avg (what is reduced to); all_reduce, reduce_scatter, all_gather (what is done)")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option("--algorithm", options->algorithms,
                   "optinc, ring, rabenseifner, tree, int32-switch, mpi, gloo; all: all that are there")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option("-J,--output_file", options->json_file, "Write all results here, as JSON");
  verb->add_flag("--hash", options->hash, "A last column: XXH3-64 of the result, the same wherever its bits are");
  verb->add_option("--seed", options->seed, "Of the inputs and of random bits")->capture_default_str();
  verb->add_option("--order", options->order, "Rank r gives the inputs of the r-th rank of this list: 3,1,0,2")
      ->delimiter(',');
  add_threads_option(*verb, options->threads);
  verb->add_option("--chunk", options->chunk, "Elements that go through the device together")->capture_default_str();
  verb->add_option("--symbol-error-rate", options->symbol_error_rate,
                   "For trial: share of optinc's received symbols that are off by one level")
      ->capture_default_str();
  add_optics_flags(*verb, options->optics);
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_perf(*options, context); });
}

}  // namespace optinc::cli
