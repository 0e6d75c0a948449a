#include "schedulers/pbt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "schedulers/population.h"
#include "schedulers/tables.h"

namespace tune {
namespace {

class PbtExplorer final : public Explorer {
 public:
  PbtExplorer(std::vector<Mutation> mutations, const SchedulerContext& context)
      : mutations_(std::move(mutations)), space_(context.space) {
    options_.resample_probability = context.options.real("resample_probability");
    options_.factors.clear();
    for (const Value& factor : context.options.find("perturbation_factors")->list()) {
      options_.factors.push_back(*factor.number());
    }
  }
  int rules() const override { return 2; }
  Explored explore(const Config& giver, double, const ExploreKey& key) const override {
    return tune::explore(giver, mutations_, *space_, options_, key);
  }

 private:
  std::vector<Mutation> mutations_;
  const Space* space_;
  ExploreOptions options_;
};

class Pbt final : public Scheduler {
 public:
  Pbt(std::string_view name, const SchedulerContext& context, std::unique_ptr<Explorer> explorer)
      : name_(name),
        time_attr_(context.options.text("time_attr")),
        interval_(context.options.real("perturbation_interval")),
        burn_in_(context.options.real("burn_in_period")),
        exploits_(context.options.real("quantile_fraction") > 0),
        synch_(context.options.boolean("synch")),
        seed_(context.seed),
        allowed_(context.trials),
        explorer_(std::move(explorer)),
        population_(context.options.real("quantile_fraction")),
        barrier_(first_ready()) {}

  std::string_view name() const override { return name_; }
  int rules() const override { return explorer_->rules(); }
  std::string_view time_attr() const override { return time_attr_; }

  std::optional<SchedulerVerdict> judge(const SchedulerReport& report) const override {
    const PopulationMember* member = population_.find(report.trial);
    if (member == nullptr || report.t < ready_at(*member)) return std::nullopt;
    return synch_ ? judge_at_barrier() : judge_alone(report);
  }
  std::optional<Proposal> propose(const Supply& supply) const override;
  SchedulePoint next_point(TrialId trial) const override {
    const PopulationMember* member = population_.find(trial);
    if (member == nullptr) return {};
    return {ready_at(*member), exploits_ || synch_ || crowded()};
  }
  bool may_resume(TrialId trial) const override {
    const PopulationMember* member = population_.find(trial);
    return member != nullptr && member->place != PopulationMember::Place::kRuns;
  }

  void on_started(TrialId trial, const Placement&, const Config& config) override {
    PopulationMember member;
    member.config = config;
    member.ready_at = first_ready();
    population_.add(trial, std::move(member));
    ++started_;
  }
  void on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) override;
  void on_proposal(const Proposal& proposal) override;
  void on_ended(TrialId trial, bool, EventNumber) override {
    population_.remove(trial);
    explorer_->on_ended(trial);
  }
  void on_revived(TrialId trial) override {
    if (population_.revive(trial) == nullptr) return;
    population_.move(trial, PopulationMember::Place::kRuns);
  }
  void on_trials_allowed(std::optional<std::int64_t> trials) override { allowed_ = trials; }

 private:
  double first_ready() const { return std::max(burn_in_, interval_); }
  double ready_at(const PopulationMember& member) const { return synch_ ? barrier_ : member.ready_at; }
  /// Whether somebody would use the slot of a member that pauses.
  bool crowded() const { return !population_.waiting().empty() || !allowed_ || started_ < *allowed_; }
  std::optional<TrialId> donor_of(TrialId target, std::int64_t k) const {
    const std::int64_t generation = population_.find(target)->generation;
    return population_.donor(target, k, {seed_, "donor", target.value, std::to_string(generation)});
  }

  SchedulerVerdict judge_at_barrier() const {
    return {Verdict::kPause, false,
            fmt::format("waits at {} for the others: {} of {}", format_real(barrier_), population_.at_barrier() + 1,
                        population_.size())};
  }
  std::optional<SchedulerVerdict> judge_alone(const SchedulerReport& report) const;

  /// It was told to pause and is not out of its slot: what is proposed for it could not be done yet.
  static bool leaves(const Supply& supply, TrialId trial) {
    return supply.leaving != nullptr && supply.leaving->contains(trial);
  }
  /// All members stand at the barrier, and none will join them.
  bool is_barrier_complete(const Supply& supply) const {
    const bool nobody_joins = supply.over || (allowed_ && started_ >= *allowed_);
    return population_.size() > 0 && nobody_joins && population_.at_barrier() == population_.size();
  }
  /// The worst k that stand at the barrier, worst first.
  std::vector<TrialId> weak_at_barrier() const;
  /// Fixes who is weak at the barrier, and lets everybody go on from it.
  void open_barrier();
  std::optional<Proposal> exploit(TrialId target) const;
  std::optional<Proposal> resume_one(const Supply& supply) const;

  std::string name_, time_attr_;
  double interval_, burn_in_;
  bool exploits_, synch_;
  std::uint64_t seed_;
  std::optional<std::int64_t> allowed_;
  std::unique_ptr<Explorer> explorer_;
  Population population_;
  std::int64_t started_ = 0;
  double barrier_;  ///< synchronous: the time at which everybody pauses next
};

std::optional<SchedulerVerdict> Pbt::judge_alone(const SchedulerReport& report) const {
  const PopulationMember& member = *population_.find(report.trial);
  const std::int64_t n = population_.ranked() + (member.score ? 0 : 1);
  const std::int64_t k = population_.quantile(member.score ? 0 : 1);
  const std::int64_t rank = population_.rank_with(report.trial, report.score);
  std::string reason = fmt::format("rank {} of {}, the last {} exploit", rank, n, k);
  if (rank > n - k) {
    if (donor_of(report.trial, k)) {
      return SchedulerVerdict{Verdict::kPause, false, std::move(reason)};
    }
    reason += "; nobody among the first has a checkpoint to copy";
  }
  if (crowded()) return SchedulerVerdict{Verdict::kPause, false, reason + "; makes room for others"};
  return SchedulerVerdict{Verdict::kContinue, false, std::move(reason)};
}

void Pbt::on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) {
  PopulationMember* member = population_.find(report.trial);
  if (member == nullptr) return;
  member->t = report.t;
  if (report.checkpoint) population_.save(report.trial, DonorState{report.score, report.t, *report.checkpoint});
  const bool is_ready = report.t >= ready_at(*member);
  const Verdict told = verdict == nullptr ? Verdict::kContinue : verdict->verdict;
  if (is_ready || told == Verdict::kPause) {
    if (member->score && member->score->is_number() && report.score.is_number()) {
      explorer_->on_interval(report.trial, member->scored_at, report.t, member->score->u - report.score.u,
                             member->config);
    }
    member->scored_at = report.t;
    population_.rank(report.trial, report.score);
    member->ready_at = report.t + interval_;
    ++member->turns;
  }
  if (told != Verdict::kPause) return;
  population_.move(report.trial, synch_ ? PopulationMember::Place::kAtBarrier : PopulationMember::Place::kWaits);
  const std::int64_t n = population_.ranked();
  const bool is_last = population_.rank_with(report.trial, report.score) > n - population_.quantile();
  const bool has_donor = donor_of(report.trial, population_.quantile()).has_value();
  population_.set_weak(report.trial, !synch_ && is_last && has_donor);
}

std::vector<TrialId> Pbt::weak_at_barrier() const {
  std::vector<TrialId> weak;
  const std::int64_t n = population_.ranked(), k = population_.quantile();
  for (std::int64_t i = n - 1; i >= n - k; --i) {
    const TrialId trial = population_.at(i);
    if (donor_of(trial, k)) weak.push_back(trial);
  }
  return weak;
}

void Pbt::open_barrier() {
  double latest = 0;
  const std::vector<TrialId> weak = weak_at_barrier();
  for (const auto& [trial, member] : population_.live()) latest = std::max(latest, member.t);
  std::vector<TrialId> all;
  for (const auto& [trial, member] : population_.live()) all.push_back(trial);
  for (const TrialId trial : all) population_.move(trial, PopulationMember::Place::kWaits);
  for (const TrialId trial : weak) population_.set_weak(trial, true);
  // Reports may be coarser than the interval.
  barrier_ = std::max(barrier_ + interval_, std::nextafter(latest, std::numeric_limits<double>::infinity()));
}

std::optional<Proposal> Pbt::exploit(TrialId target) const {
  const auto donor = donor_of(target, population_.quantile());
  if (!donor) return std::nullopt;
  const PopulationMember& giver = *population_.find(*donor);
  const PopulationMember& taker = *population_.find(target);
  Explored explored = explorer_->explore(giver.config, giver.saved->t, {seed_, target, taker.generation + 1});
  const std::int64_t rank = population_.rank_with(*donor, *giver.score);
  Proposal proposal = Proposal::about(Proposal::Kind::kExploit, target,
                                      fmt::format("exploits trial {}, rank {} of {}, at {}: {}", donor->value, rank,
                                                  population_.ranked(), format_real(giver.saved->t), explored.words));
  proposal.donor = *donor;
  proposal.checkpoint = giver.saved->checkpoint;
  proposal.config = std::move(explored.config);
  return proposal;
}

std::optional<Proposal> Pbt::resume_one(const Supply& supply) const {
  for (const auto& [turns, trial] : population_.waiting()) {
    if (leaves(supply, trial)) continue;
    return Proposal::about(Proposal::Kind::kResume, trial,
                           fmt::format("the least trained that waits: {} intervals", turns));
  }
  return std::nullopt;
}

std::optional<Proposal> Pbt::propose(const Supply& supply) const {
  for (const TrialId weak : population_.weak()) {
    // An answer may cost the fit of a model, so none is given that cannot be followed yet.
    if (leaves(supply, weak)) continue;
    if (auto proposal = exploit(weak)) return proposal;
  }
  if (is_barrier_complete(supply)) {
    const auto weak = weak_at_barrier();
    if (!weak.empty()) return exploit(weak.front());
    if (!supply.slot_free) return std::nullopt;
    const TrialId first = population_.live().begin()->first;
    return Proposal::about(Proposal::Kind::kResume, first, fmt::format("all have come to {}", format_real(barrier_)));
  }
  if (!supply.slot_free) return std::nullopt;
  if (supply.new_allowed) return Proposal::start_new({}, "");
  return resume_one(supply);
}

void Pbt::on_proposal(const Proposal& proposal) {
  PopulationMember* member = population_.find(proposal.trial);
  if (member == nullptr) return;
  if (member->place == PopulationMember::Place::kAtBarrier) open_barrier();
  if (proposal.kind == Proposal::Kind::kResume) {
    population_.move(proposal.trial, PopulationMember::Place::kRuns);
    population_.set_weak(proposal.trial, false);
    return;
  }
  if (proposal.kind != Proposal::Kind::kExploit) return;
  population_.set_weak(proposal.trial, false);
  population_.move(proposal.trial, PopulationMember::Place::kRuns);
  const PopulationMember* donor = population_.find(proposal.donor);
  member->config = proposal.config;
  ++member->generation;
  population_.save(proposal.trial, std::nullopt);
  if (donor != nullptr && donor->saved) {
    member->t = donor->saved->t;
    member->scored_at = donor->saved->t;
    member->ready_at = donor->saved->t + interval_;
    explorer_->on_exploit(proposal.trial, proposal.config, donor->saved->t);
    population_.rank(proposal.trial, donor->saved->score);  // until it has one of its own
  }
  population_.move(proposal.trial, PopulationMember::Place::kWaits);
}

std::vector<OptionFault> check_pbt(const Options& options) {
  std::vector<OptionFault> faults = check_population(options);
  const List& factors = options.find("perturbation_factors")->list();
  const bool all_above_0 = std::all_of(factors.begin(), factors.end(), [](const Value& factor) {
    return std::isfinite(*factor.number()) && *factor.number() > 0;
  });
  if (factors.size() != 2 || !all_above_0) {
    faults.push_back(
        {"perturbation_factors", "perturbation_factors takes two numbers above 0", "the default is [1.2, 0.8]"});
  }
  return faults;
}

}  // namespace

AlgorithmInfo pbt_info() {
  AlgorithmInfo info;
  info.name = "pbt";
  info.help = "Population based training: the weak copy the strong and change parameters.";
  info.options = tables::population();
  info.options.push_back(tables::required(
      "hyperparam_mutations", "Parameters that change in training: names, or name: values or distribution."));
  info.options.push_back(
      tables::fraction("resample_probability", 1, 0.25, "Chance to draw anew instead of perturbing."));
  info.options.push_back(tables::row("perturbation_factors", OptionType::kRealList, Value(List{Value(1.2), Value(0.8)}),
                                     "Factors for perturbing a number."));
  info.capabilities.needs_checkpoints = true;
  info.check = check_pbt;
  return info;
}

std::vector<OptionFault> check_population(const Options& options) {
  std::vector<OptionFault> faults;
  if (options.text("time_attr").empty()) faults.push_back({"time_attr", "time_attr is empty", {}});
  if (options.real("perturbation_interval") <= 0) {
    faults.push_back({"perturbation_interval", "perturbation_interval is not above 0", {}});
  }
  if (!options.boolean("require_attrs")) {
    faults.push_back({"require_attrs", "every report needs its metric and time_attr", "leave require_attrs out"});
  }
  return faults;
}

Result<std::unique_ptr<Scheduler>> make_population_based(std::string_view name, const SchedulerContext& context,
                                                         std::unique_ptr<Explorer> explorer) {
  if (context.options.boolean("synch") && !context.trials) {
    return fail(ErrorCode::kBadInput, fmt::format("scheduler {}: synch needs to know the size of the population", name),
                "set budget.trials");
  }
  return std::make_unique<Pbt>(name, context, std::move(explorer));
}

Result<std::unique_ptr<Scheduler>> make_pbt(const SchedulerContext& context) {
  const Value* mutations = context.options.find("hyperparam_mutations");
  auto read = read_mutations("hyperparam_mutations", mutations == nullptr ? Value() : *mutations, *context.space,
                             context.notes);
  if (!read) return fail(read.error().code, "scheduler pbt: " + read.error().message, read.error().hint);
  return make_population_based("pbt", context, std::make_unique<PbtExplorer>(*std::move(read), context));
}

}  // namespace tune
