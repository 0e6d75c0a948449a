// Programs of any kind as trials, from start to end: with real checkpoints they are paused, promoted, retried and
// killed, and their training is what it would have been unbroken.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// What a program shows of its training, whose state is the list of its epochs: a lost or repeated one would stay in
/// it.
struct Steps {
  const char* name;
  const char* command;
  const char* report;  ///< more lines of `trainable`
  std::string (*program)();
};

std::string helper() {
  std::ifstream in(TUNE_TEMPLATES "/python/tune_report.py");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string with_helper() {
  return "import os, tune_report\n"
         "p = tune_report.params()\n"
         "path = os.path.join(tune_report.checkpoint_dir(), 'epochs')\n"
         "epochs = open(path).read().split() if os.path.exists(path) else []\n"
         "while len(epochs) < 9 and not tune_report.should_stop():\n"
         "    epochs.append(str(len(epochs) + 1))\n"
         "    with open(path, 'w') as file: file.write(' '.join(epochs))\n"
         "    tune_report.report(step=len(epochs), checkpoint=True, loss=abs(p['x'] - 5) + 1 / len(epochs),\n"
         "                       sum=sum(int(e) for e in epochs))\n";
}

std::string with_shell() {
  return "set -eu\n"
         "epochs=\n"
         "if [ -f \"$TUNE_CHECKPOINT_DIR/epochs\" ]; then epochs=$(cat \"$TUNE_CHECKPOINT_DIR/epochs\"); fi\n"
         "n=0 sum=0\n"
         "for e in $epochs; do n=$((n + 1)) sum=$((sum + e)); done\n"
         "while [ $n -lt 9 ]; do\n"
         "  n=$((n + 1)) sum=$((sum + n)) epochs=\"$epochs $n\"\n"
         "  echo $epochs > \"$TUNE_CHECKPOINT_DIR/epochs\"\n"
         "  tune report loss=$(awk -v x=$1 -v n=$n 'BEGIN { print (x - 5) ^ 2 + 1 / n }') sum=$sum step=$n "
         "--checkpoint\n"
         "done\n";
}

/// Prints its reports, waits for nothing, and never changes a file that a report has named.
std::string with_stdout() {
  return "import json, os, signal, sys\n"
         "x, folder, told = float(sys.argv[1]), sys.argv[2], []\n"
         "signal.signal(signal.SIGTERM, lambda *_: told.append(1))\n"
         "kept = sorted(f for f in os.listdir(folder) if f.startswith('epochs-'))\n"
         "epochs = open(os.path.join(folder, kept[-1])).read().split() if kept else []\n"
         "while len(epochs) < 9 and not told:\n"
         "    epochs.append(str(len(epochs) + 1))\n"
         "    with open('trained', 'a') as file: file.write('%s %d\\n' % (os.environ['TUNE_TRIAL_ID'], len(epochs)))\n"
         "    name = 'epochs-%03d' % len(epochs)\n"
         "    with open(os.path.join(folder, 'new'), 'w') as file: file.write(' '.join(epochs))\n"
         "    os.replace(os.path.join(folder, 'new'), os.path.join(folder, name))\n"
         "    print(json.dumps({'training_iteration': len(epochs), 'checkpoint': name, 'loss': (x - 5) ** 2 + 1 / "
         "len(epochs),\n"
         "                      'sum': sum(int(e) for e in epochs)}), file=OUT, flush=True)\n";
}

std::string to_stdout() {
  std::string text = with_stdout();
  return text.replace(text.find("OUT"), 3, "sys.stdout");
}

std::string to_file() {
  std::string text = with_stdout();
  return text.replace(text.find("OUT"), 3, "open(os.environ['TUNE_REPORT_FILE'], 'a')");
}

class AnyProgram : public ::testing::TestWithParam<Steps> {
 protected:
  AnyProgram() {
    bench.write("program", GetParam().program());
    bench.write("tune_report.py", helper());
  }

  std::string experiment(const std::string& more) const {
    return "version: 1\nname: steps\ntrainable:\n  command: " + std::string(GetParam().command) + "\n" +
           GetParam().report +
           "objective: {metric: loss, mode: min}\nsearch_space: {x: {grid_search: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}\n"
           "resources: {cpu: 0.25}\n" +
           more;
  }

  Rows steps_with_another_state() const {
    return bench.query(
        "select trial_number, training_iteration, json_extract(metrics, '$.sum') from reports where "
        "json_extract(metrics, '$.sum') <> training_iteration * (training_iteration + 1) / 2");
  }

  /// Each step once, each with the state of an unbroken training, and so the last checkpoint of each that came to its
  /// end.
  void expect_unbroken() {
    EXPECT_EQ(steps_with_another_state(), Rows());
    EXPECT_EQ(bench.query("select trial_number, training_iteration from reports group by 1, 2 having count(*) > 1"),
              Rows());
    const char* const with_gaps =
        "select trial_number from trials where training_iteration <> (select count(*) from reports r where "
        "r.trial_number = trials.trial_number)";
    EXPECT_EQ(bench.query(with_gaps), Rows());
    EXPECT_EQ(bench.value("select count(*) from trials where status not in ('completed', 'stopped')"), "0");
    const Rows done = bench.query("select trial_number from trials where training_iteration = 9");
    EXPECT_FALSE(done.empty());
    for (const auto& row : done) {
      ASSERT_EQ(bench.tune({"checkpoint", "steps/" + row[0], "-o", "last.tar"}).code, 0);
      EXPECT_THAT(bench.read("last.tar"), HasSubstr("1 2 3 4 5 6 7 8 9"));
    }
    EXPECT_EQ(bench.tune({"replay", "steps"}).code, 0);
    EXPECT_EQ(bench.left_behind(), "");
  }

  Workbench bench;
};

constexpr const char* kPromote =
    "scheduler: {type: asha, variant: promote, max_t: 9, grace_period: 1, reduction_factor: 3}\n";

TEST_P(AnyProgram, IsPausedAndPromotedAsIfUnbroken) {
  const Outcome outcome = bench.run("steps", experiment(kPromote), {"-j", "3"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(bench.value("select count(*) from decisions where decision = 'resume'"), "0");
  expect_unbroken();
  if (!std::filesystem::exists(bench / "trained")) return;  // programs that wait for the answer train no further
  std::vector<std::string> trained = lines(bench.read("trained"));
  std::ranges::sort(trained);
  EXPECT_EQ(std::ranges::adjacent_find(trained), trained.end()) << "an epoch was trained twice";
}

TEST_P(AnyProgram, GoesOnAfterTheControllerWasKilledAsIfUnbroken) {
  bench.write("steps.yaml", experiment(kPromote));
  for (const char* events : {"6", "15", "25"}) {
    Program run = bench.start({"run", "steps.yaml", "-j", "2"});
    ASSERT_TRUE(eventually([&] {
      return run.is_over() || bench.value("select max(n) >= " + std::string(events) + " from event") == "1";
    }));
    run.signal(SIGKILL);
    run.wait();
  }
  const Outcome outcome = bench.tune({"resume", "steps"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_unbroken();
}

TEST_P(AnyProgram, IsClonedWithTheStateOfItsDonor) {
  std::string text = experiment(
      "search: {algorithm: random, seed: 7}\nbudget: {trials: 8}\nstop: {training_iteration: 9}\n"
      "scheduler: {type: pbt, time_attr: training_iteration, perturbation_interval: 2, hyperparam_mutations: [x]}\n");
  const std::string grid = "{grid_search: [1, 2, 3, 4, 5, 6, 7, 8, 9]}";
  text.replace(text.find(grid), grid.size(), "{uniform: [1, 9]}");
  const Outcome outcome = bench.run("steps", text, {"-j", "8", "--lockstep"});  // so that nobody is ahead of the others
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  if (std::string(GetParam().name).starts_with("By")) {  // the others do not wait for an answer
    EXPECT_NE(bench.value("select count(*) from decisions where decision = 'exploit'"), "0");
  }
  EXPECT_EQ(steps_with_another_state(), Rows());
  EXPECT_EQ(bench.value("select count(*) from trials where status not in ('completed', 'stopped')"), "0");
  EXPECT_EQ(bench.tune({"replay", "steps"}).code, 0);
  EXPECT_EQ(bench.left_behind(), "");
}

TEST_P(AnyProgram, IsRetriedFromItsLastCheckpointAfterACrash) {
  Program run = (bench.write("steps.yaml", experiment("retries: {signal: 100}\n")),
                 bench.start({"run", "steps.yaml", "-j", "2"}));
  int kills = 0;
  eventually([&] {
    if (kills >= 4 || run.is_over()) return true;
    const auto trials = run_processes().trials;
    for (const Process& process : trials.empty() ? std::vector<Process>() : processes_below(trials.front())) {
      kills += kill(process.pid, SIGKILL) == 0;
      break;
    }
    return false;
  });
  const Outcome outcome = run.wait();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_unbroken();
}

INSTANTIATE_TEST_SUITE_P(Reporting, AnyProgram,
                         ::testing::Values(Steps{"ByThePythonHelper", "[python3, program]", "", with_helper},
                                           Steps{"ByTuneReport", "[bash, program, \"${x}\"]", "", with_shell},
                                           Steps{"ByTuneReportInAText", "bash program ${x}", "", with_shell},
                                           Steps{"OnStdout", "[python3, program, \"${x}\", \"${checkpoint_dir}\"]", "",
                                                 to_stdout},
                                           Steps{"InAFile", "[python3, program, \"${x}\", \"${checkpoint_dir}\"]",
                                                 "  report: file\n", to_file}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(TuneReport, SaysThatItIsNotInsideATrial) {
  Workbench bench;
  const Outcome outcome = bench.tune({"report", "loss=1"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("not inside a trial"));
  const Outcome gone = bench.tune({"report", "loss=1"}, {{"TUNE_REPORT_SOCKET", bench / "nobody.sock"}});
  EXPECT_EQ(gone.code, 4);
  EXPECT_THAT(gone.err, HasSubstr("nobody.sock"));
}

TEST(TuneReport, SaysWhatIsWrongWithAReport) {
  Workbench bench;
  const std::string script =
      "for words in '' loss 'loss=' '=1' 'loss=1 loss=2' 'checkpoint=yes loss=1' 'los=1' 'loss=abc' 'loss=1 step=0' "
      "'loss=1 step=two' 'loss=1 --checkpoint' 'loss=1 --checkpoint=../x'; do\n"
      "  if tune report $words; then echo \"taken: $words\"; else echo \"code $?\"; fi\n"
      "done\n"
      "tune report loss=1 note=fine step=3\n"
      "tune report loss=1 step=3 || echo \"code $?\"\n"
      "echo state > $$TUNE_CHECKPOINT_DIR/state\n"
      "tune report --checkpoint=no-such-file loss=2 || echo \"code $?\"\n"
      "tune report loss=-0.5 huge=1e400 nan=NaN --checkpoint=state > /dev/null 2>&1 < /dev/null";
  const Outcome outcome = bench.run("words", shell("words", 1, script));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::string log = bench.tune({"logs", "words/0"}).out;
  EXPECT_EQ(log.find("taken"), std::string::npos) << log;
  EXPECT_EQ(log.find("code 3"), std::string::npos) << log;
  for (const char* words :
       {"'loss' is no NAME=VALUE", "'loss' has no value", "'=1' is no NAME=VALUE", "'loss' is given twice",
        "write --checkpoint=yes", "it reports los; the objective is 'loss'", "training_iteration 0",
        "training_iteration \"two\"", "is empty", "no 'no-such-file' in", "training_iteration 3 comes after 3"}) {
    EXPECT_THAT(log, HasSubstr(words));
  }
  EXPECT_EQ(bench.query("select training_iteration, json_extract(metrics, '$.loss') from reports order by 1"),
            (Rows{{"3", "1"}, {"4", "-0.5"}}));
}

TEST(TuneReport, CanBeUsedWhereverStdoutGoes) {
  Workbench bench;
  const Outcome outcome = bench.run("quiet", shell("quiet", 1,
                                                   "exec > /dev/null 2>&1\ntune report loss=1\n"
                                                   "exec >&- 2>&-\ntune report loss=2\ntune report loss=3 | true"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from reports"), "3");
}

TEST(TuneReport, WorksInAFolderWhoseNameIsTooLongForASocket) {
  Workbench bench;
  const std::string folder = std::string(60, 'd') + "/" + std::string(60, 'e');
  bench.write(folder + "/deep.yaml", shell("deep", 1, "tune report loss=1"));
  EXPECT_EQ(bench.tune({"run", folder + "/deep.yaml", "--db", folder + "/tune.db"}).code, 0);
  EXPECT_EQ(bench.value("select count(*) from reports", folder + "/tune.db"), "1");
}

}  // namespace
}  // namespace tune
