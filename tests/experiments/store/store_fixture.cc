#include "tests/experiments/store/store_fixture.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "core/log_rows.h"
#include "core/metrics.h"
#include "core/sha256.h"

namespace tune::test {

namespace fs = std::filesystem;

Folder::Folder() {
  std::error_code error;
  std::string pattern = fs::is_directory("/dev/shm", error)
                            ? "/dev/shm/tune-store-XXXXXX"
                            : (fs::temp_directory_path() / "tune-store-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data()) != nullptr ? pattern : "";
}

Folder::~Folder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

NewExperiment new_experiment(const std::string& name) {
  NewExperiment experiment;
  ExperimentRow& row = experiment.row;
  row.name = name;
  row.description = "a made-up experiment";
  row.created_at = 1'700'000'000.5;
  row.source = "name: " + name + "\n";
  row.resolved_json = R"({"name":")" + name + R"("})";
  row.directory = "/somewhere";
  row.seed = 0xFFFF'FFFF'FFFF'FFFF;
  row.lockstep = true;
  row.slots = 2;
  row.space_hash = "abc";
  row.metric = "loss";
  row.mode = "min";
  row.columns_json = R"(["lr"])";
  return experiment;
}

void Script::add_event(TurnRows& turn) {
  const std::uint64_t x = seed_ * 0x9E3779B97F4A7C15u + static_cast<std::uint64_t>(++n_) * 0xBF58476D1CE4E5B9u;
  const EventNumber n{n_};
  LogEntry entry{{n, 0.1 * static_cast<double>(n_), Ticked{}}, {}};
  if (n_ == 1) {
    entry.event.body = RunStarted{1, "1.2.3", "controller=1 fifo=1", 2, 0};
  }
  const TrialId trial{trials_ > 0 ? static_cast<std::int64_t>(x >> 20) % trials_ : 0};
  const int kind = n_ == 1 || trials_ == 0 ? 0 : static_cast<int>(x >> 40) % 8;
  if (kind == 0) {
    Config config{{{"lr", Value(1.0 / static_cast<double>(n_ + 2))}, {"layers", Value(std::int64_t{4})}}};
    entry.decisions.push_back({StartTrial{TrialId{trials_++}, std::move(config), {}}, "a slot is free"});
  } else if (kind == 1) {
    const std::string bytes = fmt::format("bytes of {}", n_);
    const CheckpointInfo info{bytes.size(), sha256_hex(bytes), false};
    entry.event.body = Saved{trial, Attempt{1}, n_, n_, 0.25, info};
    turn.checkpoints.push_back({CheckpointRow{n, trial.value, n_, info.size, info.sha256, false, false}, bytes});
  } else if (kind == 2) {
    entry.event.body = Ended{trial, Attempt{1}, n_, EndKind::kFailed, Cause::kException, "it broke\nhere", 3, 1.5};
    entry.decisions.push_back({FinishTrial{trial, TrialState::kFailed, Cause::kException}, "no retries are left"});
    DoneMessage done;
    done.log = std::get<Ended>(entry.event.body);
    done.output_head = std::string("head\0\xff", 6);
    done.output_tail = "tail";
    done.output_bytes = 10;
    turn.outputs.emplace_back(trial.value, done);
  } else {
    const double values[] = {
        0.1,      std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 5e-324, -0.0,
        1.0 / 3.0};
    Reported report{trial,
                    Attempt{1},
                    n_,
                    n_,
                    0.125 * static_cast<double>(n_),
                    {{"loss", values[(x >> 48) % 6]}, {"accuracy", static_cast<double>(x >> 11)}},
                    "",
                    std::nullopt};
    if (kind == 3) report.extra = R"({"note":"seen"})";
    entry.event.body = std::move(report);
    entry.decisions.push_back(
        {Judged{trial, n_, Verdict::kContinue, TrialState::kStopped, Cause::kNone}, "rank 1 of 2"});
    if (kind == 4) {
      turn.replayed.push_back(n);
      entry.decisions.clear();
    }
  }
  turn.entries.push_back(std::move(entry));
}

void Script::finish(TurnRows& turn) {
  ++turn_;
  for (const LogEntry& entry : turn.entries) {
    const auto* report = std::get_if<Reported>(&entry.event.body);
    if (report == nullptr) continue;
    TrialRow row;
    row.number = report->trial.value;
    row.status = "running";
    row.state = "running";
    row.cause = "none";
    row.config_json = R"({"lr":0.1})";
    row.attempt = 1;
    row.training_iteration = report->step;
    row.reports = 1;
    row.metrics_json = metrics_to_json(report->metrics);
    row.objective_class = std::isnan(report->metrics[0].second) ? 1 : 0;
    row.objective = row.objective_class == 0 ? report->metrics[0].second : 0;
    row.seed = 42;
    row.worker = "here";
    std::erase_if(turn.trials, [&](const TrialRow& other) { return other.number == row.number; });
    turn.trials.push_back(std::move(row));
  }
  turn.summary.status = "running";
  turn.summary.elapsed = 0.1 * static_cast<double>(n_);
  turn.summary.trials = trials_;
  turn.summary.updated_at = 1'700'000'000 + static_cast<double>(turn_);
}

TurnRows Script::turn(int events) {
  TurnRows turn;
  for (int i = 0; i < events; ++i) add_event(turn);
  finish(turn);
  return turn;
}

TurnRows Script::report() {
  TurnRows turn;
  ++n_;
  turn.entries.push_back(
      {{EventNumber{n_}, 0.1 * static_cast<double>(n_),
        Reported{TrialId{n_ % 2}, Attempt{1}, n_, n_, 1.0, {{"loss", 0.25}, {"accuracy", 0.5}}, "", std::nullopt}},
       {{Judged{TrialId{n_ % 2}, n_, Verdict::kContinue, TrialState::kStopped, Cause::kNone},
         "rank 1 of 2 in rung 9"}}});
  finish(turn);
  return turn;
}

std::vector<LogEntry> log_of(const Store& store) {
  std::vector<LogEntry> log;
  must(store.read_log([&](const LogEntry& entry) -> Result<void> {
    log.push_back(entry);
    return {};
  }));
  return log;
}

std::vector<LogEntry> log_of(const Reader& reader, ExperimentId id) {
  std::vector<LogEntry> log;
  must(reader.log(id, [&](const LogEntry& entry) -> Result<void> {
    log.push_back(entry);
    return {};
  }));
  return log;
}

bool same(const std::vector<LogEntry>& a, const std::vector<LogEntry>& b) {
  const auto text = [](const LogEntry& entry) {
    const EventRow e = encode(entry.event);
    std::string out = fmt::format("{} {} {} {} {} {} {:a} {:a} {} {}", e.n, e.kind, e.trial, e.attempt, e.seq, e.step,
                                  e.at, e.elapsed, e.payload, e.extra);
    for (const Decision& decision : entry.decisions) {
      const DecisionRow d = encode(decision);
      out += fmt::format("\n{} {} {} {}", d.kind, d.trial, d.args, d.reason);
    }
    return out;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](const LogEntry& x, const LogEntry& y) { return text(x) == text(y); });
}

int fork_child(const std::function<int()>& task) {
  const int pid = fork();
  if (pid != 0) return pid;
  int code = 99;
  try {
    code = task();
  } catch (const std::exception&) {
  }
  _exit(code);
}

int wait_for(int pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string query(const std::string& db, const std::string& sql) {
  const auto connection = must(sql::Connection::open(db, sql::Access::kWrite));
  auto statement = must(connection.prepare(sql));
  return must(statement.step()) ? std::string(statement.text(0)) : std::string("(no row)");
}

void execute(const std::string& db, const std::string& sql) {
  must(must(sql::Connection::open(db, sql::Access::kWrite)).execute(sql));
}

}  // namespace tune::test
