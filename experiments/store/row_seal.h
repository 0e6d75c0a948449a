#pragma once

// The row of an experiment decides what becomes of it (seed, lockstep, slots, its document) and lies outside of the
// log. So that a change of it does not pass for what was written, the first event of the log keeps what the row began
// with in its `extra`, and the last `edited` event of a turn the hash of the document as it left it: under the hash
// chain, without a column of its own. A log that an older program began keeps nothing of it.

#include <string>

#include "experiments/store/sqlite.h"
#include "experiments/store/turn_writer.h"

namespace tune {

/// Puts the seals into a turn that is not hashed yet. `row`: as it is before the turn.
void seal(EncodedTurn& rows, const TurnRows& turn, const ExperimentRow& row);

/// What of the row is not as the log keeps it, in words (`lockstep is 0, and was 1`); empty: nothing that it knows of.
Result<std::string> broken_seal(const sql::Connection& connection, const ExperimentRow& row);

}  // namespace tune
