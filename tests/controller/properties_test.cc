// Laws that hold whatever happens, under schedules drawn from seeds: 100,000 events of crashes, lost workers, NaN and
// slow workers for every scheduler. A schedule that breaks a law is shrunk to a short one, which is printed with its
// log.

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "brain.h"
#include "core/log_rows.h"
#include "ruled.h"

namespace tune::test {
namespace {

using Broken = std::optional<std::string>;  ///< which law, and where

// --- Laws of one log
// --------------------------------------------------------------------------------------------------

Broken every_trial_ends_once(const Simulation& run, bool finished) {
  if (!finished) return "it stands still: nothing runs, and it has not ended";
  std::map<TrialId, int> ends;
  for (const LogEntry& entry : run.log()) {
    for (const Decision& decision : entry.decisions) {
      if (const auto* finish = std::get_if<FinishTrial>(&decision.body)) ++ends[finish->trial];
    }
  }
  for (std::int64_t i = 0; i < run.controller().trials(); ++i) {
    if (ends[TrialId{i}] != 1)
      return "trial " + std::to_string(i) + " ends " + std::to_string(ends[TrialId{i}]) + " times";
  }
  return std::nullopt;
}

/// Whatever an attempt is to load is there from the decision until the attempt has reported.
Broken checkpoints_are_there(const Ruled& ruled, const Simulation& run) {
  std::map<CheckpointId, TrialId> alive;
  std::map<TrialId, CheckpointId> loading;
  for (const LogEntry& entry : run.log()) {
    const std::string at = " at event " + std::to_string(entry.event.n.value);
    if (const auto* report = std::get_if<Reported>(&entry.event.body)) {
      if (report->checkpoint) alive[entry.event.n] = report->trial;
      loading.erase(report->trial);
    }
    for (const Decision& decision : entry.decisions) {
      if (const auto* exploit = std::get_if<ExploitTrial>(&decision.body)) {
        const auto given = alive.find(exploit->checkpoint);
        if (given == alive.end()) return "the donor's checkpoint is gone" + at;
        if (given->second != exploit->donor) return "the checkpoint is not the donor's" + at;
        // A replay changes the configuration of a trial that goes on from its own checkpoint.
        if ((exploit->donor == exploit->trial) != (ruled.type == "pbt_replay")) return "the donor is wrong" + at;
        loading[exploit->trial] = exploit->checkpoint;
      } else if (const auto* resume = std::get_if<ResumeTrial>(&decision.body)) {
        if (!resume->checkpoint) continue;
        if (!alive.contains(*resume->checkpoint)) return "a trial goes on from a checkpoint that is gone" + at;
        loading[resume->trial] = *resume->checkpoint;
      } else if (const auto* finish = std::get_if<FinishTrial>(&decision.body)) {
        loading.erase(finish->trial);
      } else if (const auto* release = std::get_if<ReleaseCheckpoints>(&decision.body)) {
        for (const CheckpointId id : release->checkpoints) {
          alive.erase(id);
          for (const auto& [trial, loads] : loading) {
            if (loads == id)
              return "the checkpoint that trial " + std::to_string(trial.value) + " loads is released" + at;
          }
        }
      }
    }
  }
  return std::nullopt;
}

/// ASHA by counting: each verdict at a rung, and each promotion from it, against all scores that were there.
Broken rungs_count(const Ruled& ruled, const Simulation& run) {
  const Options options(ruled.options);
  if (ruled.type != "asha" || options.find("brackets") || options.find("grace_period")) return std::nullopt;
  const bool promotes = options.find("variant") != nullptr;
  constexpr std::int64_t kEta = 3;
  std::map<Step, std::vector<double>> rungs;  // sorted numbers
  std::map<Step, std::int64_t> entries;
  std::map<TrialId, std::pair<Step, double>> parked;
  for (const LogEntry& entry : run.log()) {
    const auto* report = std::get_if<Reported>(&entry.event.body);
    for (const Decision& decision : entry.decisions) {
      const std::string at = " at event " + std::to_string(entry.event.n.value);
      if (const auto* judged = std::get_if<Judged>(&decision.body); judged && report) {
        if (judged->cause == Cause::kMaxT || judged->cause == Cause::kUser) continue;
        const double loss = *find_metric(report->metrics, "loss");
        std::vector<double>& rung = rungs[judged->step];
        const std::int64_t m = ++entries[judged->step];
        const auto better = std::ranges::lower_bound(rung, loss) - rung.begin();
        const bool goes_on = !std::isnan(loss) && better < std::max<std::int64_t>(1, m / kEta);
        if (!promotes && goes_on != (judged->verdict == Verdict::kContinue)) {
          return "rank " + std::to_string(better + 1) + " of " + std::to_string(m) + " in rung " +
                 std::to_string(judged->step) + " is judged wrongly" + at;
        }
        if (promotes && judged->verdict == Verdict::kPause) parked[judged->trial] = {judged->step, loss};
        if (!std::isnan(loss)) rung.insert(std::ranges::upper_bound(rung, loss), loss);
      } else if (const auto* resume = std::get_if<ResumeTrial>(&decision.body);
                 resume && resume->why == ResumeWhy::kPromoted) {
        const auto [step, loss] = parked[resume->trial];
        const auto rank = std::ranges::lower_bound(rungs[step], loss) - rungs[step].begin() + 1;
        if (!decision.reason.starts_with("drained") && rank > entries[step] / kEta) {
          return "rank " + std::to_string(rank) + " of " + std::to_string(entries[step]) + " is promoted from rung " +
                 std::to_string(step) + at;
        }
      }
    }
  }
  return std::nullopt;
}

/// `events`: how many there were is added to it.
Broken first_broken(const Ruled& ruled, const Schedule& schedule, std::size_t* events = nullptr) {
  Simulation run = simulation_of(ruled, schedule);
  const bool finished = run.run(kMost);
  if (events != nullptr) *events += run.log().size();
  if (auto broken = every_trial_ends_once(run, finished)) return broken;
  if (auto broken = checkpoints_are_there(ruled, run)) return broken;
  if (schedule.retries >= 1000) {  // who fails is an entry, too, which the log does not show
    if (auto broken = rungs_count(ruled, run)) return broken;
  }
  return std::nullopt;
}

// --- Laws of two runs
// -------------------------------------------------------------------------------------------------

/// Decisions without what a name or a value may change: configurations and the words about them.
std::vector<std::string> bare_decisions(const Simulation& run) {
  std::vector<std::string> lines;
  for (const LogEntry& entry : run.log()) {
    for (const Decision& decision : entry.decisions) {
      std::string line = std::to_string(entry.event.n.value) + ' ';
      if (const auto* start = std::get_if<StartTrial>(&decision.body)) {
        line += "start " + std::to_string(start->trial.value) + " in " + std::to_string(start->placement.bracket);
      } else if (const auto* exploit = std::get_if<ExploitTrial>(&decision.body)) {
        line += "exploit " + std::to_string(exploit->trial.value) + " of " + std::to_string(exploit->donor.value);
      } else {
        const DecisionRow row = encode(decision);
        line += row.kind + ' ' + std::to_string(row.trial) + ' ' + row.args + ' ' + row.reason;
      }
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

Broken differs(const Ruled& ruled, const Schedule& schedule, const Change& change) {
  Simulation plain = simulation_of(ruled, schedule), changed = simulation_of(ruled, schedule, change);
  plain.run(kMost);
  changed.run(kMost);
  const auto before = bare_decisions(plain), after = bare_decisions(changed);
  for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
    const std::string a = i < before.size() ? before[i] : "nothing", b = i < after.size() ? after[i] : "nothing";
    if (a != b) return "'" + a + "' became '" + b + "'";
  }
  return std::nullopt;
}

// --- Shrinking
// --------------------------------------------------------------------------------------------------------

using Law = std::function<Broken(const Schedule&)>;

/// A schedule that is no bigger in anything and breaks the law still.
Schedule shrunk(Schedule schedule, const Law& law) {
  const auto smaller = [](const Schedule& s) {
    std::vector<Schedule> all;
    const auto with = [&](auto member, auto value) {
      if (s.*member == value) return;
      Schedule next = s;
      next.*member = value;
      all.push_back(next);
    };
    for (const auto member : {&Schedule::crashes, &Schedule::losses, &Schedule::nans, &Schedule::spread})
      with(member, 0.0);
    with(&Schedule::checkpoint_every, std::int64_t{0});
    for (const auto member : {&Schedule::trials, &Schedule::slots, &Schedule::last}) {
      with(member, std::max<std::int64_t>(1, s.*member / 2));
      with(member, std::max<std::int64_t>(1, s.*member - 1));
    }
    return all;
  };
  for (bool found = true; found;) {
    found = false;
    for (const Schedule& next : smaller(schedule)) {
      if (!law(next)) continue;
      schedule = next;
      found = true;
      break;
    }
  }
  return schedule;
}

std::string script(const Ruled& ruled, const Schedule& schedule) {
  Simulation run = simulation_of(ruled, schedule);
  run.run(2000);
  std::string out;
  for (const LogEntry& entry : run.log()) {
    const EventRow event = encode(entry.event);
    out += std::to_string(entry.event.n.value) + ' ' + event.kind + ' ' + std::to_string(event.trial) + ' ' +
           event.payload + '\n';
    for (const Decision& decision : entry.decisions) {
      const DecisionRow row = encode(decision);
      out += "    " + row.kind + ' ' + std::to_string(row.trial) + ' ' + row.args + "  # " + decision.reason + '\n';
    }
    if (out.size() > 20'000) return out + "...\n";
  }
  return out;
}

void hold(const Ruled& ruled, const Schedule& schedule, const Law& law) {
  const Broken broken = law(schedule);
  if (!broken) return;
  const Schedule small = shrunk(schedule, law);
  ADD_FAILURE() << ruled.name << ": " << *broken << "\nshrunk to " << small.words() << ": " << *law(small) << '\n'
                << script(ruled, small);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kEvents = 10'000;  // each costs a hundred times as much there
#else
constexpr std::size_t kEvents = 100'000;
#endif

class Laws : public testing::TestWithParam<Ruled> {};

TEST_P(Laws, HoldUnderAHundredThousandEvents) {
  const Ruled& ruled = GetParam();
  std::size_t events = 0;
  const std::size_t enough = ruled.type == "pb2" ? kEvents / 20 : kEvents;  // a fit of PB2 costs a millisecond
  for (std::uint64_t seed = 1; events < enough && !HasFailure(); ++seed) {
    hold(ruled, drawn(ruled, seed, 4), [&](const Schedule& s) { return first_broken(ruled, s, &events); });
  }
}

TEST_P(Laws, HoldInSmallExperimentsOfAnyShape) {
  for (std::uint64_t seed = 100; seed < 160; ++seed) {
    const Ruled& ruled = GetParam();
    Schedule schedule = drawn(ruled, seed, 1);
    schedule.trials = 1 + static_cast<std::int64_t>(seed % 13);
    schedule.last = 1 + static_cast<Step>(seed % 31);
    hold(ruled, schedule, [&](const Schedule& s) { return first_broken(ruled, s); });
  }
}

TEST_P(Laws, AMonotoneMapOfTheMetricChangesNoDecisionOfARankRule) {
  const Ruled& ruled = GetParam();
  if (!ruled.by_rank) return;
  Change change;
  change.metric = [](double v) { return v < 0.5 ? -1 / (v + 0.001) : 1e6 + 1e9 * v * v; };
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    hold(ruled, drawn(ruled, seed, 20), [&](const Schedule& s) { return differs(ruled, s, change); });
  }
}

TEST_P(Laws, ANewNameOfAParameterChangesNothing) {
  const Ruled& ruled = GetParam();
  Change change;
  change.parameter = "learning_rate";
  hold(ruled, drawn(ruled, 3, 20), [&](const Schedule& s) { return differs(ruled, s, change); });
}

INSTANTIATE_TEST_SUITE_P(Schedulers, Laws, testing::ValuesIn(all_ruled()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST(Shrinking, FindsTheSmallestScheduleThatBreaksALaw) {
  const Ruled& stop = all_ruled()[1];
  const Law no_trial_passes_step_nine = [&](const Schedule& schedule) -> Broken {
    Simulation run = simulation_of(stop, schedule);
    run.run(kMost);
    for (std::int64_t i = 0; i < run.controller().trials(); ++i) {
      if (run.controller().trial(TrialId{i}).last_step > 9) return "trial " + std::to_string(i) + " passes";
    }
    return std::nullopt;
  };
  const Schedule small = shrunk(drawn(stop, 1, 40), no_trial_passes_step_nine);
  EXPECT_EQ(small.trials, 1);
  EXPECT_EQ(small.slots, 1);
  EXPECT_EQ(small.last, 10);
  EXPECT_EQ(small.crashes + small.losses + small.nans + small.spread, 0);
}

TEST(Laws, AreHeldAgainstEverySchedulerThatIsBuilt) {
  for (const AlgorithmInfo& info : scheduler_catalogue()) {
    if (!info.capabilities.built) continue;
    EXPECT_TRUE(std::ranges::any_of(all_ruled(), [&](const Ruled& ruled) {
      return ruled.type == info.name || std::ranges::find(info.aliases, ruled.type) != info.aliases.end();
    })) << info.name;
  }
}

}  // namespace
}  // namespace tune::test
