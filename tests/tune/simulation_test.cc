// `tune simulate` as a user has it; and against the real engine: with a constant step cost it takes the decisions of
// `tune run --lockstep`, so that what a simulation tells of an experiment is what happens.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/log_rows.h"
#include "experiments/store/store.h"
#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune::testing {
namespace {

using namespace ::testing;

/// Decisions in their order; without what names events, which the real engine numbers otherwise (it hears of more).
std::vector<std::string> decisions_of(const Workbench& bench, const std::string& experiment) {
  std::vector<std::string> lines;
  const auto reader = open_reader(bench / "tune.db");
  EXPECT_TRUE(reader);
  const auto row = (*reader)->experiment(experiment);
  EXPECT_TRUE(row);
  EXPECT_TRUE((*reader)->log(row->id, [&](const LogEntry& entry) -> Result<void> {
    for (const Decision& decision : entry.decisions) {
      if (std::holds_alternative<ReleaseCheckpoints>(decision.body)) continue;
      DecisionRow decided = encode(decision);
      const bool names_events =
          std::holds_alternative<ResumeTrial>(decision.body) || std::holds_alternative<ExploitTrial>(decision.body);
      lines.push_back(decided.kind + ' ' + std::to_string(decided.trial) + ' ' + (names_events ? "" : decided.args) +
                      ' ' + decided.reason);
    }
    return {};
  }));
  return lines;
}

struct Ruled {
  const char* name;
  const char* scheduler;
};
void PrintTo(const Ruled& ruled, std::ostream* out) { *out << ruled.name; }

class SimulatedAndReal : public ::testing::TestWithParam<Ruled> {};

TEST_P(SimulatedAndReal, DecideTheSame) {
  for (const int slots : {1, 2, 8}) {
    SCOPED_TRACE(::testing::Message() << slots << " slots");
    Workbench bench;
    const std::string text =
        curve("real", 14, 9, 0, std::string("scheduler: ") + GetParam().scheduler + "\nresources: {cpu: 0.01}\n");
    bench.write("real.yaml", text);
    const std::string j = std::to_string(slots);
    // Eight at a time as threads, which are as real and start sooner.
    const Outcome run =
        bench.tune({"run", "real.yaml", "--lockstep", "-q", "-j", j, "--set",
                    std::string("trainable={builtin: curve, isolation: ") + (slots == 2 ? "process}" : "thread}")});
    ASSERT_EQ(run.code, 0) << run.err;
    const Outcome simulated = bench.tune({"simulate", "real.yaml", "-n", "paper", "-w", j, "--end-cost", "1"});
    ASSERT_EQ(simulated.code, 0) << simulated.err;
    EXPECT_EQ(decisions_of(bench, "paper"), decisions_of(bench, "real"));
    EXPECT_EQ(
        bench.tune({"simulate", "real.yaml", "-n", "stepped", "-w", j, "--lockstep", "--step-cost", "lognormal(0,1)"})
            .code,
        0);
    EXPECT_EQ(decisions_of(bench, "stepped"), decisions_of(bench, "real"));
  }
}

INSTANTIATE_TEST_SUITE_P(Schedulers, SimulatedAndReal,
                         Values(Ruled{"stop", "{type: asha, max_t: 9, reduction_factor: 3}"},
                                Ruled{"promote", "{type: asha, max_t: 9, reduction_factor: 3, variant: promote}"},
                                Ruled{"hyperband", "{type: hyperband, max_t: 9}"},
                                Ruled{"stop_auto", "{type: asha, max_t: 9, reduction_factor: 3, grace_period: auto}"},
                                Ruled{"promote_auto",
                                      "{type: asha, max_t: 9, reduction_factor: 3, grace_period: auto, "
                                      "variant: promote}"},
                                Ruled{"hyperband_auto", "{type: hyperband, max_t: 9, grace_period: auto}"},
                                Ruled{"median", "{type: median, time_attr: training_iteration, grace_period: 2}"},
                                Ruled{"pbt",
                                      "{type: pbt, time_attr: training_iteration, perturbation_interval: 2, "
                                      "hyperparam_mutations: [x1, x2]}"}),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

std::string asha_curve(int trials) {
  return curve("many", trials, 27, 0, "scheduler: {type: asha, max_t: 27, reduction_factor: 3}\n");
}

TEST(Simulate, WritesAnExperimentThatReplaysAndExports) {
  Workbench bench;
  bench.write("many.yaml", asha_curve(200));
  const Outcome run = bench.tune({"simulate", "many.yaml", "-w", "50", "--straggler", "0.5", "--crash-rate", "0.01",
                                  "--lost-worker-rate", "0.01", "--step-cost", "uniform(0.5,1.5)"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("trials       200: "), HasSubstr("virtual seconds"), HasSubstr("utilisation")));
  EXPECT_EQ(bench.tune({"replay", "many-simulated"}).code, 0);
  EXPECT_EQ(lines(bench.tune({"export", "many-simulated"}).out).size(), 201U);
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'failed' and error like '%simulated signal%'"),
            bench.value("select count(*) from trials where status = 'failed'"));
}

TEST(Simulate, IsTheSameForTheSameSeedAndNotForAnother) {
  Workbench bench;
  bench.write("many.yaml", asha_curve(60));
  const auto table = [&](const std::string& name, const std::string& seed) {
    EXPECT_EQ(
        bench.tune({"simulate", "many.yaml", "-n", name, "-w", "7", "--step-cost", "lognormal(0,1)", "--seed", seed})
            .code,
        0);
    return bench.query(
        "select trial_number, status, training_iteration, time_total_s from trials where experiment = '" + name +
        "' order by 1");
  };
  const Rows first = table("a", "5");
  EXPECT_EQ(table("b", "5"), first);
  EXPECT_NE(table("c", "6"), first);
}

TEST(Simulate, TellsNumbersAsJson) {
  Workbench bench;
  bench.write("many.yaml", curve("many", 10, 4, 0));
  const Outcome run = bench.tune({"simulate", "many.yaml", "-w", "5", "--json", "-qq"});
  ASSERT_EQ(run.code, 0) << run.err;
  const Value told = json(lines(run.out).back());
  EXPECT_EQ(at(told, "trials"), "10");
  EXPECT_EQ(at(told, "reports"), "40");
  EXPECT_EQ(at(told, "makespan"), "8.0");
  EXPECT_EQ(at(told, "utilisation"), "1.0");
}

TEST(Simulate, InMemoryItLeavesNothingBehind) {
  Workbench bench;
  bench.write("many.yaml", asha_curve(40));
  const Outcome run = bench.tune({"simulate", "many.yaml", "-w", "5", "--db", ":memory:", "--json", "-qq"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(at(json(lines(run.out).back()), "trials"), "40");
  for (const auto& entry : std::filesystem::directory_iterator(bench.path())) {
    EXPECT_EQ(entry.path().filename(), "many.yaml");
  }
  // The same as on disk.
  const Outcome on_disk = bench.tune({"simulate", "many.yaml", "-w", "5", "--json", "-qq"});
  EXPECT_EQ(at(json(lines(on_disk.out).back()), "best_over_time"), at(json(lines(run.out).back()), "best_over_time"));
}

TEST(Simulate, EndsAtItsVirtualTime) {
  Workbench bench;
  bench.write("many.yaml", curve("many", 1000, 4, 0));
  const Outcome run = bench.tune({"simulate", "many.yaml", "--time", "1h", "--step-cost", "100"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(bench.value("select count(*) from reports"), "36");
  EXPECT_THAT(run.out, HasSubstr("ended        budget.time of 1h00m is used up\n"));
  EXPECT_THAT(bench.value("select time_total_s from experiments"), StartsWith("36"));
}

TEST(Simulate, RunsAProgramStepByStep) {
  Workbench bench;
  bench.write("sh.yaml", shell("sh", 3, "for i in 1 2 3; do echo \"{\\\"loss\\\": $i}\"; done",
                               "scheduler: {type: asha, max_t: 3, reduction_factor: 2}\n"));
  const Outcome run = bench.tune({"simulate", "sh.yaml", "-w", "2", "--step-cost", "10"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(bench.value("select max(time_total_s) from trials"), "30");
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(Simulate, SaysWhyTrialsFailedWhereTheDataIsAndWhatToDoNext) {
  Workbench bench;
  bench.write("sh.yaml", shell("sh", 4, "echo '{\"loss\": 1}'; test ${x} != 2 || exit 5; exit 4"));
  const Outcome run = bench.tune({"simulate", "sh.yaml", "--db", "paper.db"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("\n3 failed: the program ended with exit code 4 (#0 first)\n"
                              "1 failed: the program ended with exit code 5 (#1)\n"),
                    HasSubstr("\nname sh-simulated\ndata paper.db\nnext tune best sh-simulated --db paper.db | "),
                    HasSubstr(" | tune replay sh-simulated --db paper.db\n"), Not(HasSubstr("{\"loss\""))));
  const Outcome told = bench.tune({"simulate", "sh.yaml", "--db", "paper.db", "--fresh", "--json"});
  ASSERT_EQ(lines(told.out).size(), 1U) << told.out;
  EXPECT_EQ(json(told.out).find("failures")->list().size(), 2U);
}

TEST(Simulate, DoesNotGoOnAsARealRunNorOverAnOldOne) {
  Workbench bench;
  bench.write("many.yaml", curve("many", 4, 4, 0));
  ASSERT_EQ(bench.tune({"simulate", "many.yaml"}).code, 0);
  const Outcome on = bench.tune({"resume", "many-simulated", "--trials", "9"});
  EXPECT_EQ(on.code, 2);
  EXPECT_THAT(on.err, HasSubstr("is a simulation (1 worker, a step costs 1, seed 0)"));
  const Outcome again = bench.tune({"simulate", "many.yaml"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("--fresh to keep the old one as many-simulated@1"));
  EXPECT_EQ(bench.tune({"simulate", "many.yaml", "--fresh"}).code, 0);
}

TEST(Simulate, RefusesFaultyConditionsBeforeAnythingIsStored) {
  Workbench bench;
  bench.write("many.yaml", curve("many", 4, 4, 0));
  const std::vector<Arguments> faulty = {
      {"-w", "0"},           {"-w", "10001"},       {"--step-cost", "soon"},     {"--crash-rate", "1"},
      {"--straggler", "-1"}, {"--end-cost", "nan"}, {"--set", "budget.trial=3"}, {"--trials", "-1"},
      {"-n", "a/b"}};
  for (Arguments arguments : faulty) {
    arguments.insert(arguments.begin(), {"simulate", "many.yaml"});
    EXPECT_EQ(bench.tune(arguments).code, 2) << ::testing::PrintToString(arguments);
  }
  EXPECT_EQ(bench.value("select count(*) from experiments"), "");
}

}  // namespace
}  // namespace tune::testing
