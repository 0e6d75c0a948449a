#pragma once

// The chain over the log: the hash of a turn covers its number, its time, every column of its event and decision rows,
// and the hash of the turn before. So one changed byte anywhere is found, also in a metric that changes no decision;
// and it is found at its turn. The bytes that are hashed are laid down in docs/formats/database.md.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/log_rows.h"

namespace tune {

/// XXH3-128 in canonical (big-endian) order; of no turn: zeros.
using TurnHash = std::array<char, 16>;

inline std::string_view bytes_of(const TurnHash& hash) { return {hash.data(), hash.size()}; }
std::string to_hex(const TurnHash& hash);

struct TurnRow {
  std::int64_t turn = 0;
  std::int64_t first_n = 0, last_n = 0;
  double committed_at = 0;
};

/// Rows are added in the order of the log: an event, then its decisions.
class TurnHasher {
 public:
  TurnHasher(const TurnHash& previous, const TurnRow& turn);
  void add(const EventRow& event, bool replayed);
  void add(std::int64_t k, const DecisionRow& decision);
  TurnHash finish() const;

 private:
  void integer(std::int64_t value);
  void real(double value);
  void text(std::string_view value);
  std::string bytes_;
};

}  // namespace tune
