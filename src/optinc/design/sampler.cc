#include "optinc/design/sampler.h"

#include <algorithm>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::design {
Sampler::Sampler(const device::DeviceShape& shape, std::uint64_t seed) : seed_(seed) {
  const std::uint64_t count = shape.input_count();
  base::require(count <= UINT32_MAX, "{} possible inputs: training can draw from at most 2^32", count);
  fares_.assign(count, Fare::wrong);
  wrong_ = count;
}

void Sampler::begin_epoch(int epoch, bool mine) {
  epoch_ = static_cast<std::uint64_t>(epoch);
  round_ = 0;
  mine_ = mine;
  begin_round();
}

void Sampler::begin_round() {
  // Two streams a round, one to draw quiet inputs and one for the order; an epoch has fewer than 2^31 rounds.
  const std::uint64_t streams = epoch_ << 32 | 2 * round_;
  const base::CounterStream draw(seed_, streams), shuffle(seed_, streams + 1);
  ++round_;
  order_.clear();
  for (std::uint32_t input = 0; input < fares_.size(); ++input) {
    if (!mine_ || fares_[input] != Fare::quiet || draw.word(input) % kQuietShare == 0) order_.push_back(input);
  }
  for (std::size_t i = order_.size(); i-- > 1;) {  // Fisher and Yates
    std::swap(order_[i], order_[std::uint64_t{shuffle.word(i)} * (i + 1) >> 32]);
  }
  place_ = 0;
}

const std::vector<std::uint32_t>& Sampler::next(std::size_t count) {
  drawn_.clear();
  while (drawn_.size() < count) {
    if (place_ == order_.size()) begin_round();
    for (; place_ < order_.size() && drawn_.size() < count; ++place_) drawn_.push_back(order_[place_]);
  }
  return drawn_;
}

void Sampler::tell(const std::vector<Fare>& fares) {
  for (std::size_t i = 0; i < drawn_.size(); ++i) {
    Fare& known = fares_[drawn_[i]];
    wrong_ += (fares[i] == Fare::wrong ? 1 : 0);
    wrong_ -= (known == Fare::wrong ? 1 : 0);
    known = fares[i];
  }
}

void Sampler::resume(std::vector<Fare> fares) {
  base::require(fares.size() == fares_.size(), "a checkpoint of {} inputs: expected {}", fares.size(), fares_.size());
  fares_ = std::move(fares);
  wrong_ = static_cast<std::size_t>(std::count(fares_.begin(), fares_.end(), Fare::wrong));
}

void make_samples(const device::DeviceShape& shape, const Normalisation& normalisation,
                  const std::vector<std::uint32_t>& numbers, float* inputs, float* targets) {
  std::vector<std::int32_t> steps(shape.inputs);
  for (const std::uint32_t number : numbers) {
    shape.enumerate_steps(number, 1, steps.data());
    for (const std::int32_t step : steps) {
      const double level = static_cast<double>(step) / shape.servers;
      *inputs++ = static_cast<float>((level - normalisation.input_shift) / normalisation.input_scale);
    }
    const std::uint32_t code = shape.exact_code(steps.data());
    for (int m = 1; m <= shape.symbols(); ++m) *targets++ = static_cast<float>(codec::symbol(code, shape.bits, m));
  }
}

}  // namespace optinc::design
