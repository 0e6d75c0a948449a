#pragma once

// One turn as rows, and its one transaction. Encoding comes first and touches nothing; only then is the database
// locked, so that two controllers wait for each other as briefly as can be.

#include <functional>
#include <optional>
#include <vector>

#include "core/log_rows.h"
#include "experiments/store/hash_chain.h"
#include "experiments/store/sqlite.h"
#include "experiments/store/store.h"

namespace tune {

/// Where the log ends.
struct LogTail {
  std::int64_t turn = 0;
  std::int64_t first_n = 0, last_n = 0;  ///< events of that turn
  TurnHash hash{};
  TurnHash previous{};  ///< of the turn before
};

Result<LogTail> read_tail(const sql::Connection& connection, ExperimentId experiment);

/// The entries of a turn, ready to bind.
struct EncodedTurn {
  struct Entry {
    EventRow event;
    bool replayed = false;
    std::vector<DecisionRow> decisions;
  };
  TurnRow turn;
  TurnHash hash{};
  std::vector<Entry> entries;
};

/// `number` of the turn, `previous`: hash of the one before, `row`: the experiment's before it (see row_seal.h).
/// Requires: entries, and event numbers without gaps.
EncodedTurn encode_turn(const TurnRows& turn, std::int64_t number, const TurnHash& previous, const ExperimentRow& row);

class TurnWriter {
 public:
  static Result<TurnWriter> prepare(const sql::Connection& connection, ExperimentId experiment);

  /// The whole transaction; durable when it returns. `blob_key`: stored key of a channel key. kNewerVersion if another
  /// program has upgraded the database meanwhile.
  Result<void> write(const sql::Connection& connection, const TurnRows& turn, const EncodedTurn& rows,
                     const std::function<std::optional<std::int64_t>(std::uint64_t)>& blob_key);

 private:
  Result<void> write_log(const EncodedTurn& rows);
  Result<void> write_trials(const TurnRows& turn);
  Result<void> write_checkpoints(const TurnRows& turn,
                                 const std::function<std::optional<std::int64_t>(std::uint64_t)>& blob_key);
  Result<void> write_rest(const TurnRows& turn, const EncodedTurn& rows);

  ExperimentId experiment_;
  sql::Statement version_, event_, decision_, turn_, trial_, summary_, checkpoint_, bytes_, release_, drop_bytes_,
      output_, command_done_, document_;
};

}  // namespace tune
