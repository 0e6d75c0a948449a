#pragma once

// Counter-based random streams: the k-th draw of a stream is a function of (key, k) alone, and the key a function of
// (experiment seed, purpose, trial, parameter path). No hidden state: a new parameter does not shift the others, and a
// resumed run draws what the unbroken one would have drawn.
//
// Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; constants and
// known answers of Random123.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/ids.h"

namespace tune {

/// One block of Philox4x32-10.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

class RandomStream {
 public:
  /// `purpose` says what the numbers are for ("suggest", "bracket", "explore"); `path` the parameter, or empty.
  RandomStream(std::uint64_t seed, std::string_view purpose, std::int64_t trial, std::string_view path = {});

  /// The next 64 bits; each call advances the position by one.
  std::uint64_t next();
  /// Position of the next draw; streams can be read from any place.
  std::uint64_t position() const { return position_; }
  void seek(std::uint64_t position) { position_ = position; }

  double uniform();                          ///< in [0, 1), 53 bits
  double uniform_open();                     ///< in (0, 1)
  std::uint64_t below(std::uint64_t bound);  ///< in [0, bound), by rejection, without bias. Requires: bound > 0
  double normal();                           ///< standard normal by inversion (core/portable_math.h)

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 2> stream_;  // upper half of the counter: two streams never meet
  std::uint64_t position_ = 0;
};

/// A 64-bit hash with no platform dependence (splitmix64 over the bytes): seeds of trials, stream keys.
std::uint64_t stable_hash(std::uint64_t seed, std::string_view text);

/// The seed a trial sees: a function of the experiment's seed and the trial's number.
std::uint64_t trial_seed(std::uint64_t experiment_seed, TrialId trial);

}  // namespace tune
