#include "core/runtime/silence_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/runtime/proc.h"

namespace tune {

SilenceWatch::SilenceWatch(boost::asio::io_context& io, double patience, std::function<void()> too_long)
    : patience_(patience), too_long_(std::move(too_long)), timer_(io) {}

void SilenceWatch::begin() {
  watches_ = true;
  suspected_ = told_ = false;
  heard();
  look_again();
}

void SilenceWatch::end() {
  watches_ = false;
  timer_.cancel();
}

void SilenceWatch::heard() { last_heard_ = boot_seconds(); }

void SilenceWatch::look_again() {
  const double period = std::clamp(patience_ / 15, 0.05, 1.0);
  timer_.expires_after(std::chrono::milliseconds(static_cast<int>(period * 1000)));
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive || !watches_) return;
    const bool late = boot_seconds() - last_heard_ > patience_;
    if (late && suspected_ && !std::exchange(told_, true)) too_long_();
    suspected_ = late;
    look_again();
  });
}

}  // namespace tune
