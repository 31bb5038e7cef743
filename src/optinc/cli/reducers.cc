#include "optinc/cli/reducers.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/cli/error_models.h"
#include "optinc/cli/program_files.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/exact_all_reduce.h"
#include "optinc/collective/in_network_all_reduce.h"
#include "optinc/fabric/basic_cascade.h"
#include "optinc/fabric/chip_device.h"
#include "optinc/fabric/integer_fabric.h"

namespace optinc::cli {
namespace {

using collective::AllReduce;
using collective::Transport;

constexpr int kDefaultBits = 8;

/// An all-reduce that needs nothing beside itself.
class Electrical : public Reducer {
 public:
  explicit Electrical(std::unique_ptr<AllReduce> made) : made_(std::move(made)) {}
  AllReduce& all_reduce() override { return *made_; }

 private:
  std::unique_ptr<AllReduce> made_;
};

struct LostPort {
  int port = 0;
  int step = 0;  // from 1
};

LostPort parse_lost_port(const std::string& text) {
  LostPort lost;
  const char* const end = text.data() + text.size();
  const auto port = std::from_chars(text.data(), end, lost.port);
  const bool at = port.ec == std::errc() && port.ptr != end && *port.ptr == '@';
  const auto step = std::from_chars(at ? port.ptr + 1 : end, end, lost.step);
  base::require(at && step.ec == std::errc() && step.ptr == end && lost.step >= 1,
                "--lose-port {}: expected PORT@STEP, like 2@100", text);
  return lost;
}

/// What light goes through in training.
struct Device {
  std::shared_ptr<const fabric::Fabric> fabric;
  collective::OpticalNetworkOptions network;
  base::Json description;
  /// Steps from 1.
  std::function<void(std::uint64_t step)> before_step = [](std::uint64_t) {};
  std::function<void(int steps)> check_steps = [](int) {};
};

/// The optics, and from some step on what is left of them.
class Optical : public Reducer, private AllReduce {
 public:
  Optical(Device device, const ReducerOptions& options, Transport& transport)
      : device_(std::move(device)),
        network_(*device_.fabric, device_.network),
        whole_(transport, network_),
        ring_(transport),
        name_(options.reduce),
        fail_step_(options.fail_step) {
    design_ = device_.description;
    if (options.fail_step > 0) design_["fail_step"] = options.fail_step;
    if (options.lose_port.empty()) return;
    const LostPort lost = parse_lost_port(options.lose_port);
    base::require(lost.port >= 0 && lost.port < transport.size() && transport.size() > 1,
                  "--lose-port {}: expected a port of one of the {} workers, and others beside it", options.lose_port,
                  transport.size());
    lost_step_ = lost.step;
    design_["lost_port"] = {{"port", lost.port}, {"step", lost.step}};
    collective::OpticalNetworkOptions dark = device_.network;
    dark.dark_ports.push_back(lost.port);
    dark_network_ = std::make_unique<collective::OpticalNetwork>(*device_.fabric, dark);
    dark_ = std::make_unique<collective::InNetworkAllReduce>(transport, *dark_network_);
  }

  AllReduce& all_reduce() override { return *this; }
  void check_steps(int steps) const override { device_.check_steps(steps); }

 private:
  std::string name() const override { return name_; }

  collective::AllReduceStats run(const collective::Tensor& tensor, const collective::ReduceCall& call) override {
    // The place in the random streams tells the step: a resumed run fails where the unbroken one did.
    const std::uint64_t step = tensor.count == 0 ? 1 : call.first_element / tensor.count + 1;
    if (fail_step_ > 0 && step >= static_cast<std::uint64_t>(fail_step_)) return by_ring(tensor, call);
    device_.before_step(step);
    if (dark_ != nullptr && step >= static_cast<std::uint64_t>(lost_step_)) return dark_->all_reduce(tensor, call);
    return whole_.all_reduce(tensor, call);
  }

  /// What error feedback has carried over goes along once, so that it is not lost.
  collective::AllReduceStats by_ring(const collective::Tensor& tensor, const collective::ReduceCall& call) {
    if (call.residual.empty()) return ring_.all_reduce(tensor, call);
    std::vector<float> values(tensor.count);
    codec::to_float(tensor.type, tensor.input, values);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += std::exchange(call.residual[i], 0.0f);
    codec::from_float(values, tensor.type, codec::Overflow::to_infinity, tensor.output);
    collective::Tensor in_place = tensor;
    in_place.input = tensor.output;
    return ring_.all_reduce(in_place, call);
  }

  Device device_;
  collective::OpticalNetwork network_;
  collective::InNetworkAllReduce whole_;
  std::unique_ptr<collective::OpticalNetwork> dark_network_;
  std::unique_ptr<collective::InNetworkAllReduce> dark_;
  collective::RingAllReduce ring_;
  std::string name_;
  int fail_step_ = 0, lost_step_ = 0;
};

/// The least n with n^2 >= ranks, at least 2.
int ports_of_cascade(int ranks) {
  int ports = 2;
  while (ports * ports < ranks) ++ports;
  return ports;
}

/// Whether no design stands for the device.
bool is_ideal(const ReducerOptions& options) {
  const bool no_levels = options.reduce == "optinc-cascade" && options.optics.level_1.empty();
  return options.bits > 0 || options.reduce == "optinc-cascade-basic" || no_levels;
}

const std::vector<std::string> kQuantiserFlags{"--scale-format", "--quantiser-rounding", "--block",
                                               "--inject",       "--fail-step",          "--lose-port"};
const std::vector<std::string> kIdealFlags{"--bits", "--rounding", "--ports"};
const std::vector<std::string> kDesignFlags{"--design", "--evaluation"};
const std::vector<std::string> kCascadeFlags{"--level-1", "--cascade-mode"};
const std::vector<std::string> kChipFlags{"--program", "--hardware",       "--set",      "--correction",
                                          "--chip",    "--hours-per-step", "--age-every"};

/// A device that computes in whole numbers what an exact design of its kind would.
std::shared_ptr<const fabric::Fabric> ideal_fabric(const ReducerOptions& options, int bits, int ports) {
  const codec::Rounding rounding = codec::parse_rounding(options.rounding);
  if (options.reduce == "optinc") return std::make_shared<fabric::IntegerFabric>(ports, bits, rounding);
  if (options.reduce == "optinc-cascade") {
    return std::make_shared<fabric::IntegerFabric>(ports * ports, bits, rounding);
  }
  const auto level = std::make_shared<fabric::IntegerFabric>(ports, bits, rounding);
  return std::make_shared<fabric::BasicCascade>(level, level);
}

Device ideal_device(const ReducerOptions& options, int ranks) {
  const int bits = options.bits > 0 ? options.bits : kDefaultBits;
  const int least = options.reduce == "optinc" ? std::max(2, ranks) : ports_of_cascade(ranks);
  const int ports = options.ports > 0 ? options.ports : least;
  // The average over the servers in use is that over all ports times their number by that of the servers.
  constexpr int kMostGain = 65536;
  const std::int64_t all_ports = options.reduce == "optinc" ? ports : std::int64_t{ports} * ports;
  base::require(all_ports <= std::int64_t{kMostGain} * ranks,
                "--ports {}: {} ports for {} workers, expected at most {}", ports, all_ports, ranks,
                std::int64_t{kMostGain} * ranks);
  Device device{.fabric = ideal_fabric(options, bits, ports),
                .network = {.quantiser = quantiser_of(options.optics, bits), .dark_ports = {}},
                .description = {{"file", nullptr},
                                {"bits", bits},
                                {"servers", ports},
                                {"rounding", options.rounding},
                                {"evaluation", "integer"},
                                {"tabulated", false}}};
  device.description.update(quantiser_json(options.optics));
  return device;
}

Device device_of_design(const ReducerOptions& options) {
  Optics optics = make_optics(options.optics);
  return {.fabric = std::move(optics.fabric.fabric), .network = optics.network, .description = optics.description};
}

Device device_of_chip(const ReducerOptions& options, std::uint64_t seed) {
  base::require(!options.program.empty(), "--reduce chip: expected --program, what `optinc compile` made");
  const chip::Hardware hardware = load(options.hardware);
  const auto chip = std::make_shared<fabric::ChipDevice>(
      chip::Fab(load_program_file(options.program), hardware, mesh::parse_correction(options.correction), seed),
      options.chip);
  Device device{.fabric = chip,
                .network = {.quantiser = quantiser_of(options.optics, chip->bits()), .dark_ports = {}},
                .description = {{"file", options.program.filename().string()},
                                {"content", content_of(options.program)},
                                {"bits", chip->bits()},
                                {"servers", chip->ports()},
                                {"rounding", codec::to_string(chip->rounding())},
                                {"evaluation", "chip"},
                                {"tabulated", false},
                                {"hardware", options.hardware.preset_or_file},
                                {"differences", differences_from_ideal(hardware)},
                                {"correction", options.correction},
                                {"chip", options.chip}}};
  device.description.update(quantiser_json(options.optics));
  if (options.hours_per_step == 0) return device;
  device.description["hours_per_step"] = options.hours_per_step;
  device.description["age_every"] = options.age_every;
  // A function of the step alone, so that a resumed run ages as the unbroken one.
  const auto hours_at = [first = hardware.hours_since_calibration, options](std::uint64_t step) {
    const std::uint64_t every = options.age_every, turns = (step - 1) / every;
    return first + static_cast<double>(turns * every) * options.hours_per_step;
  };
  device.before_step = [chip, hours_at, aged = -1.0](std::uint64_t step) mutable {
    if (hours_at(step) == aged) return;
    aged = hours_at(step);
    chip->set_hours_since_calibration(aged);
  };
  device.check_steps = [hours_at, options](int steps) {
    const double most = hardware_field("phase_shifter.hours_since_calibration", "--hours-per-step").most;
    base::require(hours_at(steps) <= most, "--hours-per-step {}: {} hours at step {}, expected at most {}",
                  options.hours_per_step, hours_at(steps), steps, most);
  };
  return device;
}

Device make_device(const ReducerOptions& options, std::uint64_t seed, int ranks) {
  if (options.reduce == "chip") return device_of_chip(options, seed);
  return is_ideal(options) ? ideal_device(options, ranks) : device_of_design(options);
}

/// Throws base::InputError for errors that such a device can't make.
void check_errors(const ReducerOptions& options, const fabric::ErrorModel& model, int bits) {
  base::require(!options.inject.starts_with("table2:") || (bits == 16 && options.reduce == "optinc"),
                "--inject {}: that table is about one device of 16 bits, this is {} with {} bits", options.inject,
                options.reduce, bits);
  for (const fabric::CodeError& error : model.errors) {
    base::require(std::abs(error.value) < std::int64_t{1} << bits, "--inject {}: an error of {}, codes have {} bits",
                  options.inject, error.value, bits);
  }
}

std::unique_ptr<Reducer> make_optical(const ReducerOptions& options, std::uint64_t seed, Transport& transport) {
  Device device = make_device(options, seed, transport.size());
  device.network.seed = seed;
  if (!options.inject.empty()) {
    const fabric::ErrorModel model = load_error_model(options.inject);
    check_errors(options, model, device.fabric->bits());
    device.description["injected"] = to_json(model, options.inject);
    device.fabric = std::make_shared<fabric::CodeErrors>(device.fabric, model, seed);
  }
  return std::make_unique<Optical>(std::move(device), options, transport);
}

}  // namespace

void add_reducer_flags(CLI::App& verb, ReducerOptions& options) {
  verb.add_option(
          "--reduce", options.reduce,
          "How gradients are averaged: exact (in double), ring (in float32), optinc (one device), optinc-cascade "
          "(two levels, exact), optinc-cascade-basic (two levels that both quantise), chip (imperfect parts)")
      ->capture_default_str();
  verb.add_option("--bits", options.bits,
                  "An ideal device of so many bits, in whole numbers, in the place of a design: what an exact design "
                  "of that size would give")
      ->check(CLI::Range(2, 32));
  verb.add_option("--rounding", options.rounding, "Of an ideal device: floor, nearest or nearest-unbiased")
      ->capture_default_str();
  verb.add_option("--ports", options.ports, "Of an ideal device, or of each of a cascade; default: as few as do")
      ->check(CLI::Range(2, 1024));
  verb.add_option("--inject", options.inject,
                  "Errors that the device makes: table2:LAYERS (a row of the paper's table, like table2:4-7), rate:R "
                  "(+-1), or the file of a check (optinc verify --json, or records of design and simulate)");
  verb.add_option("--fail-step", options.fail_step,
                  "For trial: the device is gone from this step on, and an electrical ring takes its place")
      ->check(CLI::PositiveNumber);
  verb.add_option(
      "--lose-port", options.lose_port,
      "For trial: PORT@STEP, that server counts no more from that step on: its port says the zero gradient, "
      "the average is over the others");
  add_optics_flags(verb, options.optics);
  verb.add_option("--program", options.program, "chip: its mesh program (optinc compile)");
  add_hardware_options(verb, options.hardware);
  verb.add_option("--correction", options.correction, "chip: none, local or self-configured")->capture_default_str();
  verb.add_option("--chip", options.chip, "chip: its number, of those that the seed makes")->capture_default_str();
  verb.add_option("--hours-per-step", options.hours_per_step,
                  "chip: hours that it ages in a step of the training, so that its phases drift")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb.add_option("--age-every", options.age_every, "chip: steps after which its age is set anew")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void check_reducer_flags(const CLI::App& verb, const ReducerOptions& options) {
  const std::string subject = "--reduce " + options.reduce;
  if (options.reduce == "exact" || options.reduce == "ring") {
    refuse_flags(verb, kQuantiserFlags, subject);
    refuse_flags(verb, {"--error-feedback"}, subject);
  }
  const bool optics = options.reduce == "optinc" || options.reduce.starts_with("optinc-cascade");
  const bool ideal = optics && is_ideal(options);
  const bool designs = optics && !ideal;
  if (!ideal) refuse_flags(verb, kIdealFlags, designs ? "a design (without --bits)" : subject);
  if (!designs) refuse_flags(verb, kDesignFlags, ideal ? subject + " with an ideal device" : subject);
  if (options.reduce != "optinc-cascade" || ideal) refuse_flags(verb, kCascadeFlags, subject);
  if (options.reduce != "chip") refuse_flags(verb, kChipFlags, subject);
}

std::unique_ptr<Reducer> make_reducer(const ReducerOptions& options, std::uint64_t seed, Transport& transport) {
  const std::string& reduce = options.reduce;
  if (reduce == "exact") return std::make_unique<Electrical>(std::make_unique<collective::ExactAllReduce>(transport));
  if (reduce == "ring") return std::make_unique<Electrical>(std::make_unique<collective::RingAllReduce>(transport));
  base::require(
      reduce == "optinc" || reduce == "optinc-cascade" || reduce == "optinc-cascade-basic" || reduce == "chip",
      "--reduce {}: expected exact, ring, optinc, optinc-cascade, optinc-cascade-basic or chip", reduce);
  return make_optical(options, seed, transport);
}

}  // namespace optinc::cli
