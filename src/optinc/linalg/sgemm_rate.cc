#include "optinc/linalg/sgemm_rate.h"

#include <chrono>
#include <vector>

#include "optinc/base/parallel.h"
#include "optinc/linalg/blas.h"

namespace optinc::linalg {

double measure_sgemm_gflops(int threads, double seconds) {
  constexpr std::size_t kSide = 1024;
  if (threads <= 0) threads = base::available_threads();
  std::vector<std::vector<float>> matrices(threads, std::vector<float>(3 * kSide * kSide, 0.5f));
  const auto multiply_everywhere = [&](int times) {
    base::parallel_for(threads, 1, threads, [&](std::size_t begin, std::size_t, int) {
      float* a = matrices[begin].data();
      for (int i = 0; i < times; ++i) {
        multiply_transposed(kSide, kSide, kSide, a, a + kSide * kSide, a + 2 * kSide * kSide);
      }
    });
  };
  using Clock = std::chrono::steady_clock;
  multiply_everywhere(1);  // warm up
  constexpr int kTimes = 4;
  const auto start = Clock::now();
  double elapsed = 0, rounds = 0;
  do {
    multiply_everywhere(kTimes);
    ++rounds;
    elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  } while (elapsed < seconds);
  return 2.0 * kSide * kSide * kSide * kTimes * threads * rounds / elapsed * 1e-9;
}

}  // namespace optinc::linalg
