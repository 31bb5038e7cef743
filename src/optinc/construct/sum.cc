#include "optinc/construct/sum.h"

namespace optinc::construct {

Sum& Sum::operator+=(const Sum& other) {
  for (const auto& [wire, weight] : other.weights) weights[wire] += weight;
  constant += other.constant;
  return *this;
}

Sum operator+(Sum a, const Sum& b) {
  return a += b;
}

Sum operator*(double factor, Sum sum) {
  for (auto& [wire, weight] : sum.weights) weight *= factor;
  sum.constant *= factor;
  return sum;
}

}  // namespace optinc::construct
