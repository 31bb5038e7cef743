// Sums of the values on wires, as a circuit is written down in.
#pragma once

#include <map>

namespace optinc::construct {

/// A linear function of the wires that lead to a stage.
struct Sum {
  std::map<int, double> weights;  ///< by number of the wire
  double constant = 0;

  Sum& operator+=(const Sum& other);
};
Sum operator+(Sum a, const Sum& b);
Sum operator*(double factor, Sum sum);

}  // namespace optinc::construct
