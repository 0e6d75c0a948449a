#include "tests/schedulers/world.h"

#include <fmt/format.h>

#include <limits>
#include <map>

#include "core/rng.h"

namespace tune::test {
namespace {

class World {
 public:
  World(Scheduler& scheduler, const WorldOptions& options)
      : scheduler_(scheduler), options_(options), random_(options.seed, "world", 0) {}

  WorldResult run() {
    fill_slots();
    while (event_.value < options_.most_events && !running_.empty()) {
      ++event_.value;
      const std::size_t chosen = random_.below(running_.size());
      const TrialId trial = running_[chosen];
      if (one_in(options_.fail_in)) {
        leave(chosen);
        end(trial, true);
        ++result_.failed;
      } else if (one_in(options_.end_in)) {
        leave(chosen);
        end(trial, false);
        ++result_.ended_alone;
      } else {
        report(chosen, trial);
      }
      fill_slots();
    }
    result_.ran_dry = running_.empty();
    return std::move(result_);
  }

 private:
  bool one_in(std::uint64_t n) { return n != 0 && random_.below(n) == 0; }

  void leave(std::size_t chosen) { running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(chosen)); }

  void record(Happening happening) {
    fold(scheduler_, happening);
    result_.history.push_back(std::move(happening));
  }

  void end(TrialId trial, bool failed) {
    Happening happening;
    happening.kind = Happening::Kind::kEnded;
    happening.trial = trial;
    happening.failed = failed;
    happening.event = event_;
    record(std::move(happening));
  }

  void report(std::size_t chosen, TrialId trial) {
    auto& t = times_[static_cast<std::size_t>(trial.value)];
    t += one_in(options_.jump_in) ? static_cast<double>(1 + random_.below(8)) : 1;
    const double value = one_in(options_.nan_in) ? std::numeric_limits<double>::quiet_NaN()
                                                 : static_cast<double>(random_.below(options_.scores));
    Happening happening;
    happening.report = {trial, static_cast<Step>(t), t, Score::of(value, Mode::kMin, event_), event_};
    saved_at_[event_] = t;
    happening.trial = trial;
    happening.verdict = scheduler_.judge(happening.report);
    const auto verdict = happening.verdict;
    record(std::move(happening));
    if (!verdict || verdict->verdict == Verdict::kContinue) return;
    leave(chosen);
    if (verdict->verdict == Verdict::kPause) {
      ++result_.parked;
      return;
    }
    ++(verdict->completed ? result_.completed : result_.stopped);
    end(trial, false);
  }

  void fill_slots() {
    for (;;) {
      Happening happening;
      happening.kind = Happening::Kind::kAsk;
      Supply& supply = happening.supply;
      supply.running = static_cast<std::int64_t>(running_.size());
      supply.slot_free = supply.running < options_.slots;
      supply.new_allowed = result_.started < options_.trials;
      supply.over = !supply.new_allowed;
      happening.proposal = scheduler_.propose(supply);
      const auto proposal = happening.proposal;
      if (proposal && proposal->kind == Proposal::Kind::kStartNew) {
        happening.started = happening.trial = TrialId{result_.started++};
        times_.push_back(0);
        running_.push_back(happening.started);
      } else if (proposal) {
        happening.trial = proposal->trial;
        if (proposal->kind == Proposal::Kind::kExploit) {
          times_[static_cast<std::size_t>(proposal->trial.value)] = saved_at_.at(proposal->checkpoint);
        }
        if (proposal->kind == Proposal::Kind::kResume) {
          running_.push_back(proposal->trial);
          --result_.parked;
        }
      }
      record(std::move(happening));
      if (!proposal) return;
      if (proposal->kind == Proposal::Kind::kStop) {
        --result_.parked;
        ++result_.stopped;
        end(proposal->trial, false);
      }
    }
  }

  Scheduler& scheduler_;
  const WorldOptions options_;
  RandomStream random_;
  EventNumber event_;
  std::vector<TrialId> running_;
  std::vector<double> times_;
  std::map<CheckpointId, double> saved_at_;
  WorldResult result_;
};

std::string words(const std::optional<SchedulerVerdict>& verdict) {
  if (!verdict) return "-";
  return fmt::format("{} {} {}", static_cast<int>(verdict->verdict), verdict->completed, verdict->reason);
}

std::string words(const std::optional<Proposal>& proposal) {
  if (!proposal) return "wait";
  return fmt::format("{} {} {} {}", static_cast<int>(proposal->kind), proposal->trial.value,
                     proposal->placement.bracket, proposal->reason);
}

}  // namespace

WorldResult run_world(Scheduler& scheduler, const WorldOptions& options) { return World(scheduler, options).run(); }

void fold(Scheduler& scheduler, const Happening& happening) {
  switch (happening.kind) {
    case Happening::Kind::kReport:
      scheduler.on_report(happening.report, happening.verdict ? &*happening.verdict : nullptr);
      break;
    case Happening::Kind::kAsk:
      if (!happening.proposal) break;
      if (happening.proposal->kind == Proposal::Kind::kStartNew) {
        scheduler.on_started(happening.started, happening.proposal->placement, {});
      } else {
        scheduler.on_proposal(*happening.proposal);
      }
      break;
    case Happening::Kind::kEnded: scheduler.on_ended(happening.trial, happening.failed, happening.event); break;
  }
}

std::string answer(const Scheduler& scheduler, const Happening& happening) {
  switch (happening.kind) {
    case Happening::Kind::kReport: return words(scheduler.judge(happening.report));
    case Happening::Kind::kAsk: return words(scheduler.propose(happening.supply));
    default: return "";
  }
}

std::string recorded_answer(const Happening& happening) {
  switch (happening.kind) {
    case Happening::Kind::kReport: return words(happening.verdict);
    case Happening::Kind::kAsk: return words(happening.proposal);
    default: return "";
  }
}

std::string standing(const Scheduler& scheduler, TrialId trial) {
  const SchedulePoint point = scheduler.next_point(trial);
  return fmt::format("{} {} {}", point.t, point.save, scheduler.may_resume(trial));
}

}  // namespace tune::test
