// What the charts have in common: pieces of Vega-Lite specifications.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "optinc/base/record.h"

namespace optinc::report {

/// The colour of series `index`, as a CSS variable that page.js resolves for the light or the dark scheme. Told apart
/// with every common form of colour blindness (Okabe and Ito's set).
std::string series_colour(std::size_t index);

/// A colour channel for field `field` whose values are `names`; the legend is left out for a single name,
/// its symbol is "stroke" for lines and "square" for bars.
base::Json colour_by(const std::string& field, const std::vector<std::string>& names,
                     const std::vector<std::string>& colours, const std::string& symbol = "stroke");
base::Json colour_by(const std::string& field, const std::vector<std::string>& names);

/// A quantitative channel with an axis title; `scale` and `axis` are added to it where they aren't empty.
base::Json quantity(const std::string& field, const std::string& title, base::Json scale = {}, base::Json axis = {});

/// The powers of ten in [least, most]; none unless 0 < least and both are finite.
base::Json powers_of_ten(double least, double most);

/// A scale that leaves room for a label behind the longest bar.
base::Json room_for_labels(double longest);

}  // namespace optinc::report
