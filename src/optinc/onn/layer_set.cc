#include "optinc/onn/layer_set.h"

#include <algorithm>
#include <charconv>

#include "optinc/base/error.h"

namespace optinc::onn {
namespace {

/// "4" -> 4; 0 for everything that is no layer number.
int parse_layer(std::string_view text, int layer_count) {
  int layer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), layer);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && layer >= 1 && layer <= layer_count ? layer : 0;
}

}  // namespace

LayerSet LayerSet::parse(std::string_view text, int layer_count) {
  LayerSet result;
  if (text == "none") return result;
  if (text == "all") {
    for (int layer = 1; layer <= layer_count; ++layer) result.insert(layer);
    return result;
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const std::size_t dash = part.find('-');
    const int first = parse_layer(part.substr(0, dash), layer_count);
    const int last = dash == part.npos ? first : parse_layer(part.substr(dash + 1), layer_count);
    base::require(first >= 1 && first <= last,
                  "layers \"{}\": expected numbers and ranges from 1 to {} like \"1-2,4\", \"all\" or \"none\"", text,
                  layer_count);
    for (int layer = first; layer <= last; ++layer) result.insert(layer);
    begin = end + 1;
  }
  return result;
}

void LayerSet::insert(int layer) {
  base::require(layer >= 1, "layer {}: layers are counted from 1", layer);
  if (layer >= static_cast<int>(in_.size())) in_.resize(layer + 1);
  in_[layer] = true;
}

bool LayerSet::empty() const {
  return in_.empty();
}

std::string LayerSet::to_string() const {
  std::string result;
  for (int first = 1; first <= last();) {
    if (!contains(first)) {
      ++first;
      continue;
    }
    int end = first;
    while (contains(end + 1)) ++end;
    if (!result.empty()) result += ',';
    result += end == first ? fmt::format("{}", first) : fmt::format("{}-{}", first, end);
    first = end + 1;
  }
  return result.empty() ? "none" : result;
}

}  // namespace optinc::onn
