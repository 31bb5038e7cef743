#include "optinc/chip/chip.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/gaussian.h"
#include "optinc/chip/crosstalk.h"
#include "optinc/chip/smooth_field.h"
#include "optinc/chip/streams.h"

namespace optinc::chip {

using linalg::Complex;
using linalg::ComplexMatrix;
using std::numbers::pi;

namespace {

/// Draws for one chip.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t chip) : seed_(seed), chip_(chip) {}

  std::vector<double> operator()(Purpose purpose, std::uint64_t item, std::size_t count) const {
    std::vector<double> numbers(count);
    base::gaussians(seed_, stream_of(purpose, chip_, item), count, numbers.data());
    return numbers;
  }
  SmoothField field(Purpose purpose, double length_um) const {
    return {seed_, stream_of(purpose, chip_, 0), length_um};
  }

 private:
  std::uint64_t seed_, chip_;
};

/// An angle as a digital-to-analog converter sets it.
double quantised(double phase_rad, double dac_bits) {
  if (dac_bits == 0) return phase_rad;
  const double step = 2 * pi / std::exp2(dac_bits);
  return step * std::round(phase_rad / step);
}

void quantise(std::vector<double>& phases, double dac_bits) {
  for (double& phase : phases) phase = quantised(phase, dac_bits);
}

/// Modes of a mesh's cells, in their order, and columns.
std::vector<std::pair<int, int>> columns_and_modes(const mesh::MeshShape& shape) {
  std::vector<std::pair<int, int>> cells;
  const std::vector<mesh::Column> columns = shape.columns();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (int i = 0; i < columns[c].count; ++i) {
      cells.emplace_back(static_cast<int>(c), columns[c].first_mode + 2 * i);
    }
  }
  return cells;
}

/// Errors of the couplers of cells at these places; `third` draws for 3-MZIs too.
std::vector<mesh::Couplers> draw_couplers(const Hardware& hardware, const Draws& draws, std::uint64_t number,
                                          const std::vector<Place>& places) {
  const double sigma = hardware.coupler_imbalance_rms_rad;
  if (sigma == 0) return std::vector<mesh::Couplers>(places.size());
  constexpr std::size_t kCouplers = 3;
  const std::vector<double> z = draws(Purpose::couplers, number, kCouplers * places.size());
  const double own = sigma * std::sqrt(1 - hardware.correlated_share);
  const double shared = sigma * std::sqrt(hardware.correlated_share);
  const SmoothField field = draws.field(Purpose::imbalance_field, hardware.correlation_length_um);
  std::vector<mesh::Couplers> couplers(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const double smooth = shared == 0 ? 0 : shared * field(places[i].x_um, places[i].y_um);
    couplers[i] = {smooth + own * z[3 * i], smooth + own * z[3 * i + 1], smooth + own * z[3 * i + 2]};
  }
  return couplers;
}

/// Adds to phases at these places what fabrication (or, behind a correction, calibration) and drift leave. `slot` tells
/// theta, phi and output phases apart.
class PhaseErrors {
 public:
  PhaseErrors(const Hardware& hardware, const Draws& draws, bool calibrated)
      : hardware_(hardware), draws_(draws), calibrated_(calibrated) {
    if (!calibrated && hardware.phase_error_rms_rad > 0 && hardware.correlated_share > 0) {
      field_.emplace(draws.field(Purpose::phase_field, hardware.correlation_length_um));
    }
  }

  void add(std::uint64_t number, std::uint64_t slot, const std::vector<Place>& places,
           std::vector<double>& phases) const {
    const std::uint64_t item = 4 * number + slot;
    const auto add_white = [&](Purpose purpose, double sigma) {
      if (sigma == 0) return;
      const std::vector<double> z = draws_(purpose, item, phases.size());
      for (std::size_t i = 0; i < phases.size(); ++i) phases[i] += sigma * z[i];
    };
    if (calibrated_) {
      add_white(Purpose::calibration, hardware_.phase_calibration_rms_rad);
    } else {
      const double share = field_ ? hardware_.correlated_share : 0;
      add_white(Purpose::phase_errors, hardware_.phase_error_rms_rad * std::sqrt(1 - share));
      const double shared = hardware_.phase_error_rms_rad * std::sqrt(share);
      for (std::size_t i = 0; i < phases.size() && field_; ++i) {
        phases[i] += shared * (*field_)(places[i].x_um, places[i].y_um);
      }
    }
    add_white(Purpose::drift, hardware_.phase_drift_rms_rad_per_sqrt_h * std::sqrt(hardware_.hours_since_calibration));
  }

 private:
  const Hardware& hardware_;
  const Draws& draws_;
  bool calibrated_;
  std::optional<SmoothField> field_;
};

std::vector<mesh::Arms> draw_arms(const Hardware& hardware, const Draws& draws, std::uint64_t number,
                                  std::size_t cells) {
  if (hardware.phase_shifter_loss_rms_db == 0) return {};
  const std::vector<double> z = draws(Purpose::arms, number, 4 * cells);
  const auto field = [&](std::size_t i) { return std::pow(10, -hardware.phase_shifter_loss_rms_db * z[i] / 20); };
  std::vector<mesh::Arms> arms(cells);
  for (std::size_t i = 0; i < cells; ++i)
    arms[i] = {field(4 * i), field(4 * i + 1), field(4 * i + 2), field(4 * i + 3)};
  return arms;
}

/// Adds one shot's phase noise.
void add_noise(const Hardware& hardware, std::uint64_t seed, std::uint64_t stream, std::vector<double>& phases) {
  std::vector<double> z(phases.size());
  base::gaussians(seed, stream, z.size(), z.data());
  for (std::size_t i = 0; i < phases.size(); ++i) phases[i] += hardware.phase_noise_rms_rad * z[i];
}

/// What crossings leave of the fields of a stage's lines on their way to (or from) square `square`, over the mean of
/// all.
std::vector<double> crossing_shares(int lines, int square, int squares, double crossing_loss_db) {
  std::vector<double> shares(lines);
  double mean = 0;
  for (int s = 0; s < squares; ++s) {
    for (int line = 0; line < lines; ++line) {
      const double share = std::pow(10, -crossings(line, lines, s, squares) * crossing_loss_db / 20);
      mean += share / (static_cast<double>(lines) * squares);
      if (s == square) shares[line] = share;
    }
  }
  for (double& share : shares) share /= mean;
  return shares;
}

}  // namespace

Fab::Fab(Program program, Hardware hardware, mesh::Correction correction, std::uint64_t seed,
         std::optional<std::size_t> only_stage)
    : program_(std::move(program)),
      hardware_(std::move(hardware)),
      correction_(correction),
      seed_(seed),
      only_stage_(only_stage),
      elements_(elements_of(program_, hardware_)),
      budget_(link_budget(program_, hardware_)) {
  check(hardware_);
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    if (elements_[i].stage == first_element_.size()) first_element_.push_back(i);
  }
  first_element_.push_back(elements_.size());
  if (correction_ == mesh::Correction::none) return;
  for (const Element& element : elements_) {
    const Block& block = program_.stages[element.stage].blocks[element.block];
    const mesh::Mesh* mesh = element.kind == Element::Kind::first    ? &block.first
                             : element.kind == Element::Kind::second ? &*block.second
                                                                     : nullptr;
    targets_.push_back(mesh == nullptr ? ComplexMatrix() : mesh::Propagator(*mesh).matrix());
  }
}

void Fab::set_hours_since_calibration(double hours) {
  Hardware aged = hardware_;
  aged.hours_since_calibration = hours;
  check(aged);
  hardware_ = std::move(aged);
}

MadeElement Fab::make_mesh(const Element& element, std::uint64_t number, std::uint64_t chip) const {
  const Block& block = program_.stages[element.stage].blocks[element.block];
  MadeElement made{element.kind == Element::Kind::first ? block.first : *block.second, {}, {}};
  mesh::Mesh& mesh = made.mesh;
  if (only_stage_ && *only_stage_ != element.stage) return made;
  const Draws draws(seed_, chip);
  std::vector<Place> places, ends;
  for (const auto& [column, mode] : columns_and_modes(mesh.shape)) {
    places.push_back(place_of_cell(element.corner, column, mode, hardware_));
  }
  const int depth = static_cast<int>(mesh.shape.columns().size());
  for (int mode = 0; mode < mesh.shape.size; ++mode) {
    ends.push_back(place_of_cell(element.corner, depth, mode, hardware_));
  }
  made.parts = {draw_couplers(hardware_, draws, number, places), draw_arms(hardware_, draws, number, places.size())};
  const bool corrected = correction_ != mesh::Correction::none;
  if (corrected) mesh = mesh::program(targets_[number], mesh.shape, correction_, made.parts.couplers);
  quantise(mesh.theta, hardware_.phase_dac_bits);
  quantise(mesh.phi, hardware_.phase_dac_bits);
  quantise(mesh.output_phase, hardware_.phase_dac_bits);
  add_crosstalk(hardware_, mesh);
  const PhaseErrors errors(hardware_, draws, corrected);
  errors.add(number, 0, places, mesh.theta);
  errors.add(number, 1, places, mesh.phi);
  errors.add(number, 2, ends, mesh.output_phase);
  return made;
}

MadeElement Fab::make_attenuators(const Element& element, std::uint64_t number, std::uint64_t chip) const {
  const Attenuators& wanted = program_.stages[element.stage].blocks[element.block].attenuators;
  MadeElement made{{}, wanted, {}};
  if (only_stage_ && *only_stage_ != element.stage) return made;
  const Draws draws(seed_, chip);
  std::vector<Place> places;
  for (std::size_t line = 0; line < wanted.lines(); ++line) {
    places.push_back(place_of_cell(element.corner, 0, static_cast<int>(line), hardware_));
  }
  made.parts = {draw_couplers(hardware_, draws, number, places), draw_arms(hardware_, draws, number, places.size())};
  const bool corrected = correction_ != mesh::Correction::none;
  for (std::size_t line = 0; corrected && line < wanted.lines(); ++line) {
    const mesh::Setting setting = mesh::setting_for(wanted.theta[line] / 2, made.parts.couplers[line]);
    made.attenuators.theta[line] = mesh::wrap_phase(setting.theta_rad);
    made.attenuators.phi[line] = mesh::wrap_phase(-setting.upper_rad - setting.input_rad);
  }
  quantise(made.attenuators.theta, hardware_.phase_dac_bits);
  quantise(made.attenuators.phi, hardware_.phase_dac_bits);
  const PhaseErrors errors(hardware_, draws, corrected);
  errors.add(number, 0, places, made.attenuators.theta);
  errors.add(number, 1, places, made.attenuators.phi);
  return made;
}

Chip Fab::make(std::uint64_t chip) const {
  Chip made{.number = chip};
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    made.elements.push_back(elements_[i].kind == Element::Kind::attenuators ? make_attenuators(elements_[i], i, chip)
                                                                            : make_mesh(elements_[i], i, chip));
  }
  const Draws draws(seed_, chip);
  const std::size_t servers = program_.shape.servers, ports = servers * program_.shape.symbols();
  // Phase and frequency, polarisation, skew of each server.
  const std::vector<double> z = draws(Purpose::carriers, 0, 4 * servers);
  for (std::size_t n = 0; n < servers; ++n) {
    const double cycles = hardware_.carrier_frequency_offset_hz * z[4 * n + 1] * hardware_.carrier_lock_interval_s;
    const double phase = hardware_.carrier_phase_rms_rad * z[4 * n] + 2 * pi * cycles;
    made.server.push_back(std::polar(std::cos(hardware_.polarisation_rms_rad * z[4 * n + 2]), phase));
    const double skew = std::abs(hardware_.skew_rms_ps * 1e-12 * z[4 * n + 3]) * hardware_.symbol_rate_gbd * 1e9;
    made.skew_symbols.push_back(std::min(skew, 1.0));
  }
  for (const double error : draws(Purpose::transmitters, 0, 4 * ports)) {
    made.level_error.push_back(static_cast<float>(hardware_.level_error_rms * error));
  }
  for (const double error : draws(Purpose::receivers, 0, ports)) {
    made.threshold_error.push_back(static_cast<float>(hardware_.threshold_error_rms * error));
  }
  return made;
}

ComplexMatrix Fab::stage_matrix(const Chip& chip, std::size_t stage_number, std::uint64_t shot) const {
  const Stage& stage = program_.stages[stage_number];
  const bool noisy = hardware_.phase_noise_rms_rad > 0 && (!only_stage_ || *only_stage_ == stage_number);
  const bool imperfect = !only_stage_ || *only_stage_ == stage_number;
  const double crossing_db = imperfect ? hardware_.crossing_loss_db : 0;
  const auto noise_stream = [&](std::size_t element, std::uint64_t slot) {
    return stream_of(Purpose::phase_noise, chip.number, (shot * elements_.size() + element) * 4 + slot);
  };
  const auto matrix_of = [&](std::size_t element) {
    const MadeElement& made = chip.elements[element];
    if (!noisy) return mesh::Propagator(made.mesh, made.parts).matrix();
    mesh::Mesh mesh = made.mesh;
    add_noise(hardware_, seed_, noise_stream(element, 0), mesh.theta);
    add_noise(hardware_, seed_, noise_stream(element, 1), mesh.phi);
    add_noise(hardware_, seed_, noise_stream(element, 2), mesh.output_phase);
    return mesh::Propagator(mesh, made.parts).matrix();
  };
  const auto attenuate = [&](std::size_t element, ComplexMatrix& light) {
    const MadeElement& made = chip.elements[element];
    Attenuators set = made.attenuators;
    if (noisy) {
      add_noise(hardware_, seed_, noise_stream(element, 0), set.theta);
      add_noise(hardware_, seed_, noise_stream(element, 1), set.phi);
    }
    for (Eigen::Index line = 0; line < light.rows(); ++line) {
      const mesh::Couplers couplers = made.parts.couplers.empty() ? mesh::Couplers{} : made.parts.couplers[line];
      const mesh::Arms arms = made.parts.arms.empty() ? mesh::Arms{} : made.parts.arms[line];
      light.row(line) *= mesh::mzi(set.theta[line], set.phi[line], couplers, arms).a;
    }
  };

  ComplexMatrix matrix = ComplexMatrix::Zero(stage.outputs, stage.inputs);
  const int splits = stage.splits(), combined = stage.combined();
  std::size_t element = first_element_[stage_number];
  for (const Block& block : stage.blocks) {
    const auto lines = static_cast<Eigen::Index>(block.attenuators.lines());
    ComplexMatrix light = matrix_of(element++).topRows(lines);
    attenuate(element++, light);
    if (block.second) light = matrix_of(element++).leftCols(lines) * light;
    if (crossing_db > 0) {
      const std::vector<double> in =
          crossing_shares(stage.inputs / combined, block.row / block.rows() % splits, splits, crossing_db);
      const std::vector<double> out =
          crossing_shares(stage.outputs / splits, block.column / block.columns() % combined, combined, crossing_db);
      for (Eigen::Index row = 0; row < light.rows(); ++row) light.row(row) *= out[row];
      for (Eigen::Index column = 0; column < light.cols(); ++column) light.col(column) *= in[column];
    }
    matrix.block(block.row, block.column, light.rows(), light.cols()) += light;
  }
  return matrix * (stage.gain / std::sqrt(static_cast<double>(splits) * combined));
}

ComplexMatrix Fab::from_servers(const Chip& chip, std::uint64_t shot) const {
  ComplexMatrix light = stage_matrix(chip, 0, shot);
  for (Eigen::Index column = 0; column < light.cols(); ++column) {
    light.col(column) *= chip.server[column % program_.shape.servers];
  }
  return light;
}

namespace {

onn::Layer in_phase(const ComplexMatrix& light, const Eigen::VectorXd& bias) {
  onn::Layer layer{static_cast<int>(light.rows()), static_cast<int>(light.cols()), {}, {}};
  for (Eigen::Index i = 0; i < light.size(); ++i) layer.weight.push_back(static_cast<float>(light.data()[i].real()));
  for (const double value : bias) layer.bias.push_back(static_cast<float>(value));
  return layer;
}

}  // namespace

onn::Network Fab::hops(const Chip& chip, std::uint64_t shot, const ComplexMatrix& before,
                       const ComplexMatrix& behind) const {
  const std::size_t last = program_.stages.size() - 2;
  onn::Network network;
  for (std::size_t s = 1; s <= last; ++s) {
    ComplexMatrix light = stage_matrix(chip, s, shot);
    Eigen::VectorXd bias = Eigen::Map<const Eigen::VectorXd>(program_.stages[s].bias.data(), light.rows());
    if (s == 1 && before.size() > 0) light = light * before;
    if (s == last) {
      light = behind * light;
      bias = behind.real() * bias;
    }
    network.layers.push_back(in_phase(light, bias));
  }
  return network;
}

onn::Network Fab::network(const Chip& chip, std::uint64_t shot) const {
  return hops(chip, shot, from_servers(chip, shot), stage_matrix(chip, program_.stages.size() - 1, shot));
}

linalg::Matrix Fab::preprocessing(const Chip& chip, std::uint64_t shot) const {
  return from_servers(chip, shot).real();
}

onn::Network Fab::layers(const Chip& chip, std::uint64_t shot, int server) const {
  const int servers = program_.shape.servers, symbols = program_.shape.symbols();
  const ComplexMatrix splitting = stage_matrix(chip, program_.stages.size() - 1, shot);
  ComplexMatrix to_server(symbols, symbols);
  for (int i = 0; i < symbols; ++i) to_server.row(i) = splitting.row(i * servers + server);
  onn::Network network = hops(chip, shot, {}, to_server);
  for (int i = 0; i < symbols; ++i) network.layers.back().bias[i] -= chip.threshold_error[i * servers + server];
  return network;
}

std::vector<float> Fab::detector_noise() const {
  std::vector<float> noise;
  for (const HopBudget& hop : budget_.hops) {
    const auto is_perfect = [&](std::size_t stage) { return only_stage_ && *only_stage_ != stage; };
    noise.push_back(std::ranges::all_of(hop.stages, is_perfect) ? 0.0f : static_cast<float>(hop.noise_levels));
  }
  return noise;
}

float activate(const Hardware& hardware, float sum, float full_scale) {
  const double x = sum / full_scale;
  switch (hardware.activation) {
    case Activation::saturable_absorber:
      return static_cast<float>(sum *
                                std::sqrt(1 - hardware.absorber_depth / (1 + x * x / hardware.absorber_saturation)));
    case Activation::electro_optic:
      return static_cast<float>(
          sum * std::sqrt(1 - hardware.electro_optic_tap) *
          std::abs(std::cos(hardware.electro_optic_gain_rad * x * x / 2 + hardware.electro_optic_bias_rad / 2)));
    default:
      break;
  }
  if (hardware.activation_knee == 0 && hardware.activation_leak == 0) return std::max(sum, 0.0f);
  const double knee = hardware.activation_knee;
  // A hyperbola with the asymptotes 0 and x, knee / 2 high at the corner.
  const double rectified = knee == 0 ? std::max(x, 0.0) : (x + std::sqrt(x * x + knee * knee)) / 2;
  return static_cast<float>(full_scale * (rectified + hardware.activation_leak * std::min(x, 0.0)));
}

}  // namespace optinc::chip
