#include "experiments/store/row_seal.h"

#include <fmt/format.h>

#include <cstring>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/json.h"
#include "core/utf8.h"
#include "experiments/store/hash_chain.h"

namespace tune {
namespace {

constexpr const char* kDocument = "document";

std::string hash_of(const std::string& document) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(document.data(), document.size()));
  TurnHash hash;
  std::memcpy(hash.data(), canonical.digest, hash.size());
  return to_hex(hash);
}

/// The columns that never change; the document as it was before the first edit.
Map sealed(const ExperimentRow& row) {
  return Map{{"created_at", row.created_at},
             {"directory", row.directory},
             {"seed", std::to_string(row.seed)},
             {"lockstep", std::int64_t{row.lockstep}},
             {"slots", row.slots},
             {kDocument, hash_of(row.began_as_json.empty() ? row.resolved_json : row.began_as_json)}};
}

std::string words_of(const Value& value) {
  return value.is_text() ? "'" + visible(value.text()) + "'" : to_json(value);
}

Result<Map> read_seal(const sql::Connection& connection, ExperimentId experiment, const char* sql) {
  auto query = connection.prepare(sql);
  if (!query) return pass_on(std::move(query));
  auto row = query->bind(experiment.value).step();
  if (!row) return pass_on(std::move(row));
  if (!*row || query->text(0).empty()) return Map();
  const auto json = parse_json(query->text(0));
  return json && json->is_map() ? json->map() : Map();  // what is no JSON, the hash chain tells
}

}  // namespace

void seal(EncodedTurn& rows, const TurnRows& turn, const ExperimentRow& row) {
  const auto write = [&](std::size_t i, const Map& what) { append_json_exact(rows.entries[i].event.extra, what); };
  if (rows.turn.turn == 1 && std::holds_alternative<RunStarted>(turn.entries.front().event.body)) write(0, sealed(row));
  if (!turn.document) return;
  for (std::size_t i = turn.entries.size(); i-- > 0;) {
    if (!std::holds_alternative<Edited>(turn.entries[i].event.body)) continue;
    return write(i, Map{{kDocument, hash_of(*turn.document)}});
  }
}

Result<std::string> broken_seal(const sql::Connection& connection, const ExperimentRow& row) {
  const auto began = read_seal(connection, row.id, "SELECT extra FROM event WHERE experiment = ? AND n = 1");
  if (!began) return tl::unexpected<Error>(began.error());
  const Map now = sealed(row);
  for (const auto& [column, was] : *began) {
    for (const auto& [name, is] : now) {
      if (name != column || is == was) continue;
      if (column == kDocument) return std::string("the document that it began with is another");
      return fmt::format("{} is {}, and was {}", column, words_of(is), words_of(was));
    }
  }
  if (row.began_as_json.empty()) return std::string();
  const auto edited = read_seal(connection, row.id,
                                "SELECT extra FROM event WHERE experiment = ? AND kind = 'edited' "
                                "ORDER BY n DESC LIMIT 1");
  if (!edited) return tl::unexpected<Error>(edited.error());
  if (edited->empty() || edited->front().second == Value(hash_of(row.resolved_json))) return std::string();
  return std::string("its document is not as the last edit left it");
}

}  // namespace tune
