#pragma once

// Running means of many trials over time, and their median at any time: what median stopping asks.
//
// A trial keeps prefix sums, so its mean up to t is a binary search. The median at a time that many trials report at
// (whole training iterations) comes from an order-statistic tree of that time, O(log n); at any other time it takes a
// look at every trial, O(n log reports).

#include <cstdint>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <map>
#include <optional>
#include <vector>

#include "core/ids.h"
#include "core/score.h"

namespace tune {

class PeerMeans {
 public:
  enum class Peers { kReached, kCompleted };

  /// Reports before `grace` count in no mean. `regular`: times recur from trial to trial, so trees are worth it.
  PeerMeans(Peers peers, double grace, bool regular) : peers_(peers), grace_(grace), regular_(regular) {}

  /// A report, in order of time for each trial. `u` is signed: smaller is better.
  void add(TrialId trial, double t, const Score& score);
  /// The trial has ended without failing; it goes on after all.
  void complete(TrialId trial);
  void reopen(TrialId trial);

  struct Median {
    std::int64_t peers = 0;
    std::optional<double> value;  ///< none: no peers, or the middle one reported no number
  };
  /// Over all peers but `trial` at time t.
  Median median(TrialId trial, double t) const;

 private:
  struct Point {
    double t = 0, sum = 0;
    std::int64_t count = 0;
  };
  struct Series {
    std::vector<Point> points;  ///< ascending in t; sum and count up to there
    double last = 0;
    bool completed = false;
  };
  /// A mean, those without a number last; the trial tells equal ones apart.
  struct Mean {
    bool is_number = false;
    double value = 0;
    TrialId trial;
    friend bool operator<(const Mean& a, const Mean& b) {
      if (a.is_number != b.is_number) return a.is_number;
      if (a.value != b.value) return a.value < b.value;
      return a.trial < b.trial;
    }
  };
  using Tree = __gnu_pbds::tree<Mean, __gnu_pbds::null_type, std::less<Mean>, __gnu_pbds::rb_tree_tag,
                                __gnu_pbds::tree_order_statistics_node_update>;
  static constexpr std::size_t kMostTrees = 4096;  // beyond, a time is looked up trial by trial

  Mean mean_of(TrialId trial, const Series& series, double t) const;
  bool counts(const Series& series, double t) const {
    return peers_ == Peers::kReached ? series.last >= t : series.completed;
  }
  void plant(double t);
  static std::optional<double> middle(const Mean& low, const Mean& high);

  Peers peers_;
  double grace_;
  bool regular_;
  std::map<TrialId, Series> series_;
  std::map<double, Tree> trees_;  ///< by time: the means up to it of all that count there
};

}  // namespace tune
