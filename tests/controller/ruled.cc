#include "ruled.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "brain.h"
#include "core/rng.h"

namespace tune::test {
namespace {

/// A sampler that gives each trial its number, under any name.
class NamedSampler final : public Sampler {
 public:
  explicit NamedSampler(std::string parameter) : parameter_(std::move(parameter)) {}
  std::string_view name() const override { return "named"; }
  int rules() const override { return 1; }
  Result<Suggestion> suggest(TrialId trial) const override {
    Config config;
    config.set(parameter_, 1 + static_cast<double>(trial.value % 900));
    return Suggestion{config, "numbered"};
  }
  std::optional<std::int64_t> size() const override { return std::nullopt; }

 private:
  std::string parameter_;
};

const Space& space_with(const std::string& parameter) {
  static std::map<std::string, Space> spaces;
  const auto found = spaces.find(parameter);
  if (found != spaces.end()) return found->second;
  Parameter p;
  p.path = parameter;
  p.domain = Uniform{0, 1000};
  std::vector<SpaceFault> faults;
  return spaces.emplace(parameter, *Space::build({p}, {}, faults)).first->second;
}

}  // namespace

void PrintTo(const Ruled& ruled, std::ostream* out) { *out << ruled.name; }

std::string Schedule::words() const {
  std::ostringstream out;
  out << "seed " << seed << ", " << trials << " trials of " << last << " steps, " << slots << " slots, spread "
      << spread << ", crashes " << crashes << ", losses " << losses << ", NaN " << nans << ", retries " << retries
      << ", a checkpoint every " << checkpoint_every;
  return out.str();
}

Simulation simulation_of(const Ruled& ruled, const Schedule& schedule, const Change& change,
                         std::vector<LogEntry> log) {
  ControllerOptions controlled = test::trials(schedule.trials);
  controlled.objectives = {{"loss", Mode::kMin, std::nullopt}};
  controlled.retries = {.signal = schedule.retries};
  controlled.elastic = schedule.elastic;
  SchedulerContext context;
  context.options = Options(ruled.options);
  for (const char* names : {"hyperparam_mutations", "hyperparam_bounds"}) {
    if (context.options.find(names) != nullptr) context.options.set(names, List{change.parameter});
  }
  context.trials = schedule.trials;
  context.seed = 7;
  context.space = &space_with(change.parameter);
  auto scheduler = make_scheduler(ruled.type, std::move(context));
  EXPECT_TRUE(scheduler) << (scheduler ? "" : scheduler.error().message);
  SimulationOptions options;
  options.slots = schedule.slots;
  if (schedule.elastic != Elastic::kNone) options.capacity = schedule.slots + schedule.spare;
  if (schedule.lockstep) options.order = SimulationOptions::Order::kLockstep;
  options.seed = schedule.seed;
  options.cost_spread = schedule.spread;
  options.crash_rate = schedule.crashes;
  options.loss_rate = schedule.losses;
  options.checkpoint_every = schedule.checkpoint_every;
  const SimulatedTrial trial = [schedule, metric = change.metric](TrialId id, const Config&,
                                                                  Step step) -> std::optional<Metrics> {
    if (step > schedule.last) return std::nullopt;
    RandomStream random(schedule.seed, "score", id.value, std::to_string(step));
    if (random.uniform() < schedule.nans) return Metrics{{"loss", std::nan("")}};
    return Metrics{{"loss", metric(random.uniform())}};
  };
  return Simulation(Controller(controlled, std::make_unique<NamedSampler>(change.parameter), *std::move(scheduler)),
                    trial, options, std::move(log));
}

Schedule drawn(const Ruled& ruled, std::uint64_t seed, std::int64_t parts) {
  RandomStream random(seed, "schedule", 0);
  Schedule schedule;
  schedule.seed = seed;
  schedule.trials = std::max<std::int64_t>(8, ruled.trials / parts);
  schedule.last = ruled.last;
  schedule.slots = std::int64_t{1} << random.below(8);
  schedule.spread = random.uniform();
  schedule.crashes = random.below(2) == 0 ? 0 : 0.05 * random.uniform();
  schedule.losses = random.below(2) == 0 ? 0 : 0.03 * random.uniform();
  schedule.nans = random.below(2) == 0 ? 0 : 0.2 * random.uniform();
  schedule.retries = random.below(3) == 0 ? 1 : 1000;
  schedule.checkpoint_every = static_cast<std::int64_t>(random.below(4));
  return schedule;
}

const std::vector<Ruled>& all_ruled() {
  const std::pair<std::string, Value> steps{"time_attr", "training_iteration"}, x{"hyperparam_mutations", List{"x"}};
  static const std::vector<Ruled> kAll{
      {"fifo", "fifo", {}, 2000},
      {"stop", "asha", {{"max_t", 27}, {"reduction_factor", 3}}, 20'000},
      {"stop_brackets", "asha", {{"max_t", 27}, {"reduction_factor", 3}, {"brackets", 3}}, 15'000},
      {"promote", "asha", {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}}, 15'000},
      {"promote_brackets",
       "asha",
       {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}, {"brackets", 3}},
       10'000},
      {"stop_auto", "asha", {{"max_t", 27}, {"reduction_factor", 3}, {"grace_period", "auto"}}, 10'000},
      {"promote_auto",
       "asha",
       {{"max_t", 27}, {"reduction_factor", 3}, {"grace_period", "auto"}, {"variant", "promote"}},
       8000},
      {"hyperband", "hyperband", {{"max_t", 27}}, 10'000},
      {"hyperband_auto", "hyperband", {{"max_t", 27}, {"grace_period", "auto"}}, 8000},
      {"hb_bohb", "hb_bohb", {{"max_t", 27}, {"order", "smallest_first"}}, 10'000},
      {"median", "median", {steps, {"grace_period", 2}}, 10'000, 30, false},
      {"median_pauses", "median", {steps, {"grace_period", 2}, {"hard_stop", false}}, 2500, 30, false},
      {"median_slices",
       "median",
       {steps, {"grace_period", 2}, {"min_time_slice", 3}, {"min_samples_required", 9}},
       8000,
       30,
       false},
      {"pbt", "pbt", {steps, {"perturbation_interval", 3}, x}, 300, 200},
      {"pbt_synch", "pbt", {steps, {"perturbation_interval", 3}, {"synch", true}, x}, 300, 200},
      {"pb2",
       "pb2",
       {steps, {"perturbation_interval", 9}, {"quantile_fraction", 0.1}, {"hyperparam_bounds", List{"x"}}},
       60,
       100,
       false},
      {"pbt_replay",
       "pbt_replay",
       {{"max_t", 27},
        {"schedule", List{Map{{"at", 0}, {"trial", 3}}, Map{{"at", 5}, {"config", Map{}}},
                          Map{{"at", 11}, {"config", Map{}}, {"trial", 8}}}}},
       3000},
  };
  return kAll;
}

}  // namespace tune::test
