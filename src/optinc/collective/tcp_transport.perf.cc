// Two ranks as threads over TCP on the loopback: how long 8 bytes take there and back, and how many bytes a second go
// each way when both send at once. Beside it a plain copy of as many bytes: over TCP each byte is copied twice, and
// read twice more for its checksum.
#include "optinc/collective/tcp_transport.h"

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "optinc/collective/file_store.h"

namespace optinc::collective {
namespace {

struct Pair {
  Pair(bool checksum, std::size_t part_bytes)
      : folder(std::filesystem::temp_directory_path() / ("optinc_tcp_perf_" + std::to_string(getpid()))),
        store(folder) {
    const TcpTransportOptions options{.checksum = checksum, .part_bytes = part_bytes};
    std::jthread other([&] { ranks[1] = std::make_unique<TcpTransport>(store, 1, 2, options); });
    ranks[0] = std::make_unique<TcpTransport>(store, 0, 2, options);
  }
  ~Pair() { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
  FileStore store;
  std::unique_ptr<TcpTransport> ranks[2];
};

/// Rank 1 answers until a message starts with 1.
void round_trip(benchmark::State& state) {
  Pair pair(true, std::size_t{256} << 10);
  std::jthread other([&] {
    for (std::vector<std::byte> message(8); message[0] != std::byte{1};) {
      pair.ranks[1]->exchange(0, {}, 0, message);
      pair.ranks[1]->exchange(0, message, 0, {});
    }
  });
  std::vector<std::byte> message(8);
  const auto go = [&] {
    pair.ranks[0]->exchange(1, message, 1, {});
    pair.ranks[0]->exchange(1, {}, 1, message);
  };
  for (auto _ : state) go();
  message[0] = std::byte{1};
  go();
}

void both_ways(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  Pair pair(state.range(1) != 0, static_cast<std::size_t>(state.range(2)) << 10);
  std::vector<std::byte> sent[2], received[2];
  for (int rank = 0; rank < 2; ++rank) {
    sent[rank].assign(bytes, std::byte{1});
    received[rank].assign(bytes, std::byte{2});
  }
  for (auto _ : state) {
    std::jthread other([&] { pair.ranks[1]->exchange(0, sent[1], 0, received[1]); });
    pair.ranks[0]->exchange(1, sent[0], 1, received[0]);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
}

void copy(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  std::vector<std::byte> from(bytes, std::byte{1}), to(bytes, std::byte{2});
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), bytes);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
}

BENCHMARK(round_trip)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(both_ways)
    ->ArgNames({"bytes", "checksum", "part_kb"})
    ->Args({64 << 20, 1, 256})
    ->Args({64 << 20, 0, 256})
    ->Args({64 << 20, 1, 64})
    ->Args({64 << 20, 1, 1024})
    ->Args({1 << 20, 1, 256})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(copy)->Arg(64 << 20)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace optinc::collective
