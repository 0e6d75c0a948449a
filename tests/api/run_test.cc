#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <latch>
#include <set>
#include <thread>

#include "tests/api/support.h"

namespace tune::testing {
namespace {

TEST(Run, OfALambdaHasItsCapturesInProcessesOfTheirOwn) {
  const ScratchDatabase scratch;
  const pid_t self = ::getpid();
  const double offset = 10;
  Experiment experiment = square(6);
  experiment.trainable = [&offset, self](Trial& trial) {
    const double x = trial.real("x");
    trial.report({{"loss", offset + x * x}, {"elsewhere", ::getpid() != self ? 1.0 : 0.0}});
  };
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  ASSERT_EQ(grid->size(), 6u);
  EXPECT_EQ(grid->errors(), 0u);
  EXPECT_EQ(grid->status(), "finished");
  for (const TrialResult& trial : *grid) {
    const double x = *trial.parameter("x").real();
    EXPECT_EQ(trial.metric("loss"), offset + x * x);
    EXPECT_EQ(trial.metric("elsewhere"), 1.0);
    EXPECT_GE(*grid->best()->parameter("x").real(), 0.0);
    EXPECT_LE(*grid->best()->metric("loss"), *trial.metric("loss"));
  }
}

TEST(Run, OfARegisteredClassPromotesWithCheckpoints) {
  const ScratchDatabase scratch;
  Experiment experiment = square(9);
  experiment.trainable = "Slope";
  experiment.scheduler = {"asha", {{"max_t", 9}, {"grace_period", 1}, {"reduction_factor", 3}, {"variant", "promote"}}};
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  const TrialResult* best = grid->best();
  ASSERT_NE(best, nullptr);
  EXPECT_EQ(best->training_iteration, 9);
  EXPECT_GT(best->attempts, 1);
  const auto history = grid->history(*best);
  ASSERT_TRUE(history);
  EXPECT_EQ(history->size(), 9u);  // no iteration twice: it went on from its checkpoints
  const auto saved = grid->checkpoint(*best);
  ASSERT_TRUE(saved) << saved.failure().text();
}

TEST(Run, OfAPopulationTellsEachReportsConfiguration) {
  const ScratchDatabase scratch;
  Experiment experiment = square(4);
  experiment.trainable = "Slope";
  experiment.scheduler = {"pbt",
                          {{"time_attr", "training_iteration"},
                           {"perturbation_interval", 2},
                           {"quantile_fraction", 0.5},
                           {"synch", true},
                           {"hyperparam_mutations", std::vector<Setting>{"x"}}}};
  experiment.stop = {.training_iteration = 8};
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  std::set<double> configs;
  for (const TrialResult& trial : *grid) {
    const auto history = grid->history(trial);
    ASSERT_TRUE(history) << history.failure().text();
    for (const ReportResult& report : *history) {
      const double x = *report.config.find("x")->real();
      configs.insert(x);
      EXPECT_EQ(report.metrics.front().second, x + 1.0 / static_cast<double>(report.training_iteration));
    }
    EXPECT_EQ(history->back().config.find("x")->real(), trial.parameter("x").real());
  }
  EXPECT_GT(configs.size(), 4u);
}

TEST(Run, OfAClassWithoutANameRunsToo) {
  class Once : public Trainable {
    void setup(Trial& trial) override { x_ = trial.real("x"); }
    Report step() override { return Report{{"loss", x_}}.last(); }
    double x_ = 0;
  };
  const ScratchDatabase scratch;
  Experiment experiment = square(2);
  experiment.trainable = use_class<Once>({.has_end = true});
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 2u);
}

TEST(Run, OfATrainableThatComesWithTuneNeedsNoProgramOfItsOwn) {
  const ScratchDatabase scratch;
  Experiment experiment = square(3);
  experiment.trainable = {"branin", TUNE_PROCESS};
  experiment.search_space = {{"x1", uniform(-5, 10)}, {"x2", uniform(0, 15)}};
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 3u);
}

TEST(Run, OfACommandReadsItsReports) {
  const ScratchDatabase scratch;
  Experiment experiment = square(2);
  experiment.trainable = command({"/bin/echo", "{\"loss\": ${x}}"});
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ((*grid)[0].metric("loss"), (*grid)[0].parameter("x").real());
}

TEST(Run, TellsAnExceptionAsTheFailureOfItsTrial) {
  const ScratchDatabase scratch;
  Experiment experiment = square(3);
  experiment.trainable = [](Trial& trial) {
    if (trial.number() == 1) throw std::runtime_error("no data for trial 1");
    trial.report({{"loss", trial.real("x")}});
  };
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->errors(), 1u);
  EXPECT_TRUE((*grid)[1].failed());
  EXPECT_EQ((*grid)[1].error, "no data for trial 1");
}

TEST(Run, TellsAnEndWithoutAReportAsTheFailureOfItsTrial) {
  const ScratchDatabase scratch;
  Experiment experiment = square(2);
  experiment.trainable = [](Trial& trial) {
    if (trial.number() == 0) trial.report({{"loss", trial.real("x")}});
  };
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->errors(), 1u);
  EXPECT_EQ((*grid)[1].error, "it ended without a report");
}

TEST(Run, TellsACrashAsTheFailureOfItsTrial) {
  const ScratchDatabase scratch;
  Experiment experiment = square(2);
  experiment.trainable = [](Trial& trial) {
    if (trial.number() == 0) ::raise(SIGKILL);
    trial.report({{"loss", trial.real("x")}});
  };
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->errors(), 1u);
  EXPECT_EQ((*grid)[0].cause, "signal");
}

TEST(Run, GivesTrialsAsTheyFinishAndMayBeStoppedThen) {
  const ScratchDatabase scratch;
  Experiment experiment = square(100000);
  experiment.trainable = "one_report";
  auto run = Tuner(experiment, scratch.options()).start();
  ASSERT_TRUE(run) << run.failure().text();
  std::set<std::int64_t> seen;
  while (const auto trial = run->next_finished()) {
    EXPECT_EQ(trial->status, "completed");
    EXPECT_TRUE(seen.insert(trial->number).second);
    if (seen.size() == 5) run->stop();
  }
  const auto grid = run->wait();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_TRUE(run->done());
  EXPECT_EQ(grid->status(), "finished");
  EXPECT_EQ(grid->size(), seen.size());
  EXPECT_LT(seen.size(), 100000u);
}

std::latch loading(1);

TEST(Run, MayBeStoppedBeforeItsExperimentIsStored) {
  const ScratchDatabase scratch;
  Experiment experiment = square(100000);
  experiment.trainable = {[](Trial& trial) {
                            trial.report({{"loss", trial.real("x")}});
                          },
                          {.isolation = TUNE_THREAD, .has_end = true, .prepare = [] { loading.wait(); }}};
  auto run = Tuner(experiment, scratch.options()).start();
  ASSERT_TRUE(run) << run.failure().text();
  run->stop();
  EXPECT_FALSE(std::filesystem::exists(scratch.path()));
  loading.count_down();
  const auto grid = run->wait();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_FALSE(grid->interrupted()) << grid->status();
  EXPECT_LT(grid->size(), 100000u);
}

TEST(Run, ThatIsDestroyedIsInterruptedAndGoesOnLater) {
  const ScratchDatabase scratch;
  Experiment experiment = square(1);
  experiment.trainable = "endless";
  experiment.checkpoint = {.every = 1};
  {
    auto run = start_until_first_report(experiment, scratch);
    ASSERT_TRUE(run) << run.failure().text();
  }
  auto grid = ResultGrid::open(scratch.path(), "square");
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_TRUE(grid->interrupted()) << grid->status();
  const std::int64_t before = (*grid)[0].training_iteration;
  EXPECT_GT(before, 0);

  auto again = Tuner::stored("square", scratch.options());
  ASSERT_TRUE(again) << again.failure().text();
  auto run = again->start();
  ASSERT_TRUE(run) << run.failure().text();
  run->cancel();
  while (!run->done()) {
    run->cancel();
    ::usleep(10000);
  }
  const auto end = run->wait();
  ASSERT_TRUE(end) << end.failure().text();
  EXPECT_EQ(end->status(), "finished");
  EXPECT_GE((*end)[0].training_iteration, before);
}

TEST(Run, ThatWasMovedFromIsOver) {
  const ScratchDatabase scratch;
  Experiment experiment = square(2);
  experiment.trainable = "one_report";
  auto started = Tuner(experiment, scratch.options()).start();
  ASSERT_TRUE(started) << started.failure().text();
  auto run = *std::move(started);
  auto& old = *started;
  EXPECT_TRUE(old.done());
  EXPECT_FALSE(old.next_finished());
  old.stop();
  old.cancel();
  old.interrupt();
  const auto nothing = old.wait();
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.failure().code, "bad-input");
  const auto grid = run.wait();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 2u);
  EXPECT_EQ(grid->status(), "finished");
}

TEST(Run, OfAFunctionWithoutANameIsGoneOnWithByItsOwnProgramOnly) {
  const ScratchDatabase scratch;
  Experiment experiment = square(1);
  experiment.trainable = [](Trial& trial) {
    while (trial.report({{"loss", trial.real("x")}})) ::usleep(1000);
  };
  RunOptions options = scratch.options();
  options.callbacks.report = [](const ReportEvent&) { ::raise(SIGINT); };
  const auto grid = Tuner(experiment, options).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  ASSERT_TRUE(grid->interrupted());
  const auto without = Tuner::stored("square", scratch.options()).value().run();
  ASSERT_FALSE(without);
  EXPECT_EQ(without.failure().code, "unsupported");
  EXPECT_THAT(without.failure().text(), ::testing::HasSubstr("runs a function of"));
}

TEST(Run, IsInterruptedByCtrlCAndTheProgramGoesOn) {
  const ScratchDatabase scratch;
  Experiment experiment = square(1);
  experiment.trainable = "endless";
  RunOptions options = scratch.options();
  bool sent = false;
  options.callbacks.report = [&](const ReportEvent&) {
    if (!std::exchange(sent, true)) ::kill(::getpid(), SIGINT);
  };
  const auto grid = Tuner(experiment, options).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_TRUE(grid->interrupted());
  struct sigaction now {};
  ::sigaction(SIGINT, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

volatile std::sig_atomic_t caught = 0;

TEST(Run, LeavesTheProgramsOwnSignalHandlersAlone) {
  const ScratchDatabase scratch;
  ::signal(SIGTERM, [](int) { caught = 1; });
  Experiment experiment = square(2);
  experiment.trainable = "one_report";
  RunOptions options = scratch.options();
  bool sent = false;
  options.callbacks.report = [&](const ReportEvent&) {
    if (!std::exchange(sent, true)) ::kill(::getpid(), SIGTERM);
  };
  const auto grid = Tuner(experiment, options).run();
  ::signal(SIGTERM, SIG_DFL);
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(caught, 1);
  EXPECT_EQ(grid->status(), "finished");
}

TEST(Run, EndsWithAnErrorWhenACallbackThrowsAndCanBeGoneOnWith) {
  const ScratchDatabase scratch;
  Experiment experiment = square(4);
  experiment.trainable = "one_report";
  RunOptions options = scratch.options();
  options.callbacks.report = [](const ReportEvent&) { throw std::runtime_error("out of paper"); };
  const auto broken = Tuner(experiment, options).run();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.failure().code, "internal");
  EXPECT_THAT(broken.failure().text(), ::testing::HasSubstr("out of paper"));
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 4u);
}

TEST(Run, OfAFinishedExperimentGivesWhatItFound) {
  const ScratchDatabase scratch;
  Experiment experiment = square(2);
  experiment.trainable = "one_report";
  const Tuner tuner(experiment, scratch.options());
  ASSERT_TRUE(tuner.run());
  const auto again = tuner.run();
  ASSERT_TRUE(again) << again.failure().text();
  EXPECT_EQ(again->size(), 2u);
}

TEST(Run, OfAnotherSpaceUnderTheSameNameIsRefusedUnlessFresh) {
  const ScratchDatabase scratch;
  Experiment experiment = square(2);
  experiment.trainable = "one_report";
  ASSERT_TRUE(Tuner(experiment, scratch.options()).run());
  experiment.search_space = {{"x", uniform(0, 2)}};
  const auto refused = Tuner(experiment, scratch.options()).run();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, "bad-input");
  RunOptions fresh = scratch.options();
  fresh.fresh = true;
  EXPECT_TRUE(Tuner(experiment, fresh).run());
  EXPECT_TRUE(ResultGrid::open(scratch.path(), "square@1"));
}

}  // namespace
}  // namespace tune::testing
