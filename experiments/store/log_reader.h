#pragma once

// The log as it is stored, page by page: no read transaction lasts longer than one page, so that a reader never keeps
// the WAL from being moved into the database.

#include <functional>
#include <optional>
#include <vector>

#include "core/log_rows.h"
#include "experiments/store/hash_chain.h"
#include "experiments/store/sqlite.h"
#include "experiments/store/store.h"

namespace tune {

inline constexpr std::int64_t kPageRows = 1000;

struct StoredEvent {
  EventRow row;
  std::int64_t turn = 0;
  std::int64_t replayed = 0;
};
struct StoredDecision {
  std::int64_t n = 0, k = 0;
  DecisionRow row;
};
struct LogPage {
  std::vector<StoredEvent> events;
  std::vector<StoredDecision> decisions;  ///< of these events, in order
};

class LogPages {
 public:
  static Result<LogPages> open(const sql::Connection& connection, ExperimentId experiment);
  /// The next events and their decisions; no events: the end.
  Result<LogPage> next();

 private:
  LogPages(sql::Statement events, sql::Statement decisions, ExperimentId experiment)
      : events_(std::move(events)), decisions_(std::move(decisions)), experiment_(experiment) {}
  sql::Statement events_, decisions_;
  ExperimentId experiment_;
  std::int64_t after_ = INT64_MIN;
};

extern const char* const kEventColumns;     ///< FROM event
extern const char* const kDecisionColumns;  ///< FROM decision
StoredEvent read_event(const sql::Statement& row);
StoredDecision read_decision(const sql::Statement& row);

/// The entries that follow, decoded, `expected` being the number of the next; stops at the first error of `sink`.
/// kDamaged.
Result<void> read_entries(LogPages& pages, std::int64_t& expected,
                          const std::function<Result<void>(const LogEntry&)>& sink);
/// All entries in order, decoded; stops at the first error of `sink`. kDamaged.
Result<void> read_log(const sql::Connection& connection, ExperimentId experiment,
                      const std::function<Result<void>(const LogEntry&)>& sink);

/// Recomputes the chain over what is stored; the first turn that is not what was written.
Result<std::optional<HashFault>> verify_chain(const sql::Connection& connection, ExperimentId experiment);

}  // namespace tune
