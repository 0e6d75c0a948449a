// `tune simulate`: an experiment in virtual time, on as many workers as one likes to imagine. Real trainable, sampler,
// scheduler, loop and store; what is made up is how long a step takes and what breaks. docs/simulate.md is the guide.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/json.h"
#include "core/text.h"
#include "core/utf8.h"
#include "trainables/command/command.h"
#include "trainables/host/compiled_in.h"
#include "trainables/simulated/conditions.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/session/session.h"
#include "tune/session/stored.h"
#include "tune/session/take_in.h"
#include "tune/view/tell.h"
#include "tune/view/view.h"
#include "tune/view/words.h"

namespace tune::cli {
namespace {

/// What is told at the end, such as when the best became better; beside what another view shows.
class Story final : public RunView {
 public:
  struct Point {
    double time = 0;
    double value = 0;
    std::int64_t trial = 0;
    Step step = 0;
  };

  explicit Story(RunView& shown) : shown_(shown) {}

  void started(const RunInfo& info, const Controller& controller) override {
    info_ = info;
    shown_.started(info, controller);
  }
  void turn(const std::vector<LogEntry>& entries, const Controller& controller) override {
    shown_.turn(entries, controller);
    reports_ += std::ranges::count_if(entries,
                                      [](const LogEntry& e) { return std::holds_alternative<Reported>(e.event.body); });
    for (const LogEntry& entry : entries) {
      for (const Decision& decision : entry.decisions) {
        if (std::holds_alternative<EndExperiment>(decision.body)) ended_ = decision.reason;
      }
    }
    const TrialRecord* best = controller.best();
    if (best == nullptr || (best_ && best->best == *best_)) return;
    best_ = best->best;
    points_.push_back({controller.elapsed(), best->best_value, best->id.value, best->best_step});
  }
  void refresh(const Controller& controller) override { shown_.refresh(controller); }
  void message(Severity severity, const std::string& text) override {
    if (severity != Severity::kNote) warnings_.push_back(text);
    shown_.message(severity, text);
  }
  void finished(RunEnd end, const Controller& controller) override {
    makespan_ = controller.elapsed();
    failures_ = failure_reasons(controller);
    next_ = next_words(info_, controller);
    shown_.finished(end, controller);
  }

  const std::vector<Point>& points() const { return points_; }
  std::int64_t reports() const { return reports_; }
  double makespan() const { return makespan_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::vector<FailureReason>& failures() const { return failures_; }
  const std::string& next() const { return next_; }
  const std::string& ended() const { return ended_; }  ///< why

 private:
  RunView& shown_;
  RunInfo info_;
  std::vector<std::string> warnings_;
  std::vector<FailureReason> failures_;
  std::string next_, ended_;
  std::optional<Score> best_;
  std::vector<Point> points_;
  std::int64_t reports_ = 0;
  double makespan_ = 0;
};

/// Where `--db :memory:` keeps its database: a folder of its own in memory, gone at the end. The store is the one on
/// disk, which several connections and the file of large checkpoints need; SQLite's own memory has no name for them.
class MemoryFolder {
 public:
  static Result<MemoryFolder> make() {
    std::error_code error;
    const bool has_memory = std::filesystem::is_directory("/dev/shm", error);
    std::string path =
        (has_memory ? "/dev/shm" : std::filesystem::temp_directory_path(error).string()) + "/tune-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return fail(ErrorCode::kIo, fmt::format("cannot make a folder like {}: {}", path, std::strerror(errno)));
    }
    return MemoryFolder(std::move(path));
  }
  MemoryFolder(MemoryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  MemoryFolder& operator=(MemoryFolder&&) = delete;
  ~MemoryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  std::string database() const { return path_ + "/tune.db"; }

 private:
  explicit MemoryFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

struct Simulated {
  const SimulatedConditions& conditions;
  const ExperimentSpec& spec;
  const SessionEnd& end;
  const Story& story;
  std::string database;  ///< empty: gone with the program
  double real_seconds = 0;

  double utilisation() const {
    const double offered = story.makespan() * static_cast<double>(conditions.workers);
    return offered > 0 ? end.simulated.busy / offered : 0;
  }
};

void print_json(const Simulated& s) {
  List best, failures;
  for (const FailureReason& reason : s.story.failures()) {
    failures.emplace_back(Map{{"reason", reason.text}, {"trials", reason.trials}, {"first", reason.first.value}});
  }
  for (const auto& point : s.story.points()) {
    best.emplace_back(Map{{"time", point.time}, {"value", point.value}, {"trial", point.trial}, {"step", point.step}});
  }
  const Counts& counts = s.end.counts;
  Map out{{"event", "simulated"},
          {"experiment", s.spec.name},
          {"conditions", to_text(s.conditions)},
          {"workers", s.conditions.workers},
          {"trials", counts.created},
          {"completed", counts.completed},
          {"stopped", counts.stopped},
          {"failed", counts.failed},
          {"attempts", s.end.simulated.attempts},
          {"reports", s.story.reports()},
          {"crashes", s.end.simulated.crashes},
          {"lost_workers", s.end.simulated.losses},
          {"makespan", s.story.makespan()},
          {"utilisation", s.utilisation()},
          {"real_seconds", s.real_seconds},
          {"best_over_time", std::move(best)},
          {"failures", std::move(failures)},
          {"ended", s.story.ended()},
          {"warnings", List(s.story.warnings().begin(), s.story.warnings().end())}};
  if (!s.database.empty()) out.emplace_back("db", s.database);
  fmt::print("{}\n", to_json(Value(std::move(out))));
}

/// Where the best stood at these parts of the makespan, and since when.
void print_best(const Simulated& s) {
  const auto& points = s.story.points();
  if (points.empty()) return;
  fmt::print("best         {}, since this virtual second\n", s.spec.objectives.front().metric);
  std::size_t next = 0;
  for (const double part : {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0}) {
    std::size_t seen = next;
    while (seen < points.size() && points[seen].time <= part * s.story.makespan()) ++seen;
    if (seen == next) continue;  // nothing better since
    next = seen;
    const auto& point = points[seen - 1];
    fmt::print("  {:>10}  {:<12} trial {} at iteration {}\n", short_real(point.time), short_real(point.value),
               point.trial, point.step);
  }
}

void print_text(const Simulated& s) {
  const Counts& counts = s.end.counts;
  fmt::print("simulated    {}\n", to_text(s.conditions));
  fmt::print("trials       {}: {} completed, {} stopped early, {} failed\n", counts.created, counts.completed,
             counts.stopped, counts.failed);
  fmt::print("reports      {}, of {} attempts\n", s.story.reports(), s.end.simulated.attempts);
  fmt::print("ended        {}\n", visible(s.story.ended()));
  fmt::print("makespan     {} virtual seconds, in {} s of real time\n", short_real(s.story.makespan()),
             short_real(s.real_seconds));
  fmt::print("utilisation  {:.1f} % of the workers' time\n", 100 * s.utilisation());
  fmt::print("faults       {} crashes, {} lost workers\n", s.end.simulated.crashes, s.end.simulated.losses);
  print_best(s);
  fmt::print("{}", failure_words(s.story.failures()));
  if (s.story.points().empty()) fmt::print("no trial reported a usable result\n");
  for (const std::string& warning : s.story.warnings()) fmt::print("warning: {}\n", warning);
  if (s.database.empty()) return;
  const std::string db = s.database == "tune.db" ? "" : " --db " + shell_word(s.database);
  fmt::print("name {0}\n{1} | tune replay {0}{2}\n", s.spec.name, s.story.next(), db);
}

Result<SimulatedConditions> conditions_of(const SimulateCommand& command) {
  SimulatedConditions conditions;
  conditions.workers = command.workers;
  conditions.end = command.end_cost;
  conditions.straggler = command.straggler;
  conditions.crash_rate = command.crash_rate;
  conditions.loss_rate = command.lost_worker_rate;
  conditions.seed = command.seed.value_or(0);
  auto cost = parse_step_cost(command.step_cost);
  if (!cost) return pass_on(std::move(cost));
  conditions.step = *std::move(cost);
  if (auto fits = check(conditions); !fits) return pass_on(std::move(fits));
  return conditions;
}

bool show(const ReadOutcome& read, const Common& common) {
  if (common.verbosity >= 0 || !read.spec) print_diagnostics(read.diagnostics, common);
  return read.spec.has_value();
}

/// The file under the name of its simulation, and with a seed: a simulation is repeated. What this machine has is not
/// what is simulated.
ReadOutcome read_file(const SimulateCommand& command) {
  std::vector<std::string> set = command.set;
  if (!command.trials.empty()) set.push_back("budget.trials=" + command.trials);
  if (!command.time.empty()) set.push_back("budget.time=" + command.time);
  if (command.seed) set.push_back(fmt::format("search.seed={}", *command.seed));
  const auto read_with = [&](const std::vector<std::string>& changes) {
    ReaderContext context = reader_context(changes);
    context.machine.reset();
    return read_experiment_file(command.file, context);
  };
  ReadOutcome read = read_with(set);
  if (!read.spec) return read;
  set.push_back("name=" + (command.name.empty() ? read.spec->name + "-simulated" : command.name));
  if (!read.spec->search.seed) set.emplace_back("search.seed=0");
  return read_with(set);
}

}  // namespace

int simulate(const SimulateCommand& command, const Common& given) {
  Common common = given;
  std::optional<MemoryFolder> memory;
  if (common.db == ":memory:") {
    auto made = MemoryFolder::make();
    if (!made) return report(made.error());
    common.db = memory.emplace(*std::move(made)).database();
  }
  const auto conditions = conditions_of(command);
  if (!conditions) return report(conditions.error());
  ReadOutcome read = read_file(command);
  if (!show(read, common)) return kUsage;
  const ExperimentSpec spec = *std::move(read.spec);
  if (find_experiment(common.db, spec.name)) {
    if (!command.fresh) {
      return report({ErrorCode::kBadInput, fmt::format("experiment '{}' exists in {}", spec.name, common.db),
                     "give the simulation another name (-n), or --fresh to keep the old one as " + spec.name + "@1"});
    }
    const auto kept = set_aside_at_rest(common.db, spec.name, reader_context({}), warn);
    if (!kept) return report(kept.error());
  }

  ViewOptions view_options;
  view_options.form = common.json ? ViewOptions::Form::kJson : ViewOptions::Form::kAuto;
  view_options.verbosity = common.verbosity > 0 ? common.verbosity : -2;  // thousands of trials: the end tells enough
  view_options.color = common.color;
  const auto view = make_view(view_options);
  Story story(*view);
  SessionOptions options;
  options.database = common.db;
  options.lockstep = command.lockstep;
  options.sync = SyncMode::kNormal;  // what is lost with the power can be had again
  options.simulated = *conditions;
  options.context = reader_context({});
  options.context.machine.reset();
  options.compiled_in = compiled_in();
  options.diagnosed = [&](const std::vector<Diagnostic>& found) {
    if (!found.empty()) tell(stderr, "{}", format_diagnostics(found, false));
  };
  keep_program_output_off_stdout();
  const auto began = std::chrono::steady_clock::now();
  Session session(std::move(options), story);
  const auto end = session.run(spec);
  if (!end) {
    if (end.error().message.empty()) return kUsage;  // it was told
    const int code = report(end.error());
    return end.error().code == ErrorCode::kNotFound ? kUsage : code;
  }
  const double real = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const Simulated simulated{*conditions, spec, *end, story, memory ? "" : common.db, real};
  if (common.json) {
    print_json(simulated);
  } else if (common.verbosity > -2) {
    print_text(simulated);
  }
  if (end->end == RunEnd::kInterrupted) return 128 + end->signal;
  return end->counts.completed + end->counts.stopped > 0 ? kOk : kFailed;
}

}  // namespace tune::cli
