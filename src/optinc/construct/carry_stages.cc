#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "optinc/construct/draft.h"

namespace optinc::construct {
namespace {

/// Carries from the finest position up.
class CarryStages {
 public:
  explicit CarryStages(Draft& draft) : draft_(draft) {}

  /// The carries of one group of positions after the other, a group a stage.
  void build() {
    const bool by_states = plan_.lookahead == Lookahead::states;
    if (by_states && !draft_.most_carries.empty()) find_states();
    std::vector<int> pending;
    for (const auto& [position, most] : draft_.most_carries) {
      if (!by_states || !draft_.begins_a_run(position)) pending.push_back(position);
    }
    Group left(pending);
    for (int number = 1; !left.empty(); ++number) {
      const auto stages_left = static_cast<std::size_t>(std::max(1, plan_.carry_stages - number + 1));
      const Group group = left.first((left.size() + stages_left - 1) / stages_left);
      left = left.subspan(group.size());
      Rows rows = draft_.rows(plan_.carries);
      const std::map<int, Digit> before = digits_;
      draft_.overflow = rows.keep(draft_.overflow);
      draft_.keep_digits(rows);
      if (by_states) {
        carry_by_states(group, left, rows);
      } else {
        carry_by_sums(group, before, rows);
      }
      draft_.drop_decimals(left.empty() ? draft_.shape.symbols() : left.front());
      draft_.finish(rows, fmt::format("carry {}", number));
    }
    draft_.drop_decimals(draft_.shape.symbols());
  }

 private:
  using Group = std::span<const int>;  // positions, from the finest up

  /// t_e of every position that can carry; where none can come in, the carry itself.
  void find_states() {
    Rows rows = draft_.rows(plan_.states);
    const std::map<int, Digit> before = digits_;
    draft_.drop_decimals(0);
    draft_.keep_digits(rows);
    for (const auto& [position, most] : draft_.most_carries) {
      const Value& digit = before.at(position);
      const int levels = known_.levels(position);
      Value state;
      for (int threshold = draft_.begins_a_run(position) ? levels : levels - 1; threshold <= levels; ++threshold) {
        if (digit.most < threshold) continue;
        state.sum += rows.step(digit, threshold, 1);
        state.most += 1;
      }
      states_[position] = std::move(state);
    }
    // Those that wait for nothing are known here.
    for (const auto& [position, most] : draft_.most_carries) {
      if (!draft_.begins_a_run(position)) continue;
      take_carry(position, states_.at(position));
      states_.erase(position);
    }
    draft_.finish(rows, "states");
  }

  /// `later` positions wait for a stage to come.
  void carry_by_states(Group group, Group later, Rows& rows) {
    const std::map<int, Value> states = std::exchange(states_, {});
    const std::map<int, Value> carries = std::exchange(carries_, {});
    for (const int position : later) {
      states_[position] = rows.keep(states.at(position));
      if (const auto in = carries.find(position - 1); in != carries.end())
        carries_[position - 1] = rows.keep(in->second);
    }
    Value sum;
    double weight = 1;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const int position = group[i];
      if (i == 0 || group[i - 1] != position - 1) {
        sum = carries.at(position - 1);
        weight = 1;
      }
      sum.sum += weight * states.at(position).sum;
      sum.most += weight * states.at(position).most;
      take_carry(position, {rows.step(sum, 2 * weight, 1), 1});
      weight *= 2;
    }
  }

  /// A position without a carry ends a run of those that look ahead.
  void carry_by_sums(Group group, const std::map<int, Digit>& before, Rows& rows) {
    carries_.clear();  // those of the stage before are in the digits
    Value sum;
    int base = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const int position = group[i];
      if (i == 0 || group[i - 1] != position - 1) {
        sum = {};
        base = position;
      }
      sum.sum += power_of_4(position - base) * before.at(position).sum;
      sum.most += power_of_4(position - base) * before.at(position).most;
      const double wrap = known_.levels(position) * power_of_4(position - base);
      const int most = draft_.most_carries.at(position);
      Value carry{{}, static_cast<double>(most)};
      for (int j = 1; j <= most; ++j) carry.sum += rows.step(sum, j * wrap, 1);
      take_carry(position, carry);
    }
  }

  /// Out of `position`, into the next one.
  void take_carry(int position, const Value& carry) {
    carries_[position] = carry;
    if (const auto here = digits_.find(position); here != digits_.end()) {
      here->second.sum += -known_.levels(position) * carry.sum;
      here->second.most = known_.levels(position) - 1;
      here->second.carry_out = true;
    }
    if (position + 1 == draft_.shape.symbols()) {
      draft_.overflow = carry;
    } else if (position + 1 >= digits_.begin()->first) {
      Digit& above = digits_[position + 1];
      above.sum += carry.sum;
      above.most += carry.most;
      above.carry_in = true;
    }
  }

  Draft& draft_;
  const Plan& plan_ = draft_.plan;
  const verify::Digits& known_ = draft_.known;
  std::map<int, Digit>& digits_ = draft_.digits;
  std::map<int, Value>& states_ = draft_.states;    // of the stage before
  std::map<int, Value>& carries_ = draft_.carries;  // of the stage before
};

}  // namespace

void find_carries(Draft& draft) {
  CarryStages(draft).build();
}

}  // namespace optinc::construct
