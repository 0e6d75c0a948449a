// The simulation in virtual time against the real engine: under lockstep both take the same decisions in the same
// order, so that what the simulation tells of an experiment is what happens.

#include "tune/controller/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/log_rows.h"
#include "experiments/spec/reader.h"
#include "experiments/store/store.h"
#include "schedulers/scheduler.h"
#include "searchspaces/sampler.h"
#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"
#include "trainables/builtin/functions.h"
#include "tune/loop/recovery.h"

namespace tune {
namespace {

using namespace testing;

constexpr int kEpochs = 9;

/// What the built-in `curve` reports.
std::optional<Metrics> curve_report(TrialId, const Config& config, Step step) {
  if (step > kEpochs) return std::nullopt;
  const double floor = functions::branin(*config.find("x1")->number(), *config.find("x2")->number());
  return Metrics{{"loss", floor + 5 / std::sqrt(static_cast<double>(step))}};
}

/// Decisions in their order; without what names events, which the engine numbers otherwise (it hears of more).
std::vector<std::string> decisions_of(const std::vector<LogEntry>& log) {
  std::vector<std::string> lines;
  for (const LogEntry& entry : log) {
    for (const Decision& decision : entry.decisions) {
      if (std::holds_alternative<ReleaseCheckpoints>(decision.body)) continue;
      const DecisionRow row = encode(decision);
      const bool names_events = std::holds_alternative<ResumeTrial>(decision.body);
      lines.push_back(row.kind + ' ' + std::to_string(row.trial) + ' ' + (names_events ? "" : row.args) + ' ' +
                      row.reason);
    }
  }
  return lines;
}

/// The stored experiment of `bench` in virtual time.
std::vector<std::string> simulated(const Workbench& bench, std::int64_t slots) {
  const auto reader = open_reader(bench / "tune.db");
  EXPECT_TRUE(reader);
  const auto row = (*reader)->experiment("both");
  EXPECT_TRUE(row);
  ReaderContext context;
  context.samplers = &sampler_catalogue();
  context.schedulers = &scheduler_catalogue();
  const ReadOutcome stored = read_stored_experiment(row->resolved_json, row->directory, context);
  EXPECT_TRUE(stored.spec) << format_diagnostics(stored.diagnostics, false);
  auto controller = make_controller(*stored.spec, row->seed);
  EXPECT_TRUE(controller);
  SimulationOptions options;
  options.order = SimulationOptions::Order::kLockstep;
  options.slots = slots;
  Simulation simulation(*std::move(controller), curve_report, options);
  EXPECT_TRUE(simulation.run(100'000));
  return decisions_of(simulation.log());
}

std::vector<std::string> taken(const Workbench& bench) {
  const auto reader = open_reader(bench / "tune.db");
  EXPECT_TRUE(reader);
  std::vector<LogEntry> log;
  EXPECT_TRUE((*reader)->log((*reader)->experiment("both")->id, [&](const LogEntry& entry) -> Result<void> {
    log.push_back(entry);
    return {};
  }));
  return decisions_of(log);
}

class Both : public ::testing::TestWithParam<const char*> {};

TEST_P(Both, DecideTheSameInLockstep) {
  for (const int slots : {1, 2, 4}) {
    SCOPED_TRACE(::testing::Message() << slots << " slots");
    Workbench bench;
    const std::string scheduler =
        std::string("scheduler: {type: asha, max_t: 9, grace_period: 1, reduction_factor: 3, ") +
        "variant: " + GetParam() + "}\nresources: {cpu: 0.01}\n";
    bench.write("both.yaml", curve("both", 14, kEpochs, 0, scheduler));
    const Outcome run = bench.tune({"run", "both.yaml", "--lockstep", "-q", "-j", std::to_string(slots)});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(taken(bench), simulated(bench, slots));
  }
}

INSTANTIATE_TEST_SUITE_P(SimulationAndEngine, Both, ::testing::Values("stop", "promote"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace tune
