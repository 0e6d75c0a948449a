#pragma once

// Time that stands still while somebody thinks: what a simulated experiment runs in. Whoever simulates the workers owns
// it; the loop lets it go on once nothing is left to decide.
//
// Thread rule: one object, one thread.

namespace tune {

class VirtualTime {
 public:
  virtual ~VirtualTime() = default;
  /// Virtual seconds since the start; never decreasing.
  virtual double now() const = 0;
  /// To be called once everything that happened at now() is dealt with: goes on to the next time at which something
  /// happens, `until` at most, and lets it happen. False: nothing did. Then it is `until`, if something lies beyond.
  /// True without a step: something that takes real time is under way; to be called again.
  virtual bool advance(double until) = 0;
};

}  // namespace tune
