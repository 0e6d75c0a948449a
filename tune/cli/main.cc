// The program's command line. The only file that knows CLI11: it fills the option aggregates of commands.h and calls
// one function a command. CLI11's own exit codes are mapped to ours.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <system_error>

#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/cli/worker.h"
#include "tune/view/tell.h"

namespace {

using namespace tune::cli;

bool color_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* force = std::getenv("FORCE_COLOR");
  const char* term = std::getenv("TERM");
  if (force != nullptr && *force != 0) return true;
  if (no_color != nullptr && *no_color != 0) return false;
  return term == nullptr || std::string_view(term) != "dumb";
}

/// Not CLI11's envname(): an option that stands before the command would give way to it.
Common common_from_environment() {
  Common common;
  const char* db = std::getenv("TUNE_DB");
  if (db != nullptr && *db != 0) common.db = db;
  return common;
}

/// CLI11 takes -1 for the greatest number there is, and so any that is too great.
const CLI::Validator kSeed(
    [](const std::string& text) {
      std::int64_t seed = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
      const bool good = error == std::errc() && end == text.data() + text.size() && seed >= 0;
      return good ? std::string() : fmt::format("a seed is a whole number from 0 to {}, and not {}", INT64_MAX, text);
    },
    "SEED");

struct CommandLine {
  Common common = common_from_environment();
  RunCommand run_options;
  SimulateCommand simulate_options;
  TrialsCommand trials_options;
  ExportCommand export_options;
  InitCommand init_options;
  ReportCommand report_options;
  std::string experiment, trial, file, topic, format, output, name;
  std::vector<std::string> set, targets;
  std::int64_t n = 10;
  std::optional<std::uint64_t> seed;
  std::optional<std::int64_t> step;
  bool watch = false, follow = false, no_color = false;
  int quiet = 0, verbose = 0;
  std::function<int()> chosen;
};

/// Options that every command takes, before its name or after it.
void add_common(CLI::App& app, CommandLine& line) {
  app.add_option("--db", line.common.db, "database file (also TUNE_DB)")
      ->check([](const std::string& path) { return std::string(path.empty() ? "a database needs a name" : ""); })
      ->capture_default_str();
  app.add_flag("--json", line.common.json, "machine-readable output");
  app.add_flag("-q,--quiet", line.quiet, "errors and the final best only; -qq: exit code only");
  app.add_flag("-v,--verbose", line.verbose, "every report; -vv: scheduler decisions with reasons");
  app.add_flag("--no-color", line.no_color, "no colours (also NO_COLOR)");
}

CLI::App* add(CLI::App& app, CommandLine& line, const std::string& name, const std::string& help,
              std::function<int()> action) {
  CLI::App* command = app.add_subcommand(name, help);
  add_common(*command, line);
  command->callback([&line, action = std::move(action)] { line.chosen = action; });
  return command;
}

void add_run_options(CLI::App& command, CommandLine& line) {
  RunCommand& o = line.run_options;
  command.add_option("--sync", o.sync, "full: survives power loss; normal: survives crashes only, fewer disk syncs")
      ->check(CLI::IsMember({"full", "normal"}))
      ->capture_default_str();
  command.add_option("--grace", o.grace, "seconds running trials get to save on Ctrl-C")->capture_default_str();
  command.add_option("--progress-interval", o.progress_interval, "seconds between progress lines outside a terminal");
  command.add_flag("--detach", o.detach, "return once the run has begun, which goes on in the background");
  command.add_flag("--require-target", o.require_target, "exit code 5 if the target is not reached");
}

void add_running_commands(CLI::App& app, CommandLine& line) {
  RunCommand& o = line.run_options;
  CLI::App* run_command = add(app, line, "run", "Run an experiment file; an unfinished one of that name goes on",
                              [&] { return run(line.run_options, line.common); });
  run_command->add_option("FILE", o.file, "experiment file")->required();
  run_command->add_option("--set", o.set, "override a key: --set scheduler.max_t=20")->allow_extra_args(false);
  run_command->add_option("--trials", o.trials, "budget.trials");
  run_command->add_option("--time", o.time, "budget.time, as in 10m");
  run_command->add_option("-j,--concurrency", o.concurrency, "budget.concurrency");
  run_command->add_option("--seed", o.seed, "search.seed");
  run_command->add_flag("--lockstep", o.lockstep, "order reports by logical time: equal runs also with several slots");
  run_command->add_flag("--fresh", o.fresh, "start anew; an old experiment of that name is kept as NAME@1");
  run_command->add_flag("--dry-run", o.dry_run, "check the file and start nothing");
  add_run_options(*run_command, line);

  CLI::App* resume_command = add(
      app, line, "resume", "Go on with an experiment, from the database alone; one that runs, or a trial: end a pause",
      [&] { return resume(line.experiment, line.run_options, line.common); });
  resume_command->add_option("EXPERIMENT[/TRIAL]", line.experiment);
  resume_command->add_option("--trials", o.trials, "budget.trials from now on");
  resume_command->add_option("--time", o.time, "budget.time from now on");
  resume_command->add_option("-j,--concurrency", o.concurrency, "budget.concurrency from now on");
  add_run_options(*resume_command, line);

  CLI::App* retrain_command =
      add(app, line, "retrain", "Train the recorded schedule of one trial again, as an experiment of its own",
          [&] { return retrain(line.trial, line.name, line.run_options, line.common); });
  retrain_command->add_option("EXPERIMENT/TRIAL", line.trial)->required();
  retrain_command->add_option("-n,--name", line.name, "of the new experiment; EXPERIMENT-retrain-TRIAL if left out");
  retrain_command->add_flag("--fresh", o.fresh, "start anew; an old experiment of that name is kept as NAME@1");
  add_run_options(*retrain_command, line);
}

void add_control_commands(CLI::App& app, CommandLine& line) {
  using tune::CommandKind;
  CLI::App* attach_command =
      add(app, line, "attach", "Show a run of another terminal, or a detached one, until it ends",
          [&] { return attach(line.experiment, line.run_options.progress_interval, line.common); });
  attach_command->add_option("EXPERIMENT", line.experiment);
  attach_command->add_option("--progress-interval", line.run_options.progress_interval,
                             "seconds between progress lines outside a terminal");

  const std::tuple<const char*, const char*, CommandKind> kinds[] = {
      {"stop", "Stop an experiment (running trials finish), or a trial (it keeps its results)", CommandKind::kStop},
      {"cancel", "Kill what runs of an experiment and end it; or kill a trial", CommandKind::kCancel},
      {"pause", "Start nothing new and let running trials save and leave, until tune resume; or so with a trial",
       CommandKind::kPause},
      {"retry", "Run trials again that failed or were stopped, from their last checkpoint", CommandKind::kRetry}};
  for (const auto& [name, help, kind] : kinds) {
    CLI::App* command =
        add(app, line, name, help, [&line, kind = kind] { return control(kind, line.targets, line.common); });
    command->add_option(kind == CommandKind::kRetry ? "EXPERIMENT/TRIAL" : "EXPERIMENT[/TRIAL]", line.targets)
        ->required();
  }
  CLI::App* enqueue_command = add(app, line, "enqueue", "Add configurations of your own; what they leave out is drawn",
                                  [&] { return enqueue(line.experiment, line.set, line.common); });
  enqueue_command->add_option("EXPERIMENT", line.experiment)->required();
  enqueue_command->add_option("NAME=VALUE", line.set, "a name that comes again begins the next configuration")
      ->required();

  CLI::App* set_command = add(app, line, "set", "Change budget, retries, limits or retention of an experiment",
                              [&] { return set(line.experiment, line.set, line.common); });
  set_command->add_option("EXPERIMENT", line.experiment)->required();
  set_command->add_option("KEY=VALUE", line.set, "as in budget.trials=200 budget.time=2h budget.concurrency=4")
      ->required();
}

void add_file_commands(CLI::App& app, CommandLine& line) {
  CLI::App* validate_command = add(app, line, "validate", "Check an experiment file and tell its space in words",
                                   [&] { return validate(line.file, line.set, line.common); });
  validate_command->add_option("FILE", line.file)->required();
  validate_command->add_option("--set", line.set, "override a key")->allow_extra_args(false);

  RunCommand& p = line.run_options;
  CLI::App* plan_command = add(app, line, "plan", "Tell what the scheduler would spend, rung by rung; starts nothing",
                               [&] { return plan(line.run_options, line.common); });
  plan_command->add_option("FILE", p.file)->required();
  plan_command->add_option("--set", p.set, "override a key")->allow_extra_args(false);
  plan_command->add_option("--trials", p.trials, "budget.trials");
  plan_command->add_option("-j,--concurrency", p.concurrency,
                           "slots to plan with, beside 1; as on this machine if left out");

  CLI::App* sample_command = add(app, line, "sample", "Print configurations as the run would draw them", [&] {
    return sample(line.file, line.set, line.n, line.format.empty() ? "jsonl" : line.format, line.seed, line.common);
  });
  sample_command->add_option("FILE", line.file)->required();
  sample_command->add_option("-n", line.n, "how many")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  sample_command->add_option("-f,--format", line.format, "csv or jsonl")->check(CLI::IsMember({"csv", "jsonl"}));
  sample_command->add_option("--seed", line.seed, "search.seed")->check(kSeed);
  sample_command->add_option("--set", line.set, "override a key")->allow_extra_args(false);

  add(app, line, "schema", "Print the JSON Schema of the experiment file", [&] { return schema(line.common); });
}

void add_simulate_command(CLI::App& app, CommandLine& line) {
  SimulateCommand& s = line.simulate_options;
  CLI::App* command = add(app, line, "simulate", "Run an experiment in virtual time, on as many workers as you imagine",
                          [&] { return simulate(line.simulate_options, line.common); });
  command->add_option("FILE", s.file, "experiment file")->required();
  command->add_option("-w,--workers", s.workers, "trials at a time, 1 to 10000; instead of resources and concurrency")
      ->capture_default_str();
  command
      ->add_option("--step-cost", s.step_cost,
                   "virtual seconds of a step: a number, metric:NAME (what it reports), lognormal(MU,SIGMA), "
                   "uniform(LOW,HIGH)")
      ->capture_default_str();
  command->add_option("--end-cost", s.end_cost, "virtual seconds from a trial's last report until its worker is free")
      ->capture_default_str();
  command->add_option("--straggler", s.straggler, "an attempt takes 1 + |N(0,SIGMA)| times as long")
      ->type_name("SIGMA");
  command->add_option("--crash-rate", s.crash_rate, "chance of a trial's process to die within a virtual second");
  command->add_option("--lost-worker-rate", s.lost_worker_rate, "the same of its worker");
  command->add_option("--seed", s.seed, "of all that is drawn here, and search.seed")->check(kSeed);
  command->add_option("-n,--name", s.name,
                      "of the experiment that is written; the file's with '-simulated' if left out");
  command->add_option("--set", s.set, "override a key: --set scheduler.max_t=20")->allow_extra_args(false);
  command->add_option("--trials", s.trials, "budget.trials");
  command->add_option("--time", s.time, "budget.time, in virtual time");
  command->add_flag("--lockstep", s.lockstep, "order reports as tune run --lockstep does");
  command->add_flag("--fresh", s.fresh, "an old experiment of that name is kept as NAME@1");
}

void add_program_commands(CLI::App& app, CommandLine& line) {
  InitCommand& i = line.init_options;
  CLI::App* init_command = add(app, line, "init", "Write a project to start from: an experiment file and its trainable",
                               [&] { return init(line.init_options, line.common); });
  init_command->add_option("FOLDER", i.folder)->capture_default_str();
  init_command->add_option("--template", i.template_name, "what to write; --list tells them");
  init_command->add_flag("--force", i.force, "overwrite files that are there");
  init_command->add_flag("--list", i.list, "list the templates");

  ReportCommand& r = line.report_options;
  CLI::App* report_command = add(app, line, "report", "Report from inside a trial, as a shell script does",
                                 [&] { return report_metrics(line.report_options); });
  report_command->add_option("NAME=VALUE", r.metrics, "metrics; step=N is the training iteration")->required();
  report_command->add_flag("--checkpoint", r.checkpoint,
                           "with all of $TUNE_CHECKPOINT_DIR; --checkpoint=NAME: with what has this name in it");
}

void add_reading_commands(CLI::App& app, CommandLine& line) {
  add(app, line, "ls", "All experiments of the database", [&] { return list(line.common); });

  CLI::App* status_command = add(app, line, "status", "Counts, best, time of one experiment or all",
                                 [&] { return status(line.experiment, line.watch, line.common); });
  status_command->add_option("EXPERIMENT", line.experiment);
  status_command->add_flag("--watch", line.watch, "again every second, until it ends");

  TrialsCommand& t = line.trials_options;
  CLI::App* trials_command =
      add(app, line, "trials", "Table of trials", [&] { return trials(line.trials_options, line.common); });
  trials_command->add_option("EXPERIMENT", t.experiment);
  trials_command->add_option("--sort", t.sort, "column; -column: descending");
  trials_command->add_option("--where", t.where, "condition, as in 'lr<0.01' or status=failed")
      ->allow_extra_args(false);
  trials_command->add_option("--columns", t.columns, "columns, separated by commas")->delimiter(',');
  trials_command->add_option("--limit", t.limit, "at most this many rows")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}));
  trials_command->add_flag("--csv", t.csv, "CSV");

  CLI::App* show_command = add(app, line, "show", "One trial: its configuration and the reason of each decision",
                               [&] { return show(line.trial, line.common); });
  show_command->add_option("EXPERIMENT/TRIAL", line.trial)->required();

  CLI::App* best_command = add(app, line, "best", "The best trial", [&] {
    return best(line.experiment, line.format.empty() ? (line.common.json ? "json" : "table") : line.format,
                line.common);
  });
  best_command->add_option("EXPERIMENT", line.experiment);
  best_command->add_option("-f,--format", line.format, "table, json, yaml or args")
      ->check(CLI::IsMember({"table", "json", "yaml", "args"}));

  CLI::App* logs_command =
      add(app, line, "logs", "What a trial printed", [&] { return logs(line.trial, line.follow, line.common); });
  logs_command->add_option("EXPERIMENT/TRIAL", line.trial)->required();
  logs_command->add_flag("-f,--follow", line.follow, "go on until the trial ends");

  ExportCommand& e = line.export_options;
  CLI::App* export_command = add(app, line, "export", "Results table: a row a trial, or a row a report",
                                 [&] { return export_table(line.export_options, line.common); });
  export_command->add_option("EXPERIMENT", e.experiment);
  export_command->add_option("-f,--format", e.format, "csv, json, jsonl or md")
      ->check(CLI::IsMember({"csv", "json", "jsonl", "md"}))
      ->capture_default_str();
  export_command->add_option("-o,--output", e.output, "file; stdout if left out");
  export_command->add_flag("--history", e.history, "a row a report");
  export_command->add_option("--naming", e.naming, "column names: ray, optuna, mlflow, bare")
      ->check(CLI::IsMember({"ray", "optuna", "mlflow", "bare"}));
  export_command->add_flag("--stable", e.stable,
                           "leave out clock, host, pid and attempt columns: equal for equal runs");
  export_command->add_flag("--excel", e.excel, "byte order mark, and a guard for cells that begin with = + - @");
  export_command->add_option("--columns", e.columns, "columns, separated by commas")->delimiter(',');
  export_command->add_option("--top", e.top, "the best N trials only");

  CLI::App* checkpoint_command = add(app, line, "checkpoint", "Take a trial's checkpoint out of the database",
                                     [&] { return checkpoint(line.trial, line.output, line.step, line.common); });
  checkpoint_command->add_option("EXPERIMENT/TRIAL", line.trial)->required();
  checkpoint_command->add_option("-o,--output", line.output, "file")->required();
  checkpoint_command->add_option("--step", line.step, "of this training_iteration; the latest if left out");

  CLI::App* replay_command = add(app, line, "replay", "Recompute every decision and configuration from the log",
                                 [&] { return replay(line.experiment, line.common); });
  replay_command->add_option("EXPERIMENT", line.experiment);
}

void add_care_commands(CLI::App& app, CommandLine& line) {
  CLI::App* doctor_command =
      add(app, line, "doctor", "Check a database through: files, references, hashes, decisions, checkpoints",
          [&] { return doctor(line.common); });
  doctor_command->add_option("DB", line.common.db, "the database; --db if left out");

  CLI::App* backup_command =
      add(app, line, "backup", "Copy a database, also while a run goes on: FILE, FILE.checkpoints",
          [&] { return backup(line.file, line.common); });
  backup_command->add_option("DB", line.common.db, "the database")->required();
  backup_command->add_option("FILE", line.file, "the copy; must not exist")->required();
}

/// What a full disk has swallowed of the output is a failure, as of other programs.
int said_all(int code) {
  const bool lost = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (!lost || code != kOk) return code;
  return report({tune::ErrorCode::kIo, "the output could not be written", ""});
}

/// A program may be started without stdin, stdout or stderr: the next file that it opens, a database perhaps, would
/// take that number, and get what is said to a person.
void occupy_standard_streams() {
  while (true) {
    const int fd = ::open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) ::close(fd);
    if (fd < 0 || fd > STDERR_FILENO) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_streams();
  if (argc > 1 && std::string_view(argv[1]) == "__worker") return worker(argc, argv);

  CommandLine line;
  CLI::App app{"tune: hyperparameter tuning, durably", "tune"};
  app.set_version_flag("--version", "tune " TUNE_VERSION);
  app.require_subcommand(0, 1);
  add_common(app, line);
  app.footer("tune run FILE runs an experiment; tune help TOPIC tells more (trainables, exit-codes, files).");
  add_running_commands(app, line);
  add_control_commands(app, line);
  add_reading_commands(app, line);
  add_file_commands(app, line);
  add_simulate_command(app, line);
  add_program_commands(app, line);
  add_care_commands(app, line);
  CLI::App* help_command = add(app, line, "help", "More about: commands, trainables, exit-codes, files, environment",
                               [&] { return help(line.topic); });
  help_command->add_option("TOPIC", line.topic);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kOk : kUsage;
  }
  if (!line.chosen) {
    fmt::print("{}", app.help());
    return argc > 1 ? kUsage : kOk;
  }
  line.common.verbosity = line.verbose - line.quiet;
  line.common.color = !line.no_color && color_wanted();
  try {
    return said_all(line.chosen());
  } catch (const std::system_error& error) {  // of fmt::print, whose stream takes nothing more
    return report({tune::ErrorCode::kIo, error.what(), ""});
  } catch (const std::exception& error) {
    tune::tell(stderr, "tune: internal error: {}\n", error.what());
    return kInternal;
  }
}
