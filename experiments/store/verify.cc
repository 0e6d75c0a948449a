// The check of the hash chain: every turn's hash again from the stored rows, and nothing beside the turns.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "experiments/store/log_reader.h"
#include "experiments/store/rows.h"

namespace tune {
namespace {

struct StoredTurn {
  TurnRow row;
  std::string hash;
};

/// Turns in order, a page at a time.
class Turns {
 public:
  Turns(sql::Statement query, ExperimentId experiment) : query_(std::move(query)), experiment_(experiment) {}

  Result<std::optional<StoredTurn>> next() {
    if (at_ == page_.size()) {
      auto read = read_page();
      if (!read) return pass_on(std::move(read));
      if (page_.empty()) return std::optional<StoredTurn>();
    }
    return std::optional(std::move(page_[at_++]));
  }

 private:
  Result<void> read_page() {
    query_.bind(experiment_.value, after_);
    page_.clear();
    at_ = 0;
    auto read = for_each_row(query_, [&](const sql::Statement& row) {
      page_.push_back({{row.integer(0), row.integer(1), row.integer(2), row.real(3)}, std::string(row.text(4))});
    });
    if (read && !page_.empty()) after_ = page_.back().row.turn;
    return read;
  }

  sql::Statement query_;
  ExperimentId experiment_;
  std::vector<StoredTurn> page_;
  std::size_t at_ = 0;
  std::int64_t after_ = INT64_MIN;
};

/// Events and decisions one by one over LogPages.
class Rows {
 public:
  explicit Rows(LogPages pages) : pages_(std::move(pages)) {}

  /// The next event, without taking it; null: the end.
  Result<const StoredEvent*> event() {
    if (event_ == page_.events.size()) {
      left_over_ = decision_ < page_.decisions.size();
      auto page = pages_.next();
      if (!page) return pass_on(std::move(page));
      page_ = *std::move(page);
      event_ = decision_ = 0;
      if (page_.events.empty()) return nullptr;
    }
    return &page_.events[event_];
  }
  void take_event() { ++event_; }
  /// The next decision of an event up to `n`; null: none.
  const StoredDecision* decision(std::int64_t n) {
    if (decision_ == page_.decisions.size() || page_.decisions[decision_].n > n) return nullptr;
    return &page_.decisions[decision_++];
  }
  bool left_over() const { return left_over_; }

 private:
  LogPages pages_;
  LogPage page_;
  std::size_t event_ = 0, decision_ = 0;
  bool left_over_ = false;
};

HashFault fault(const TurnRow& turn, std::string what) {
  return {turn.turn, EventNumber{turn.first_n}, EventNumber{turn.last_n}, std::move(what)};
}

/// Adds the rows of a turn to its hash; what is wrong with them, if anything can be said without the hash.
Result<std::optional<std::string>> add_rows(Rows& rows, const TurnRow& turn, TurnHasher& hasher) {
  for (std::int64_t n = turn.first_n; n <= turn.last_n; ++n) {
    auto event = rows.event();
    if (!event) return pass_on(std::move(event));
    if (*event == nullptr || (*event)->row.n > n) return std::optional(fmt::format("event {} is missing", n));
    if ((*event)->row.n < n) return std::optional(fmt::format("event {} was not there", (*event)->row.n));
    if ((*event)->turn != turn.turn) return std::optional(fmt::format("event {} names another turn", n));
    if ((*event)->replayed != 0 && (*event)->replayed != 1) {
      return std::optional(fmt::format("event {}: replayed is neither 0 nor 1", n));
    }
    hasher.add((*event)->row, (*event)->replayed == 1);
    for (std::int64_t k = 0; const StoredDecision* decision = rows.decision(n); ++k) {
      if (decision->n != n || decision->k != k) {
        return std::optional(fmt::format("decision {} of event {} is missing", k, n));
      }
      hasher.add(k, decision->row);
    }
    rows.take_event();
  }
  return std::optional<std::string>();
}

/// What lies behind the last turn that was read: nothing, or the turns that a running controller added meanwhile.
Result<std::optional<std::string>> look_behind(const sql::Connection& connection, ExperimentId experiment, Rows& rows,
                                               const TurnRow& last) {
  auto event = rows.event();
  if (!event) return pass_on(std::move(event));
  if (*event != nullptr) {
    auto turn = connection.prepare(
        "SELECT count(*) FROM turn WHERE experiment = ? AND turn = ? AND turn > ? AND ? BETWEEN first_n AND last_n");
    if (!turn) return pass_on(std::move(turn));
    auto row = turn->bind(experiment.value, (*event)->turn, last.turn, (*event)->row.n).step();
    if (!row) return pass_on(std::move(row));
    if (turn->integer(0) == 1) return std::optional<std::string>();
    return std::optional(fmt::format("event {} was not there", (*event)->row.n));
  }
  auto decisions = connection.prepare(
      "SELECT count(*) FROM decision d WHERE experiment = ?1 AND n > ?2 AND NOT EXISTS "
      "(SELECT 1 FROM event e WHERE e.experiment = ?1 AND e.n = d.n)");
  if (!decisions) return pass_on(std::move(decisions));
  auto row = decisions->bind(experiment.value, last.last_n).step();
  if (!row) return pass_on(std::move(row));
  if (decisions->integer(0) == 0 && !rows.left_over()) return std::optional<std::string>();
  return std::optional<std::string>("decisions follow that belong to no event");
}

}  // namespace

Result<std::optional<HashFault>> verify_chain(const sql::Connection& connection, ExperimentId experiment) {
  // The end of the log is read first: what a running controller adds meanwhile is left out.
  auto summary = connection.prepare("SELECT last_turn, last_event FROM summary WHERE experiment = ?");
  if (!summary) return pass_on(std::move(summary));
  auto found = summary->bind(experiment.value).step();
  if (!found) return pass_on(std::move(found));
  if (!*found) return fail(ErrorCode::kNotFound, "there is no such experiment");
  const std::int64_t last_turn = summary->integer(0), last_event = summary->integer(1);
  summary->reset();

  auto query = connection.prepare(
      fmt::format("SELECT turn, first_n, last_n, committed_at, hash FROM turn WHERE experiment = ? AND turn > ? "
                  "ORDER BY turn LIMIT {}",
                  kPageRows));
  if (!query) return pass_on(std::move(query));
  Turns turns(*std::move(query), experiment);
  auto pages = LogPages::open(connection, experiment);
  if (!pages) return pass_on(std::move(pages));
  Rows rows(*std::move(pages));

  TurnHash previous{};
  TurnRow before;
  for (;;) {
    auto stored = turns.next();
    if (!stored) return pass_on(std::move(stored));
    if (!*stored) break;
    const TurnRow& turn = (*stored)->row;
    if (turn.turn != before.turn + 1) return fault(turn, fmt::format("turn {} is missing", before.turn + 1));
    if (turn.first_n != before.last_n + 1 || turn.last_n < turn.first_n) {
      return fault(turn, "its range of events does not follow the turn before");
    }
    TurnHasher hasher(previous, turn);
    auto wrong = add_rows(rows, turn, hasher);
    if (!wrong) return pass_on(std::move(wrong));
    if (*wrong) return fault(turn, **std::move(wrong));
    const TurnHash hash = hasher.finish();
    if ((*stored)->hash != bytes_of(hash)) {
      return fault(turn, fmt::format("its rows hash to {}, not as written", to_hex(hash)));
    }
    previous = hash;
    before = turn;
    if (turn.turn == last_turn && turn.last_n != last_event) {
      return fault(turn, fmt::format("the log ended at event {}", last_event));
    }
  }
  if (before.turn < last_turn) {
    return fault({last_turn, before.last_n + 1, last_event, 0}, "the end of the log is missing");
  }
  auto behind = look_behind(connection, experiment, rows, before);
  if (!behind) return pass_on(std::move(behind));
  if (*behind) return fault(before, **std::move(behind));
  return std::optional<HashFault>();
}

}  // namespace tune
