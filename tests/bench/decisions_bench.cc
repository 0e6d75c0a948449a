// What one decision costs the brain once it knows N trials: an event is folded, every decision upon it is asked for and
// folded, and the next point at which the trial must wait is asked for. Goals: under 20 us at 100,000 trials for ASHA,
// under 100 us for every other scheduler, growth at most logarithmic; a decision that fits PB2's model apart, under
// 20 ms with 200 rows.
//
// 64 trials run at a time and report in turn; scores are random. Only the brain's calls are timed.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/rng.h"
#include "searchspaces/space.h"
#include "tune/controller/controller.h"

namespace tune {
namespace {

constexpr std::int64_t kSlots = 64;
constexpr Step kEnd = 27;  // where trials end that no scheduler ends

/// Of this thread: what else runs on the machine is not counted.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

using Row = std::vector<std::pair<std::string, Value>>;

const Space& space() {
  static const Space kSpace = [] {
    std::vector<Parameter> parameters(2);
    parameters[0].path = "lr";
    parameters[0].domain = LogUniform{1e-5, 1e-1};
    parameters[1].path = "momentum";
    parameters[1].domain = Uniform{0, 1};
    std::vector<SpaceFault> faults;
    return *Space::build(std::move(parameters), {}, faults);
  }();
  return kSpace;
}

/// The brain, and trials that have nothing to do but report.
class World {
 public:
  /// `trials`: all that will ever start; 0: no limit.
  World(const std::string& type, const Row& options, std::int64_t trials) {
    ControllerOptions controlled;
    controlled.objectives = {{"loss", Mode::kMin, std::nullopt}};
    if (trials > 0) controlled.budget.trials = trials;
    SchedulerContext context;
    context.space = &space();
    context.options = Options(options);
    context.seed = 7;
    if (trials > 0) context.trials = trials;
    SamplerContext sampled;
    sampled.space = &space();
    sampled.seed = 7;
    controller_ = std::make_unique<Controller>(controlled, *make_sampler("random", sampled),
                                               *make_scheduler(type, std::move(context)));
    happen(RunStarted{1, "bench", controller_->rules(), kSlots, 0});
  }

  const Controller& controller() const { return *controller_; }
  double seconds() const { return seconds_; }          ///< of processor time that the last event took the brain
  std::int64_t exploits() const { return exploits_; }  ///< configurations that it changed in training
  std::int64_t decisions() const { return decisions_; }

  /// The next trial does what comes next; false: none runs.
  bool step() {
    if (turn_.empty()) return false;
    const TrialId id = turn_.front();
    turn_.pop_front();
    const TrialRecord& trial = controller_->trial(id);
    if (trial.state == TrialState::kRunning && trial.last_step < kEnd) {
      Reported report;
      report.trial = id;
      report.attempt = trial.attempt;
      report.seq = trial.last_seq + 1;
      report.step = trial.last_step + 1;
      report.elapsed = static_cast<double>(report.step);
      report.metrics = {{"loss", RandomStream(3, "loss", id.value, std::to_string(report.step)).uniform()}};
      if (controller_->wait_point(id).save) report.checkpoint = CheckpointInfo{1, "bench", false};
      happen(std::move(report));
      if (controller_->trial(id).state == TrialState::kRunning || is_leaving(id)) turn_.push_back(id);
      return true;
    }
    Ended ended;
    ended.trial = id;
    ended.attempt = trial.attempt;
    ended.seq = trial.last_seq + 1;
    ended.how = trial.state == TrialState::kPausing    ? EndKind::kPaused
                : trial.state == TrialState::kStopping ? EndKind::kStopped
                                                       : EndKind::kCompleted;
    happen(std::move(ended));
    return true;
  }

 private:
  bool is_leaving(TrialId id) const {
    const TrialState state = controller_->trial(id).state;
    return state == TrialState::kPausing || state == TrialState::kStopping;
  }

  void happen(EventBody body) {
    Event event{controller_->next_event(), static_cast<double>(events_++), std::move(body)};
    std::vector<Decision> decisions;
    const double before = cpu_seconds();
    controller_->observe(event);
    while (auto decision = controller_->next()) {
      controller_->apply(*decision);
      decisions.push_back(*std::move(decision));
    }
    if (const auto* report = std::get_if<Reported>(&event.body)) {
      benchmark::DoNotOptimize(controller_->wait_point(report->trial));
    }
    seconds_ = cpu_seconds() - before;
    exploits_ = 0;
    decisions_ += static_cast<std::int64_t>(decisions.size());
    for (const Decision& decision : decisions) {
      if (const auto* start = std::get_if<StartTrial>(&decision.body)) turn_.push_back(start->trial);
      if (const auto* resume = std::get_if<ResumeTrial>(&decision.body)) turn_.push_back(resume->trial);
      if (std::holds_alternative<ExploitTrial>(decision.body)) ++exploits_;
    }
  }

  std::unique_ptr<Controller> controller_;
  std::deque<TrialId> turn_;
  std::int64_t events_ = 0, decisions_ = 0, exploits_ = 0;
  double seconds_ = 0;
};

/// `population`: N trials that stay; else trials come and go without end, and N of them have.
void decide(benchmark::State& state, const std::string& type, const Row& options, bool population) {
  const std::int64_t n = state.range(0);
  World world(type, options, population ? n : 0);
  if (population) {
    for (std::int64_t i = 0; i < 3 * n && world.step(); ++i) continue;
  } else {
    while (world.controller().trials() < n && world.step()) continue;
  }
  const std::int64_t before = world.decisions();
  double fits = 0, worst_fit = 0, worst = 0;
  std::int64_t fitted = 0, most_exploits = 0;
  for (auto _ : state) {
    if (!world.step()) {
      state.SkipWithError("nothing runs any more");
      break;
    }
    const bool is_fit = type == "pb2" && world.exploits() > 0;
    if (is_fit) {
      ++fitted;
      fits += world.seconds();
      worst_fit = std::max(worst_fit, world.seconds());
      most_exploits = std::max(most_exploits, world.exploits());
    } else {
      worst = std::max(worst, world.seconds());
    }
    state.SetIterationTime(is_fit ? 0 : world.seconds());
  }
  state.counters["decisions"] =
      static_cast<double>(world.decisions() - before) / static_cast<double>(state.iterations());
  state.counters["worst_us"] = worst * 1e6;
  if (fitted > 0) {
    state.counters["fit_us"] = fits / static_cast<double>(fitted) * 1e6;
    state.counters["worst_fit_us"] = worst_fit * 1e6;
    state.counters["most_exploits"] = static_cast<double>(most_exploits);
  }
}

const std::pair<std::string, Value> kSteps{"time_attr", "training_iteration"};

void add(const char* name, const std::string& type, Row options, bool population = false) {
  auto* bench =
      benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { decide(state, type, options, population); });
  bench->Arg(type == "pb2" ? 100 : 1000);
  // PB2 is PBT beside its fits, whose cost depends on their rows; to warm up 100,000 members would take 25,000 of them.
  if (type != "pb2") bench->Arg(10'000)->Arg(100'000);
  bench->Iterations(type == "pb2" ? 2'000 : 20'000)->UseManualTime()->Unit(benchmark::kMicrosecond);
}

}  // namespace
}  // namespace tune

int main(int argc, char** argv) {
  using tune::add;
  using tune::kSteps;
  const std::pair<std::string, tune::Value> interval{"perturbation_interval", 2};
  add("fifo", "fifo", {});
  add("asha_stop", "asha", {{"max_t", 27}, {"reduction_factor", 3}});
  add("asha_promote", "asha", {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}});
  add("asha_brackets", "asha", {{"max_t", 27}, {"reduction_factor", 3}, {"brackets", 3}});
  add("hyperband", "hyperband", {{"max_t", 81}});
  add("median", "median", {kSteps, {"grace_period", 3}});
  add("median_completed", "median", {kSteps, {"grace_period", 3}, {"peers", "completed"}});
  add("pbt", "pbt", {kSteps, interval, {"hyperparam_mutations", tune::List{"lr", "momentum"}}}, true);
  add("pbt_synch", "pbt", {kSteps, interval, {"synch", true}, {"hyperparam_mutations", tune::List{"lr", "momentum"}}},
      true);
  add("pb2", "pb2", {kSteps, interval, {"hyperparam_bounds", tune::List{"lr", "momentum"}}}, true);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
