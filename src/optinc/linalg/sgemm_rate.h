// The machine's limit, to hold our own rates against.
#pragma once

namespace optinc::linalg {

/// What sgemm reaches right now: GFLOP/s of 1024 x 1024 products, one on each of `threads` threads (0: all) at a time,
/// over about `seconds`.
double measure_sgemm_gflops(int threads, double seconds);

}  // namespace optinc::linalg
