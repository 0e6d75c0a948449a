// `tune help TOPIC`: what does not fit behind --help.

#include <fmt/format.h>

#include "core/text.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"

namespace tune::cli {
namespace {

constexpr std::string_view kExitCodes = R"(Exit codes
  0    budget used or target reached, at least one trial done
  1    experiment failed: no trial succeeded, or more than budget.failures failed; replay: differs
  2    wrong usage or invalid file
  3    internal error
  4    nothing found: no such experiment or trial
  5    --require-target not met
  6    the database cannot be used: held by another, newer, damaged, disk full
  7    refused: the command does not fit the state of its experiment or trial
  130  interrupted by Ctrl-C, state saved (143: by SIGTERM)
  143  tune report: the report was taken, and the trial should leave
)";

constexpr std::string_view kTrainables = R"(What a trial runs (key `trainable` of the experiment file)
  branin                   built in, or a library that comes with tune: a plain name
  ./libmine.so:MyNet       a trainable registered in a shared library of your own
  {command: [python3, train.py, "--lr=${lr}"]}
                           any program: it prints one JSON object a report on stdout, or calls
                           `tune report loss=0.25 step=4 --checkpoint`
  isolation: auto|process|reuse|thread
                           where it runs: a forked process a trial, a reused process, a thread of
                           tune itself (fast, but it dies with tune and cannot be killed)
)";

constexpr std::string_view kFiles = R"(Files
  tune.db                  the database: --db FILE or TUNE_DB; any number of experiments
  tune.db.checkpoints      checkpoints larger than 256 KiB
  tune.db.d/               directories of attempts, and the output of those that run
  tune.db-lock             who runs which experiment
  The views experiments, trials, reports, decisions, checkpoints and best can be queried at any time:
    sqlite3 tune.db "select * from best"
)";

constexpr std::string_view kEnvironment = R"(Environment
  TUNE_DB                  database file
  NO_COLOR, FORCE_COLOR    colours off, on
  In a trial's program: TUNE_TRIAL_ID TUNE_TRIAL_DIR TUNE_CHECKPOINT_DIR TUNE_PARAMS_FILE TUNE_REPORT_FILE
    TUNE_REPORT_SOCKET TUNE_SEED
)";

}  // namespace

int help(const std::string& topic) {
  if (topic == "exit-codes") {
    fmt::print("{}", kExitCodes);
  } else if (topic == "trainables") {
    fmt::print("{}\nBuilt in: {}\n", kTrainables, join(reader_context({}).builtins));
  } else if (topic == "files") {
    fmt::print("{}", kFiles);
  } else if (topic == "environment") {
    fmt::print("{}", kEnvironment);
  } else if (topic.empty()) {
    fmt::print("Topics: trainables, exit-codes, files, environment. Commands: tune --help, tune COMMAND --help\n");
  } else {
    const std::vector<std::string> topics{"trainables", "exit-codes", "files", "environment"};
    return report(
        {ErrorCode::kBadInput, fmt::format("no help on '{}'", topic),
         did_you_mean_hint(topic, topics).empty() ? "topics: " + join(topics) : did_you_mean_hint(topic, topics)});
  }
  return kOk;
}

}  // namespace tune::cli
