#include "optinc/design/sampler.h"

#include <algorithm>
#include <array>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/codec/pam4.h"
#include "optinc/design/permutation.h"

namespace optinc::design {
namespace {

std::uint32_t size_of_walk(const device::DeviceShape& shape) {
  const std::uint64_t count = shape.input_count();
  base::require(count < UINT32_MAX, "{} possible inputs: training can walk through fewer than 2^32", count);
  return static_cast<std::uint32_t>(count);
}

}  // namespace

Sampler::Sampler(const device::DeviceShape& shape, std::uint64_t seed) : seed_(seed), fares_(size_of_walk(shape)) {}

void Sampler::mine(bool on) {
  quiet_threshold_ = UINT32_MAX;
  const std::size_t quiet = fares_.count(Fare::quiet);
  if (!on || quiet == 0) return;
  const auto others = static_cast<double>(fares_.size() - quiet);
  const double kept = std::clamp(others / static_cast<double>(quiet), 1.0 / 64, 1.0 / 4);
  quiet_threshold_ = static_cast<std::uint32_t>(kept * 0x1p32);
}

const std::vector<std::uint32_t>& Sampler::next(std::size_t count) {
  drawn_.clear();
  while (drawn_.size() < count) {
    // Two streams a pass, one for the order and one to draw quiet inputs.
    const std::uint64_t pass = place_ / fares_.size();
    const Permutation order(static_cast<std::uint32_t>(fares_.size()), seed_, 2 * pass);
    const base::CounterStream draw(seed_, 2 * pass + 1);
    for (; place_ < (pass + 1) * fares_.size() && drawn_.size() < count; ++place_) {
      const std::uint32_t input = order(static_cast<std::uint32_t>(place_ % fares_.size()));
      if (quiet_threshold_ == UINT32_MAX || fares_.get(input) != Fare::quiet || draw.word(input) < quiet_threshold_) {
        drawn_.push_back(input);
      }
    }
  }
  return drawn_;
}

void Sampler::tell(const std::vector<Fare>& fares) {
  for (std::size_t i = 0; i < drawn_.size(); ++i) fares_.set(drawn_[i], fares[i]);
}

void Sampler::tell_wrong(const std::vector<std::uint64_t>& numbers) {
  for (const std::uint64_t number : numbers) fares_.set(number, Fare::wrong);
}

void Sampler::resume(std::uint64_t place, std::vector<std::uint8_t> fares) {
  fares_.unpack(std::move(fares));
  place_ = place;
}

void make_samples(const device::DeviceShape& shape, const Normalisation& normalisation,
                  const std::vector<std::uint32_t>& numbers, float* inputs, float* targets) {
  std::array<std::int32_t, codec::kMaxBits> steps{};
  for (const std::uint32_t number : numbers) {
    shape.enumerate_steps(number, 1, steps.data());
    for (int k = 0; k < shape.inputs; ++k) {
      const double level = static_cast<double>(steps[k]) / shape.steps_per_level(k);
      *inputs++ = static_cast<float>((level - normalisation.input_shift) / normalisation.input_scale);
    }
    shape.levels_of_code(shape.exact_code(steps.data()), targets);
    targets += shape.symbols();
  }
}

}  // namespace optinc::design
