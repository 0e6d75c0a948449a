#include "schedulers/asha_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/rng.h"
#include "schedulers/rung_options.h"
#include "schedulers/rungs.h"

namespace tune {

AshaPlan AshaPlan::from(const SchedulerContext& context) {
  const Options& options = context.options;
  AshaPlan plan;
  plan.time_attr = options.text("time_attr");
  plan.eta = options.integer("reduction_factor");
  plan.stop_last_trials = options.boolean("stop_last_trials");
  plan.drain = options.boolean("drain");
  plan.seed = context.seed;
  plan.trials = context.trials;

  const double max_t = options.real("max_t");
  const bool counts = plan.time_attr == "training_iteration";
  const auto whole = [](double value) { return static_cast<std::int64_t>(value); };
  plan.auto_grace = has_auto_grace(options);
  if (plan.auto_grace) {
    const auto levels = counts ? auto_levels(whole(max_t)) : std::vector<std::int64_t>{};
    plan.levels.push_back(counts ? std::vector<double>(levels.begin(), levels.end()) : real_auto_levels(max_t));
    plan.weights.push_back(1);
    return plan;
  }
  const double r = options.real("grace_period");
  const std::int64_t top = counts ? s_max(whole(r), whole(max_t), plan.eta) : real_s_max(r, max_t, plan.eta);
  for (std::int64_t s = 0; s < options.integer("brackets"); ++s) {
    if (counts) {
      const auto levels = asha_levels(whole(r), whole(max_t), plan.eta, s);
      plan.levels.emplace_back(levels.begin(), levels.end());
    } else {
      plan.levels.push_back(real_asha_levels(r, max_t, plan.eta, s));
    }
    // ASHA counts brackets from the one that halves most, HyperBand from the one that halves least.
    plan.weights.push_back(static_cast<std::uint64_t>(hyperband_n(top, plan.eta, std::max<std::int64_t>(top - s, 0))));
  }
  return plan;
}

Placement AshaPlan::place(TrialId trial) const {
  if (brackets() == 1) return {};
  std::uint64_t total = 0;
  for (const std::uint64_t weight : weights) total += weight;
  std::uint64_t draw = RandomStream(seed, "bracket", trial.value).below(total);
  std::int64_t bracket = 0;
  for (; draw >= weights[static_cast<std::size_t>(bracket)]; ++bracket)
    draw -= weights[static_cast<std::size_t>(bracket)];
  return {bracket};
}

std::string AshaPlan::place_words(const Placement& placement) const {
  return brackets() == 1 ? std::string{} : fmt::format("bracket {} of {}", placement.bracket + 1, brackets());
}

void AshaStands::start(TrialId trial, const Placement& placement) {
  const std::int64_t bracket = std::clamp<std::int64_t>(placement.bracket, 0, plan_->brackets() - 1);
  stands_[trial] = {static_cast<std::size_t>(bracket), 0};
  next_trial_ = std::max(next_trial_, TrialId{trial.value + 1});
}

void AshaStands::end(TrialId trial, std::optional<Score> failure) {
  auto stand = stands_.extract(trial);
  if (stand.empty()) return;
  stand.mapped().failure = failure;
  over_.insert(std::move(stand));
}

AshaStand* AshaStands::revive(TrialId trial) {
  auto stand = over_.extract(trial);
  if (stand.empty()) return nullptr;
  return &stands_.insert(std::move(stand)).position->second;
}

AshaStand* AshaStands::find(TrialId trial) {
  const auto stand = stands_.find(trial);
  return stand == stands_.end() ? nullptr : &stand->second;
}

const AshaStand* AshaStands::find(TrialId trial) const {
  const auto stand = stands_.find(trial);
  return stand == stands_.end() ? nullptr : &stand->second;
}

std::size_t AshaStands::reached(const AshaStand& stand, double t) const {
  const auto& all = levels(stand);
  return static_cast<std::size_t>(std::upper_bound(all.begin(), all.end(), t) - all.begin());
}

double AshaStands::next_level(TrialId trial) const {
  const AshaStand* stand = find(trial);
  if (stand == nullptr || stand->next >= levels(*stand).size()) return std::numeric_limits<double>::infinity();
  return levels(*stand)[stand->next];
}

std::string coarse_note(std::size_t rungs) {
  if (rungs < 2) return {};
  return fmt::format(" (one report for {} rungs: reports are coarser than the rungs)", rungs);
}

}  // namespace tune
