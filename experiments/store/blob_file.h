#pragma once

// The file beside the database that holds large checkpoints: `tune.db.checkpoints`, a SQLite database with large pages
// and a rollback journal (a WAL would write every byte twice). A blob belongs to (experiment, key); keys are never used
// again. Form: docs/formats/database.md.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/ids.h"
#include "experiments/store/sqlite.h"

namespace tune {

class BlobFile {
 public:
  static constexpr std::size_t kChunk = std::size_t{1} << 20;        ///< bytes in every chunk but a blob's last
  static constexpr std::size_t kTransaction = std::size_t{8} << 20;  ///< bytes that one transaction writes at most

  struct Chunk {
    std::int64_t key = 0, position = 0;  ///< position: 0, 1, ... in its blob
    std::string bytes;
  };
  struct Finished {
    std::int64_t key = 0;
    std::uint64_t size = 0;
    std::string sha256;
  };

  /// `create`: made if missing; else kNotFound.
  static Result<BlobFile> open(const std::string& path, ExperimentId experiment, bool create, const std::string& vfs);
  /// For any reader; in a folder that cannot be written too.
  static Result<BlobFile> open_to_read(const std::string& path, ExperimentId experiment);

  /// One transaction, durable when it returns.
  Result<void> write(const std::vector<Chunk>& chunks, const std::optional<Finished>& finished);
  /// Bytes from `offset`, to the end of its chunk at most; empty at the end of the blob. kNotFound, kDamaged.
  Result<std::string> read(std::int64_t key, std::uint64_t offset);
  /// In pieces, so that nobody waits long; the pages are used again.
  Result<void> remove(std::int64_t key);
  /// Removes every blob of this experiment that is not in `alive`.
  Result<void> sweep(const std::set<std::int64_t>& alive);
  Result<std::int64_t> last_key() const;  ///< 0: none

 private:
  struct Statements {
    sql::Statement add_chunk, finish, read_chunk, blob, drop_blob, drop_chunks, any_chunk;
  };
  BlobFile(sql::Connection connection, ExperimentId experiment, std::string path)
      : connection_(std::move(connection)), experiment_(experiment), path_(std::move(path)) {}
  Result<void> prepare();

  sql::Connection connection_;
  ExperimentId experiment_;
  std::string path_;
  Statements sql_;
};

}  // namespace tune
