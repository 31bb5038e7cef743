// Work shared out over threads. Ranges are cut at fixed places, so what a range computes never depends on the thread
// count.
#pragma once

#include <cstddef>
#include <functional>

namespace optinc::base {

/// The number of hardware threads this process may use, at least 1.
int available_threads();

/// Calls `work(begin, end, thread)` for the ranges [0, grain), [grain, 2 grain), ... of [0, count), on `threads`
/// threads (0: all that are available), each range once, in no fixed order; `thread` is 0 .. threads - 1. Returns when
/// all are done. The threads are the caller's own and wait for its next call; a call within `work` runs on its own
/// thread alone where that thread is the caller's. The first exception thrown by `work` stops the handing out of ranges
/// and is thrown again here.
void parallel_for(std::size_t count, std::size_t grain, int threads,
                  const std::function<void(std::size_t begin, std::size_t end, int thread)>& work);

}  // namespace optinc::base
