#include "experiments/store/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/score.h"
#include "core/text.h"
#include "experiments/store/doctor.h"

namespace tune {

const char* const kExperimentColumns =
    "e.id, e.name, e.description, e.created_at, e.source, e.resolved, e.directory, e.seed, e.lockstep, e.slots, "
    "e.space_hash, e.metric, e.mode, e.columns, s.status, s.end_reason, s.elapsed, s.best_trial, s.best_value, "
    "s.last_event, s.last_turn, s.trials, s.completed, s.stopped, s.failed, s.running, s.paused, s.waiting, "
    "s.updated_at, e.began_as";

ExperimentRow read_experiment(const sql::Statement& row) {
  sql::Columns in(row);
  ExperimentRow e;
  e.id = ExperimentId{in.integer()};
  e.name = in.text();
  e.description = in.text();
  e.created_at = in.real();
  e.source = in.text();
  e.resolved_json = in.text();
  e.directory = in.text();
  e.seed = static_cast<std::uint64_t>(in.integer());
  e.lockstep = in.boolean();
  e.slots = in.integer();
  e.space_hash = in.text();
  e.metric = in.text();
  e.mode = in.text();
  e.columns_json = in.text();
  e.status = in.text();
  e.end_reason = in.text();
  e.elapsed = in.real();
  e.best_trial = in.integer_or(-1);
  e.best_value = in.real();
  e.last_event = in.integer();
  e.last_turn = in.integer();
  e.trials = in.integer();
  e.completed = in.integer();
  e.stopped = in.integer();
  e.failed = in.integer();
  e.running = in.integer();
  e.paused = in.integer();
  e.waiting = in.integer();
  e.updated_at = in.real_or(0);
  e.began_as_json = in.text();
  return e;
}

const char* const kTrialColumns =
    "number, status, state, cause, reason, error, config, attempt, generation, parent, reports, replayed, retries, "
    "training_iteration, time_total, metrics, objective_class, objective, best_class, best, best_iteration, seed, "
    "started_at, finished_at, worker";

TrialRow read_trial(const sql::Statement& row) {
  sql::Columns in(row);
  TrialRow t;
  t.number = in.integer();
  t.status = in.text();
  t.state = in.text();
  t.cause = in.text();
  t.reason = in.text();
  t.error = in.text();
  t.config_json = in.text();
  t.attempt = in.integer();
  t.generation = in.integer();
  t.parent = in.integer_or(-1);
  t.reports = in.integer();
  t.replayed = in.integer();
  t.retries = in.integer();
  t.training_iteration = in.integer();
  t.time_total = in.real();
  t.metrics_json = in.text();
  t.objective_class = static_cast<int>(in.integer_or(-1));
  t.objective = in.real_or(0);
  t.best_class = static_cast<int>(in.integer_or(-1));
  t.best = in.real_or(0);
  t.best_iteration = in.integer();
  t.seed = static_cast<std::uint64_t>(in.integer());
  t.started_at = in.real_or(0);
  t.finished_at = in.real_or(0);
  t.worker = in.text();
  return t;
}

// NULL in the columns that a turn may leave as they are means: keep.
const char* const kUpsertTrial =
    "INSERT INTO trial(experiment, number, status, state, cause, reason, error, config, attempt, generation, parent, "
    "reports, replayed, retries, training_iteration, time_total, metrics, objective_class, objective, best_class, "
    "best, "
    "best_iteration, seed, started_at, finished_at, worker) "
    "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
    "ON CONFLICT(experiment, number) DO UPDATE SET status = excluded.status, state = excluded.state, "
    "cause = excluded.cause, reason = excluded.reason, error = excluded.error, config = excluded.config, "
    "attempt = excluded.attempt, generation = excluded.generation, parent = excluded.parent, "
    "reports = excluded.reports, replayed = excluded.replayed, retries = excluded.retries, "
    "training_iteration = excluded.training_iteration, time_total = excluded.time_total, "
    "metrics = coalesce(excluded.metrics, metrics), objective_class = excluded.objective_class, "
    "objective = excluded.objective, best_class = excluded.best_class, best = excluded.best, "
    "best_iteration = excluded.best_iteration, seed = excluded.seed, "
    "started_at = coalesce(excluded.started_at, started_at), "
    "finished_at = coalesce(excluded.finished_at, finished_at), worker = coalesce(excluded.worker, worker)";

namespace {

// Class 0 is ScoreClass::kNumber: only then is there a value to keep.
std::optional<double> value_of(int score_class, double value) {
  if (score_class != static_cast<int>(ScoreClass::kNumber)) return std::nullopt;
  return value;
}
std::optional<double> unless_zero(double value) {
  if (value == 0) return std::nullopt;
  return value;
}
std::optional<std::string_view> unless_empty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

void bind_trial(sql::Statement& statement, ExperimentId experiment, const TrialRow& t) {
  statement.bind(experiment.value, t.number, t.status, t.state, t.cause, t.reason, t.error, t.config_json, t.attempt,
                 t.generation, unless_negative(t.parent), t.reports, t.replayed, t.retries, t.training_iteration,
                 t.time_total, unless_empty(t.metrics_json), unless_negative(t.objective_class),
                 value_of(t.objective_class, t.objective), unless_negative(t.best_class),
                 value_of(t.best_class, t.best), t.best_iteration, t.seed, unless_zero(t.started_at),
                 unless_zero(t.finished_at), unless_empty(t.worker));
}

const char* const kRunColumns = "run, version, rules, host, pid, pid_start, boot_id, started_at, code_hash, workers";

RunRow read_run(const sql::Statement& row) {
  sql::Columns in(row);
  RunRow r;
  r.run = in.integer();
  r.version = in.text();
  r.rules = in.text();
  r.host = in.text();
  r.pid = in.integer();
  r.pid_start = in.integer();
  r.boot_id = in.text();
  r.started_at = in.real();
  r.code_hash = in.text();
  r.worker_json = in.text();
  return r;
}

const char* const kCheckpointColumns = "id, trial, step, size, sha256, external, released";

CheckpointRow read_checkpoint(const sql::Statement& row) {
  sql::Columns in(row);
  CheckpointRow c;
  c.id = CheckpointId{in.integer()};
  c.trial = in.integer();
  c.step = in.integer();
  c.size = static_cast<std::uint64_t>(in.integer());
  c.sha256 = in.text();
  c.external = in.boolean();
  c.released = in.boolean();
  return c;
}

Result<ExperimentRow> find_experiment(const sql::Connection& connection, const std::string& db,
                                      const std::string& name) {
  auto query = connection.prepare(fmt::format(
      "SELECT {} FROM experiment e JOIN summary s ON s.experiment = e.id WHERE e.name = ?", kExperimentColumns));
  if (!query) return pass_on(std::move(query));
  auto row = query->bind(name).step();
  if (!row) return pass_on(std::move(row));
  if (*row) return read_experiment(*query);

  auto names = connection.prepare("SELECT name FROM experiment ORDER BY id");
  if (!names) return pass_on(std::move(names));
  std::vector<std::string> known;
  auto read = for_each_row(*names, [&](const sql::Statement& each) { known.emplace_back(each.text(0)); });
  if (!read) return pass_on(std::move(read));
  if (std::ranges::count(known, name) > 0) {
    return fail(ErrorCode::kDamaged, fmt::format("experiment '{}' in {} has no summary", name, db), kTablesEdited);
  }
  std::string message = fmt::format("no experiment '{}' in {}", name, db);
  if (known.empty()) return fail(ErrorCode::kNotFound, message + ", which holds none");
  std::string hint = did_you_mean_hint(name, known);
  constexpr std::size_t kShown = 10;
  const bool more = known.size() > kShown;
  if (more) known.erase(known.begin(), known.end() - kShown);
  return fail(
      ErrorCode::kNotFound,
      fmt::format("{}; there {}: {}{}", message, known.size() == 1 ? "is" : "are", more ? "..., " : "", join(known)),
      std::move(hint));
}

}  // namespace tune
