#include "optinc/cli/quantisation_error.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "optinc/base/gaussian.h"
#include "optinc/codec/exact_average.h"

namespace optinc::cli {
namespace {

/// P(|z| <= x for all of `count` standard Gaussian numbers).
double all_below(double x, double count) {
  return std::pow(std::erf(x / std::sqrt(2.0)), count);
}

/// The mean of the squared range that a block's scale stands for.
double mean_square_range(const QuantisationQuestion& question) {
  const double count = static_cast<double>(question.quantiser.block) * question.servers;
  if (question.quantiser.scale_format == codec::ScaleFormat::exponent8) {
    double mean = 0;
    for (int exponent = -60; exponent < 8; ++exponent) {
      const double low = std::ldexp(1.0, exponent), high = 2 * low;
      mean += (all_below(high, count) - all_below(low, count)) * high * high;
    }
    return mean;
  }
  // E(max^2) is the integral of 2 x P(max > x), by the trapezium rule; a bfloat16 rounded up is 2^-9 larger on average,
  // within a factor of the place in its octave.
  constexpr double kStep = 1e-3;
  double mean = 0;
  for (double x = kStep; x < 12; x += kStep) mean += 2 * x * (1 - all_below(x, count)) * kStep;
  return mean * (1 + 0x1p-8);
}

}  // namespace

double predicted_nmse(const QuantisationQuestion& question) {
  const codec::QuantiserOptions& quantiser = question.quantiser;
  const double largest = quantiser.scale_format == codec::ScaleFormat::exponent8
                             ? std::ldexp(1.0, quantiser.bits - 1)
                             : std::ldexp(1.0, quantiser.bits - 1) - 1;
  const double step_squared = mean_square_range(question) / (largest * largest);
  const double of_quantiser =
      step_squared / (quantiser.rounding == codec::QuantiserRounding::half_even ? 12 : 6) / question.servers;
  const double ports = question.ports;
  double offset_squared = 0;
  for (const int bit : {0, 1}) {
    const double offset =
        (codec::constant_light_steps(question.rounding, question.ports, bit) - (ports - 1) / 2) / ports;
    offset_squared += offset * offset / 2;
  }
  const double gain = ports / question.servers;
  const double of_device = gain * gain * step_squared * ((1 - 1 / (ports * ports)) / 12 + offset_squared);
  return (of_quantiser + of_device) * question.servers;
}

double measured_nmse(const QuantisationQuestion& question, std::size_t blocks, std::uint64_t seed) {
  const codec::QuantiserOptions& quantiser = question.quantiser;
  const std::size_t block = quantiser.block;
  std::vector<std::vector<float>> values(question.servers, std::vector<float>(block));
  std::vector<std::vector<std::uint32_t>> codes(question.servers, std::vector<std::uint32_t>(block));
  std::vector<std::uint32_t> averages(block);
  std::vector<float> results(block);
  double error = 0, signal = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    std::uint16_t scale = 0;
    for (int server = 0; server < question.servers; ++server) {
      std::ranges::fill(values[server], 0.0f);
      base::add_gaussians(seed, b * question.servers + server, 1.0f, block, values[server].data());
      std::uint16_t own = 0;
      codec::local_scales(values[server], quantiser, {&own, 1});
      scale = std::max(scale, own);
    }
    for (int server = 0; server < question.servers; ++server) {
      codec::quantise(values[server], {&scale, 1}, quantiser, base::CounterStream(seed, server), b * block,
                      codes[server]);
    }
    codec::exact_averages(std::vector<std::span<const std::uint32_t>>(codes.begin(), codes.end()), question.ports,
                          quantiser.bits, question.rounding, codec::RoundingBits(seed), b * block, averages);
    codec::dequantise(averages, {&scale, 1}, quantiser, static_cast<double>(question.ports) / question.servers,
                      results);
    for (std::size_t i = 0; i < block; ++i) {
      double exact = 0;
      for (const std::vector<float>& of_one : values) exact += of_one[i];
      exact /= question.servers;
      error += (results[i] - exact) * (results[i] - exact);
      signal += exact * exact;
    }
  }
  return error / signal;
}

}  // namespace optinc::cli
