#include "optinc/workload/rank_exchange.h"

#include <algorithm>
#include <string_view>

#include "optinc/base/error.h"

namespace optinc::workload {

void at_rank_0(collective::Transport& transport, const std::function<void()>& work) {
  std::vector<char> error;
  if (transport.rank() == 0) {
    try {
      work();
    } catch (const base::InputError& thrown) {
      const std::string_view message = thrown.what();
      error.assign(message.begin(), message.end());
    }
  }
  broadcast(transport, error);
  if (!error.empty()) throw base::InputError(std::string(error.begin(), error.end()));
}

void broadcast(collective::Transport& transport, std::span<std::byte> bytes) {
  if (transport.rank() != 0) {
    transport.exchange(0, {}, 0, bytes);
    return;
  }
  for (int to = 1; to < transport.size(); ++to) transport.exchange(to, bytes, to, {});
}

std::vector<std::vector<float>> gather(collective::Transport& transport, std::span<const float> values) {
  if (transport.rank() != 0) {
    transport.exchange(0, std::as_bytes(values), 0, {});
    return {};
  }
  std::vector<std::vector<float>> all(transport.size());
  all[0].assign(values.begin(), values.end());
  for (int from = 1; from < transport.size(); ++from) {
    all[from].resize(values.size());
    transport.exchange(from, {}, from, std::as_writable_bytes(std::span(all[from])));
  }
  return all;
}

void scatter(collective::Transport& transport, std::span<const std::vector<float>> all, std::span<float> values) {
  if (transport.rank() != 0) {
    transport.exchange(0, {}, 0, std::as_writable_bytes(values));
    return;
  }
  std::ranges::copy(all[0], values.begin());
  for (int to = 1; to < transport.size(); ++to) transport.exchange(to, std::as_bytes(std::span(all[to])), to, {});
}

void sum_over_ranks(collective::Transport& transport, std::span<double> values) {
  if (transport.rank() != 0) {
    transport.exchange(0, std::as_bytes(values), 0, {});
  } else {
    std::vector<double> arrived(values.size());
    for (int from = 1; from < transport.size(); ++from) {
      transport.exchange(from, {}, from, std::as_writable_bytes(std::span(arrived)));
      for (std::size_t i = 0; i < values.size(); ++i) values[i] += arrived[i];
    }
  }
  broadcast(transport, std::as_writable_bytes(values));
}

}  // namespace optinc::workload
