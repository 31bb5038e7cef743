#include "optinc/verify/by_stage.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <Eigen/QR>
#include <fmt/format.h>

#include "optinc/base/error.h"
#include "optinc/verify/claims.h"
#include "optinc/verify/rounding_allowance.h"

namespace optinc::verify {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr std::uint64_t kMostValues = 1 << 20;  ///< that a sum may take
constexpr double kBlur = 0x1p-48;               ///< share of what is added in double that its sum may be off
constexpr double kLeastNormal = 0x1p-126;       ///< smaller ones float32 rounds to fewer bits, or to 0
constexpr double kSame = 1e-4;                  ///< of coefficients: what they are off goes into the error

/// A signal that is proved: its values are multiples of `pitch` from 0 to `most`, read with an error.
struct Known {
  Signal signal;
  double pitch = 1;
  double most = 0;
  double error = 0;  ///< beside that of the wires it is read from
  /// Of a shortfall, what its wire may be off from dark where it is 0, noise and all: often nothing, which float32 has
  /// exactly. Its `error` is of where it is more.
  std::optional<double> at_zero;
};

/// Which factors of the columns come closest to a vector.
class Solver {
 public:
  explicit Solver(const Matrix& columns) {
    if (columns.size() > 0) decomposition_.emplace(columns);
  }
  Vector solve(const Vector& wanted) const { return decomposition_ ? Vector(decomposition_->solve(wanted)) : Vector(); }

 private:
  std::optional<Eigen::ColPivHouseholderQR<Matrix>> decomposition_;
};

/// Signals in a sum, by number, with factors of which the least is 1.
using Terms = std::vector<std::pair<int, double>>;

/// What a layer hands on: wires, each with the most it carries and its own error, and what is read from them.
struct Boundary {
  std::vector<Known> known;
  Matrix readings;             ///< [wires, signals]
  std::vector<double> most;    ///< [wires]; 0 of a dark one
  std::vector<double> errors;  ///< [wires]
  std::vector<double> quanta;  ///< [wires]: all it carries are exact multiples of this; 0: not known to be exact
};

/// Wires that look at the same sum u: wire = relu(slope u + offset).
struct Ramp {
  int wire;
  double slope, offset;
};
struct Sum {
  Terms terms;
  double pitch = 1, most = 0;  ///< of u
  double error = 0;            ///< of u
  /// Of u where it is 0, what it may be read as: within `error`, but of a shortfall close to what a dark wire says.
  double zero_low = 0, zero_high = 0;
  bool is_shortfall = false;
  std::vector<Ramp> ramps;

  /// The ends of what a value of u may be read as.
  std::pair<double, double> ends(double u) const {
    return u == 0 ? std::pair{zero_low, zero_high} : std::pair{u - error, u + error};
  }
  /// What it is read as where nothing is off.
  double nominal(double u) const { return u == 0 && is_shortfall ? (zero_low + zero_high) / 2 : u; }
};

/// The largest power of two of which x is a multiple; infinite for 0.
double quantum_of(float x) {
  if (x == 0) return std::numeric_limits<double>::infinity();
  int exponent = 0;
  const auto digits = static_cast<std::int64_t>(std::ldexp(std::frexp(std::abs(double{x}), &exponent), 24));
  return std::ldexp(static_cast<double>(digits & -digits), exponent - 24);
}

double relu(double x) {
  return std::max(x, 0.0);
}

class Prover {
 public:
  Prover(const onn::Network& network, const device::DeviceShape& shape, const Stages& stages, double noise)
      : network_(network), claims_(shape), stages_(stages), noise_(noise) {}

  ByStageProof prove() {
    ByStageProof proof;
    std::size_t layer = 0;
    try {
      if (stages_.size() + 1 != network_.layers.size()) {
        refuse("{} stages are claimed, expected one for each of the {} hidden layers", stages_.size(),
               network_.layers.size() - 1);
      }
      Boundary boundary = inputs();
      for (; layer + 1 < network_.layers.size(); ++layer) {
        proof.stages.push_back({});
        boundary = pass(network_.layers[layer], stages_[layer], boundary, proof.stages.back());
      }
      proof.largest_errors = read_symbols(network_.layers[layer], boundary);
    } catch (const Refusal& refusal) {
      proof.refusal = fmt::format("layer {}: {}", layer + 1, refusal.reason);
    }
    return proof;
  }

 private:
  const Digits& digits() const { return claims_.digits(); }

  // --- a layer's sums, in terms of what is known
  // -----------------------------------------------------------------------

  /// A_k with the constant light that the first bias adds: what the first layer sees.
  Boundary inputs() const {
    const device::DeviceShape& shape = digits().shape();
    // Steps of a power of two are exact in float32; others are rounded on the way to A_k and there.
    const double rounding = digits().has_remainders() ? 2 * 0x1p-24 : 0;
    Boundary boundary;
    boundary.readings = Matrix::Identity(shape.inputs, shape.inputs);
    for (int k = 0; k < shape.inputs; ++k) {
      Signal rest{.meaning = Meaning::rest, .input = k, .place = digits().highest(k), .readings = {{k, 1}}};
      rest.constant = digits().bias_light(k);
      boundary.known.push_back({rest, digits().pitch(k), digits().most(k), 0, {}});
      boundary.most.push_back(digits().most(k));
      boundary.errors.push_back(rounding * digits().most(k));
      boundary.quanta.push_back(digits().has_remainders() ? 0 : digits().pitch(k));
    }
    return boundary;
  }

  /// Row `row` of `layer` as factors of the known signals, and what of its weights that leaves.
  struct Row {
    Terms terms;
    double slope = 0, offset = 0;  ///< sum = slope u + offset
    double rest = 0;               ///< bound on what the weights are off, and on the sum's rounding
    double rest_at_zero = 0;       ///< the same where u is 0
    bool keeps_bias = false;       ///< where u is 0, the sum is the bias to the last bit
    double quantum = 0;            ///< of the sum, where float32 gives it exactly in any order; else 0
  };
  Row row_of(const onn::Layer& layer, int row, const Boundary& before, const Solver& solver) const {
    const float* const weights = layer.weight.data() + static_cast<std::size_t>(row) * layer.inputs;
    Vector wanted = Vector::Zero(layer.inputs);
    for (int w = 0; w < layer.inputs; ++w) {
      if (before.most[w] > 0) wanted(w) = weights[w];
    }
    const Vector factors = solver.solve(wanted);
    const double largest = factors.size() == 0 ? 0 : factors.cwiseAbs().maxCoeff();
    Row result;
    double least = std::numeric_limits<double>::infinity();
    for (int s = 0; s < factors.size(); ++s) {
      if (largest > 0 && std::abs(factors(s)) > kSame * largest) least = std::min(least, std::abs(factors(s)));
    }
    if (std::isfinite(least)) {
      for (int s = 0; s < factors.size(); ++s) {
        if (std::abs(factors(s)) <= kSame * largest) continue;
        const double factor = std::round(std::abs(factors(s)) / least) * (factors(s) < 0 ? -1 : 1);
        result.terms.emplace_back(s, factor);
      }
      // The first term's sign tells which way the ramp looks.
      const double sign = result.terms.front().second < 0 ? -1 : 1;
      result.slope = sign * least;
      for (auto& [s, factor] : result.terms) factor *= sign;
    }
    Vector left = wanted;
    result.offset = layer.bias[row];
    for (const auto& [s, factor] : result.terms) {
      left -= result.slope * factor * before.readings.col(s);
      result.offset -= result.slope * factor * before.known[s].signal.constant;
    }
    // Where a row sees a shortfall alone, and that is 0, its wire may be dark: then the row rounds nothing.
    const int first = result.terms.size() == 1 ? result.terms.front().first : -1;
    const bool is_of_a_shortfall = first >= 0 && before.known[first].at_zero;
    const double bias = std::abs(double{layer.bias[row]});
    // What double arithmetic rounds in slope u + offset, whose parts may cancel.
    double blur = bias, blur_at_zero = bias;
    for (const auto& [s, factor] : result.terms) {
      const double weight = std::abs(result.slope * factor), constant = std::abs(before.known[s].signal.constant);
      blur += weight * (constant + before.known[s].most);
      blur_at_zero += weight * constant;
    }
    result.rest = kBlur * blur;
    result.rest_at_zero = kBlur * blur_at_zero;
    double magnitude = bias, lit_at_zero = 0;
    int products = 0;
    double quantum = quantum_of(layer.bias[row]);
    for (int w = 0; w < layer.inputs; ++w) {
      const bool is_lit = before.most[w] > 0 || before.errors[w] > 0;
      if (weights[w] != 0 && is_lit) quantum = std::min(quantum, before.quanta[w] * quantum_of(weights[w]));
      const double most = before.most[w] + before.errors[w];
      const bool is_its_wire = is_of_a_shortfall && before.readings(w, first) != 0;
      const double most_at_zero = is_its_wire ? *before.known[first].at_zero : most;
      // A dark wire carries nothing but its error.
      const double off = std::abs(left(w)) + (before.most[w] == 0 ? std::abs(weights[w]) : 0);
      result.rest += off * most;
      result.rest_at_zero += off * most_at_zero;
      magnitude += std::abs(weights[w]) * most;
      lit_at_zero += std::abs(weights[w]) * most_at_zero;
      products += weights[w] != 0;
    }
    if (!(magnitude < std::numeric_limits<float>::max())) {
      refuse("the sum of output {} reaches {:.3g}: more than float32 holds", row, magnitude);
    }
    result.keeps_bias = is_of_a_shortfall && lit_at_zero == 0 && bias >= kLeastNormal;
    if (noise_ == 0 && magnitude <= 0x1p24 * quantum && quantum >= kLeastNormal) {
      result.quantum = std::isfinite(quantum) ? quantum : 1;
      return result;
    }
    const auto rounding = [&](double of) { return float32_gamma(products + 1) * of + (products + 1) * kLeastNormal; };
    result.rest += rounding(magnitude);
    if (!result.keeps_bias) result.rest_at_zero += rounding(bias + lit_at_zero);
    return result;
  }

  /// What a shortfall's wire is read by.
  static double factor_of(const Known& shortfall) { return shortfall.signal.readings.front().factor; }

  static SignalSum signals_of(const Terms& terms, const Boundary& before) {
    SignalSum sum;
    for (const auto& [s, factor] : terms) sum.push_back({&before.known[s].signal, factor});
    return sum;
  }

  /// The values of a sum of these signals, and how far it may be off.
  Sum sum_of(const Terms& terms, const Boundary& before) const {
    Sum sum{.terms = terms, .pitch = std::numeric_limits<double>::infinity(), .ramps = {}};
    Vector readings = Vector::Zero(before.readings.rows());
    for (const auto& [s, factor] : terms) {
      const Known& known = before.known[s];
      if (factor < 0) refuse("subtracts {} from others: no sum that is known", in_words(known.signal));
      sum.pitch = std::min(sum.pitch, factor * known.pitch);
      sum.most += factor * known.most;
      const double most_at_zero =
          known.at_zero ? std::abs(known.signal.constant) + factor_of(known) * *known.at_zero : 0;
      sum.error += factor * std::max(known.error, terms.size() == 1 ? 0 : most_at_zero);
      readings += factor * before.readings.col(s);
    }
    for (const auto& [s, factor] : terms) {
      const double multiple = factor * before.known[s].pitch / sum.pitch;
      if (std::abs(multiple - std::round(multiple)) > 1e-9 * multiple)
        refuse("adds signals whose steps do not divide each other");
    }
    for (Eigen::Index w = 0; w < readings.size(); ++w) sum.error += std::abs(readings(w)) * before.errors[w];
    if (terms.empty()) sum.pitch = 1;
    sum.zero_low = -sum.error;
    sum.zero_high = sum.error;
    if (terms.size() == 1 && before.known[terms.front().first].at_zero) {
      const Known& known = before.known[terms.front().first];
      sum.is_shortfall = true;
      const double off = factor_of(known) * *known.at_zero;
      sum.zero_low = known.signal.constant - off;
      sum.zero_high = known.signal.constant + off;
    }
    if (sum.most / sum.pitch >= static_cast<double>(kMostValues)) {
      refuse("a sum takes {:.0f} values, expected at most {}", sum.most / sum.pitch, kMostValues);
    }
    return sum;
  }

  /// Whether a wire that sees a shortfall is dark where there is any: then it is only off what it is off where there is
  /// none.
  static bool is_step(const Row& row, const Sum& sum, const Ramp& ramp) {
    return sum.is_shortfall && ramp.slope < 0 && ramp.slope * (sum.pitch - sum.error) + ramp.offset + row.rest <= 0;
  }

  // --- a layer
  // -----------------------------------------------------------------------------------------------------------

  Boundary pass(const onn::Layer& layer, const std::vector<Signal>& claims, const Boundary& before, StageProof& proof) {
    const Solver solver(before.readings);
    Boundary after;
    after.most.assign(layer.outputs, 0);
    after.errors.assign(layer.outputs, 0);
    after.quanta.assign(layer.outputs, 0);
    std::map<Terms, Sum> sums;
    std::vector<std::pair<const Sum*, Ramp>> wires(layer.outputs);
    std::vector<double> rests(layer.outputs);
    for (int j = 0; j < layer.outputs; ++j) {
      const Row row = row_of(layer, j, before, solver);
      auto found = sums.find(row.terms);
      if (found == sums.end()) found = sums.emplace(row.terms, sum_of(row.terms, before)).first;
      const Ramp ramp{j, row.slope, row.offset};
      rests[j] = row.rest;
      wires[j] = {&found->second, ramp};
      const double ends =
          std::max(ramp.slope * found->second.nominal(0) + ramp.offset, ramp.slope * found->second.most + ramp.offset);
      after.most[j] = relu(ends + std::abs(ramp.slope) * found->second.error);
      const bool steps = is_step(row, found->second, ramp);
      after.errors[j] = steps ? row.rest_at_zero : row.rest;
      after.quanta[j] = steps && row.keeps_bias ? quantum_of(layer.bias[j]) : row.quantum;
    }
    // A wire that only rounding could light is dark, and as much off.
    double largest = 0;
    for (int j = 0; j < layer.outputs; ++j) {
      if (after.most[j] <= after.errors[j]) after.errors[j] += std::exchange(after.most[j], 0);
      largest = std::max(largest, after.most[j] + after.errors[j]);
    }
    for (double& error : after.errors) error += noise_ * largest;

    after.readings = Matrix::Zero(layer.outputs, static_cast<Eigen::Index>(claims.size()));
    for (std::size_t s = 0; s < claims.size(); ++s) {
      const Signal& claim = claims[s];
      std::map<Terms, Sum> seen;  // the sums it is read from, each with those of its wires
      claims_.check(claim);
      std::set<int> read;
      for (const Reading& reading : claim.readings) {
        if (reading.wire < 0 || reading.wire >= layer.outputs) {
          refuse("{} is read from wire {}, expected 0 .. {}", in_words(claim), reading.wire, layer.outputs - 1);
        }
        if (!read.insert(reading.wire).second) refuse("{} is read from wire {} twice", in_words(claim), reading.wire);
        after.readings(reading.wire, static_cast<Eigen::Index>(s)) += reading.factor;
        const auto& [sum, ramp] = wires[reading.wire];
        auto [place, is_new] = seen.try_emplace(sum->terms, *sum);
        if (is_new) place->second.ramps.clear();
        place->second.ramps.push_back(ramp);
      }
      after.known.push_back(prove_signal(claim, seen, before, after.readings.col(static_cast<Eigen::Index>(s)), proof));
      if (claim.meaning == Meaning::shortfall) {
        const int wire = claim.readings.front().wire;
        const auto& [sum, ramp] = wires[wire];
        const double threshold = claim.threshold * after.known.back().pitch;  // worst of all u where it is 0
        if (!(ramp.slope < 0)) refuse("{}: expected a wire that falls to 0", in_words(claim));
        const double lit = relu(ramp.slope * (threshold - sum->error) + ramp.offset + rests[wire]);
        after.known.back().at_zero = lit + noise_ * largest;
      }
      double error = after.known.back().error;
      for (int w = 0; w < layer.outputs; ++w) {
        error += std::abs(after.readings(w, static_cast<Eigen::Index>(s))) * after.errors[w];
      }
      proof.error = std::max(proof.error, error);
    }
    proof.signals = claims.size();
    // What is read off a dark wire is its error alone.
    for (int w = 0; w < layer.outputs; ++w) {
      if (after.most[w] > 0) continue;
      for (std::size_t s = 0; s < claims.size(); ++s) {
        double& reading = after.readings(w, static_cast<Eigen::Index>(s));
        after.known[s].error += std::abs(reading) * after.errors[w];
        reading = 0;
      }
    }
    return after;
  }

  Known prove_signal(const Signal& claim, const std::map<Terms, Sum>& seen, const Boundary& before,
                     const Vector& readings, StageProof& proof) const {
    Known known{claim, 1, 0, 0, {}};
    std::tie(known.pitch, known.most) = claims_.range_of(claim);
    std::vector<Signal> alone;  // signals that are sums by themselves
    for (const auto& [terms, sum] : seen) {
      if (terms.size() == 1) alone.push_back(before.known[terms.front().first].signal);
    }
    // What each sum has to give: the parts of the claim, each from a sum that says it.
    std::map<const Sum*, std::vector<std::pair<double, Function>>> expected;
    for (const auto& [factor, part] : claims_.parts_of(claim, alone)) {
      // Where two sums could say it, the one that is it, or that has nothing else to say.
      const Sum* giver = nullptr;
      Function function;
      for (const auto& [terms, sum] : seen) {
        const bool is_it = terms.size() == 1 && Claims::is_same(part, before.known[terms.front().first].signal);
        if (giver != nullptr && !is_it && !expected[&sum].empty()) continue;
        if (std::optional<Function> says = claims_.part_from(part, signals_of(terms, before))) {
          giver = &sum;
          function = std::move(*says);
          if (is_it) break;
        }
      }
      if (giver == nullptr) refuse("{}: nothing that it is read from says {}", in_words(claim), in_words(part));
      expected[giver].emplace_back(factor, std::move(function));
    }
    double constant = claim.constant;
    for (const auto& each : seen) {
      const Sum& own = each.second;
      const auto& functions = expected[&own];
      const auto read = [&](double u) {
        double value = 0;
        for (const Ramp& ramp : own.ramps) value += readings(ramp.wire) * relu(ramp.slope * u + ramp.offset);
        return value;
      };
      const auto wanted = [&](double u) {
        double value = 0;
        for (const auto& [factor, function] : functions) value += factor * function(u);
        return value;
      };
      const double offset = read(own.nominal(0)) - wanted(0);
      constant += offset;
      double error = 0;
      const auto compare = [&](double value, double target) {
        const double off = std::abs(value - target);
        if (!std::isfinite(off)) refuse("{} is no finite number", in_words(claim));
        error = std::max(error, off);
      };
      std::vector<std::pair<double, double>> corners;  // of the piecewise linear function, and what is read there
      for (const Ramp& ramp : own.ramps) {
        const double corner = -ramp.offset / ramp.slope;
        if (std::isfinite(corner)) corners.emplace_back(corner, read(corner));
      }
      std::ranges::sort(corners);
      const auto values = static_cast<std::uint64_t>(std::llround(own.most / own.pitch));
      for (std::uint64_t i = 0; i <= values; ++i) {
        const double u = static_cast<double>(i) * own.pitch;
        const double target = wanted(u) + offset;
        if (claim.meaning == Meaning::shortfall && wanted(u) == 0) continue;  // for `at_zero` to tell
        // Between the ends of where u may be, the function is furthest off at an end or a corner.
        const auto [low, high] = own.ends(u);
        for (const double where : {low, own.nominal(u), high}) compare(read(where), target);
        for (auto corner = std::ranges::upper_bound(corners, low, {}, &std::pair<double, double>::first);
             corner != corners.end() && corner->first < high; ++corner) {
          compare(corner->second, target);
        }
      }
      proof.values += values + 1;
      known.error += error;
    }
    known.error += std::abs(constant);
    if (!(known.error < known.pitch / 2)) {
      refuse("{} is off by {:.3g}, expected less than {:.3g}", in_words(claim), known.error, known.pitch / 2);
    }
    return known;
  }

  // --- the last layer
  // ----------------------------------------------------------------------------------------------------

  std::vector<double> read_symbols(const onn::Layer& layer, const Boundary& before) const {
    const Solver solver(before.readings);
    std::vector<double> errors;
    for (int m = 0; m < layer.outputs; ++m) {
      const int position = layer.outputs - 1 - m;
      const Row row = row_of(layer, m, before, solver);
      const Sum sum = sum_of(row.terms, before);
      const std::optional<Function> symbol =
          claims_.part_from({.meaning = Meaning::symbol, .position = position}, signals_of(row.terms, before));
      if (!symbol) refuse("output {} is no sum that says symbol {}", m + 1, m + 1);
      double error = std::abs(row.slope) * sum.error + row.rest;
      error += std::max(std::abs(row.offset), std::abs(row.slope * sum.most + row.offset - (*symbol)(sum.most)));
      errors.push_back(error);
    }
    // The noise of each is a share of the largest of all.
    const double largest = 4 - digits().last_pitch() + *std::ranges::max_element(errors);
    for (int m = 0; m < layer.outputs; ++m) {
      const double pitch = m + 1 == layer.outputs ? digits().last_pitch() : 1;
      double& error = errors[m] += noise_ * largest;
      if (!(error < pitch / 2)) {
        refuse("symbol {} is off by up to {:.3g} levels, expected less than {:.3g}", m + 1, error, pitch / 2);
      }
    }
    return errors;
  }

  const onn::Network& network_;
  Claims claims_;
  const Stages& stages_;
  double noise_;
};

}  // namespace

ByStageProof prove_by_stage(const onn::Network& network, const device::DeviceShape& shape, const Stages& stages,
                            double noise) {
  base::require(!network.layers.empty() && network.inputs() == shape.inputs && network.outputs() == shape.symbols(),
                "a network from {} inputs to {} outputs: expected {} and {}", network.inputs(), network.outputs(),
                shape.inputs, shape.symbols());
  base::require(noise >= 0 && std::isfinite(noise), "noise {}: expected a number of at least 0", noise);
  return Prover(network, shape, stages, noise).prove();
}

device::DeviceShape shape_of_claims(const onn::Network& network, const device::DeviceShape& shape,
                                    const Stages& stages) {
  if (prove_by_stage(network, shape, stages).proved()) return shape;
  const device::DeviceShape every = shape.on_every_rounding();
  return every.rounding == shape.rounding && prove_by_stage(network, every, stages).proved() ? every : shape;
}

double proved_noise(const onn::Network& network, const device::DeviceShape& shape, const Stages& stages) {
  const auto is_proved = [&](double noise) { return prove_by_stage(network, shape, stages, noise).proved(); };
  if (!is_proved(0)) return 0;
  double low = 1e-9, high = 1;
  if (!is_proved(low)) return 0;
  while (high > 1.01 * low) {
    const double middle = std::sqrt(low * high);
    (is_proved(middle) ? low : high) = middle;
  }
  return low;
}

base::Json to_json(const ByStageProof& proof) {
  base::Json json{{"proved", proof.proved()}};
  if (!proof.proved()) json["refusal"] = proof.refusal;
  base::Json& stages = json["stages"] = base::Json::array();
  for (const StageProof& stage : proof.stages) {
    stages.push_back({{"signals", stage.signals}, {"values", stage.values}, {"largest_error", stage.error}});
  }
  json["largest_errors"] = proof.largest_errors;
  return json;
}

}  // namespace optinc::verify
