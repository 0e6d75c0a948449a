#include "schedulers/rung_trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/text.h"

namespace tune {

RungTrust::RungTrust(std::vector<double> levels, std::int64_t eta) : eta_(eta), rungs_(levels.size()) {
  for (std::size_t k = 0; k < levels.size(); ++k) {
    Rung& rung = rungs_[k];
    rung.level = levels[k];
    rung.foreknown = k == 0 ? 0 : static_cast<double>(k) / static_cast<double>(levels.size() - 1);
    for (std::int64_t part = 0; part < parts(); ++part) rung.rates.push_back(expected(rung, part));
    rung.parts = parts();
  }
  choose_shares();
}

double RungTrust::expected(const Rung& rung, std::int64_t part) const {
  const double by_chance = (1 - rung.foreknown) / static_cast<double>(parts());
  return part < kPartsOfOne ? by_chance + rung.foreknown / static_cast<double>(kPartsOfOne) : by_chance;
}

std::int64_t RungTrust::keeps(std::size_t rung, std::int64_t entries) const {
  return static_cast<std::int64_t>(static_cast<__int128>(entries) * rungs_[rung].parts / parts());
}

std::string RungTrust::words(std::size_t rung) const {
  const Rung& at = rungs_[rung];
  const double best = std::accumulate(at.rates.begin(), at.rates.begin() + kPartsOfOne, 0.0);
  const double all = std::accumulate(at.rates.begin(), at.rates.end(), 0.0);
  const auto percent = static_cast<std::int64_t>(100 * best / all + 0.5);
  if (at.winners == 0) {
    return fmt::format("auto: its best 1/{} is taken to hold {}% of the winners, none is known yet", eta_, percent);
  }
  return fmt::format("auto: its best 1/{} held {} of {} winners at {}, and is taken to hold {}%", eta_, at.held,
                     at.winners, format_real(rungs_.back().level), percent);
}

void RungTrust::arrive(TrialId trial, std::size_t level, const Score& score) {
  Rung& rung = rungs_[level];
  std::vector<Score>& marks = marks_[trial];
  rung.ranks.insert({score, trial});
  if (level > 0) rungs_[level - 1].gone_on.insert({marks[level - 1], trial});
  marks.push_back(score);
  spent_ += rung.level - (level == 0 ? 0 : rungs_[level - 1].level);
  // The winners change where somebody gets to max_t; how they ranked before drifts little in between.
  if (level + 1 == rungs_.size()) weigh_winners();
  choose_shares();
}

void RungTrust::turn_back(TrialId trial, std::size_t rung) {
  rungs_[rung].gone_on.erase({score_at(trial, rung), trial});
}

bool RungTrust::wants_probe(std::size_t rung) const {
  return probing_ + (rungs_.back().level - rungs_[rung].level) <= kProbing * spent_;
}

void RungTrust::make_probe(TrialId trial, std::size_t rung) {
  if (probes_.insert(trial).second) probing_ += rungs_.back().level - rungs_[rung].level;
}

void RungTrust::weigh_winners() {
  const RungRanks& last = rungs_.back().ranks;
  std::int64_t winners = std::min(kWinners, last.size() / eta_);
  while (winners > 0 && !last.at(winners - 1).score.is_number()) --winners;
  if (winners == 0) return;
  const auto count = static_cast<std::size_t>(parts());
  for (std::size_t k = 0; k + 1 < rungs_.size(); ++k) {
    Rung& rung = rungs_[k];
    const std::int64_t size = rung.ranks.size();
    // Rank r of m, from 0, has its middle at (r + 1/2) / m.
    std::vector<double> won(count, 0), seen(count, 0);
    for (std::int64_t i = 0; i < winners; ++i) {
      const TrialId trial = last.at(i).trial;
      const std::int64_t rank = rung.ranks.rank({score_at(trial, k), trial}) - 1;
      ++won[static_cast<std::size_t>((2 * rank + 1) * parts() / (2 * size))];
    }
    double likely = 0;  // sum of a_j s_j
    std::int64_t before = 0;
    for (std::int64_t part = 0; part < parts(); ++part) {
      const std::int64_t next = (2 * size * (part + 1) + parts() - 1) / (2 * parts());  // first rank of the next part
      const std::int64_t upto = next < size ? rung.gone_on.rank(rung.ranks.at(next)) - 1 : rung.gone_on.size();
      seen[static_cast<std::size_t>(part)] = static_cast<double>(upto - before);
      likely += expected(rung, part) * static_cast<double>(upto - before);
      before = upto;
    }
    const double would_have_seen = kWinners * likely / static_cast<double>(winners);
    for (std::size_t i = 0; i < count; ++i) {
      rung.rates[i] = (won[i] + kWinners * expected(rung, static_cast<std::int64_t>(i))) / (seen[i] + would_have_seen);
    }
    rung.winners = winners;
    rung.held = static_cast<std::int64_t>(std::accumulate(won.begin(), won.begin() + kPartsOfOne, 0.0));
  }
}

void RungTrust::choose_shares() {
  // From the top, since what a trial costs from here on depends on what the later rungs let through.
  double remaining = 0;  // D_k
  for (std::size_t k = rungs_.size() - 1; k-- > 0;) {
    const Rung& above = rungs_[k + 1];
    const double through = static_cast<double>(above.parts) / static_cast<double>(parts());
    remaining = above.level - rungs_[k].level + (k + 2 < rungs_.size() ? through * remaining : 0);
    double spent = 0;  // A_k times the entries
    for (std::size_t j = 0; j <= k; ++j) {
      const double step = rungs_[j].level - (j == 0 ? 0 : rungs_[j - 1].level);
      spent += static_cast<double>(rungs_[j].ranks.size()) * step;
    }
    const std::int64_t entries = rungs_[k].ranks.size();
    choose_share(rungs_[k], entries == 0 ? rungs_[k].level : spent / static_cast<double>(entries), remaining);
  }
}

void RungTrust::choose_share(Rung& rung, double arrival, double remaining) const {
  const double all = std::accumulate(rung.rates.begin(), rung.rates.end(), 0.0);
  double held = all, most = 0, of_all = 0, yield = 0;
  for (std::int64_t part = parts(); part >= kPartsOfOne; --part) {
    const double share = static_cast<double>(part) / static_cast<double>(parts());
    yield = held / all / (arrival + share * remaining);
    if (part == parts()) of_all = yield;
    if (yield > most) {
      most = yield;
      rung.parts = part;
    }
    held -= rung.rates[static_cast<std::size_t>(part - 1)];
  }
  rung.is_proved = yield > of_all;  // the last one is that of 1/eta
}

}  // namespace tune
