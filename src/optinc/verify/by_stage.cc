#include "optinc/verify/by_stage.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <Eigen/QR>
#include <fmt/format.h>

#include "optinc/base/error.h"
#include "optinc/verify/digits.h"
#include "optinc/verify/rounding_allowance.h"

namespace optinc::verify {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr std::uint64_t kMostValues = 1 << 20;  ///< that a sum may take
constexpr double kSame = 1e-4;                  ///< of coefficients: what they are off goes into the error

/// Refuses the design: caught where the layer's name is known.
struct Refusal {
  std::string reason;
};
template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Refusal{fmt::format(format, std::forward<Args>(args)...)};
}

/// A signal that is proved: its values are multiples of `pitch` from 0 to `most`, read with an error.
struct Known {
  Signal signal;
  double pitch = 1;
  double most = 0;
  double error = 0;  ///< beside that of the wires it is read from
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
  std::vector<Ramp> ramps;
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

/// A function of u that a claim asks for.
using Function = std::function<double(double)>;

class Prover {
 public:
  Prover(const onn::Network& network, const device::DeviceShape& shape, const Stages& stages, double noise)
      : network_(network), digits_(shape), stages_(stages), noise_(noise) {}

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
  // --- a layer's sums, in terms of what is known
  // -----------------------------------------------------------------------

  /// A_k with the constant light that the first bias adds: what the first layer sees.
  Boundary inputs() const {
    const device::DeviceShape& shape = digits_.shape();
    // Steps of a power of two are exact in float32; others are rounded on the way to A_k and there.
    const double rounding = digits_.has_remainders() ? 2 * 0x1p-24 : 0;
    Boundary boundary;
    boundary.readings = Matrix::Identity(shape.inputs, shape.inputs);
    for (int k = 0; k < shape.inputs; ++k) {
      Signal rest{.meaning = Meaning::rest, .input = k, .place = digits_.highest(k), .readings = {{k, 1}}};
      rest.constant = digits_.bias_light(k);
      boundary.known.push_back({rest, digits_.pitch(k), digits_.most(k), 0});
      boundary.most.push_back(digits_.most(k));
      boundary.errors.push_back(rounding * digits_.most(k));
      boundary.quanta.push_back(digits_.has_remainders() ? 0 : digits_.pitch(k));
    }
    return boundary;
  }

  /// Row `row` of `layer` as factors of the known signals, and what of its weights that leaves.
  struct Row {
    Terms terms;
    double slope = 0, offset = 0;  ///< sum = slope u + offset
    double rest = 0;               ///< bound on what the weights are off, and on the sum's rounding
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
    double magnitude = std::abs(double{layer.bias[row]});
    int products = 0;
    double quantum = quantum_of(layer.bias[row]);
    for (int w = 0; w < layer.inputs; ++w) {
      if (weights[w] != 0 && before.most[w] > 0) quantum = std::min(quantum, before.quanta[w] * quantum_of(weights[w]));
      result.rest += std::abs(left(w)) * (before.most[w] + before.errors[w]);
      // A dark wire carries nothing but its error.
      if (before.most[w] == 0) result.rest += std::abs(weights[w]) * before.errors[w];
      magnitude += std::abs(weights[w]) * (before.most[w] + before.errors[w]);
      products += weights[w] != 0;
    }
    if (noise_ == 0 && magnitude <= 0x1p24 * quantum) {
      result.quantum = std::isfinite(quantum) ? quantum : 1;
    } else {
      result.rest += float32_gamma(products + 1) * magnitude;
    }
    return result;
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
      sum.error += factor * known.error;
      readings += factor * before.readings.col(s);
    }
    for (const auto& [s, factor] : terms) {
      const double multiple = factor * before.known[s].pitch / sum.pitch;
      if (std::abs(multiple - std::round(multiple)) > 1e-9 * multiple)
        refuse("adds signals whose steps do not divide each other");
    }
    for (Eigen::Index w = 0; w < readings.size(); ++w) sum.error += std::abs(readings(w)) * before.errors[w];
    if (terms.empty()) sum.pitch = 1;
    if (sum.most / sum.pitch >= static_cast<double>(kMostValues)) {
      refuse("a sum takes {:.0f} values, expected at most {}", sum.most / sum.pitch, kMostValues);
    }
    return sum;
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
    for (int j = 0; j < layer.outputs; ++j) {
      const Row row = row_of(layer, j, before, solver);
      auto found = sums.find(row.terms);
      if (found == sums.end()) found = sums.emplace(row.terms, sum_of(row.terms, before)).first;
      const Ramp ramp{j, row.slope, row.offset};
      wires[j] = {&found->second, ramp};
      const double ends = std::max(ramp.offset, ramp.slope * found->second.most + ramp.offset);
      after.most[j] = relu(ends + std::abs(ramp.slope) * found->second.error);
      after.errors[j] = row.rest;
      after.quanta[j] = row.quantum;
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
      for (const Reading& reading : claim.readings) {
        if (reading.wire < 0 || reading.wire >= layer.outputs) {
          refuse("{} is read from wire {}, expected 0 .. {}", in_words(claim), reading.wire, layer.outputs - 1);
        }
        after.readings(reading.wire, static_cast<Eigen::Index>(s)) += reading.factor;
        const auto& [sum, ramp] = wires[reading.wire];
        auto [place, is_new] = seen.try_emplace(sum->terms, *sum);
        if (is_new) place->second.ramps.clear();
        place->second.ramps.push_back(ramp);
      }
      after.known.push_back(prove_signal(claim, seen, before, after.readings.col(static_cast<Eigen::Index>(s)), proof));
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
    check_addends(claim);
    if (claim.meaning == Meaning::digit && claim.carry_out && !is_whole(claim, /*with_carry_out=*/true)) {
      refuse("{}: a carry out of what is not all of it", in_words(claim));
    }
    Known known{claim, 1, 0, 0};
    std::tie(known.pitch, known.most) = range_of(claim);
    // What each sum has to give: the parts of the claim, each from a sum that says it.
    std::map<const Sum*, std::vector<std::pair<double, Function>>> expected;
    for (const auto& [factor, part] : parts_of(claim, seen, before)) {
      // Where two sums could say it, the one that is it, or that has nothing else to say.
      const Sum* giver = nullptr;
      Function function;
      for (const auto& [terms, sum] : seen) {
        const bool is_it = terms.size() == 1 && is_same(part, before.known[terms.front().first].signal);
        if (giver != nullptr && !is_it && !expected[&sum].empty()) continue;
        if (std::optional<Function> says = part_from(part, terms, before)) {
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
      const double offset = read(0) - wanted(0);
      constant += offset;
      double error = 0;
      const auto values = static_cast<std::uint64_t>(std::llround(own.most / own.pitch));
      for (std::uint64_t i = 0; i <= values; ++i) {
        const double u = static_cast<double>(i) * own.pitch;
        const double target = wanted(u) + offset;
        double off = std::abs(read(u) - target);
        // Between the ends of where u may be, the piecewise linear function is furthest off at an end or a corner.
        for (const double end : {u - own.error, u + own.error}) off = std::max(off, std::abs(read(end) - target));
        for (const Ramp& ramp : own.ramps) {
          if (ramp.slope == 0) continue;
          const double corner = -ramp.offset / ramp.slope;
          if (std::abs(corner - u) < own.error) off = std::max(off, std::abs(read(corner) - target));
        }
        error = std::max(error, off);
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

  void check_addends(const Signal& claim) const {
    std::vector<int> addends = claim.inputs;
    if (claim.meaning == Meaning::rest) addends.push_back(claim.input);
    for (const int a : addends) {
      if (!digits_.is_addend(a)) refuse("{}: {} is no input and no remainder", in_words(claim), a);
    }
  }

  // --- what claims mean
  // --------------------------------------------------------------------------------------------------

  /// Pitch and largest value.
  std::pair<double, double> range_of(const Signal& claim) const {
    switch (claim.meaning) {
      case Meaning::rest:
        return {digits_.pitch(claim.input), digits_.most_rest(claim.input, claim.place)};
      case Meaning::digit: {
        const double most = digits_.most_digits(claim.inputs, claim.position) +
                            (claim.carry_in ? digits_.most_carry(claim.position - 1) : 0);
        return {1, claim.carry_out ? std::min<double>(most, digits_.levels(claim.position) - 1) : most};
      }
      case Meaning::state:
        return {1, 2};
      case Meaning::carry:
        return {1, digits_.most_carry(claim.position)};
      case Meaning::symbol:
        return {claim.position == 0 ? digits_.last_pitch() : 1, digits_.levels(claim.position) - digits_.last_pitch()};
    }
    return {1, 0};
  }

  static Signal carry_at(int position) { return {.meaning = Meaning::carry, .position = position}; }

  static bool is_same(const Signal& a, const Signal& b) {
    return std::tie(a.meaning, a.input, a.place, a.position, a.inputs, a.carry_in, a.carry_out) ==
           std::tie(b.meaning, b.input, b.place, b.position, b.inputs, b.carry_in, b.carry_out);
  }

  using Parts = std::vector<std::pair<double, Signal>>;

  /// A claim as a sum of parts, by what it is read from.
  Parts parts_of(const Signal& claim, const std::map<Terms, Sum>& seen, const Boundary& before) const {
    std::vector<Signal> alone;  // signals that are a sum by themselves
    for (const auto& [terms, sum] : seen) {
      if (terms.size() == 1) alone.push_back(before.known[terms.front().first].signal);
    }
    if (claim.meaning == Meaning::rest) return parts_of_rest(claim, alone);
    if (claim.meaning == Meaning::digit) return parts_of_digit(claim, alone);
    return {{1, claim}};
  }

  /// What was left before, less the digits that have been read off it since.
  Parts parts_of_rest(const Signal& claim, const std::vector<Signal>& alone) const {
    Parts parts;
    for (const Signal& one : alone) {
      if (one.meaning != Meaning::digit || one.inputs != std::vector{claim.input}) continue;
      parts.emplace_back(-std::ldexp(1.0, 2 * (one.position - digits_.unit(claim.input))), one);
    }
    if (parts.empty()) return {{1, claim}};
    Signal rest = claim;
    rest.place += static_cast<int>(parts.size());
    for (int place = claim.place + 1; place <= rest.place; ++place) {
      const int position = place + digits_.unit(claim.input);
      if (std::ranges::none_of(parts, [&](const auto& part) { return part.second.position == position; })) {
        refuse("{}: the digit at position {} is missing", in_words(claim), position);
      }
    }
    parts.emplace_back(1, std::move(rest));
    return parts;
  }

  /// The digits before, those that come new, the carries.
  Parts parts_of_digit(const Signal& claim, const std::vector<Signal>& alone) const {
    Parts parts;
    Signal had{.meaning = Meaning::digit, .position = claim.position};
    for (const Signal& one : alone) {
      if (one.meaning != Meaning::digit || one.position != claim.position) continue;
      for (const int a : one.inputs) {
        if (std::ranges::find(claim.inputs, a) == claim.inputs.end()) {
          refuse("{} has lost a digit of {}", in_words(claim), in_words({.input = a}));
        }
        if (std::ranges::find(had.inputs, a) != had.inputs.end()) {
          refuse("{} has a digit twice, of {}", in_words(claim), in_words({.input = a}));
        }
        had.inputs.push_back(a);
      }
      had.carry_in |= one.carry_in;
      had.carry_out |= one.carry_out;
      parts.emplace_back(1, one);
    }
    for (const int a : claim.inputs) {
      if (std::ranges::find(had.inputs, a) != had.inputs.end()) continue;
      const int place = claim.position - digits_.unit(a);
      Parts rest;  // the last digit is what remains, in units of its place
      if (place == digits_.finest(a)) rest = parts_of_rest({.input = a, .place = place}, alone);
      if (rest.size() > 1) {
        for (auto& [factor, part] : rest) parts.emplace_back(std::ldexp(factor, -2 * place), std::move(part));
      } else {
        parts.push_back({1, {.meaning = Meaning::digit, .position = claim.position, .inputs = {a}, .readings = {}}});
      }
    }
    if (claim.carry_in && !had.carry_in) parts.emplace_back(1, carry_at(claim.position - 1));
    if (claim.carry_out && !had.carry_out)
      parts.emplace_back(-digits_.levels(claim.position), carry_at(claim.position));
    if ((had.carry_in && !claim.carry_in) || (had.carry_out && !claim.carry_out)) {
      refuse("{} has lost a carry", in_words(claim));
    }
    return parts;
  }

  /// All inputs' digits and the carry from below are in it, and a carry went out or not.
  bool is_whole(const Signal& digit, bool with_carry_out) const {
    return digit.meaning == Meaning::digit && digit.inputs == digits_.addends_at(digit.position) &&
           digit.carry_out == with_carry_out && (digit.carry_in || digits_.most_carry(digit.position - 1) == 0);
  }

  /// `part` as a function of the sum of `terms`, where that says it.
  std::optional<Function> part_from(const Signal& part, const Terms& terms, const Boundary& before) const {
    if (terms.size() == 1) {
      if (auto function = part_from_one(part, before.known[terms.front().first].signal)) return function;
    }
    if (const std::optional<Signal> remainder = remainder_of(terms, before)) return part_from_one(part, *remainder);
    if (part.meaning == Meaning::carry) return carry_from(part.position, terms, before);
    if (part.meaning == Meaning::symbol) return symbol_from(part.position, terms, before);
    return std::nullopt;
  }

  /// The remainder that an input's decimals and 4^s times those before make up.
  std::optional<Signal> remainder_of(const Terms& terms, const Boundary& before) const {
    const auto has_decimals = [&](const Signal& one, int a) {
      return one.meaning == Meaning::rest && one.input == a && one.place == -1;
    };
    if (!digits_.has_remainders() || terms.size() != 2) return std::nullopt;
    for (int a = -1; digits_.is_addend(a); --a) {
      const auto [of, earlier] = *digits_.remainder(a);
      int found = 0;
      for (const auto& [s, factor] : terms) {
        const Signal& one = before.known[s].signal;
        found += has_decimals(one, of) && factor == 1;
        found += has_decimals(one, earlier) && factor == std::ldexp(1.0, 2 * (digits_.highest(a) + 1));
      }
      if (found == 2) return Signal{.meaning = Meaning::rest, .input = a, .place = digits_.highest(a)};
    }
    return std::nullopt;
  }

  std::optional<Function> part_from_one(const Signal& part, const Signal& one) const {
    const auto identity = [](double u) { return u; };
    switch (part.meaning) {
      case Meaning::rest:
        if (one.meaning != Meaning::rest || one.input != part.input || one.place < part.place) return std::nullopt;
        return [this, part](double u) { return digits_.rest(part.input, part.place, u); };
      case Meaning::digit:
        if (one.meaning == Meaning::rest) {
          if (part.inputs != std::vector{one.input} || part.carry_in || part.carry_out) return std::nullopt;
          const int place = part.position - digits_.unit(one.input);
          if (place > one.place || place < digits_.finest(one.input)) return std::nullopt;
          return [this, k = one.input, place](double u) { return digits_.digit(k, place, u); };
        }
        if (one.meaning == Meaning::digit && one.position == part.position && one.inputs == part.inputs &&
            one.carry_in == part.carry_in && one.carry_out == part.carry_out) {
          return identity;
        }
        return std::nullopt;
      case Meaning::state: {
        if (one.position != part.position) return std::nullopt;
        if (one.meaning == Meaning::state) return identity;
        const double levels = digits_.levels(part.position);
        if (one.meaning != Meaning::digit || one.inputs != digits_.addends_at(part.position) || one.carry_in ||
            one.carry_out || digits_.most_carry(part.position) > 1 || digits_.most_carry(part.position - 1) > 1) {
          return std::nullopt;
        }
        return [levels](double u) { return (u >= levels - 1 ? 1.0 : 0.0) + (u >= levels ? 1.0 : 0.0); };
      }
      case Meaning::carry:
        if (one.meaning == Meaning::carry && one.position == part.position) return identity;
        return std::nullopt;
      case Meaning::symbol:
        if (one.meaning == Meaning::symbol && one.position == part.position) return identity;
        return std::nullopt;
    }
    return std::nullopt;
  }

  /// c_e of sum_i 4^i D_(p+i), or of sum_i 2^i t_(p+i) and the carry into p, e the highest position.
  std::optional<Function> carry_from(int position, const Terms& terms, const Boundary& before) const {
    std::map<int, double> digits, states;
    std::optional<std::pair<int, double>> carry;
    for (const auto& [s, factor] : terms) {
      const Signal& one = before.known[s].signal;
      if (one.meaning == Meaning::digit) {
        digits[one.position] = factor;
        const bool lowest = factor == 1;
        if (lowest ? !is_whole(one, /*with_carry_out=*/false)
                   : one.carry_in || one.carry_out || one.inputs != digits_.addends_at(one.position)) {
          return std::nullopt;
        }
      } else if (one.meaning == Meaning::state) {
        states[one.position] = factor;
      } else if (one.meaning == Meaning::carry && !carry) {
        carry = {one.position, factor};
      } else {
        return std::nullopt;
      }
    }
    const auto grows = [&](const std::map<int, double>& factors, double base) {
      double weight = 1;
      int place = factors.begin()->first;
      for (const auto& [each, factor] : factors) {
        if (each != place++ || factor != weight) return false;
        weight *= base;
      }
      return factors.rbegin()->first == position;
    };
    if (!digits.empty() && states.empty() && !carry && grows(digits, 4)) {
      const double wrap = digits.rbegin()->second * digits_.levels(position);
      // No sum of digits that can be carries more than that.
      return [wrap, most = digits_.most_carry(position)](double u) { return std::min(std::floor(u / wrap), most); };
    }
    if (!states.empty() && digits.empty() && grows(states, 2)) {
      const bool is_carried = carry && carry->first == states.begin()->first - 1 && carry->second == 1;
      if (!is_carried && (carry || digits_.most_carry(states.begin()->first - 1) > 0)) return std::nullopt;
      const double threshold = 2 * states.rbegin()->second;
      return [threshold](double u) { return u >= threshold ? 1.0 : 0.0; };
    }
    return std::nullopt;
  }

  /// The symbol at `position`: its digit with all carries done; the last one's decimals where a level 1 hands them on;
  /// all at their highest where the average is over the highest code. As a function: what the terms add up to.
  std::optional<Function> symbol_from(int position, const Terms& terms, const Boundary& before) const {
    double unit = 0;  // factor of the digit itself
    for (const auto& [s, factor] : terms) {
      const Signal& one = before.known[s].signal;
      if ((one.meaning == Meaning::digit || one.meaning == Meaning::symbol) && one.position == position) unit = factor;
    }
    if (unit == 0) return std::nullopt;
    std::vector<int> missing = digits_.decimals_of(position);
    bool decimals_missing = position == 0 && digits_.decimals();
    bool overflow_missing = digits_.most_carry(digits_.top()) > 0;
    for (const auto& [s, factor] : terms) {
      const Signal& one = before.known[s].signal;
      const double relative = factor / unit;
      if (one.meaning == Meaning::symbol && one.position == position) {
        if (terms.size() != 1) return std::nullopt;
        missing.clear();
        decimals_missing = overflow_missing = false;
      } else if (one.meaning == Meaning::digit && is_done(one)) {
        if (relative != std::ldexp(1.0, 2 * std::min(0, one.position - position))) return std::nullopt;
        if (one.position != position && std::erase(missing, one.position) == 0) return std::nullopt;
      } else if (one.meaning == Meaning::rest && decimals_missing && one.input == *digits_.decimals() &&
                 one.place == -1 && relative == 1) {
        decimals_missing = false;
      } else if (one.meaning == Meaning::carry && one.position == digits_.top() &&
                 relative == digits_.levels(position) - 1) {
        overflow_missing = false;
      } else {
        return std::nullopt;
      }
    }
    if (!missing.empty() || decimals_missing || overflow_missing) return std::nullopt;
    // What is over the highest code by less than a step has come round to 0 in every digit.
    if (digits_.most_carry(digits_.top()) > 0 && digits_.most_over_the_top() >= 1) return std::nullopt;
    return [unit](double u) { return u / unit; };
  }

  /// All inputs' digits, the carry from below and that out of it are done with.
  bool is_done(const Signal& digit) const {
    return is_whole(digit, /*with_carry_out=*/true) ||
           (is_whole(digit, /*with_carry_out=*/false) && digits_.most_carry(digit.position) == 0);
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
          part_from({.meaning = Meaning::symbol, .position = position}, row.terms, before);
      if (!symbol) refuse("output {} is no sum that says symbol {}", m + 1, m + 1);
      const double top = digits_.levels(position);
      double error = std::abs(row.slope) * sum.error + row.rest + noise_ * (top - digits_.last_pitch());
      error += std::max(std::abs(row.offset), std::abs(row.slope * sum.most + row.offset - (*symbol)(sum.most)));
      const double pitch = position == 0 ? digits_.last_pitch() : 1;
      if (!(error < pitch / 2))
        refuse("symbol {} is off by up to {:.3g} levels, expected less than {:.3g}", m + 1, error, pitch / 2);
      errors.push_back(error);
    }
    return errors;
  }

  const onn::Network& network_;
  Digits digits_;
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
