// Programs that misbehave: what they print, close, leave behind or put into their checkpoint directory hurts nobody but
// themselves, and is told in plain words.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

struct Printed {
  const char* name;
  const char* script;
  const char* more;     ///< further lines of the file
  const char* losses;   ///< of the reports that count
  const char* in_logs;  ///< something of it that is kept
};

class OddOutput : public ::testing::TestWithParam<Printed> {};

TEST_P(OddOutput, NeverHidesTheReportsInIt) {
  Workbench bench;
  bench.write("odd.py", GetParam().script);
  const Outcome outcome = bench.run(
      "odd", "version: 1\nname: odd\ntrainable:\n  command: [python3, odd.py]\n" + std::string(GetParam().more) +
                 "objective: {metric: loss, mode: min}\nsearch_space: {x: 1}\nbudget: {trials: 1}\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select group_concat(replace(json_extract(metrics, '$.loss'), '.0', ''), ' ') from reports"),
            GetParam().losses);
  EXPECT_EQ(bench.value("select status from trials"), "completed");
  const Outcome logs = bench.tune({"logs", "odd/0"});
  EXPECT_EQ(logs.code, 0);
  EXPECT_THAT(logs.out, HasSubstr(GetParam().in_logs));
  EXPECT_EQ(bench.tune({"replay", "odd"}).code, 0);
  EXPECT_EQ(bench.tune({"export", "odd", "--history", "-f", "json"}).code, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Each, OddOutput,
    ::testing::Values(
        Printed{"NulBytes",
                "import sys\nout = sys.stdout.buffer\n"
                "out.write(b'a\\0b\\n{\"loss\": 1}\\n\\0\\0{\"loss\": 9}\\n{\"loss\": 2, \"note\": "
                "\"a\\0b\"}\\n{\"loss\": 3}\\n')\n",
                "", "1 3", "{\"loss\": 3}"},
        Printed{"InvalidUtf8",
                "import sys\nout = sys.stdout.buffer\n"
                "out.write(b'\\xff\\xfe\\xc0\\x80 half a \\xe2\\x82\\n{\"loss\": 1, \"note\": \"\\xff\\xfe\"}\\n"
                "{\"loss\": 2, \"na\\xffme\": 3}\\n')\n",
                "", "1 2", "half a"},
        Printed{"NestedMetrics", "print('{\"loss\": 1, \"val\": {\"acc\": 0.5, \"per_class\": [0.1, 0.9]}}')\n", "",
                "1", "per_class"},
        Printed{"DeepNesting",
                "print('{\"loss\": 9, \"a\": ' + '[' * 100000 + ']' * 100000 + '}')\nprint('{\"loss\": 1}')\n", "", "1",
                "{\"loss\": 1}"},
        Printed{"HugeNumbers",
                "print('{\"loss\": 1, \"a\": 1e400, \"b\": -1e400, \"c\": 123456789012345678901234567890, \"d\": "
                "1e-400}')\n",
                "", "1", "1e400"},
        Printed{"NoNumbers",
                "print('{\"loss\": NaN}')\nprint('{\"loss\": -Infinity, \"a\": NaN}')\nprint('{\"loss\": 2}')\n", "",
                "NaN -Infinity 2", "NaN"},
        Printed{"HalfALineAtTheEnd", "print('{\"loss\": 1}')\nprint('{\"loss\": 2}', end='')\n", "", "1 2",
                "{\"loss\": 2}"},
        Printed{"LinesFromWindows", "print('{\"loss\": 1}\\r\\n{\"loss\": 2}\\r')\n", "", "1 2", "{\"loss\": 2}"},
        Printed{"ProgressBars", "print('\\r 10%\\r 20%\\r100%\\n{\"loss\": 1}\\n\\x1b[31mred\\x1b[0m')\n", "", "1",
                "red"},
        Printed{"PairsGivenTwice",
                "print('loss=1 loss=2')\nprint('loss=3,acc=nan')\nprint('loss = 4')\nprint('loss=inf x=1e999')\n",
                "  report: pairs\n", "2 3 Infinity", "loss = 4"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CommandFaults, LastWordsThatAreNoUtf8AreReplayedAsTheyWereDecidedUpon) {
  Workbench bench;
  const Outcome outcome = bench.run(
      "latin", shell("latin", 3, "printf '{\"loss\": 1, \"note\": \"\\351\"}\\n'\nprintf 'caf\\351\\n' >&2\nexit 3"));
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from trials where stop_reason like '%caf\uFFFD%'"), "3")
      << bench.value("select stop_reason from trials");
  const Outcome replayed = bench.tune({"replay", "latin"}), doctor = bench.tune({"doctor"});
  EXPECT_EQ(replayed.code, 0) << replayed.out << replayed.err;
  EXPECT_EQ(doctor.code, 0) << doctor.out << doctor.err;
}

TEST(CommandFaults, AClosedStdoutIsTheEndOfReportsAndNoFailure) {
  Workbench bench;
  const Outcome outcome =
      bench.run("closes", shell("closes", 1, "printf '{\"loss\": 1}\\n'\nexec >&- 2>&-\nsleep 0.1"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select status, training_iteration from trials"), (Rows{{"completed", "1"}}));
}

TEST(CommandFaults, ADaemonThatAProgramLeavesBehindEndsWithItsTrial) {
  Workbench bench;
  const Outcome outcome =
      bench.run("daemon", shell("daemon", 2,
                                "setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1000; done' > /dev/null 2>&1 &\n"
                                "nohup sleep 1000 &\nprintf '{\"loss\": 1}\\n'"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'completed'"), "2");
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(CommandFaults, AChildWithAnEnvironmentOfItsOwnEndsWithItsTrial) {
  for (const std::string end : {"", "exit 3\n"}) {
    SCOPED_TRACE(end);
    Workbench bench;
    const Outcome outcome =
        bench.run("bare", shell("bare", 2,
                                "setsid env -i sleep 1000 > /dev/null 2>&1 &\n"
                                "(setsid env -i sh -c 'sleep 1000 & sleep 1000' &) > /dev/null 2>&1\n"
                                "printf '{\"loss\": 1}\\n'\n" +
                                    end));
    EXPECT_EQ(outcome.code, end.empty() ? 0 : 1) << outcome.err;
    EXPECT_EQ(bench.left_behind(), "");
  }
}

TEST(CommandFaults, AProgramThatDoesNotLeaveIsKilledAfterTheGraceTime) {
  Workbench bench;
  bench.write("deaf.yaml",
              shell("deaf", 1, "trap '' TERM INT HUP\nprintf '{\"loss\": 1}\\n'\nwhile :; do sleep 1000; done"));
  Program run = bench.start({"run", "deaf.yaml", "--grace", "0.2"});
  ASSERT_TRUE(eventually([&] { return bench.value("select count(*) from reports") == "1"; }));
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait().signal, SIGTERM);
  EXPECT_EQ(bench.value("select count(*) from reports"), "1");
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(CommandFaults, OddThingsInACheckpointDirectoryAreLeftOutOrKeptAsTheyAre) {
  Workbench bench;
  bench.write("odd.py",
              "import json, os, socket, sys\n"
              "folder = os.environ['TUNE_CHECKPOINT_DIR']\n"
              "os.chdir(folder)\n"
              "if os.path.exists('state'):\n"
              "    found = sorted(os.path.join(d, n)[2:] for d, ds, fs in os.walk('.') for n in ds + fs)\n"
              "    print(json.dumps({'loss': len(found), 'out': os.readlink('out'), 'few': found[:8]}), flush=True)\n"
              "    sys.exit()\n"
              "os.mkfifo('fifo')\n"
              "socket.socket(socket.AF_UNIX).bind('socket')\n"
              "os.symlink('/etc/passwd', 'out')\n"
              "os.symlink('loop', 'loop')\n"
              "os.symlink('../../..', 'up')\n"
              "open('a\\nb', 'w').write('x')\n"
              "open(b'\\xff\\xfe', 'w').write('x')\n"
              "open('n' * 200, 'w').write('x')\n"
              "os.makedirs('many/empty')\n"
              "for i in range(10000): open('many/%d' % i, 'w').write(str(i))\n"
              "os.chmod('many/7', 0)\n"
              "open('state', 'w').write('1')\n"
              "print(json.dumps({'loss': 1, 'checkpoint': True}), flush=True)\n"
              "os.kill(os.getpid(), 9)\n");
  const Outcome outcome =
      bench.run("odd",
                "version: 1\nname: odd\ntrainable: {command: [python3, odd.py]}\nobjective: {metric: loss, mode: min}\n"
                "search_space: {x: 1}\nbudget: {trials: 1}\nretries: 1\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  // 10,000 numbers, `many` and `empty`, and: out loop up a\nb \xff\xfe nnn... state.
  EXPECT_EQ(bench.query("select json_extract(metrics, '$.loss') from reports order by training_iteration"),
            (Rows{{"1"}, {"10009"}}));
  ASSERT_EQ(bench.tune({"checkpoint", "odd/0", "-o", "odd.tar"}).code, 0);
  EXPECT_GT(fs::file_size(bench / "odd.tar"), 10000u * 512);
}

TEST(CommandFaults, ADirectoryThatIsFullIsTheProgramsToTell) {
  Workbench bench;
  const Outcome outcome = bench.run(
      "full", shell("full", 1,
                    "ulimit -f 100\nprintf '{\"loss\": 1}\\n'\nhead -c 1000000 /dev/zero > $TUNE_CHECKPOINT_DIR/big || "
                    "{ echo 'no room left for my checkpoint' >&2; exit 9; }"));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(bench.query("select status, cause from trials"), (Rows{{"failed", "exit"}}));
  EXPECT_THAT(bench.value("select payload from event where kind = 'ended'"),
              HasSubstr("no room left for my checkpoint"));
}

TEST(CommandFaults, AnEnvironmentAndDirectoryOfItsOwn) {
  Workbench bench;
  fs::create_directory(bench / "inner");
  const Outcome outcome = bench.run(
      "env",
      "version: 1\nname: env\ntrainable:\n  command: 'printf ''{\"loss\": 1, \"at\": \"%s\", \"mine\": \"%s\", "
      "\"home\": \"%s\"}'' \"$(basename $PWD)\" \"$MINE\" \"$HOME\"'\n"
      "  working_dir: inner\n  env: {MINE: \"a ${x} b; $$(c)\", HOME: \"${env:TERM}/x\"}\n"
      "objective: {metric: loss, mode: min}\nsearch_space: {x: {choice: [\"q'uote\"]}}\nbudget: {trials: 1}\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select json_extract(extra, '$.values.at'), json_extract(extra, '$.values.mine'), "
                        "json_extract(extra, '$.values.home') "
                        "from event where kind = 'reported'"),
            (Rows{{"inner", "a q'uote b; $(c)", "dumb/x"}}));
}

TEST(StateOfAProgram, ThatIsOlderThanItsLastReportCountsNoIterationTwice) {
  Workbench bench;
  const std::string saves_now_and_then =
      "trap : TERM; cd $TUNE_CHECKPOINT_DIR; i=0; [ -f i ] && i=$(cat i)\n"
      "while [ $i -lt 9 ]; do\n"
      "  i=$((i + 1)); [ $((i % 2)) = 0 ] && echo $i > i\n"
      "  tune report loss=${x}.$i step=$i done=$i || exit 0\n"
      "done";
  const Outcome outcome = bench.run(
      "older", shell("older", 3, saves_now_and_then, "scheduler: {type: hyperband, max_t: 9, grace_period: 3}\n"),
      {"-j", "1"});  // so that the best one, which comes first, must wait for the others
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'failed'"), "0");
  EXPECT_EQ(bench.value("select count(*) from reports where training_iteration != json_extract(metrics, '$.done')"),
            "0");
  const std::string longest = "older/" + bench.value("select trial_number from trials where training_iteration = 9");
  EXPECT_THAT(bench.tune({"logs", longest}).out,
              HasSubstr("the checkpoint is of iteration 2, not of 3, the last one reported"));
}

}  // namespace
}  // namespace tune
