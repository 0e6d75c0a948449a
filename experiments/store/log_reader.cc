#include "experiments/store/log_reader.h"

#include <fmt/format.h>

#include "experiments/store/rows.h"

namespace tune {

const char* const kEventColumns = "n, turn, kind, trial, attempt, seq, step, at, elapsed, replayed, payload, extra";
const char* const kDecisionColumns = "n, k, kind, trial, args, reason";

namespace {

/// NULL is no trial (-1). A -1 that somebody put there is not the same: the hash chain must tell them apart.
std::int64_t trial_or_none(sql::Columns& in) {
  if (in.is_null()) return in.integer_or(-1);
  const std::int64_t trial = in.integer();
  return trial == -1 ? INT64_MIN : trial;
}

}  // namespace

StoredEvent read_event(const sql::Statement& row) {
  sql::Columns in(row);
  StoredEvent e;
  e.row.n = in.integer();
  e.turn = in.integer();
  e.row.kind = in.text();
  e.row.trial = trial_or_none(in);
  e.row.attempt = static_cast<std::int32_t>(in.integer());
  e.row.seq = in.integer();
  e.row.step = in.integer();
  e.row.at = in.real();
  e.row.elapsed = in.real();
  e.replayed = in.integer();
  e.row.payload = in.text();
  e.row.extra = in.text();
  return e;
}

StoredDecision read_decision(const sql::Statement& row) {
  sql::Columns in(row);
  StoredDecision d;
  d.n = in.integer();
  d.k = in.integer();
  d.row.kind = in.text();
  d.row.trial = trial_or_none(in);
  d.row.args = in.text();
  d.row.reason = in.text();
  return d;
}

Result<LogPages> LogPages::open(const sql::Connection& connection, ExperimentId experiment) {
  auto events = connection.prepare(
      fmt::format("SELECT {} FROM event WHERE experiment = ? AND n > ? ORDER BY n LIMIT {}", kEventColumns, kPageRows));
  if (!events) return pass_on(std::move(events));
  auto decisions = connection.prepare(fmt::format(
      "SELECT {} FROM decision WHERE experiment = ? AND n BETWEEN ? AND ? ORDER BY n, k", kDecisionColumns));
  if (!decisions) return pass_on(std::move(decisions));
  return LogPages(*std::move(events), *std::move(decisions), experiment);
}

// Events first: their decisions were committed with them, so they are all there however much was added in between.
Result<LogPage> LogPages::next() {
  LogPage page;
  page.events.reserve(kPageRows);
  events_.bind(experiment_.value, after_);
  auto read = for_each_row(events_, [&](const sql::Statement& row) { page.events.push_back(read_event(row)); });
  if (!read) return pass_on(std::move(read));
  if (page.events.empty()) return page;
  // From where the last page ended, so that a decision without its event is seen.
  decisions_.bind(experiment_.value, after_ == INT64_MIN ? after_ : after_ + 1, page.events.back().row.n);
  read = for_each_row(decisions_, [&](const sql::Statement& row) { page.decisions.push_back(read_decision(row)); });
  if (!read) return pass_on(std::move(read));
  after_ = page.events.back().row.n;
  return page;
}

Result<void> read_log(const sql::Connection& connection, ExperimentId experiment,
                      const std::function<Result<void>(const LogEntry&)>& sink) {
  auto pages = LogPages::open(connection, experiment);
  if (!pages) return pass_on(std::move(pages));
  std::int64_t expected = 1;
  return read_entries(*pages, expected, sink);
}

Result<void> read_entries(LogPages& pages, std::int64_t& expected,
                          const std::function<Result<void>(const LogEntry&)>& sink) {
  for (;;) {
    auto page = pages.next();
    if (!page) return pass_on(std::move(page));
    if (page->events.empty()) return {};
    auto next = page->decisions.begin();
    for (const StoredEvent& stored : page->events) {
      if (stored.row.n != expected) {
        return fail(ErrorCode::kDamaged, fmt::format("event {} is missing from the log", expected));
      }
      ++expected;
      auto event = decode(stored.row);
      if (!event) return pass_on(std::move(event));
      LogEntry entry{*std::move(event), {}};
      for (; next != page->decisions.end() && next->n <= stored.row.n; ++next) {
        auto decision = decode(next->row);
        if (!decision) return pass_on(std::move(decision));
        entry.decisions.push_back(*std::move(decision));
      }
      auto taken = sink(entry);
      if (!taken) return taken;
    }
  }
}

}  // namespace tune
