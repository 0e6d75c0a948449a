#pragma once

// `grace_period: auto`: how many of its entries a rung lets go on, as far as it is known to predict the end. The
// derivation, what it is compared with, and the tables are in docs/grace-period.md.
//
// A rung at l_k that lets the best share f go on loses some of the trials that would have won, and saves the rest of
// the training of the others. Of every trial that reaches it, A_k has been spent by all on the way there, and D_k is
// what one that goes on will cost from here. With h_k(f) the share of the winners that it lets go on,
//
//   keep the f in 1/eta, ..., 1 that yields most winners for the time:  h_k(f) / (A_k + f D_k)
//
// Winners are the at most eight best that have reached max_t (of m there, the best floor(m/eta)). A rung is divided by
// rank into parts; part i has seen s_i trials that went on from it, w_i of them winners, W in all. Before anything is
// seen, rung k of K is taken to know the end of a share k/K of the trials and to rank the others by chance, so that a
// winner is in part i with the probability a_i. That counts as much as eight winners, so that what is seen weighs at
// most as much (c: how many trials of each part these eight would have come from):
//
//   r_i = (w_i + 8 a_i) / (s_i + 8 c),   c = (sum of a_j s_j) / W        h_k(f) = sum of the r_i in the best f / of all
//
// r_i is a rate among those that went on, so it does not matter how few a rung lets go on of a part, or why. But where
// it lets nobody go on it learns nothing: so a sixteenth of the time goes to trials that it would have turned away,
// and that are trained to the end whatever their rank (probes).
//
// PASHA (Bohdal et al., ICLR 2023) and Hyper-Tune (Li et al., VLDB 2022) compare whole rankings of two rungs; here only
// what happens to the best counts, and in the end its price. Only + - * / on numbers of the log: the same everywhere.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "schedulers/rung_ranks.h"

namespace tune {

class RungTrust {
 public:
  /// `levels`: ascending; the last is max_t, which nobody is stopped at.
  RungTrust(std::vector<double> levels, std::int64_t eta);

  /// How many of so many entries the rung lets go on: from floor(entries / eta), if that is all it need, to all.
  /// Requires: rung + 1 < number of levels.
  std::int64_t keeps(std::size_t rung, std::int64_t entries) const;
  /// Letting one in eta go on yields more than letting all. What brackets go by, which know nothing in between.
  bool is_proved(std::size_t rung) const { return rungs_[rung].is_proved; }
  /// What keeps() goes by, for a reason.
  std::string words(std::size_t rung) const;

  /// A trial has reported at a level, and has so gone on from all below it. Each level once, ascending.
  void arrive(TrialId trial, std::size_t level, const Score& score);
  /// What it scored in a rung it has reached.
  const Score& score_at(TrialId trial, std::size_t rung) const { return marks_.at(trial)[rung]; }
  /// It was turned away later for its rank in a rung that it had gone on from: it has had no chance there after all.
  void turn_back(TrialId trial, std::size_t rung);

  /// Whether a trial that the rung would turn away is to be a probe instead.
  bool wants_probe(std::size_t rung) const;
  void make_probe(TrialId trial, std::size_t rung);
  bool is_probe(TrialId trial) const { return probes_.contains(trial); }

 private:
  static constexpr std::int64_t kPartsOfOne = 4;  ///< parts that make up 1/eta of a rung
  static constexpr std::int64_t kWinners = 8;
  static constexpr double kProbing = 1.0 / 16;  ///< share of all time

  struct Rung {
    double level = 0;
    double foreknown = 0;  ///< share of trials of which it is taken to know the end
    RungRanks ranks, gone_on;
    std::vector<double> rates;  ///< of winning, by part of the rung, in any unit
    std::int64_t winners = 0;
    std::int64_t held = 0;   ///< winners in the best 1/eta
    std::int64_t parts = 0;  ///< that go on, of kPartsOfOne * eta
    bool is_proved = false;
  };
  std::int64_t parts() const { return kPartsOfOne * eta_; }
  /// The probability, beforehand, that a winner is in this part.
  double expected(const Rung& rung, std::int64_t part) const;
  void weigh_winners();
  void choose_shares();
  void choose_share(Rung& rung, double arrival, double remaining) const;

  std::int64_t eta_;
  std::vector<Rung> rungs_;  ///< by level, max_t included
  std::map<TrialId, std::vector<Score>> marks_;
  std::set<TrialId> probes_;
  double spent_ = 0;    ///< by all trials
  double probing_ = 0;  ///< by probes from where they were made ones to max_t, beforehand
};

}  // namespace tune
