#include "tune/session/projections.h"

#include <fmt/format.h>

#include <map>

#include "core/text.h"
#include "core/utf8.h"
#include "experiments/store/doctor.h"
#include "tune/loop/launch.h"
#include "tune/loop/recovery.h"
#include "tune/loop/turn.h"
#include "tune/session/recovered.h"
#include "tune/session/stored.h"

namespace tune {
namespace {

/// What the tables must say: the rows of each turn as the loop that committed it has made them.
struct Projections {
  std::map<std::int64_t, TrialRow> trials;
  ExperimentRow summary;
  EventNumber last;
  bool is_of_other_rules = false;
};

/// As the database takes a row over: what a turn leaves empty stays.
void take_over(TrialRow& row, TrialRow fresh) {
  if (fresh.metrics_json.empty()) fresh.metrics_json = std::move(row.metrics_json);
  if (fresh.started_at == 0) fresh.started_at = row.started_at;
  if (fresh.finished_at == 0) fresh.finished_at = row.finished_at;
  row = std::move(fresh);
}

Result<Projections> fold_projections(const Reader& reader, const ExperimentRow& row, const ExperimentSpec& began_as) {
  auto made = make_controller(began_as, row.seed);
  if (!made) return pass_on(std::move(made));
  Controller controller = *std::move(made);
  auto ends = reader.turns(row.id);
  if (!ends) return pass_on(std::move(ends));
  Projections out;
  TurnBuilder builder(row.seed, {}, controller);
  const std::string version = this_run().version;
  auto end = ends->begin();
  auto read = reader.log(row.id, [&](const LogEntry& entry) -> Result<void> {
    if (end == ends->end()) return {};  // a turn that came in after the look at their ends
    if (const auto* run = std::get_if<RunStarted>(&entry.event.body)) {
      out.is_of_other_rules = out.is_of_other_rules || run->rules != controller.rules() || run->version != version;
    }
    const auto* report = std::get_if<Reported>(&entry.event.body);
    const bool counts = report != nullptr && !controller.is_replayed(report->trial, report->step);
    fold(controller, entry);
    Arrived nothing;
    builder.add(entry, nothing, counts);
    if (entry.event.n != end->last) return {};
    TurnRows turn = builder.take(controller, end->committed_at, status_of(controller));
    for (TrialRow& trial : turn.trials) {
      TrialRow& known = out.trials[trial.number];
      take_over(known, std::move(trial));
    }
    out.summary = std::move(turn.summary);
    out.last = entry.event.n;
    ++end;
    return {};
  });
  if (!read) return pass_on(std::move(read));
  return out;
}

/// The first column in which two rows differ, in words; empty: none does.
class Difference {
 public:
  template <class T>
  void look(const char* column, const T& stored, const T& must) {
    if (!words_.empty() || stored == must) return;
    words_ = fmt::format("{} is {}, and was {}", column, shown(stored), shown(must));
  }
  const std::string& words() const { return words_; }

 private:
  static std::string shown(double value) { return format_real(value); }
  static std::string shown(std::int64_t value) { return std::to_string(value); }
  static std::string shown(int value) { return std::to_string(value); }
  static std::string shown(std::uint64_t value) { return std::to_string(value); }
  static std::string shown(const std::string& value) { return "'" + visible(value) + "'"; }
  std::string words_;
};

/// A Reader says `interrupted` of what runs in the table and nobody runs.
std::string as_in_table(const std::string& status, const std::string& must) {
  return status == "interrupted" && (must == "running" || must == "paused") ? must : status;
}

std::string difference(const TrialRow& stored, const TrialRow& must) {
  Difference d;
  d.look("status", as_in_table(stored.status, must.status), must.status);
  d.look("state", stored.state, must.state);
  d.look("cause", stored.cause, must.cause);
  d.look("stop_reason", stored.reason, must.reason);
  d.look("error", stored.error, must.error);
  d.look("config", stored.config_json, must.config_json);
  d.look("metrics", stored.metrics_json, must.metrics_json);
  d.look("class of the objective", stored.objective_class, must.objective_class);
  d.look("objective", stored.objective, must.objective);
  d.look("class of the best objective", stored.best_class, must.best_class);
  d.look("best_objective", stored.best, must.best);
  d.look("best_training_iteration", stored.best_iteration, must.best_iteration);
  d.look("training_iteration", stored.training_iteration, must.training_iteration);
  d.look("time_total_s", stored.time_total, must.time_total);
  d.look("attempt", stored.attempt, must.attempt);
  d.look("generation", stored.generation, must.generation);
  d.look("parent", stored.parent, must.parent);
  d.look("reports", stored.reports, must.reports);
  d.look("replayed", stored.replayed, must.replayed);
  d.look("retries", stored.retries, must.retries);
  d.look("seed", stored.seed, must.seed);
  d.look("started_at", stored.started_at, must.started_at);
  d.look("finished_at", stored.finished_at, must.finished_at);
  return d.words();
}

std::string difference(const ExperimentRow& stored, const ExperimentRow& must) {
  Difference d;
  // Once called finished if any trial had ended well: what failures or constraints have ended.
  const bool has_old_name = stored.status == "finished" && must.status == "failed" && must.completed + must.stopped > 0;
  if (!has_old_name) d.look("status", as_in_table(stored.status, must.status), must.status);
  d.look("end_reason", stored.end_reason, must.end_reason);
  d.look("best_trial", stored.best_trial, must.best_trial);
  if (must.best_trial >= 0) d.look("best_value", stored.best_value, must.best_value);
  d.look("time_total_s", stored.elapsed, must.elapsed);
  d.look("trials", stored.trials, must.trials);
  d.look("completed", stored.completed, must.completed);
  d.look("stopped", stored.stopped, must.stopped);
  d.look("failed", stored.failed, must.failed);
  d.look("running", stored.running, must.running);
  d.look("paused", stored.paused, must.paused);
  d.look("waiting", stored.waiting, must.waiting);
  return d.words();
}

/// The columns beside the document; that and the seed are what the log was folded with, so replay has tried them.
std::string difference(const ExperimentRow& stored, const ExperimentSpec& began_as) {
  const ExperimentRow must = row_of(began_as);
  Difference d;
  d.look("metric", stored.metric, must.metric);
  d.look("mode", stored.mode, must.mode);
  d.look("columns", stored.columns_json, must.columns_json);
  d.look("space_hash", stored.space_hash, must.space_hash);
  return d.words();
}

bool has_ended(const TrialRow& row) {
  TrialState state{};
  return state_from_name(row.state, state) && is_final(state);
}

}  // namespace

Result<std::vector<Finding>> check_projections(const Reader& reader, const ExperimentRow& row,
                                               const ReaderContext& context) {
  std::map<std::int64_t, TrialRow> stored;  // read before the log, which only grows
  auto listed = reader.trials(row.id, [&](const TrialRow& trial) { stored.emplace(trial.number, trial); });
  if (!listed) return pass_on(std::move(listed));
  auto began_as = first_spec(row, context);
  if (!began_as) return pass_on(std::move(began_as));
  if (auto whole = check_document(row, row.resolved_json); !whole) return pass_on(std::move(whole));
  auto folded = fold_projections(reader, row, *began_as);
  if (!folded) return pass_on(std::move(folded));
  auto now = reader.experiment(row.name);
  if (!now) return pass_on(std::move(now));
  if (folded->summary.status.empty()) return std::vector<Finding>();  // nothing has been committed yet
  const bool goes_on = reader.holder(row.id) != 0 || now->last_event != folded->last.value;

  std::int64_t wrong = 0;
  std::string first;
  const auto note = [&](std::int64_t number, const std::string& words) {
    if (words.empty()) return;
    if (wrong++ == 0) first = fmt::format("trial {}: {}", number, words);
  };
  for (const auto& [number, trial] : stored) {
    const auto must = folded->trials.find(number);
    if (must == folded->trials.end()) {
      if (!goes_on) note(number, "it never was");
    } else if (!goes_on || (has_ended(trial) && has_ended(must->second))) {
      note(number, difference(trial, must->second));
    }
  }
  for (const auto& [number, must] : folded->trials) {
    if (!goes_on && !stored.contains(number)) note(number, "its row is gone");
  }
  const bool harmful = !folded->is_of_other_rules;
  const std::string advice = harmful ? kTablesEdited : "another version of tune has written them, which may be why";
  std::vector<Finding> findings;
  if (wrong > 0) {
    findings.push_back(
        {harmful,
         fmt::format("{}: {} not as the log says; {}", row.name,
                     wrong == 1 ? "the row of 1 trial is" : fmt::format("rows of {} trials are", wrong), first),
         advice});
  }
  if (const std::string words = difference(row, *began_as); !words.empty()) {
    findings.push_back({harmful, fmt::format("{}: its row is not as its document says: {}", row.name, words), advice});
  }
  if (const std::string words = difference(*now, folded->summary); !goes_on && !words.empty()) {
    findings.push_back({harmful, fmt::format("{}: the summary is not as the log says: {}", row.name, words), advice});
  }
  return findings;
}

}  // namespace tune
