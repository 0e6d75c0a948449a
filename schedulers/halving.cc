#include "schedulers/halving.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "schedulers/rungs.h"

namespace tune {

HalvingBracket::HalvingBracket(std::vector<double> levels, std::int64_t planned, std::int64_t eta, std::int64_t skipped)
    : levels_(std::move(levels)), planned_(planned), eta_(eta), skipped_(skipped), stages_(levels_.size()) {}

void HalvingBracket::add(TrialId trial) {
  ++joined_;
  ++stages_.front().entered;
  stage_of_[trial] = 0;
}

std::string HalvingBracket::arrivals(TrialId trial) const {
  const std::size_t at = stage_of_.at(trial);
  const std::int64_t in_all = at == 0 && open() ? planned_ : stages_[at].entered;
  return fmt::format("{} of {} at {}", stages_[at].arrived + 1, in_all, format_real(levels_[at]));
}

void HalvingBracket::arrive(TrialId trial, const Score& score) {
  Stage& stage = stages_[stage_of_.at(trial)];
  const RungEntry entry{score, trial};
  ++stage.arrived;
  stage.entries.insert(entry);
  stage.waiting.insert(entry);
  waits_.insert_or_assign(trial, entry);
}

void HalvingBracket::leave(TrialId trial) {
  const auto found = stage_of_.find(trial);
  if (found == stage_of_.end()) return;
  Stage& stage = stages_[found->second];
  if (const auto entry = waits_.find(trial); entry != waits_.end()) {
    stage.waiting.erase(entry->second);
    waits_.erase(entry);
  } else {
    ++stage.arrived;
  }
  stage_of_.erase(found);
}

void HalvingBracket::promote(TrialId trial) {
  const auto entry = waits_.find(trial);
  std::size_t& at = stage_of_.at(trial);
  stages_[at].waiting.erase(entry->second);
  waits_.erase(entry);
  ++stages_[at].promoted;
  ++at;
  ++stages_[at].entered;
  closed_ = true;
}

bool HalvingBracket::has_all_arrived(std::size_t stage, bool no_more) const {
  if (stages_[stage].arrived < stages_[stage].entered) return false;
  return stage > 0 || !open() || no_more;
}

std::int64_t HalvingBracket::keeps(std::size_t stage) const {
  const auto halvings = static_cast<std::int64_t>(stage) + 1 + skipped_;
  if (joined_ >= planned_) return planned_ / power(eta_, halvings);
  std::int64_t left = joined_;
  for (std::int64_t i = 0; i < halvings; ++i) left = std::max<std::int64_t>(1, left / eta_);
  return left;
}

std::optional<HalvingBracket::Act> HalvingBracket::next(bool no_more) const {
  // Who waits at a stage keeps the next one from being complete.
  for (std::size_t at = 0; at + 1 < stages_.size() && has_all_arrived(at, no_more); ++at) {
    const Stage& stage = stages_[at];
    if (stage.waiting.empty()) continue;
    const std::int64_t keeps = this->keeps(at), left = keeps - stage.promoted;
    const RungEntry& best = *stage.waiting.begin();
    const RungEntry& worst = *stage.waiting.rbegin();
    const bool stop = static_cast<std::int64_t>(stage.waiting.size()) > left || !worst.score.is_number();
    const RungEntry& entry = stop ? worst : best;
    const std::string level = format_real(levels_[at]);
    if (!entry.score.is_number()) return Act{true, entry.trial, fmt::format("NaN at {}", level)};
    return Act{stop, entry.trial,
               fmt::format("rank {} of {} at {}, {} go on", stage.entries.rank(entry), stage.entered, level, keeps)};
  }
  return std::nullopt;
}

}  // namespace tune
