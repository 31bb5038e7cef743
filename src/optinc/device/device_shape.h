// What a device is for: bits, ports, ONN inputs, rounding; and from these the lattice of inputs that can occur.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "optinc/codec/rounding.h"
#include "optinc/onn/role.h"

namespace optinc::device {

/// Unit P joins s = ceil(M/K) consecutive symbols of each server into one level and averages over the N servers, so
/// input k is A_k = S_k / N with an integer S_k ("steps"). Groups 2..K are full; group 1 has the M - s(K-1) >= 1 most
/// significant symbols. Each A_k on its lattice, independently, makes the set of all possible ONN inputs: (N(4^s - 1) +
/// 1)^K of them where all groups are full (paper section III-A). With nearest_unbiased rounding, P also adds constant
/// light on input K (codec::constant_light_steps), and the ONN floors: then S_K starts and ends higher.
///
/// In a cascade (paper section III-C) a device of level 1 hands on the decimals of its average, d in steps of 1/N, with
/// its last symbol; level 2 averages N of those, so that its input K comes in steps of 1/N^2 and reaches (N-1)/N
/// higher.
struct DeviceShape {
  int bits = 8;     ///< B, 2 .. 32
  int servers = 4;  ///< N, the ports of the device, 2 .. 1024
  int inputs = 4;   ///< K, 1 .. M
  codec::Rounding rounding = codec::Rounding::floor;
  onn::Role role = onn::Role::single;
  /// With rounding floor: S_K reaches higher by the most constant light that any rounding mode adds. An averager that
  /// is right on this lattice is right in every mode: a layer's bias brings the light.
  bool every_rounding = false;

  /// The same device with the floor, on the lattice of every rounding where it has one (a level 1 has not).
  DeviceShape on_every_rounding() const;

  /// Throws base::InputError, naming the value and the range, where no such device can be.
  void check() const;

  int symbols() const { return (bits + 1) / 2; }                               ///< M
  int symbols_per_input() const { return (symbols() + inputs - 1) / inputs; }  ///< s
  /// Bits that input k = 0 .. K-1 (0 = most significant) carries of each server's code: 2 s, fewer for k = 0.
  int bits_of_input(int k) const {
    return k > 0 ? 2 * symbols_per_input() : bits - 2 * symbols_per_input() * (inputs - 1);
  }
  /// The place of input k's lowest bit in the code: the code is sum_k level_k << shift_of_input(k).
  int shift_of_input(int k) const { return 2 * symbols_per_input() * (inputs - 1 - k); }
  /// Steps of S_k in one PAM4 level: A_k = S_k / steps_per_level(k).
  int steps_per_level(int k) const {
    return role == onn::Role::cascade_level_2 && k == inputs - 1 ? servers * servers : servers;
  }
  /// Steps of the answer in one level of symbol M: N where a level 1 hands on decimals, else 1.
  int steps_per_output_level() const { return role == onn::Role::cascade_level_1 ? servers : 1; }
  /// Least and largest S_k that can occur.
  int first_step(int k) const;
  int last_step(int k) const;
  /// The constant light that unit P adds on input K for rounding bit `bit`, in steps of 1/N (0 unless nearest_unbiased:
  /// the ONN itself brings that of nearest).
  int light_of_preprocessing(int bit) const {
    return rounding == codec::Rounding::nearest_unbiased
               ? codec::constant_light_steps(rounding, steps_per_level(inputs - 1), bit)
               : 0;
  }
  /// The rounding that the averager itself must do: floor where P has added the light.
  codec::Rounding averager_rounding() const {
    return rounding == codec::Rounding::nearest_unbiased ? codec::Rounding::floor : rounding;
  }
  /// The number of all possible inputs. Throws base::InputError where it exceeds 2^63.
  std::uint64_t input_count() const;

  /// Steps S [count, K] of the possible inputs number `first` .. `first + count - 1`; input K varies fastest.
  void enumerate_steps(std::uint64_t first, std::size_t count, std::int32_t* steps) const;
  /// The inverse: the number of the input with these steps [K].
  std::uint64_t index_of_steps(const std::int32_t* steps) const;

  /// The code G* that is right for steps S [K]: floor((sum_k S_k 4^(s(K-k)) + constant light) / N); of a level 1, which
  /// keeps the decimals, N times the average. Where input K of a level 2 has decimals on top of the highest code, which
  /// no servers can bring about, nearest rounding stays at the highest code.
  std::uint32_t exact_code(const std::int32_t* steps) const;
  /// Those of many: steps [count, K] -> codes [count].
  void exact_codes(std::size_t count, const std::int32_t* steps, std::uint32_t* codes) const;
  /// The M levels that say this code: PAM4 symbols; of a level 1, symbol M with the decimals added.
  void levels_of_code(std::uint32_t code, float* levels) const;
  /// Those of many: codes [count] -> levels [count, M].
  void levels_of_codes(std::size_t count, const std::uint32_t* codes, float* levels) const;

  bool operator==(const DeviceShape&) const = default;
};

}  // namespace optinc::device
