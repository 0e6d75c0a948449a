#pragma once

// The entries of one rung, and where a score ranks among them, in O(log n). All of a rung's entries stay for ever:
// those that were promoted, stopped or failed keep counting, unless a person lets a failed trial go on.
//
// The tree is libstdc++'s red-black tree with subtree sizes (__gnu_pbds): the standard library's own set cannot say how
// many elements lie before a key.

#include <cstdint>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <limits>

#include "core/ids.h"
#include "core/score.h"

namespace tune {

/// A trial's score at a rung. The trial's number tells apart what one event brings in (trials that fail together).
struct RungEntry {
  Score score;
  TrialId trial;

  friend bool operator<(const RungEntry& a, const RungEntry& b) {
    if (a.score < b.score) return true;
    if (b.score < a.score) return false;
    return a.trial < b.trial;
  }
};

class RungRanks {
 public:
  void insert(const RungEntry& entry) { entries_.insert(entry); }
  /// Of a failure that counts no more.
  void erase(const RungEntry& entry) { entries_.erase(entry); }

  std::int64_t size() const { return static_cast<std::int64_t>(entries_.size()); }

  /// How many entries are strictly better: ties are not. What stopping rules count.
  std::int64_t better_than(const Score& score) const {
    const Score before_all_ties{score.cls, score.u, EventNumber{std::numeric_limits<std::int64_t>::min()}};
    return before({before_all_ties, TrialId{std::numeric_limits<std::int64_t>::min()}});
  }

  /// The entry of rank k + 1. Requires: k < size().
  const RungEntry& at(std::int64_t k) const { return *entries_.find_by_order(static_cast<std::size_t>(k)); }

  /// Rank by the total order, 1 = best, of an entry that is in the rung or about to be. What promotion uses.
  std::int64_t rank(const RungEntry& entry) const { return before(entry) + 1; }

 private:
  std::int64_t before(const RungEntry& entry) const { return static_cast<std::int64_t>(entries_.order_of_key(entry)); }

  __gnu_pbds::tree<RungEntry, __gnu_pbds::null_type, std::less<RungEntry>, __gnu_pbds::rb_tree_tag,
                   __gnu_pbds::tree_order_statistics_node_update>
      entries_;
};

}  // namespace tune
