#pragma once

// The order of results, shared by schedulers, incumbents and samplers. Scores are signed once at the door: inside,
// smaller is better. The total order is (class, u, event number): a number beats NaN, NaN beats a failed trial, the
// earlier report wins a tie. Never compare raw doubles with <: NaN breaks strict weak ordering.

#include <cmath>
#include <compare>
#include <limits>

#include "core/ids.h"
#include "core/rules.h"

namespace tune {

enum class ScoreClass : std::uint8_t { kNumber, kNaN, kFailed };

struct Score {
  ScoreClass cls = ScoreClass::kFailed;
  double u = 0;       ///< signed value; 0 unless cls is kNumber. Infinities are numbers.
  EventNumber event;  ///< position of the report in the log

  static Score of(double value, Mode mode, EventNumber event) {
    if (std::isnan(value)) return {ScoreClass::kNaN, 0, event};
    return {ScoreClass::kNumber, mode == Mode::kMin ? value : -value, event};
  }
  static Score failed(EventNumber event) { return {ScoreClass::kFailed, 0, event}; }

  bool is_number() const { return cls == ScoreClass::kNumber; }
  /// Strictly better, ties excluded: what *stopping* rules count, so equal scores never end each other.
  friend bool strictly_better(const Score& a, const Score& b) {
    if (a.cls != b.cls) return a.cls < b.cls;
    return a.u < b.u;
  }
  /// Total order for selecting exactly k: what *promotion* uses.
  friend bool operator<(const Score& a, const Score& b) {
    if (strictly_better(a, b)) return true;
    if (strictly_better(b, a)) return false;
    return a.event < b.event;
  }
  friend bool operator==(const Score& a, const Score& b) { return a.cls == b.cls && a.u == b.u && a.event == b.event; }
};

}  // namespace tune
