#include "core/runtime/host_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tune {

HostWatch::HostWatch(boost::asio::io_context& io, double patience, Owed owed, std::function<void()> stands_still)
    : period_(std::max(patience / kLooks, 0.05)),
      owed_(std::move(owed)),
      stands_still_(std::move(stands_still)),
      timer_(io) {}

void HostWatch::look_again() {
  timer_.expires_after(std::chrono::milliseconds(static_cast<std::int64_t>(period_ * 1000)));
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive) return;
    std::map<std::int64_t, int> looks;
    for (const std::int64_t one : owed_()) looks[one] = looks_[one] + 1;
    looks_ = std::move(looks);
    const bool too_long = std::ranges::any_of(looks_, [](const auto& one) { return one.second > kLooks; });
    if (too_long) {
      looks_.clear();
      stands_still_();
    }
    if (*alive) look_again();
  });
}

}  // namespace tune
