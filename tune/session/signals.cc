#include "tune/session/signals.h"

#include <csignal>
#include <map>
#include <mutex>

namespace tune {
namespace {

struct Leases {
  std::mutex mutex;
  std::map<int, int> runs;  // by signal
};
Leases& leases() {
  static Leases all;
  return all;
}

}  // namespace

SignalLease::SignalLease(bool wanted) {
  if (!wanted) return;
  const std::lock_guard lock(leases().mutex);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    struct sigaction now {};
    const bool is_free = ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_DFL;
    int& runs = leases().runs[number];
    if (!is_free && runs == 0) continue;
    ++runs;
    numbers_.push_back(number);
  }
}

SignalLease::~SignalLease() {
  const std::lock_guard lock(leases().mutex);
  for (const int number : numbers_) --leases().runs[number];
}

}  // namespace tune
