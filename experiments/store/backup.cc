#include "experiments/store/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "core/sha256.h"
#include "experiments/store/blob_file.h"
#include "experiments/store/database.h"
#include "experiments/store/rows.h"

namespace tune {
namespace {

namespace fs = std::filesystem;

/// A run releases old checkpoints all the time; of so many copies in a row one names only bytes that are still there.
constexpr int kMostCopies = 20;
/// After so many a run that releases them too quickly is held up for the next.
constexpr int kHoldAfter = 5;

tl::unexpected<Error> io_failure(const std::string& what) {
  const int code = errno;
  return fail(code == ENOSPC ? ErrorCode::kDiskFull : ErrorCode::kIo,
              fmt::format("{}: {}", what, std::system_category().message(code)));
}

Result<void> sync_path(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) return io_failure("cannot open " + path);
  const bool synced = fsync(file) == 0;
  auto failure = synced ? Result<void>() : Result<void>(io_failure("cannot write " + path));
  close(file);
  return failure;
}

/// FILE.part with what SQLite puts beside it: away unless it was renamed.
class Part {
 public:
  explicit Part(std::string path) : path_(std::move(path)), part_(path_ + ".part") { remove(); }
  ~Part() { remove(); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  const std::string& path() const { return part_; }
  void remove() const {
    for (const char* tail : {"", "-journal", "-wal", "-shm"}) std::remove((part_ + tail).c_str());
  }
  Result<void> keep() const {
    auto synced = sync_path(part_, O_RDWR);
    if (!synced) return synced;
    if (std::rename(part_.c_str(), path_.c_str()) != 0) return io_failure("cannot write " + path_);
    return {};
  }

 private:
  std::string path_, part_;
};

struct Named {
  ExperimentId experiment;
  std::int64_t checkpoint = 0, key = 0;
  std::uint64_t size = 0;
  std::string sha256;
};

/// The checkpoints beside the database that a copy of it says are kept.
Result<std::vector<Named>> named_by(const std::string& copy) {
  auto connection = sql::Connection::open(copy, sql::Access::kRead);
  if (!connection) return pass_on(std::move(connection));
  auto query = connection->prepare(
      "SELECT experiment, id, blob_key, size, sha256 FROM checkpoint WHERE blob_key IS NOT NULL AND released = 0 "
      "ORDER BY experiment, id");
  if (!query) return pass_on(std::move(query));
  std::vector<Named> all;
  auto read = for_each_row(*query, [&](const sql::Statement& row) {
    sql::Columns in(row);
    Named named;
    named.experiment = ExperimentId{in.integer()};
    named.checkpoint = in.integer();
    named.key = in.integer();
    named.size = static_cast<std::uint64_t>(in.integer());
    named.sha256 = in.text();
    all.push_back(std::move(named));
  });
  if (!read) return pass_on(std::move(read));
  return all;
}

/// From one file of checkpoints into another, each blob once.
class BlobCopier {
 public:
  BlobCopier(std::string from, std::string to, const std::function<void(std::uint64_t)>& progress)
      : from_(std::move(from)), to_(std::move(to)), progress_(progress) {}

  enum class Outcome { kCopied, kGone, kDamaged };
  Result<Outcome> copy(const Named& named) {
    const auto id = std::pair(named.experiment.value, named.key);
    if (const auto known = seen_.find(id); known != seen_.end()) return known->second;
    auto outcome = copy_bytes(named);
    if (outcome && *outcome != Outcome::kGone) seen_.emplace(id, *outcome);
    return outcome;
  }

 private:
  Result<Outcome> copy_bytes(const Named& named) {
    auto source = BlobFile::open_to_read(from_, named.experiment);
    if (!source) return said(source.error());
    auto target = BlobFile::open(to_, named.experiment, true, {});
    if (!target) return pass_on(std::move(target));
    Sha256 hash;
    std::int64_t position = 0;
    for (std::uint64_t offset = 0;; ++position) {
      auto bytes = source->read(named.key, offset);
      if (!bytes) {
        auto removed = target->remove(named.key);
        if (!removed) return pass_on(std::move(removed));
        return said(bytes.error());
      }
      if (bytes->empty()) break;
      hash.update(*bytes);
      offset += bytes->size();
      const std::size_t size = bytes->size();
      auto written = target->write({{named.key, position, *std::move(bytes)}}, std::nullopt);
      if (!written) return pass_on(std::move(written));
      copied_ += size;
      if (progress_) progress_(copied_);
    }
    if (hash.hex() != named.sha256) {
      auto removed = target->remove(named.key);
      if (!removed) return pass_on(std::move(removed));
      return Outcome::kDamaged;
    }
    auto finished = target->write({}, BlobFile::Finished{named.key, named.size, named.sha256});
    if (!finished) return pass_on(std::move(finished));
    return Outcome::kCopied;
  }

  /// A hole may be a release that is under way.
  static Result<Outcome> said(const Error& error) {
    if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kDamaged) return Outcome::kGone;
    return tl::unexpected<Error>(error);
  }

  std::string from_, to_;
  const std::function<void(std::uint64_t)>& progress_;
  std::map<std::pair<std::int64_t, std::int64_t>, Outcome> seen_;
  std::uint64_t copied_ = 0;
};

/// While this lives nobody changes the file of checkpoints: a run that wants to waits, as for any other reader.
class Hold {
 public:
  static Result<Hold> of(const std::string& path) {
    auto connection = sql::Connection::open(path, sql::Access::kRead);
    if (!connection) return pass_on(std::move(connection));
    auto read = connection->execute("BEGIN; SELECT count(*) FROM sqlite_master");
    if (!read) return tl::unexpected<Error>(read.error());
    return Hold(*std::move(connection));
  }

 private:
  explicit Hold(sql::Connection connection) : connection_(std::move(connection)) {}
  sql::Connection connection_;
};

/// VACUUM INTO reads in one transaction, and leaves out what was deleted.
Result<void> copy_tables(const std::string& db, const Part& part) {
  part.remove();
  auto connection = open_database_to_read(db);
  if (!connection) return pass_on(std::move(connection));
  auto allowed = connection->execute("PRAGMA query_only = OFF");
  if (!allowed) return allowed;
  auto into = connection->prepare("VACUUM INTO ?");
  if (!into) return pass_on(std::move(into));
  auto copied = into->bind(part.path()).run();
  if (!copied && copied.error().code == ErrorCode::kDiskFull) {  // SQLite names `db`, which is only read
    return fail(ErrorCode::kDiskFull, fmt::format("the disk is full: cannot write {}", part.path()),
                "free some space, or name a file elsewhere");
  }
  return copied;
}

}  // namespace

Result<Backup> back_up(const std::string& database, const std::string& to,
                       const std::function<void(std::uint64_t)>& progress) {
  const std::string db = absolute_path(database), file = absolute_path(to);
  for (const std::string& target : {file, checkpoints_file(file)}) {
    if (file_exists(target)) {
      return fail(ErrorCode::kBadInput, fmt::format("{} exists already", target), "name a file that does not exist");
    }
  }
  const std::string folder = fs::path(file).parent_path().string();
  if (access(folder.c_str(), W_OK) != 0) return io_failure("cannot write into " + folder);  // SQLite would blame `db`
  const Part tables(file), blobs(checkpoints_file(file));
  BlobCopier copier(checkpoints_file(db), blobs.path(), progress);
  Backup backup;
  for (int copies = 1;; ++copies) {
    std::optional<Hold> hold;
    if (copies > kHoldAfter) {
      if (auto held = Hold::of(checkpoints_file(db))) hold = *std::move(held);  // else as before
    }
    auto copied = copy_tables(db, tables);
    if (!copied) return pass_on(std::move(copied));
    auto named = named_by(tables.path());
    if (!named) return pass_on(std::move(named));
    backup.damaged.clear();
    backup.checkpoints = 0;
    backup.checkpoint_bytes = 0;
    bool gone = false;
    for (const Named& one : *named) {
      auto outcome = copier.copy(one);
      if (!outcome) return pass_on(std::move(outcome));
      if (*outcome == BlobCopier::Outcome::kCopied) {
        ++backup.checkpoints;
        backup.checkpoint_bytes += one.size;
        continue;
      }
      gone |= *outcome == BlobCopier::Outcome::kGone;
      backup.damaged.push_back(
          fmt::format("checkpoint {} of experiment {} {}", one.checkpoint, one.experiment.value,
                      *outcome == BlobCopier::Outcome::kGone ? "is missing or has a hole" : "is not what was written"));
    }
    if (!gone || copies == kMostCopies) break;
  }
  // The tables last: a database never names bytes that are not there.
  if (file_exists(blobs.path())) {
    auto kept = blobs.keep();
    if (!kept) return pass_on(std::move(kept));
  }
  auto kept = tables.keep();
  if (kept) kept = sync_path(folder, O_RDONLY | O_DIRECTORY);
  if (!kept) return pass_on(std::move(kept));
  std::error_code ignored;
  backup.bytes = fs::file_size(file, ignored);
  return backup;
}

}  // namespace tune
