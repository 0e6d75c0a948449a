#pragma once

// Which signals a run may take in a program that is not its own: those that the program leaves at their default, and
// those that another run of the program has taken by this rule already. What it handles or ignores stays its own.

#include <vector>

namespace tune {

class SignalLease {
 public:
  /// SIGINT, SIGTERM, SIGHUP and SIGUSR1, as far as they are free; none if they are not wanted.
  explicit SignalLease(bool wanted);
  ~SignalLease();
  SignalLease(const SignalLease&) = delete;
  SignalLease& operator=(const SignalLease&) = delete;

  const std::vector<int>& numbers() const { return numbers_; }

 private:
  std::vector<int> numbers_;
};

}  // namespace tune
