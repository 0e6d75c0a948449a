// What one trial cannot do to another, or to tune: files, descriptors, directories. And how the story of one that
// failed is told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::HasSubstr;

/// `tune run FILE MORE...` under `ulimit WORDS`.
Outcome run_under(Workbench& bench, const std::string& words, const std::string& file, const Arguments& more) {
  Start start;
  start.command = {"/bin/sh", "-c", "ulimit " + words + "; exec \"$0\" \"$@\"", TUNE_PROGRAM, "run", file};
  start.command.insert(start.command.end(), more.begin(), more.end());
  start.folder = bench.path();
  start.output = bench / "program";
  return Program(start).wait();
}

/// Trials that end when `together` of them run at a time.
std::string meeting(int trials, int together) {
  return shell("meeting", trials,
               "touch here-${x}\nwhile [ $(ls | grep -c '^here-') -lt " + std::to_string(together) +
                   " ]; do sleep 0.1; done\necho '{\"loss\": 1}'",
               "resources: {cpu: 0.01}\n");
}

TEST(Isolation, ATrialThatOpensTooManyFilesFailsAlone) {
  Workbench bench;
  bench.write("opens.py",
              "import sys\nfiles = []\n"
              "while sys.argv[1] == '2': files.append(open('/dev/null'))\nprint('{\"loss\": 1}')\n");
  bench.write("opens.yaml", shell("opens", 3, "exec python3 opens.py ${x}"));
  const Outcome outcome = run_under(bench, "-n 256", "opens.yaml", {});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select status, cause from trials order by json_extract(config, '$.x')"),
            (Rows{{"completed", "own_end"}, {"failed", "exit"}, {"completed", "own_end"}}));
  EXPECT_THAT(bench.tune({"logs", "opens/1"}).out, HasSubstr("Too many open files"));
}

TEST(Isolation, TheUsualLimitOfOpenFilesIsRaisedForTheWorkerAndNotForTrials) {
  Workbench bench;
  std::string text = meeting(24, 24);
  text.insert(text.find("      touch"), "      ulimit -Sn > limit\n");
  bench.write("meeting.yaml", text);
  const Outcome outcome = run_under(bench, "-Sn 64", "meeting.yaml", {"-j", "24"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'completed'"), "24");
  EXPECT_EQ(bench.read("limit"), "64\n");
}

TEST(Isolation, WhereNoMoreFilesMayBeOpenedFewerTrialsRunAtATime) {
  Workbench bench;
  bench.write("meeting.yaml", meeting(24, 3));
  const Outcome outcome = run_under(bench, "-n 64", "meeting.yaml", {"-j", "24"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("trials run at a time: the worker may open no more files (ulimit -n)"));
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'completed'"), "24");
  EXPECT_EQ(bench.value("select count(*) from event where kind = 'lost'"), "0");
}

TEST(Isolation, EachAttemptHasANewDirectoryOfItsOwn) {
  Workbench bench;
  const Outcome outcome = bench.run(
      "own",
      shell("own", 2,
            "[ ! -e \"$TUNE_TRIAL_DIR/mine\" ] || exit 2\necho ${x} > \"$TUNE_TRIAL_DIR/mine\"\ntouch here-${x}\n"
            "while [ $(ls | grep -c '^here-') -lt 2 ]; do sleep 0.02; done\n"
            "echo \"{\\\"loss\\\": $(cat \"$TUNE_TRIAL_DIR/mine\")}\"\n"
            "[ ${x} = 1 ] || [ -e again ] || { touch again; exit 1; }",
            "resources: {cpu: 0.5}\nretries: {exit: 1}\n"),
      {"-j", "2"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select json_extract(config, '$.x'), json_extract(metrics, '$.loss'), status, attempt "
                        "from trials order by 1"),
            (Rows{{"1", "1", "completed", "1"}, {"2", "2", "completed", "2"}}));
}

TEST(Stories, TellWhatHappenedToAFailedTrialInOrder) {
  Workbench bench;
  const Outcome outcome = bench.run("story", shell("story", 1,
                                                   "touch \"try-$TUNE_SEED\"; echo x >> tries\n"
                                                   "echo '{\"loss\": 2}'\n"
                                                   "case $(wc -l < tries) in 1) exit 7;; 2) kill -9 $$$$;; esac",
                                                   "retries: {exit: 1, signal: 2}\n"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::string story = bench.tune({"show", "story/0"}).out;
  std::size_t at = 0;
  for (const char* part : {"-> start", "attempt 1 iteration 1", "attempt 1 left: the program ended with exit code 7",
                           "attempt 2 left: the program was killed by signal 9", "attempt 3 left"}) {
    const std::size_t found = story.find(part, at);
    EXPECT_NE(found, std::string::npos) << "no '" << part << "' after position " << at << " of\n" << story;
    if (found != std::string::npos) at = found;
  }
}

}  // namespace
}  // namespace tune
