#include "experiments/store/turn_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "experiments/store/row_seal.h"
#include "experiments/store/rows.h"
#include "experiments/store/schema.h"

namespace tune {
Result<LogTail> read_tail(const sql::Connection& connection, ExperimentId experiment) {
  auto query = connection.prepare(
      "SELECT turn, first_n, last_n, hash FROM turn WHERE experiment = ? ORDER BY turn DESC LIMIT 2");
  if (!query) return pass_on(std::move(query));
  LogTail tail;
  bool wrong = false;
  int rows = 0;
  query->bind(experiment.value);
  auto read = for_each_row(*query, [&](const sql::Statement& row) {
    if (rows == 0) {
      tail.turn = row.integer(0);
      tail.first_n = row.integer(1);
      tail.last_n = row.integer(2);
    }
    TurnHash& hash = rows++ == 0 ? tail.hash : tail.previous;
    const std::string_view bytes = row.text(3);
    wrong = wrong || bytes.size() != hash.size();
    if (!wrong) std::memcpy(hash.data(), bytes.data(), hash.size());
  });
  if (!read) return pass_on(std::move(read));
  if (wrong) return fail(ErrorCode::kDamaged, fmt::format("turn {} of the log has no proper hash", tail.turn));
  return tail;
}

EncodedTurn encode_turn(const TurnRows& turn, std::int64_t number, const TurnHash& previous, const ExperimentRow& row) {
  EncodedTurn out;
  out.turn = {number, turn.entries.front().event.n.value, turn.entries.back().event.n.value, turn.summary.updated_at};
  out.entries.reserve(turn.entries.size());
  auto replayed = turn.replayed.begin();
  for (const LogEntry& entry : turn.entries) {
    EncodedTurn::Entry& encoded = out.entries.emplace_back();
    encoded.event = encode(entry.event);
    encoded.replayed = replayed != turn.replayed.end() && *replayed == entry.event.n;
    if (encoded.replayed) ++replayed;
    encoded.decisions.reserve(entry.decisions.size());
    for (const Decision& decision : entry.decisions) encoded.decisions.push_back(encode(decision));
  }
  seal(out, turn, row);
  TurnHasher hasher(previous, out.turn);
  for (const EncodedTurn::Entry& encoded : out.entries) {
    hasher.add(encoded.event, encoded.replayed);
    std::int64_t k = 0;
    for (const DecisionRow& decision : encoded.decisions) hasher.add(k++, decision);
  }
  out.hash = hasher.finish();
  return out;
}

Result<TurnWriter> TurnWriter::prepare(const sql::Connection& connection, ExperimentId experiment) {
  TurnWriter writer;
  writer.experiment_ = experiment;
  const std::pair<sql::Statement*, const char*> all[] = {
      {&writer.version_, "PRAGMA user_version"},
      {&writer.event_,
       "INSERT INTO event(experiment, n, turn, kind, trial, attempt, seq, step, at, elapsed, replayed, payload, extra) "
       "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)"},
      {&writer.decision_, "INSERT INTO decision(experiment, n, k, kind, trial, args, reason) VALUES(?,?,?,?,?,?,?)"},
      {&writer.turn_, "INSERT INTO turn(experiment, turn, first_n, last_n, hash, committed_at) VALUES(?,?,?,?,?,?)"},
      {&writer.trial_, kUpsertTrial},
      {&writer.summary_,
       "UPDATE summary SET status = ?, end_reason = ?, elapsed = ?, best_trial = ?, best_value = ?, last_event = ?, "
       "last_turn = ?, trials = ?, completed = ?, stopped = ?, failed = ?, running = ?, paused = ?, waiting = ?, "
       "updated_at = ? WHERE experiment = ?"},
      {&writer.checkpoint_,
       "INSERT INTO checkpoint(experiment, id, trial, step, size, sha256, external, blob_key, released) "
       "VALUES(?,?,?,?,?,?,?,?,0)"},
      {&writer.bytes_, "INSERT INTO checkpoint_bytes(experiment, checkpoint, bytes) VALUES(?,?,?)"},
      {&writer.release_, "UPDATE checkpoint SET released = 1 WHERE experiment = ? AND id = ?"},
      {&writer.drop_bytes_, "DELETE FROM checkpoint_bytes WHERE experiment = ? AND checkpoint = ?"},
      {&writer.output_,
       "INSERT OR REPLACE INTO output(experiment, trial, attempt, head, tail, bytes, cpu_seconds, max_rss) "
       "VALUES(?,?,?,?,?,?,?,?)"},
      {&writer.document_,
       "UPDATE experiment SET began_as = CASE began_as WHEN '' THEN resolved ELSE began_as END, resolved = ? "
       "WHERE id = ?"},
      {&writer.command_done_, "UPDATE command SET done_turn = ? WHERE id = ? AND experiment = ?"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = connection.prepare(sql);
    if (!prepared) return pass_on(std::move(prepared));
    *statement = *std::move(prepared);
  }
  return writer;
}

Result<void> TurnWriter::write(const sql::Connection& connection, const TurnRows& turn, const EncodedTurn& rows,
                               const std::function<std::optional<std::int64_t>(std::uint64_t)>& blob_key) {
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction) return pass_on(std::move(transaction));
  auto version = version_.step();
  if (!version) return pass_on(std::move(version));
  const std::int64_t found = version_.integer(0);
  version_.reset();
  if (found != kSchemaVersion) {
    return fail(ErrorCode::kNewerVersion,
                fmt::format("a newer tune has upgraded the database to version {} meanwhile", found),
                "go on with that newer program: tune resume");
  }
  auto written = write_log(rows);
  if (written) written = write_trials(turn);
  if (written) written = write_checkpoints(turn, blob_key);
  if (written) written = write_rest(turn, rows);
  return written ? transaction->commit() : written;
}

Result<void> TurnWriter::write_log(const EncodedTurn& rows) {
  for (const EncodedTurn::Entry& entry : rows.entries) {
    const EventRow& e = entry.event;
    auto done = event_
                    .bind(experiment_.value, e.n, rows.turn.turn, e.kind, unless_negative(e.trial), e.attempt, e.seq,
                          e.step, e.at, e.elapsed, entry.replayed, e.payload, e.extra)
                    .run();
    std::int64_t k = 0;
    for (const DecisionRow& d : entry.decisions) {
      if (!done) break;
      done = decision_.bind(experiment_.value, e.n, k++, d.kind, unless_negative(d.trial), d.args, d.reason).run();
    }
    if (!done) return done;
  }
  const TurnRow& turn = rows.turn;
  return turn_
      .bind(experiment_.value, turn.turn, turn.first_n, turn.last_n, sql::Blob{bytes_of(rows.hash)}, turn.committed_at)
      .run();
}

Result<void> TurnWriter::write_trials(const TurnRows& turn) {
  for (const TrialRow& trial : turn.trials) {
    bind_trial(trial_, experiment_, trial);
    auto done = trial_.run();
    if (!done) return done;
  }
  return {};
}

Result<void> TurnWriter::write_checkpoints(const TurnRows& turn,
                                           const std::function<std::optional<std::int64_t>(std::uint64_t)>& blob_key) {
  for (const auto& [row, bytes] : turn.checkpoints) {
    std::optional<std::int64_t> key;
    if (row.external) {
      const auto large = std::ranges::find(turn.large, row.id, [](const auto& pair) { return pair.first; });
      if (large != turn.large.end()) key = blob_key(large->second);
      if (!key) {
        return fail(ErrorCode::kInternal,
                    fmt::format("checkpoint {} is named before its bytes are stored", row.id.value));
      }
    }
    auto done =
        checkpoint_.bind(experiment_.value, row.id.value, row.trial, row.step, row.size, row.sha256, row.external, key)
            .run();
    if (done && !row.external) done = bytes_.bind(experiment_.value, row.id.value, sql::Blob{bytes}).run();
    if (!done) return done;
  }
  for (const CheckpointId id : turn.released) {
    auto done = release_.bind(experiment_.value, id.value).run();
    if (done) done = drop_bytes_.bind(experiment_.value, id.value).run();
    if (!done) return done;
  }
  return {};
}

Result<void> TurnWriter::write_rest(const TurnRows& turn, const EncodedTurn& rows) {
  for (const auto& [trial, message] : turn.outputs) {
    auto done = output_
                    .bind(experiment_.value, trial, message.log.attempt.value, sql::Blob{message.output_head},
                          sql::Blob{message.output_tail}, message.output_bytes, message.cpu_seconds, message.max_rss)
                    .run();
    if (!done) return done;
  }
  for (const std::int64_t command : turn.commands_done) {
    auto done = command_done_.bind(rows.turn.turn, command, experiment_.value).run();
    if (!done) return done;
  }
  if (turn.document) {
    auto done = document_.bind(*turn.document, experiment_.value).run();
    if (!done) return done;
  }
  const ExperimentRow& s = turn.summary;
  return summary_
      .bind(s.status, s.end_reason, s.elapsed, unless_negative(s.best_trial),
            s.best_trial < 0 ? std::nullopt : std::optional(s.best_value), rows.turn.last_n, rows.turn.turn, s.trials,
            s.completed, s.stopped, s.failed, s.running, s.paused, s.waiting, s.updated_at, experiment_.value)
      .run();
}

}  // namespace tune
