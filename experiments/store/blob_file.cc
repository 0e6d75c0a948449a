#include "experiments/store/blob_file.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "experiments/store/database.h"
#include "experiments/store/rows.h"

namespace tune {
namespace {

constexpr std::int64_t kBlobVersion = 1;
constexpr std::int64_t kBlobApplicationId = 0x74756e63;  // "tunc"

constexpr const char* kTables = R"sql(
CREATE TABLE blob(
  experiment INTEGER NOT NULL,
  key        INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  sha256     TEXT NOT NULL,
  PRIMARY KEY(experiment, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE chunk(
  id         INTEGER PRIMARY KEY,
  experiment INTEGER NOT NULL,
  key        INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  hash       INTEGER NOT NULL,
  bytes      BLOB NOT NULL,
  UNIQUE(experiment, key, position)
) STRICT;
)sql";

std::int64_t chunk_hash(std::string_view bytes) {
  return static_cast<std::int64_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

/// Tables of today, made if the file is empty.
Result<void> check(const sql::Connection& connection, const std::string& path, bool create) {
  auto version = connection.integer("PRAGMA user_version");
  if (!version) return pass_on(std::move(version));
  if (*version == kBlobVersion) return {};
  if (*version > kBlobVersion) {
    return fail(ErrorCode::kNewerVersion, fmt::format("{} was written by a newer tune", path));
  }
  if (!create) return fail(ErrorCode::kNotFound, fmt::format("{} holds no checkpoints", path));
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction) return pass_on(std::move(transaction));
  version = connection.integer("PRAGMA user_version");  // another program may have been here first
  if (!version) return pass_on(std::move(version));
  if (*version == kBlobVersion) return {};
  auto made =
      connection.execute(std::string(kTables) + fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                                            kBlobApplicationId, kBlobVersion));
  return made ? transaction->commit() : made;
}

}  // namespace

// No spilling: a page that leaves the cache early costs a sync of the journal. The cache holds one transaction.
Result<BlobFile> BlobFile::open(const std::string& path, ExperimentId experiment, bool create, const std::string& vfs) {
  if (!create && !file_exists(path)) return fail(ErrorCode::kNotFound, fmt::format("{} is missing", path));
  auto connection = sql::Connection::open(path, create ? sql::Access::kCreate : sql::Access::kWrite, vfs);
  if (!connection) return pass_on(std::move(connection));
  auto set = connection->execute(
      "PRAGMA page_size = 65536; PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = TRUNCATE; "
      "PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF; PRAGMA cache_spill = OFF; PRAGMA cache_size = -4000; "
      "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF");
  if (set) set = check(*connection, path, create);
  if (!set) return pass_on(std::move(set));
  BlobFile file(*std::move(connection), experiment, path);
  auto ready = file.prepare();
  if (!ready) return pass_on(std::move(ready));
  return file;
}

Result<BlobFile> BlobFile::open_to_read(const std::string& path, ExperimentId experiment) {
  if (!file_exists(path)) return fail(ErrorCode::kNotFound, fmt::format("{} is missing", path));
  Error error;
  for (const sql::Access access : {sql::Access::kWrite, sql::Access::kRead}) {
    auto connection = sql::Connection::open(path, access);
    auto ready = connection ? check(*connection, path, false) : Result<void>(tl::unexpected<Error>(connection.error()));
    if (ready) {
      BlobFile file(*std::move(connection), experiment, path);
      ready = file.prepare();
      if (ready) return file;
    }
    error = std::move(ready).error();
    if (error.code != ErrorCode::kIo) break;
  }
  return tl::unexpected<Error>(std::move(error));
}

Result<void> BlobFile::prepare() {
  const std::pair<sql::Statement*, const char*> all[] = {
      {&sql_.add_chunk, "INSERT INTO chunk(experiment, key, position, hash, bytes) VALUES(?,?,?,?,?)"},
      {&sql_.finish, "INSERT INTO blob(experiment, key, size, sha256) VALUES(?,?,?,?)"},
      {&sql_.read_chunk, "SELECT bytes, hash FROM chunk WHERE experiment = ? AND key = ? AND position = ?"},
      {&sql_.blob, "SELECT size FROM blob WHERE experiment = ? AND key = ?"},
      {&sql_.drop_blob, "DELETE FROM blob WHERE experiment = ? AND key = ?"},
      {&sql_.drop_chunks,
       "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE experiment = ? AND key = ? LIMIT ?)"},
      {&sql_.any_chunk, "SELECT 1 FROM chunk WHERE experiment = ? AND key = ? LIMIT 1"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = connection_.prepare(sql);
    if (!prepared) return pass_on(std::move(prepared));
    *statement = *std::move(prepared);
  }
  return {};
}

Result<void> BlobFile::write(const std::vector<Chunk>& chunks, const std::optional<Finished>& finished) {
  auto transaction = sql::Transaction::begin(connection_);
  if (!transaction) return pass_on(std::move(transaction));
  for (const Chunk& chunk : chunks) {
    auto added =
        sql_.add_chunk
            .bind(experiment_.value, chunk.key, chunk.position, chunk_hash(chunk.bytes), sql::Blob{chunk.bytes})
            .run();
    if (!added) return added;
  }
  if (finished) {
    auto added = sql_.finish.bind(experiment_.value, finished->key, finished->size, finished->sha256).run();
    if (!added) return added;
  }
  return transaction->commit();
}

Result<std::string> BlobFile::read(std::int64_t key, std::uint64_t offset) {
  auto found = sql_.blob.bind(experiment_.value, key).step();
  if (!found) return pass_on(std::move(found));
  if (!*found) return fail(ErrorCode::kNotFound, fmt::format("checkpoint bytes {} are not in {}", key, path_));
  const auto size = static_cast<std::uint64_t>(sql_.blob.integer(0));
  sql_.blob.reset();
  if (offset >= size) return std::string();

  auto chunk = sql_.read_chunk.bind(experiment_.value, key, offset / kChunk).step();
  if (!chunk) return pass_on(std::move(chunk));
  if (!*chunk) return fail(ErrorCode::kDamaged, fmt::format("checkpoint bytes {} in {} have a hole", key, path_));
  const std::string_view bytes = sql_.read_chunk.text(0);
  const bool intact = chunk_hash(bytes) == sql_.read_chunk.integer(1);
  const std::uint64_t expected = std::min<std::uint64_t>(kChunk, size - offset / kChunk * kChunk);
  if (!intact || bytes.size() != expected) {
    sql_.read_chunk.reset();
    return fail(ErrorCode::kDamaged, fmt::format("checkpoint bytes {} in {} are not what was written", key, path_));
  }
  std::string out(bytes.substr(offset % kChunk));
  sql_.read_chunk.reset();
  return out;
}

// The row that says the blob is whole goes first.
Result<void> BlobFile::remove(std::int64_t key) {
  auto dropped = sql_.drop_blob.bind(experiment_.value, key).run();
  if (!dropped) return dropped;
  for (;;) {
    auto left = sql_.any_chunk.bind(experiment_.value, key).step();
    if (!left) return pass_on(std::move(left));
    sql_.any_chunk.reset();
    if (!*left) return {};
    auto transaction = sql::Transaction::begin(connection_);
    if (!transaction) return pass_on(std::move(transaction));
    dropped = sql_.drop_chunks.bind(experiment_.value, key, kTransaction / kChunk).run();
    if (dropped) dropped = transaction->commit();
    if (!dropped) return dropped;
  }
}

Result<void> BlobFile::sweep(const std::set<std::int64_t>& alive) {
  auto list = connection_.prepare(
      "SELECT key FROM blob WHERE experiment = ?1 UNION SELECT key FROM chunk WHERE experiment = ?1");
  if (!list) return pass_on(std::move(list));
  std::vector<std::int64_t> orphans;
  list->bind(experiment_.value);
  auto read = for_each_row(*list, [&](const sql::Statement& row) {
    if (!alive.contains(row.integer(0))) orphans.push_back(row.integer(0));
  });
  for (const std::int64_t key : orphans) {
    if (!read) break;
    read = remove(key);
  }
  return read;
}

Result<std::int64_t> BlobFile::last_key() const {
  auto query = connection_.prepare(
      "SELECT max(coalesce((SELECT max(key) FROM blob WHERE experiment = ?1), 0), "
      "coalesce((SELECT max(key) FROM chunk WHERE experiment = ?1), 0))");
  if (!query) return pass_on(std::move(query));
  auto row = query->bind(experiment_.value).step();
  if (!row) return pass_on(std::move(row));
  return query->integer(0);
}

}  // namespace tune
