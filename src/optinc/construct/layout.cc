#include "optinc/construct/layout.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "optinc/linalg/dilation.h"

namespace optinc::construct {
namespace {

using linalg::Matrix;

/// The wires of a stage, by their place among the outputs of its layer.
using Places = std::vector<int>;

/// The part of a stage that lies in one square: the rows `rows` and the columns of the wires `wires`. Rows that are
/// zero there are left out.
struct Part {
  std::vector<int> rows;
  Matrix weights;
};

Part cut_part(const Stage& stage, const std::vector<int>& rows, const std::vector<int>& wires) {
  Part part;
  Matrix all = Matrix::Zero(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(wires.size()));
  for (const int row : rows) {
    const auto& weights = stage.rows[row].weights;
    bool any = false;
    for (std::size_t j = 0; j < wires.size(); ++j) {
      const auto found = weights.find(wires[j]);
      if (found == weights.end() || found->second == 0) continue;
      all(static_cast<Eigen::Index>(part.rows.size()), static_cast<Eigen::Index>(j)) = found->second;
      any = true;
    }
    if (any) part.rows.push_back(row);
  }
  part.weights = all.topRows(static_cast<Eigen::Index>(part.rows.size()));
  return part;
}

std::vector<int> count_up(int count) {
  std::vector<int> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

class Layer {
 public:
  Layer(int number, const Stage& stage, int outputs, int inputs, bool approximated)
      : number_(number), stage_(stage), outputs_(outputs), inputs_(inputs), approximated_(approximated) {}

  int side() const { return std::min(outputs_, inputs_); }
  bool is_cut_across() const { return approximated_ && outputs_ >= inputs_; }  ///< in squares that see all inputs
  bool is_cut_along() const { return approximated_ && outputs_ < inputs_; }    ///< in squares that make all outputs
  int outputs() const { return outputs_; }
  const Stage& stage() const { return stage_; }
  std::string name() const {
    return fmt::format("stage \"{}\" (layer {}, {} x {})", stage_.name, number_, outputs_, inputs_);
  }

  /// The columns that this part of a square lacks beyond those of dark wires: it fits if not positive.
  int lack(const std::vector<int>& rows, const std::vector<int>& wires) const {
    return linalg::dilation_columns(cut_part(stage_, rows, wires).weights) + static_cast<int>(wires.size()) - side();
  }

  /// The layer as weights; nothing if a square is too small.
  std::optional<onn::Layer> make(const Places& outputs, const Places& inputs) const {
    onn::Layer layer{outputs_, inputs_, std::vector<float>(static_cast<std::size_t>(outputs_) * inputs_),
                     std::vector<float>(outputs_)};
    const auto weight = [&](int row, int column) -> float& {
      return layer.weight[static_cast<std::size_t>(row) * inputs_ + column];
    };
    for (std::size_t i = 0; i < stage_.rows.size(); ++i) {
      layer.bias[outputs[i]] = static_cast<float>(stage_.rows[i].constant);
      for (const auto& [wire, value] : stage_.rows[i].weights)
        weight(outputs[i], inputs[wire]) = static_cast<float>(value);
    }
    if (!approximated_) return layer;
    for (int first_row = 0; first_row < outputs_; first_row += side()) {
      for (int first_column = 0; first_column < inputs_; first_column += side()) {
        const std::vector<int> wires = within(inputs, first_column);
        const Part part = cut_part(stage_, within(outputs, first_row), wires);
        if (part.rows.empty()) continue;
        const linalg::Dilation dilation = linalg::dilate(part.weights);
        const std::vector<int> dark = dark_columns(inputs, first_column);
        if (dilation.extra > static_cast<int>(dark.size())) return std::nullopt;
        for (std::size_t i = 0; i < part.rows.size(); ++i) {
          const auto row = static_cast<Eigen::Index>(i);
          for (int j = 0; j < dilation.extra; ++j) {
            const double entry = dilation.orthonormal(row, part.weights.cols() + j);
            weight(outputs[part.rows[i]], dark[j]) = static_cast<float>(dilation.scale(row) * entry);
          }
        }
      }
    }
    return layer;
  }

 private:
  /// Which of the wires at these places lie in the square that begins at `first`.
  std::vector<int> within(const Places& places, int first) const {
    std::vector<int> found;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i] >= first && places[i] < first + side()) found.push_back(static_cast<int>(i));
    }
    return found;
  }
  std::vector<int> dark_columns(const Places& inputs, int first) const {
    std::vector<int> dark;
    for (int column = first; column < first + side(); ++column) {
      if (std::ranges::find(inputs, column) == inputs.end()) dark.push_back(column);
    }
    return dark;
  }

  int number_;
  const Stage& stage_;
  int outputs_, inputs_;
  bool approximated_;
};

/// The wires in an order in which squares fill up one after the other: of wires that read the same and are read by the
/// same, the first ones first.
std::vector<int> order_of_wires(const Stage& stage, const Stage& next) {
  std::map<std::vector<int>, int> seen;
  std::vector<int> occurrence;
  for (int wire = 0; wire < static_cast<int>(stage.rows.size()); ++wire) {
    std::vector<int> kin;
    for (const auto& [before, weight] : stage.rows[wire].weights) kin.push_back(before);
    kin.push_back(-1);
    for (int row = 0; row < static_cast<int>(next.rows.size()); ++row) {
      if (next.rows[row].weights.contains(wire)) kin.push_back(row);
    }
    occurrence.push_back(seen[kin]++);
  }
  std::vector<int> order = count_up(static_cast<int>(stage.rows.size()));
  std::ranges::stable_sort(order, {}, [&](int wire) { return occurrence[wire]; });
  return order;
}

/// The squares of one side of the wires, as they fill up. What a square lacks depends on the kinds of its wires alone,
/// and most squares are like another: each is worked out once.
class Squares {
 public:
  /// kinds: of each wire; wires of one kind are alike for these squares. lack: of a square with these wires.
  Squares(int count, std::vector<int> kinds, std::function<int(const std::vector<int>&)> lack)
      : kinds_(std::move(kinds)), lack_(std::move(lack)), states_{{{}, lack_({}), {}}}, squares_(count, 0) {}

  bool is_empty(int square) const { return squares_[square] == 0; }
  int size(int square) const { return static_cast<int>(states_[squares_[square]].wires.size()); }
  int lack(int square) const { return states_[squares_[square]].lack; }
  int lack_with(int square, int wire) { return states_[state_with(square, wire)].lack; }
  void add(int square, int wire) { squares_[square] = state_with(square, wire); }

 private:
  struct State {
    std::vector<int> wires;  ///< of one square that is so filled
    int lack = 0;
    std::map<int, int> after;  ///< state with one more wire, by its kind
  };
  int state_with(int square, int wire) {
    const int state = squares_[square];
    const auto [after, is_new] = states_[state].after.try_emplace(kinds_[wire], static_cast<int>(states_.size()));
    if (!is_new) return after->second;
    std::vector<int> wires = states_[state].wires;
    wires.push_back(wire);
    const int lack = lack_(wires);
    states_.push_back({std::move(wires), lack, {}});
    return static_cast<int>(states_.size()) - 1;
  }

  std::vector<int> kinds_;
  std::function<int(const std::vector<int>&)> lack_;
  std::vector<State> states_;  ///< 0: empty
  std::vector<int> squares_;   ///< state of each
};

/// Numbers for what is the same.
template <typename Key>
std::vector<int> numbered(const std::vector<Key>& keys) {
  std::map<Key, int> seen;
  std::vector<int> numbers;
  for (const Key& key : keys) numbers.push_back(seen.try_emplace(key, static_cast<int>(seen.size())).first->second);
  return numbers;
}

/// Wires that read the same, and wires that are read the same.
std::vector<int> kinds_of_rows(const Stage& stage) {
  std::vector<std::map<int, double>> rows;
  for (const Sum& row : stage.rows) rows.push_back(row.weights);
  return numbered(rows);
}
std::vector<int> kinds_of_columns(std::size_t wires, const Stage& next) {
  std::vector<std::map<int, double>> columns(wires);
  for (std::size_t row = 0; row < next.rows.size(); ++row) {
    for (const auto& [wire, weight] : next.rows[row].weights) columns[wire][static_cast<int>(row)] = weight;
  }
  return numbered(columns);
}

/// Places the wires between two layers one after the other, each where it costs least. `wires_before`: how many lead to
/// `layer`. Nothing if there is none left for a wire.
std::optional<Places> place_wires(const Layer& layer, int wires_before, const Layer& next) {
  const int width = layer.outputs();
  const int pitch = layer.is_cut_across() ? layer.side() : width;    // of the squares that make the wires
  const int next_pitch = next.is_cut_along() ? next.side() : width;  // and of those that take them
  const std::vector<int> before = count_up(wires_before);
  const std::vector<int> next_rows = count_up(static_cast<int>(next.stage().rows.size()));
  Squares squares(width / pitch, kinds_of_rows(layer.stage()),
                  [&](const std::vector<int>& wires) { return layer.is_cut_across() ? layer.lack(wires, before) : 0; });
  Squares next_squares(
      width / next_pitch, kinds_of_columns(layer.stage().rows.size(), next.stage()),
      [&](const std::vector<int>& wires) { return next.is_cut_along() ? next.lack(next_rows, wires) : 0; });

  std::vector<bool> taken(width, false);
  Places places(layer.stage().rows.size());
  for (const int wire : order_of_wires(layer.stage(), next.stage())) {
    int best = -1;
    int best_cost = 0;
    int last_cell = -1;
    bool tried_empty = false;  // all empty squares are alike
    for (int place = 0; place < width; ++place) {
      const int square = place / pitch, next_square = place / next_pitch;
      const int cell = square * (width / next_pitch) + next_square;
      if (taken[place] || cell == last_cell) continue;
      last_cell = cell;
      if (squares.is_empty(square) && next_squares.is_empty(next_square)) {
        if (tried_empty) continue;
        tried_empty = true;
      }
      const int lack = squares.lack_with(square, wire), next_lack = next_squares.lack_with(next_square, wire);
      if (lack > 0 || next_lack > 0) continue;
      // What it takes of the squares, and then how full they are.
      const int cost = (lack + next_lack - squares.lack(square) - next_squares.lack(next_square)) * 4 * width +
                       squares.size(square) + next_squares.size(next_square);
      if (best >= 0 && cost >= best_cost) continue;
      best = place;
      best_cost = cost;
    }
    if (best < 0) return std::nullopt;
    taken[best] = true;
    places[wire] = best;
    squares.add(best / pitch, wire);
    next_squares.add(best / next_pitch, wire);
  }
  return places;
}

}  // namespace

Layout lay(const std::vector<Stage>& stages, const std::vector<int>& widths, const onn::LayerSet& approximated) {
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    layers.emplace_back(number, stages[i], widths[i + 1], widths[i], approximated.contains(number));
    if (static_cast<int>(stages[i].rows.size()) > widths[i + 1]) {
      return {{}, {}, {}, fmt::format("{} needs a width of {}", layers.back().name(), stages[i].rows.size())};
    }
  }
  Layout layout{{}, approximated, {}, {}};
  Places inputs = count_up(widths.front());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    const bool is_last = i + 1 == layers.size();
    const std::optional<Places> outputs =
        is_last ? count_up(layer.outputs()) : place_wires(layer, static_cast<int>(inputs.size()), layers[i + 1]);
    std::optional<onn::Layer> made;
    if (outputs) made = layer.make(*outputs, inputs);
    if (!made) {
      return {{},
              {},
              {},
              fmt::format("{} with {} wires from {} does not fit in squares of side {}", layer.name(),
                          stages[i].rows.size(), inputs.size(), layer.side())};
    }
    layout.network.layers.push_back(std::move(*made));
    if (!is_last) {
      std::vector<verify::Signal>& signals = layout.stages.emplace_back(stages[i].signals);
      for (verify::Signal& signal : signals) {
        for (verify::Reading& reading : signal.readings) reading.wire = (*outputs)[reading.wire];
      }
    }
    inputs = *outputs;
  }
  return layout;
}

}  // namespace optinc::construct
