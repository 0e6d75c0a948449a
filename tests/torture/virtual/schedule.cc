#include "tests/torture/virtual/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "core/runtime/hand_in.h"
#include "tests/controller/toy_problem.h"
#include "tests/torture/virtual/simulated_controller.h"
#include "tests/torture/virtual/simulated_worker.h"
#include "tune/controller/simulation.h"

namespace tune::torture {
namespace {

using Kind = Mishap::Kind;

constexpr int kKinds = 16;
constexpr double kHealed = 8;  // seconds: from here on nothing happens any more but what must
constexpr double kMostSeconds = 300;
constexpr std::int64_t kMostHappenings = 400'000;

struct Algorithm {
  std::string name, type;
  std::vector<std::pair<std::string, Value>> options;
};

const std::vector<Algorithm>& algorithms() {
  static const std::vector<Algorithm> kAll = {
      {"fifo", "fifo", {}},
      {"asha stop", "asha", {{"max_t", 9}, {"reduction_factor", 3}}},
      {"asha promote", "asha", {{"max_t", 9}, {"reduction_factor", 3}, {"variant", "promote"}}},
      {"hyperband", "hyperband", {{"max_t", 9}}},
      {"median", "median", {{"time_attr", "training_iteration"}, {"grace_period", 2}}},
      {"pausing median", "median", {{"time_attr", "training_iteration"}, {"grace_period", 2}, {"hard_stop", false}}},
      {"pbt",
       "pbt",
       {{"time_attr", "training_iteration"}, {"perturbation_interval", 2}, {"hyperparam_mutations", "x"}}},
      {"pbt synch",
       "pbt",
       {{"time_attr", "training_iteration"},
        {"perturbation_interval", 2},
        {"synch", true},
        {"hyperparam_mutations", "x"}}},
  };
  return kAll;
}

Controller brain_of(const Schedule& schedule) {
  const auto& algorithm = *std::ranges::find(algorithms(), schedule.scheduler, &Algorithm::name);
  SchedulerContext context;
  context.options = Options(algorithm.options);
  context.trials = schedule.trials;
  context.seed = 7;
  context.space = &test::one_parameter();
  ControllerOptions options;
  options.objectives = {{"loss", Mode::kMin, std::nullopt}};
  options.budget.trials = schedule.trials;
  options.retries = {.signal = 1000};
  return Controller(options, std::make_unique<test::CountingSampler>(),
                    *make_scheduler(algorithm.type, std::move(context)));
}

/// What a results table shows, without clock and attempts.
std::string table(const Controller& brain) {
  std::string rows;
  for (std::int64_t i = 0; i < brain.trials(); ++i) {
    const TrialRecord& trial = brain.trial(TrialId{i});
    rows += fmt::format("{} {} step {} best {} of {}; ", i, state_name(trial.state), trial.last_step, trial.best_value,
                        trial.reports);
  }
  return rows;
}

std::string unbroken_table(const Schedule& schedule) {
  SimulationOptions options;
  options.order = SimulationOptions::Order::kLockstep;
  options.slots = schedule.slots;
  options.checkpoint_every = schedule.checkpoint_every;
  Simulation unbroken(
      brain_of(schedule),
      [&](TrialId trial, const Config&, Step step) {
        return step > schedule.steps ? std::nullopt : std::optional(test::ordered_curve(trial, step));
      },
      options);
  unbroken.run(100'000);
  return table(unbroken.controller());
}

/// The world of one schedule: its store, its controllers and workers, and what befalls them.
class Play {
 public:
  Play(const Schedule& schedule, const std::string& folder, bool tells)
      : schedule_(schedule), world_(schedule.seed), network_(world_), stored_(world_), nature_(world_.spawn()) {
    world_.keeps_story = tells;
    controllers_setup_.brain = [this] { return brain_of(schedule_); };
    controllers_setup_.slots = workers_setup_.slots = schedule.slots;
    controllers_setup_.lockstep = schedule.lockstep;
    controllers_setup_.checkpoint_every = schedule.checkpoint_every;
    controllers_setup_.lease = workers_setup_.lease = schedule.lease;
    controllers_setup_.folder = workers_setup_.folder = folder;
    controllers_setup_.start_worker = [this](std::int64_t launch, Pid controller) {
      workers_.push_back(std::make_unique<SimulatedWorker>(world_, stored_, workers_setup_, launch, controller));
      world_.note([&] { return fmt::format("worker {} is launched", launch); });
      return workers_.back()->pid();
    };
    controllers_setup_.pid_of = [this](std::int64_t launch) -> std::optional<Pid> {
      const Pid pid = stored_.ever_launched.at(launch);
      return world_.is_alive(pid) ? std::optional(pid) : std::nullopt;
    };
    workers_setup_.steps = schedule.steps;
    workers_setup_.step_seconds = schedule.step_seconds;
    workers_setup_.large_checkpoints = schedule.large_checkpoints;
    workers_setup_.metrics = test::ordered_curve;
    workers_setup_.connect = [this](Pid worker, Pid controller) -> std::shared_ptr<End> {
      if (!world_.is_alive(controller) || controllers_.back()->pid() != controller) return nullptr;
      auto [near, far] = network_.connect(worker, controller);
      controllers_.back()->accept(std::move(far));
      return near;
    };
  }

  Outcome run() {
    for (const Mishap& mishap : schedule_.mishaps) arrange(mishap);
    world_.at(kHealed, nature_, [this] { heal(); });
    resume();
    std::int64_t happenings = 0;
    while (world_.violation().empty() && !finished() && world_.step()) {
      if (world_.now() > kMostSeconds) world_.violate("the experiment does not end");
      if (++happenings > kMostHappenings) world_.violate("it runs in circles");
    }
    if (world_.violation().empty()) check_end();
    Outcome outcome;
    outcome.violation = world_.violation();
    outcome.story = world_.story();
    outcome.messages = network_.messages();
    outcome.events = static_cast<std::int64_t>(stored_.log().size());
    outcome.controllers = static_cast<std::int64_t>(controllers_.size());
    outcome.workers = static_cast<std::int64_t>(workers_.size());
    return outcome;
  }

 private:
  bool finished() const { return !controllers_.empty() && controllers_.back()->is_finished(); }

  /// A new controller, and another when this one has died.
  void resume() {
    const auto run = static_cast<std::int64_t>(controllers_.size()) + 1;
    controllers_.push_back(std::make_unique<SimulatedController>(world_, stored_, controllers_setup_, harm_, run));
    world_.note([&] { return fmt::format("controller {} begins", run); });
    world_.watch(controllers_.back()->pid(), [this] {
      world_.note([] { return std::string("the controller dies"); });
      const double wait = healed_ ? 0.05 : world_.draw(0.02, 1) * schedule_.restart_seconds;
      world_.after(wait, nature_, [this] { resume(); });
    });
  }

  void heal() {
    healed_ = true;
    network_.heal();
    harm_.dies_before.clear(), harm_.dies_after.clear(), harm_.fails.clear(), harm_.store_refuses.clear();
    network_.cut();  // what was lost without a trace is said again
  }

  void arrange(const Mishap& mishap) {
    const auto controller = [this] { return controllers_.back()->pid(); };
    const auto later = [&](std::function<void()> what) {
      world_.at(mishap.at, nature_, [this, mishap, what = std::move(what)] {
        world_.note([&] { return "*** " + words_of(mishap); });
        what();
      });
    };
    const auto on_worker = [this](std::function<void(SimulatedWorker&)> what) {
      return [this, what = std::move(what)] {
        if (!workers_.empty() && world_.is_alive(workers_.back()->pid())) what(*workers_.back());
      };
    };
    switch (mishap.kind) {
      case Kind::kKillController: return later([this, controller] { world_.kill(controller()); });
      case Kind::kKillWorker:
        lost_work_ = true;
        return later(on_worker([this](SimulatedWorker& worker) { world_.kill(worker.pid()); }));
      case Kind::kKillForkServer:
        lost_work_ = true;
        return later(on_worker([](SimulatedWorker& worker) { worker.fork_server_dies(); }));
      case Kind::kKillTrial:
        lost_work_ = true;
        return later(on_worker([](SimulatedWorker& worker) { worker.trial_dies(); }));
      case Kind::kFreezeController:
        return later([this, controller, mishap] { world_.freeze(controller(), mishap.seconds); });
      case Kind::kFreezeWorker:
        lost_work_ = true;  // its controller may kill it
        return later(
            on_worker([this, mishap](SimulatedWorker& worker) { world_.freeze(worker.pid(), mishap.seconds); }));
      case Kind::kFreezeTrial:
        return later(on_worker([mishap](SimulatedWorker& worker) { worker.trial_stands_still(mishap.seconds); }));
      case Kind::kCut: return later([this] { network_.cut(); });
      case Kind::kDieBeforeCommit: harm_.dies_before.insert(mishap.number); return;
      case Kind::kDieAfterCommit: harm_.dies_after.insert(mishap.number); return;
      case Kind::kDieBeforeSend:
        return network_.before_send(mishap.number, [this, controller] { world_.kill(controller()); });
      case Kind::kFailCommit: harm_.fails.insert(mishap.number); return;
      case Kind::kRefuseCheckpoint:
        lost_work_ = true;  // of a hand-in: nobody is there to send it again
        harm_.store_refuses.insert(mishap.number);
        return;
      case Kind::kLoseMessage: return network_.harm(mishap.to_controller, mishap.number, Harm::kLose, 0);
      case Kind::kRepeatMessage:
        return network_.harm(mishap.to_controller, mishap.number, Harm::kRepeat, mishap.seconds);
      case Kind::kDelayMessage: return network_.harm(mishap.to_controller, mishap.number, Harm::kDelay, mishap.seconds);
    }
  }

  void check_end() {
    if (!finished()) return world_.violate("nothing happens any more, and the experiment has not ended");
    const Controller& brain = controllers_.back()->brain();
    if (brain.counts().finished() != brain.counts().created) world_.violate("a trial has no end");
    for (std::int64_t i = 0; i < brain.trials(); ++i) {
      const TrialRecord& trial = brain.trial(TrialId{i});
      if (trial.generation == 0) stored_.check_reports(trial.id, trial.reports);
    }
    if (!lost_work_ && brain.counts().replayed_reports > 0 && !worker_was_killed()) {
      world_.violate("a step is trained twice, though no process of a trial was lost");
    }
    if (schedule_.lockstep && table(brain) != unbroken_table(schedule_)) {
      world_.violate("the table is\n  " + table(brain) + "\nand that of the unbroken run\n  " +
                     unbroken_table(schedule_));
    }
    for (const auto& [launch, pid] : stored_.ever_launched) {
      const bool is_known = std::ranges::count(stored_.launches, launch) > 0;
      const std::string path = hand_in_path(controllers_setup_.folder, launch_name(launch));
      if (!is_known && std::filesystem::exists(path)) world_.violate("a hand-in is forgotten");
    }
  }

  /// By a controller that found it silent, or could not go on with it.
  bool worker_was_killed() const {
    return std::ranges::any_of(
        workers_, [&](const auto& worker) { return !world_.is_alive(worker->pid()) && !worker->left_by_itself(); });
  }

  const Schedule& schedule_;
  World world_;
  Network network_;
  Stored stored_;
  Pid nature_;
  ControllerSetup controllers_setup_;
  WorkerSetup workers_setup_;
  CommitHarm harm_;
  std::vector<std::unique_ptr<SimulatedController>> controllers_;
  std::vector<std::unique_ptr<SimulatedWorker>> workers_;
  bool healed_ = false, lost_work_ = false;
};

}  // namespace

Schedule make_schedule(std::uint64_t seed) {
  RandomStream random(seed, "schedule", 0);
  const auto between = [&](double low, double high) { return low + (high - low) * random.uniform(); };
  const auto among = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
  };
  Schedule schedule;
  schedule.seed = seed;
  schedule.scheduler = algorithms()[static_cast<std::size_t>(among(0, 7))].name;
  schedule.lockstep = random.below(2) == 0;
  schedule.trials = among(2, 6);
  schedule.slots = among(1, 3);
  schedule.steps = among(2, 9);
  schedule.step_seconds = between(0.01, 0.2);
  schedule.lease = between(0.3, 1.5);
  schedule.restart_seconds = random.below(2) == 0 ? 0.3 : 4 * schedule.lease;
  schedule.large_checkpoints = random.below(3) == 0;
  // A donor gives its newest checkpoint, so how often they are made is part of a PBT experiment.
  schedule.checkpoint_every = schedule.scheduler.starts_with("pbt") ? 0 : among(0, 2);
  const std::int64_t mishaps = among(1, 9);
  for (std::int64_t i = 0; i < mishaps; ++i) {
    Mishap mishap;
    mishap.kind = static_cast<Kind>(random.below(kKinds));
    mishap.at = between(0, 4);
    const bool is_commit = mishap.kind == Kind::kDieBeforeCommit || mishap.kind == Kind::kDieAfterCommit ||
                           mishap.kind == Kind::kFailCommit || mishap.kind == Kind::kRefuseCheckpoint;
    mishap.number = is_commit ? among(1, 25) : among(1, 90);
    mishap.to_controller = random.below(2) == 0;
    const bool freezes = mishap.kind == Kind::kFreezeController || mishap.kind == Kind::kFreezeWorker ||
                         mishap.kind == Kind::kFreezeTrial;
    mishap.seconds = freezes ? between(0.05, 3 * schedule.lease) : between(0.001, 0.4);
    schedule.mishaps.push_back(mishap);
  }
  return schedule;
}

std::string words_of(const Mishap& mishap) {
  const auto message = [&] {
    return fmt::format("message {} to the {}", mishap.number, mishap.to_controller ? "controller" : "worker");
  };
  switch (mishap.kind) {
    case Kind::kKillController: return fmt::format("at {:.3f} s the controller is killed", mishap.at);
    case Kind::kKillWorker: return fmt::format("at {:.3f} s the worker is killed", mishap.at);
    case Kind::kKillForkServer: return fmt::format("at {:.3f} s the fork server is killed", mishap.at);
    case Kind::kKillTrial: return fmt::format("at {:.3f} s a trial is killed", mishap.at);
    case Kind::kFreezeController:
      return fmt::format("at {:.3f} s the controller stands still for {:.3f} s", mishap.at, mishap.seconds);
    case Kind::kFreezeWorker:
      return fmt::format("at {:.3f} s the worker stands still for {:.3f} s", mishap.at, mishap.seconds);
    case Kind::kFreezeTrial:
      return fmt::format("at {:.3f} s a trial stands still for {:.3f} s", mishap.at, mishap.seconds);
    case Kind::kCut: return fmt::format("at {:.3f} s the connection is cut", mishap.at);
    case Kind::kDieBeforeCommit: return fmt::format("the controller dies before commit {}", mishap.number);
    case Kind::kDieAfterCommit: return fmt::format("the controller dies after commit {}", mishap.number);
    case Kind::kDieBeforeSend: return fmt::format("the controller dies before it sends message {}", mishap.number);
    case Kind::kFailCommit: return fmt::format("commit {} fails", mishap.number);
    case Kind::kRefuseCheckpoint: return fmt::format("the store refuses piece {} of a checkpoint", mishap.number);
    case Kind::kLoseMessage: return message() + " is lost";
    case Kind::kRepeatMessage: return message() + fmt::format(" comes again {:.3f} s later", mishap.seconds);
    case Kind::kDelayMessage: return message() + fmt::format(" comes {:.3f} s late", mishap.seconds);
  }
  return {};
}

std::string words_of(const Schedule& schedule) {
  std::string text = fmt::format(
      "seed {}: {}{}, {} trials of {} steps on {} slots, lease {:.2f} s, {} checkpoints, every {} steps\n",
      schedule.seed, schedule.scheduler, schedule.lockstep ? " in lockstep" : "", schedule.trials, schedule.steps,
      schedule.slots, schedule.lease, schedule.large_checkpoints ? "large" : "small", schedule.checkpoint_every);
  for (const Mishap& mishap : schedule.mishaps) text += "  " + words_of(mishap) + "\n";
  return text;
}

Outcome run_schedule(const Schedule& schedule, const std::string& folder, bool tells) {
  Outcome outcome = Play(schedule, folder, tells).run();
  std::filesystem::remove_all(folder);  // which the last hand-in may have taken with it
  return outcome;
}

Schedule shrink(Schedule schedule, const std::string& folder) {
  for (std::size_t i = 0; i < schedule.mishaps.size();) {
    Schedule smaller = schedule;
    smaller.mishaps.erase(smaller.mishaps.begin() + static_cast<std::ptrdiff_t>(i));
    if (run_schedule(smaller, folder).violation.empty()) {
      ++i;
    } else {
      schedule = std::move(smaller);
      i = 0;
    }
  }
  return schedule;
}

}  // namespace tune::torture
