#include "schedulers/rung_trust.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace tune {

RungTrust::RungTrust(std::vector<double> levels, std::int64_t eta) : eta_(eta), rungs_(levels.size()) {
  for (std::size_t k = 0; k < levels.size(); ++k) {
    rungs_[k].level = levels[k];
    rungs_[k].held.assign(static_cast<std::size_t>(parts()), 0);
    rungs_[k].judges.assign(k, 0);
    rungs_[k].parts = parts();
  }
}

std::int64_t RungTrust::keeps(std::size_t rung, std::int64_t entries) const {
  return static_cast<std::int64_t>(static_cast<__int128>(entries) * rungs_[rung].parts / parts());
}

std::string RungTrust::words(std::size_t rung) const {
  const Rung& at = rungs_[rung];
  if (at.winners == 0) return "auto: too few went further to judge the rung by";
  std::int64_t held = 0;
  for (std::int64_t part = 0; part < kPartsOfOne; ++part) held += at.held[static_cast<std::size_t>(part)];
  return fmt::format("auto: its best 1/{} held {} of {} winners at {}", eta_, held, at.winners,
                     format_real(rungs_[horizon_].level));
}

void RungTrust::arrive(TrialId trial, std::size_t level, const Score& score, Passage passage) {
  Rung& rung = rungs_[level];
  rung.ranks.insert({score, trial});
  std::vector<Mark>& marks = marks_[trial];
  for (std::size_t k = 0; k < level; ++k) rung.judges[k] += marks[k].passage == Passage::kJudgedApart ? 0 : 1;
  marks.push_back({score, passage});
  // The winners change where somebody arrives at the horizon; how they ranked before drifts little in between.
  if (level >= horizon_ && rung.ranks.size() >= eta_) {
    horizon_ = level;
    weigh_winners();
  }
  choose_shares();
}

void RungTrust::weigh_winners() {
  const Rung& last = rungs_[horizon_];
  for (std::size_t k = 0; k < horizon_; ++k) {
    Rung& rung = rungs_[k];
    std::fill(rung.held.begin(), rung.held.end(), 0);
    rung.winners = 0;
    std::int64_t wanted = std::min(kWinners, last.judges[k] / eta_);
    for (std::int64_t i = 0; wanted > 0 && i < last.ranks.size() && last.ranks.at(i).score.is_number(); ++i) {
      const Mark& mark = marks_.at(last.ranks.at(i).trial)[k];
      if (mark.passage == Passage::kJudgedApart) continue;
      --wanted;
      // The part that the middle of its place lies in: rank r of m, from 0, is at (r + 1/2) / m.
      const std::int64_t rank = rung.ranks.better_than(mark.score);
      const std::int64_t part = (2 * rank + 1) * parts() / (2 * rung.ranks.size());
      const std::int64_t weight = mark.passage == Passage::kLetThrough ? kOneIn : 1;
      rung.held[static_cast<std::size_t>(part)] += weight;
      rung.winners += weight;
    }
  }
}

void RungTrust::choose_shares() {
  // From the top, since what a trial costs from here on depends on what the later rungs let through.
  const auto count = static_cast<double>(parts());
  double remaining = 0;  // D_k
  for (std::size_t k = rungs_.size() - 1; k-- > 0;) {
    Rung& rung = rungs_[k];
    const double through = static_cast<double>(rungs_[k + 1].parts) / count;
    remaining = rungs_[k + 1].level - rung.level + (k + 2 < rungs_.size() ? through * remaining : 0);
    double spent = 0;  // A_k times the entries
    for (std::size_t j = 0; j <= k; ++j) {
      const double step = rungs_[j].level - (j == 0 ? 0 : rungs_[j - 1].level);
      spent += static_cast<double>(rungs_[j].ranks.size()) * step;
    }
    const double arrival = rung.ranks.size() == 0 ? rung.level : spent / static_cast<double>(rung.ranks.size());

    std::int64_t held = rung.winners;
    double most = 0, of_all = 0, yield = 0;
    for (std::int64_t part = parts(); part >= kPartsOfOne; --part) {
      const double share = static_cast<double>(part) / count;
      const double caught = (share + static_cast<double>(held)) / (1 + static_cast<double>(rung.winners));
      yield = caught / (arrival + share * remaining);
      if (part == parts()) of_all = yield;
      if (yield > most) {
        most = yield;
        rung.parts = part;
      }
      held -= rung.held[static_cast<std::size_t>(part - 1)];
    }
    rung.is_proved = yield > of_all;  // the last one is that of 1/eta
  }
}

}  // namespace tune
