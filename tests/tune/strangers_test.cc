// Secrets and strangers: what the file takes from the environment is nowhere to be found afterwards, and texts that
// SQL, a shell, a format string, a table or a terminal would obey are only texts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/json.h"
#include "tests/tune/support/experiments.h"
#include "tests/tune/support/processes.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

// --- Secrets --------------------------------------------------------------------------------------------------------

constexpr const char* kSecret = "correct-horse-battery";

/// A program that prints its secret, on both streams and in pieces, and fails with it at its third trial.
std::string telltale() {
  return "version: 1\nname: telltale\ntrainable:\n  command:\n    - sh\n    - -c\n    - |\n"
         "      echo \"logged in with $LOGIN\"; echo \"$LOGIN\" >&2\n"
         "      printf correct-horse; sleep 0.01; printf -- '-battery\\n'\n"
         "      printf '{\"loss\": 1, \"note\": [\"by %s\"]}\\n' \"$LOGIN\"\n      test ${x} -lt 3 || exit 3\n"
         "    - \"${env:TUNE_TEST_SECRET}\"\n"
         "  env: {LOGIN: \"user:${env:TUNE_TEST_SECRET}\"}\n"
         "objective: {metric: loss, mode: min}\nsearch_space: {x: {grid_search: [1, 2, 3]}}\n"
         "search: {algorithm: random, seed: 7}\n";
}

/// All files of a folder, as one text.
std::string all_bytes(const std::string& folder) {
  std::string all;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    all += entry.path().string() + '\n';
    all.append(std::istreambuf_iterator<char>(in), {});
  }
  return all;
}

TEST(SecretsOfARun, AreStoredAsWrittenAndShownNowhere) {
  Workbench bench;
  const Environment with_secret = {{"TUNE_TEST_SECRET", kSecret}};
  bench.write("telltale.yaml", telltale());
  const Outcome run = bench.tune({"run", "telltale.yaml"}, with_secret);
  EXPECT_EQ(bench.value("select group_concat(status) from trials"), "completed,completed,failed");
  EXPECT_THAT(run.out + run.err, Not(HasSubstr(kSecret)));
  EXPECT_THAT(all_bytes(bench.path()), Not(HasSubstr(kSecret)));
  EXPECT_THAT(bench.value("select resolved from experiment"), HasSubstr("user:${env:TUNE_TEST_SECRET}"));
  for (const Arguments& arguments :
       {Arguments{"show", "telltale/2"}, Arguments{"show", "telltale/2", "--json"}, Arguments{"logs", "telltale/2"},
        Arguments{"trials", "telltale"}, Arguments{"trials", "telltale", "--json"}, Arguments{"status", "telltale"},
        Arguments{"status", "telltale", "--json"}, Arguments{"ls", "--json"}, Arguments{"best", "telltale", "--json"},
        Arguments{"export", "telltale", "-f", "csv"}, Arguments{"export", "telltale", "-f", "json", "--history"}}) {
    const Outcome shown = bench.tune(arguments, with_secret);
    EXPECT_EQ(shown.code, 0) << arguments[0] << shown.err;
    EXPECT_THAT(shown.out + shown.err, Not(HasSubstr(kSecret))) << arguments[0];
  }
  EXPECT_EQ(bench.tune({"logs", "telltale/2"}).out,
            "logged in with user:${env:TUNE_TEST_SECRET}\nuser:${env:TUNE_TEST_SECRET}\n${env:TUNE_TEST_SECRET}\n"
            "{\"loss\": 1, \"note\": [\"by user:${env:TUNE_TEST_SECRET}\"]}\n");
  EXPECT_THAT(bench.value("select extra from event where kind = 'reported' limit 1"),
              HasSubstr("by user:${env:TUNE_TEST_SECRET}"));
}

TEST(SecretsOfARun, AreLookedUpAtEachLaunch) {
  Workbench bench;
  const std::string text = shell("asks", 1, "printf '{\"loss\": %s}\\n' \"$NUMBER\"; test \"$NUMBER\" = 2");
  const std::string env = "  env: {NUMBER: \"${env:TUNE_TEST_NUMBER}\"}\n";
  bench.write("asks.yaml", std::string(text).insert(text.find("objective:"), env));
  EXPECT_NE(bench.tune({"run", "asks.yaml"}, {{"TUNE_TEST_NUMBER", "1"}}).code, 0);
  const Outcome again = bench.tune({"retry", "asks/0"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(bench.tune({"resume", "asks"}, {{"TUNE_TEST_NUMBER", "2"}}).code, 0);
  EXPECT_EQ(bench.value("select status from trials"), "completed");
}

TEST(SecretsOfARun, ThatAreMissingAreSaidBeforeAnythingStarts) {
  Workbench bench;
  bench.write("telltale.yaml", telltale());
  const Outcome run = bench.tune({"run", "telltale.yaml"});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("the environment has no variable 'TUNE_TEST_SECRET'"));
  EXPECT_FALSE(fs::exists(bench / "tune.db"));

  ASSERT_EQ(bench.tune({"run", "telltale.yaml", "--set", "budget.trials=1"}, {{"TUNE_TEST_SECRET", kSecret}}).code, 0);
  ASSERT_EQ(bench.tune({"set", "telltale", "budget.trials=2"}).code, 0);
  const Outcome resumed = bench.tune({"resume", "telltale"});
  EXPECT_EQ(resumed.code, 2);
  EXPECT_THAT(resumed.err, HasSubstr("the environment has no variable 'TUNE_TEST_SECRET'"));
  EXPECT_EQ(bench.value("select count(*) from trials"), "1");
}

// Any user of the machine reads the arguments of any process.
TEST(SecretsOfARun, ThatWereWrittenDownStandInNoArguments) {
  Workbench bench;
  bench.write(
      "literal.yaml",
      "version: 1\nname: literal\ntrainable:\n"
      "  command: [sh, -c, 'echo $API_KEY > made; mv made here; while [ ! -e go ]; do sleep 0.02; done; echo loss=1']\n"
      "  report: pairs\n  env: {API_KEY: " +
          std::string(kSecret) + "}\nobjective: {metric: loss, mode: min}\nsearch_space: {x: {grid_search: [1]}}\n");
  Program run = bench.start({"run", "literal.yaml"});
  ASSERT_TRUE(eventually([&] { return run.is_over() || fs::exists(bench / "here"); })) << run.err();
  ASSERT_FALSE(run.is_over()) << run.err();
  EXPECT_EQ(bench.read("here"), std::string(kSecret) + "\n");
  int parts = 0;
  for (const Process& process : processes_below(getpid())) {
    EXPECT_THAT(process.command, Not(HasSubstr(kSecret))) << process.name;
    parts += process.is_worker() || process.is_host() ? 1 : 0;
  }
  EXPECT_GE(parts, 3);  // worker, fork server, trial
  bench.write("go", "");
  EXPECT_EQ(run.wait().code, 0) << run.err();
}

// --- Strangers ------------------------------------------------------------------------------------------------------

/// Each would do harm where it is more than a text.
const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> kTexts = {
      "'; drop table trial; --",
      "\" or 1=1; --",
      "$(touch pwned)",
      "`touch pwned`",
      "; touch pwned #",
      "'; touch pwned; '",
      "\"; touch pwned; \"",
      "\n touch pwned\n",
      "| touch pwned",
      "${x}${env:HOME}$$",
      "%s%n%x{}{0}{:>9999}",
      "\x1b]0;title\x07\x1b[2J\xC2\x9B"
      "31m",
      "a,b\"c\r\nd|e\\f",
      "=1+1",
      "../../etc/passwd",
      "-rf",
      "--help",
      "",
      " ",
      "*?[a-z]~",
      "größer 🎉",
      "<script>alert(1)</script>",
  };
  return kTexts;
}

List hostile_list() {
  List list;
  for (const std::string& text : hostile_texts()) list.emplace_back(text);
  return list;
}

/// Whether a terminal would only show it.
::testing::AssertionResult is_plain(const std::string& text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7F) {
      return ::testing::AssertionFailure() << "byte " << int{byte} << " in: " << text;
    }
  }
  if (text.find("\xC2\x9B") != std::string::npos) return ::testing::AssertionFailure() << "CSI in: " << text;
  return ::testing::AssertionSuccess();
}

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::ranges::sort(texts);
  return texts;
}

/// The values of the only parameter, as an export in JSON has them.
std::vector<std::string> exported(const std::string& text) {
  std::vector<std::string> found;
  const Value rows = json(text);
  for (const Value& row : rows.list()) found.push_back(at(row, "config.x"));
  return found;
}

class Strangers : public ::testing::Test {
 protected:
  /// A run over all hostile texts, whose program keeps what it got in files of a folder.
  void run(const std::string& command, const std::string& env) {
    fs::create_directory(bench_ / "got");
    bench_.write("keep.sh", "printf '%s' \"$2\" > \"got/$1-${TUNE_TRIAL_ID##*-}\"\n");
    const std::string file = "it's $(touch pwned); \"a\" %s.yaml";
    bench_.write(file, "version: 1\nname: strangers\ntrainable:\n  command: " + command + "\n" + env +
                           "objective: {metric: loss, mode: min}\nsearch_space: {x: {grid_search: " +
                           to_json(hostile_list()) + "}}\nsearch: {algorithm: random, seed: 7}\n");
    EXPECT_TRUE(is_plain(bench_.tune({"validate", file}).out));
    const Outcome outcome = bench_.tune({"run", file, "--db", kDatabase});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(is_plain(outcome.out + outcome.err));
    EXPECT_EQ(bench_.value("select count(*) from trials where status = 'completed'", kDatabase),
              std::to_string(hostile_texts().size()));
  }
  /// What arrived in one way.
  std::vector<std::string> got(const std::string& way) const {
    std::vector<std::string> texts;
    for (const auto& entry : fs::directory_iterator(bench_ / "got")) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(way + "-")) texts.push_back(bench_.read("got/" + name));
    }
    return sorted(texts);
  }
  bool anything_was_run() const {
    for (const auto& entry : fs::recursive_directory_iterator(bench_.path())) {
      if (entry.path().filename() == "pwned") return true;
    }
    return false;
  }

  static constexpr const char* kDatabase = "it's; %s.db";
  Workbench bench_;
};

TEST_F(Strangers, ValuesAreWholeInEveryPlaceOfACommand) {
  const std::vector<std::string> sent = sorted(hostile_texts());
  run(to_json(
          Value("sh keep.sh bare ${x}; sh keep.sh double \"${x}\"; sh keep.sh single '${x}'; sh keep.sh env \"$X\"; "
                "echo '{\"loss\": 1}'")),
      "  env: {X: \"${x}\"}\n");
  for (const std::string way : {"bare", "double", "single", "env"}) EXPECT_EQ(got(way), sent) << way;
  EXPECT_FALSE(anything_was_run());
}

TEST_F(Strangers, ValuesAreOnlyTextsInListsAndInAllThatIsShown) {
  run("[sh, -c, \"sh keep.sh list \\\"$1\\\"; echo '{\\\"loss\\\": 1}'\", sh, \"${x}\"]", "");
  const std::vector<std::string> sent = sorted(hostile_texts());
  EXPECT_EQ(got("list"), sent);
  const Arguments db = {"--db", kDatabase};
  const auto tune = [&](Arguments arguments) {
    arguments.insert(arguments.end(), db.begin(), db.end());
    const Outcome outcome = bench_.tune(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments[0] << ": " << outcome.err;
    return outcome.out;
  };
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_TRUE(is_plain(tune({"show", "strangers/" + std::to_string(i)})));
  }
  for (const Arguments& arguments :
       {Arguments{"ls"}, Arguments{"status", "strangers"}, Arguments{"trials", "strangers"},
        Arguments{"best", "strangers"}, Arguments{"best", "strangers", "--json"}}) {
    EXPECT_TRUE(is_plain(tune(arguments))) << arguments[0];
  }
  EXPECT_EQ(sorted(exported(tune({"export", "strangers", "-f", "json"}))), sent);
  const std::string table = tune({"export", "strangers", "-f", "csv"});
  EXPECT_THAT(table, HasSubstr("\"a,b\"\"c\r\nd|e\\f\""));
  EXPECT_THAT(tune({"export", "strangers", "-f", "csv", "--excel"}), HasSubstr("'=1+1"));
  EXPECT_EQ(lines(tune({"export", "strangers", "-f", "md"})).size(), sent.size() + 2);
  EXPECT_FALSE(anything_was_run());
}

TEST_F(Strangers, WhatAFileOrATrialSaysSteersNoTerminal) {
  const std::string more =
      "retries: 0\ndescription: \"a\\x1b]0;title\\x07b\"\n";  // which YAML reads as the characters themselves
  const Outcome run = bench_.run("steers", shell("steers", 2, "printf '\\033]0;X\\007\\033[2J\\n' >&2; exit 3", more));
  EXPECT_TRUE(is_plain(run.err));
  ASSERT_EQ(bench_.value("select count(*) > 0 from decision where instr(reason, char(27)) > 0"), "1");
  bench_.change("update experiment set resolved = json_set(resolved, '$.retries', 3)");
  for (const Arguments& arguments :
       {Arguments{"doctor"}, Arguments{"replay", "steers"}, Arguments{"ls"}, Arguments{"status", "steers"},
        Arguments{"show", "steers/0"}, Arguments{"trials", "steers"}, Arguments{"export", "steers", "-f", "md"}}) {
    const Outcome outcome = bench_.tune(arguments);
    EXPECT_TRUE(is_plain(outcome.out + outcome.err)) << arguments[0] << outcome.out;
  }
  EXPECT_THAT(bench_.tune({"replay", "steers"}).out, HasSubstr("\\x1b]0;X"));
}

TEST_F(Strangers, NamesOnTheCommandLineAreOnlyNames) {
  ASSERT_EQ(bench_.run("mine", branin("mine", 1)).code, 0);
  for (const std::string& text : hostile_texts()) {
    if (text.empty() || text == " " || text.starts_with('-')) continue;
    for (const Arguments& arguments :
         {Arguments{"status", text}, Arguments{"show", text + "/0"}, Arguments{"trials", "mine", "--where", text},
          Arguments{"trials", "mine", "--sort", text}, Arguments{"export", text}, Arguments{"stop", text},
          Arguments{"enqueue", "mine", "x1=" + text}, Arguments{"set", "mine", text + "=1"}}) {
      const Outcome outcome = bench_.tune(arguments);
      if (arguments[0] != "enqueue") {
        EXPECT_NE(outcome.code, 0) << arguments[0] << ' ' << text;
      }
      EXPECT_EQ(outcome.signal, 0) << arguments[0] << ' ' << text;
      EXPECT_TRUE(is_plain(outcome.err)) << arguments[0];
    }
  }
  EXPECT_EQ(bench_.tune({"doctor"}).code, 0);
  EXPECT_EQ(bench_.value("select count(*) from trials"), "1");
  EXPECT_FALSE(anything_was_run());
}

TEST_F(Strangers, WhatIsEnqueuedDuringARunIsOnlyText) {
  fs::create_directory(bench_ / "got");
  bench_.write("keep.sh",
               "printf '%s' \"$1\" > \"got/kept-${TUNE_TRIAL_ID##*-}\"\nwhile [ ! -e go ]; do sleep 0.02; done\n"
               "echo '{\"loss\": 1}'\n");
  bench_.write("queue.yaml",
               "version: 1\nname: queue\ntrainable: {command: [sh, keep.sh, \"${x}\"]}\n"
               "objective: {metric: loss, mode: min}\nsearch_space: {x: {choice: " +
                   to_json(hostile_list()) +
                   "}}\nsearch: {algorithm: random, seed: 7}\nbudget: {trials: 1, concurrency: 1}\n");
  Program run = bench_.start({"run", "queue.yaml"});
  ASSERT_TRUE(eventually([&] { return run.is_over() || fs::exists(bench_ / "got/kept-00000"); }));
  const auto refused = [&](const std::string& assignment) {
    const Outcome outcome = bench_.tune({"enqueue", "queue", "--", assignment});
    EXPECT_EQ(outcome.code, 2) << assignment << outcome.err;
    EXPECT_TRUE(is_plain(outcome.err)) << assignment;
    return outcome.err;
  };
  for (const std::string& text : hostile_texts()) refused(text + "=1");
  EXPECT_THAT(refused("x='%s"), HasSubstr("'x': "));
  Arguments all{"enqueue", "queue"};  // a value is YAML, in which quotes make anything a text
  for (const std::string& text : hostile_texts()) all.push_back("x=" + to_json(Value(text)));
  const Outcome sent = bench_.tune(all);
  EXPECT_EQ(sent.code, 0) << sent.err;
  const std::string trials = std::to_string(hostile_texts().size() + 1);
  bench_.write("go", "");
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(is_plain(outcome.out + outcome.err));
  std::vector<std::string> arrived = got("kept");
  EXPECT_EQ(std::to_string(arrived.size()), trials);
  arrived.erase(std::ranges::find(arrived, bench_.read("got/kept-00000")));  // that of the first was drawn
  EXPECT_EQ(arrived, sorted(hostile_texts()));
  EXPECT_TRUE(is_plain(bench_.tune({"trials", "queue"}).out));
  EXPECT_TRUE(is_plain(bench_.tune({"show", "queue/1"}).out));
  EXPECT_EQ(bench_.tune({"doctor"}).code, 0);
  EXPECT_FALSE(anything_was_run());
}

TEST_F(Strangers, NamesOfMetricsAreOnlyNames) {
  Map report{{"loss", 1.0}};
  for (const std::string& text : hostile_texts()) report.emplace_back(text, 2.0);
  bench_.write("report.json", to_json(Value(report)) + "\n");
  const Outcome outcome = bench_.run("metrics", shell("metrics", 2, "cat report.json"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(at(json(bench_.value("select metrics from reports limit 1")), "'; drop table trial; --"), "2.0");
  for (const std::string format : {"csv", "json", "md"}) {
    EXPECT_EQ(bench_.tune({"export", "metrics", "--history", "-f", format}).code, 0) << format;
  }
  EXPECT_EQ(lines(bench_.tune({"export", "metrics", "-f", "md"}).out).size(), 4u);
  for (const Arguments& arguments :
       {Arguments{"show", "metrics/0"}, Arguments{"trials", "metrics"}, Arguments{"status", "metrics"}}) {
    EXPECT_TRUE(is_plain(bench_.tune(arguments).out)) << arguments[0];
  }
  EXPECT_EQ(bench_.tune({"doctor"}).code, 0);
}

}  // namespace
}  // namespace tune
