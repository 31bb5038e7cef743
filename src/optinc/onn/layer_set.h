// Which layers of an ONN are approximated: a set of layer numbers, counted from 1 as in the paper's tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace optinc::onn {

class LayerSet {
 public:
  LayerSet() = default;
  /// "1-6", "2,4-5", "all" or "none", for a network of `layer_count` layers. Throws base::InputError.
  static LayerSet parse(std::string_view text, int layer_count);

  /// `layer` counts from 1.
  bool contains(int layer) const { return layer >= 1 && layer < static_cast<int>(in_.size()) && in_[layer]; }
  void insert(int layer);
  bool empty() const;
  /// The largest layer number in the set, 0 if it is empty.
  int last() const { return in_.empty() ? 0 : static_cast<int>(in_.size()) - 1; }
  /// Shortest form: "1-6", "2,4-5" or "none".
  std::string to_string() const;

  bool operator==(const LayerSet& other) const { return to_string() == other.to_string(); }

 private:
  std::vector<bool> in_;  // by layer number; place 0 is unused
};

}  // namespace optinc::onn
