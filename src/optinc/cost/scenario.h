// One case, whole: a model trained on so many servers, by every algorithm. And what follows from many cases: which
// number matters most, and where the optics lose.
#pragma once

#include <string>
#include <vector>

#include "optinc/cost/step.h"

namespace optinc::cost {

struct Scenario {
  Model model;
  System system;
  int servers = 4;
  int element_bits = 32;  ///< of a gradient on electrical networks
  codec::QuantiserOptions quantiser;
  StepOptions step;     ///< its element_bits is not used: the scenario's is
  bool fused = false;   ///< as Reduction's
  bool direct = false;  ///< electrical algorithms over optical circuits instead of a fat tree

  /// The all-reduce of so many elements.
  Reduction reduction(std::uint64_t elements) const;
};

struct Outcome {
  Cost all_reduce;  ///< of all gradients in one
  StepCost step;
};

struct Answer {
  std::vector<Outcome> others;      ///< ring, rabenseifner, double-tree, switch
  std::vector<Outcome> equal_bits;  ///< the same, did they send codes as the optics do (Reduction::coded)
  Outcome optinc;

  const Outcome& ring() const { return others.front(); }
  /// Of the others, the one with the shortest step.
  const Outcome& best_other() const;
  const Outcome& best_at_equal_bits() const;
  /// The share of `other`'s step that the optics save; negative where they lose.
  double saved(const Outcome& other) const { return 1 - optinc.step.seconds() / other.step.seconds(); }
};

/// Throws base::InputError for numbers that can't be.
Answer answer(const Scenario& scenario);

/// What doubling and halving one number does to the share of a ring's step that the optics save.
struct Sensitivity {
  std::string number;  ///< "link rate"
  double halved = 0;
  double doubled = 0;
  /// The larger of both moves away from `as_is`.
  double moves(double as_is) const;
};

/// Every number of the scenario that can be both halved and doubled, that which moves the answer most first. `as_is`:
/// answer(scenario).saved(ring).
std::vector<Sensitivity> sensitivities(const Scenario& scenario, double as_is);

/// Where another algorithm does an all-reduce sooner.
struct Loss {
  int servers = 0;
  std::uint64_t elements = 0;        ///< the largest tensor for which it does
  std::uint64_t worst_elements = 0;  ///< the tensor for which it is most sooner; what follows is of that one
  std::string winner;
  double factor = 0;    ///< the optics' seconds over the winner's
  std::string largest;  ///< the part of the optics' seconds that is largest
  double largest_s = 0;
};

/// Tensors of 2^8 .. 2^32 elements over 2, 4, 16, 64 .. 65,536 servers: where the optics lose, against algorithms that
/// send codes, too, if `coded`. One loss for each number of servers.
std::vector<Loss> losses(const Scenario& scenario, bool coded);

}  // namespace optinc::cost
