#pragma once

// `grace_period: auto`: how many of its entries a rung lets go on, as far as it has proved to predict the end. The
// derivation, what it is compared with, and the tables are in docs/grace-period.md.
//
// A rung at l_k that lets the best share f go on loses some of the trials that would have won, and saves the rest of
// the training of the others. Of every trial that reaches it, A_k has been spent by all on the way there, and D_k is
// what one that goes on will cost from here. With h_k(f) the share of the winners that it lets go on,
//
//   keep the f in 1/eta, ..., 1 that yields most winners for the time:  h_k(f) / (A_k + f D_k)
//
// The winners are the at most eight best of the furthest rung that eta trials have reached (the best floor(m/eta) of
// its m); h_k counts where they rank in rung k, with one more winner spread evenly over all ranks for what is not
// known:
//
//   h_k(f) = (f + sum of the weights of winners in the best f) / (1 + sum of the weights of winners)
//
// So a rung of which nothing is known has h(f) = f, which yields most at f = 1: it stops nobody. Of those that a rung
// would not let go on it lets every eighth go on all the same, with a weight of 8, so that it is found out when it is
// wrong, and its winners stay an unbiased sample.
//
// PASHA (Bohdal et al., ICLR 2023) and Hyper-Tune (Li et al., VLDB 2022) compare whole rankings of two rungs; here only
// what happens to the best counts, and in the end its price. Only + - * / on numbers of the log: the same everywhere.

#include <cstdint>
#include <map>
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
  /// Whether the next one that the rung would not let go on goes on all the same.
  bool lets_next_through(std::size_t rung) const { return (rungs_[rung].turned_away + 1) % kOneIn == 0; }
  /// What keeps() goes by, for a reason: `its best 4 of 12 parts hold 7 of the 8 winners at 26`.
  std::string words(std::size_t rung) const;

  /// Rank by score alone of a trial that is or would be in the rung: how many are strictly better.
  std::int64_t better_than(std::size_t rung, const Score& score) const { return rungs_[rung].ranks.better_than(score); }

  /// How a trial got beyond a rung.
  enum class Passage {
    kKept,         ///< as one of those the rung lets go on, or nobody was stopped there
    kLetThrough,   ///< though it would not have been let go on
    kJudgedApart,  ///< by another rule than this one, so that to have got beyond it tells nothing
  };
  /// A trial has reported at a level, all below it before, each once.
  void arrive(TrialId trial, std::size_t level, const Score& score, Passage passage);
  /// It was turned away, or let through instead, in this rung.
  void turn_away(std::size_t rung) { ++rungs_[rung].turned_away; }
  /// What it scored in a rung it has reached.
  const Score& score_at(TrialId trial, std::size_t rung) const { return marks_.at(trial)[rung].score; }
  bool was_kept(TrialId trial, std::size_t rung) const { return marks_.at(trial)[rung].passage == Passage::kKept; }

 private:
  static constexpr std::int64_t kPartsOfOne = 4;  ///< parts that make up 1/eta of a rung
  static constexpr std::int64_t kOneIn = 8;
  static constexpr std::int64_t kWinners = 8;

  struct Mark {
    Score score;
    Passage passage = Passage::kKept;
  };
  struct Rung {
    double level = 0;
    RungRanks ranks;
    std::vector<std::int64_t> judges;  ///< of each rung below: how many of its entries may be counted there
    std::vector<std::int64_t> held;    ///< weight of winners by the part of the rung they rank in
    std::int64_t winners = 0;          ///< their weight in all
    std::int64_t parts = 0;            ///< that go on, of kPartsOfOne * eta
    bool is_proved = false;
    std::int64_t turned_away = 0;
  };
  std::int64_t parts() const { return kPartsOfOne * eta_; }
  void weigh_winners();
  void choose_shares();

  std::int64_t eta_;
  std::vector<Rung> rungs_;  ///< by level, max_t included
  std::size_t horizon_ = 0;  ///< furthest level that eta trials have reached
  std::map<TrialId, std::vector<Mark>> marks_;
};

}  // namespace tune
