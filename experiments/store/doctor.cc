#include "experiments/store/doctor.h"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>

#include "core/text.h"
#include "experiments/store/database.h"
#include "experiments/store/row_seal.h"
#include "experiments/store/rows.h"
#include "experiments/store/schema.h"
#include "experiments/store/sql_error.h"

namespace tune {
namespace {

namespace fs = std::filesystem;

/// SQLite stops here too: whoever has so many faults restores a backup.
constexpr int kMostFaults = 20;
/// Below this a run may soon wait for space.
constexpr std::uint64_t kLittleSpace = std::uint64_t{256} << 20;

Result<void> integrity(const sql::Connection& connection, const std::string& path, std::vector<Finding>& findings) {
  auto check = connection.prepare(fmt::format("PRAGMA integrity_check({})", kMostFaults));
  if (!check) return pass_on(std::move(check));
  return for_each_row(*check, [&](const sql::Statement& row) {
    if (row.text(0) != "ok") findings.push_back({true, fmt::format("{}: {}", path, row.text(0)), sql::kPagesDamaged});
  });
}

/// A query that gives how many rows are wrong, the first of them, and the experiment of that one (SQLite takes it from
/// the row that has the minimum).
struct ReferenceRule {
  const char* sql;
  const char* what;  ///< `{}` is the number of rows, then the first one
  bool harmful;
  const char* advice;
};

constexpr const char* kFromEarlier = "their trials go on from an earlier checkpoint, or from the start";

constexpr std::array kRules{
    ReferenceRule{"SELECT count(*), min(e.n), e.experiment FROM event e WHERE e.trial IS NOT NULL AND e.kind <> "
                  "'commanded' AND NOT EXISTS "
                  "(SELECT 1 FROM trial t WHERE t.experiment = e.experiment AND t.number = e.trial)",
                  "{} events name a trial that is not there, first event {}", true, kTablesEdited},
    ReferenceRule{"SELECT count(*), min(d.n), d.experiment FROM decision d WHERE NOT EXISTS "
                  "(SELECT 1 FROM event e WHERE e.experiment = d.experiment AND e.n = d.n)",
                  "{} decisions follow upon an event that is not there, first {}", true, kTablesEdited},
    ReferenceRule{"SELECT count(*), min(d.n), d.experiment FROM decision d WHERE d.kind IN ('resume', 'exploit') AND "
                  "json_extract(d.args, '$.checkpoint') IS NOT NULL AND NOT EXISTS (SELECT 1 FROM checkpoint c WHERE "
                  "c.experiment = d.experiment AND c.id = json_extract(d.args, '$.checkpoint'))",
                  "{} decisions load a checkpoint that is not there, first upon event {}", true, kTablesEdited},
    ReferenceRule{"SELECT count(*), min(c.id), c.experiment FROM checkpoint c WHERE c.released = 0 AND c.external = 0 "
                  "AND NOT EXISTS "
                  "(SELECT 1 FROM checkpoint_bytes b WHERE b.experiment = c.experiment AND b.checkpoint = c.id)",
                  "{} checkpoints have no bytes, first {}", true, kFromEarlier},
    ReferenceRule{"SELECT count(*), min(b.checkpoint), b.experiment FROM checkpoint_bytes b WHERE NOT EXISTS "
                  "(SELECT 1 FROM checkpoint c WHERE c.experiment = b.experiment AND c.id = b.checkpoint)",
                  "bytes of {} checkpoints that are not there, first {}", false, "they only take space"},
    // A report that could not be used (no value of the objective) is in the log and does not count; one on which a stop
    // rule failed counts. Both are judged bad_report, so the count lies between with and without them.
    ReferenceRule{"SELECT count(*), min(t.number), t.experiment FROM trial t WHERE t.reports NOT BETWEEN "
                  "(SELECT count(*) FROM event e WHERE e.experiment = t.experiment AND e.trial = t.number AND "
                  "e.kind = 'reported' AND e.replayed = 0 AND NOT EXISTS (SELECT 1 FROM decision d WHERE "
                  "d.experiment = e.experiment AND d.n = e.n AND d.kind = 'judged' AND "
                  "json_extract(d.args, '$.cause') = 'bad_report')) AND "
                  "(SELECT count(*) FROM event e WHERE e.experiment = t.experiment AND e.trial = t.number AND "
                  "e.kind = 'reported' AND e.replayed = 0)",
                  "{} trials count other reports than the log has, first trial {}", true, kTablesEdited},
    ReferenceRule{"SELECT count(*), min(s.experiment), s.experiment FROM summary s WHERE s.trials <> "
                  "(SELECT count(*) FROM trial t WHERE t.experiment = s.experiment AND t.state <> 'withdrawn')",
                  "{} experiments count other trials than there are, first experiment {}", true, kTablesEdited},
    ReferenceRule{"SELECT count(*), min(c.id), c.experiment FROM checkpoint c WHERE NOT EXISTS (SELECT 1 FROM event e "
                  "WHERE e.experiment = c.experiment AND e.n = c.id AND e.trial = c.trial AND e.step = c.step)",
                  "{} checkpoints are of no report or save of the log, first {}", true, kTablesEdited},
    // Once for all rows: a subquery that names no row of the outer one.
    ReferenceRule{
        "SELECT count(*), min(c.id), c.experiment FROM checkpoint c WHERE c.released <> ((c.experiment, c.id) "
        "IN (SELECT d.experiment, r.value FROM decision d, json_each(d.args, '$.checkpoints') r "
        "WHERE d.kind = 'release'))",
        "{} checkpoints are released in their row and not in the log, or the other way round, first {}", true,
        kTablesEdited},
    ReferenceRule{
        "SELECT count(*), min(x.experiment), x.experiment FROM (SELECT experiment FROM trial UNION ALL SELECT "
        "experiment FROM event UNION ALL SELECT experiment FROM decision UNION ALL SELECT experiment FROM turn "
        "UNION ALL SELECT experiment FROM run UNION ALL SELECT experiment FROM checkpoint UNION ALL SELECT "
        "experiment FROM output UNION ALL SELECT experiment FROM summary) x WHERE NOT EXISTS (SELECT 1 FROM "
        "experiment e WHERE e.id = x.experiment)",
        "{} rows are of an experiment that is not there, first of {}", true, kTablesEdited},
    ReferenceRule{"SELECT count(*), min(e.n), e.experiment FROM event e WHERE e.kind = 'run_started' AND NOT EXISTS "
                  "(SELECT 1 FROM run r WHERE r.experiment = e.experiment AND r.run = json_extract(e.payload, '$.run') "
                  "AND r.version = json_extract(e.payload, '$.version') AND r.rules = json_extract(e.payload, "
                  "'$.rules'))",
                  "{} starts of the log have no such row in the table 'run', first event {}", true, kTablesEdited},
    ReferenceRule{"SELECT count(*), min(e.id), e.id FROM experiment e WHERE NOT EXISTS "
                  "(SELECT 1 FROM summary s WHERE s.experiment = e.id)",
                  "{} experiments have no summary, first {}", true, kTablesEdited},
};

/// Tables, views and indexes of this version that are gone or of another text, and triggers: it has none. No view
/// changes without a version of its own (migrate() makes them anew).
Result<void> completeness(const sql::Connection& connection, std::vector<Finding>& findings) {
  auto version = connection.integer("PRAGMA user_version");
  if (!version) return pass_on(std::move(version));
  if (*version != kSchemaVersion) return {};
  auto fresh = sql::Connection::open(":memory:", sql::Access::kWrite);
  if (!fresh) return pass_on(std::move(fresh));
  if (auto made = migrate(*fresh, ":memory:", migrations(), views_sql()); !made) return made;
  constexpr const char* kParts =
      "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name";
  using Part = std::pair<std::string, std::string>;  // type and name
  std::map<Part, std::string> there;
  auto stored = connection.prepare(kParts);
  if (!stored) return pass_on(std::move(stored));
  auto read =
      for_each_row(*stored, [&](const sql::Statement& row) { there[Part(row.text(0), row.text(1))] = row.text(2); });
  if (!read) return read;
  auto all = fresh->prepare(kParts);
  if (!all) return pass_on(std::move(all));
  read = for_each_row(*all, [&](const sql::Statement& row) {
    const auto found = there.find(Part(row.text(0), row.text(1)));
    if (found != there.end() && found->second == row.text(2)) return;
    findings.push_back({true,
                        fmt::format("the {} '{}' is {}", row.text(0), row.text(1),
                                    found == there.end() ? "gone" : "not as tune makes it"),
                        kTablesEdited});
  });
  if (!read) return read;
  auto triggers = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name");
  if (!triggers) return pass_on(std::move(triggers));
  return for_each_row(*triggers, [&](const sql::Statement& row) {
    findings.push_back({true,
                        fmt::format("the trigger '{}' is not tune's, and may change what tune writes", row.text(0)),
                        "DROP TRIGGER removes it; what it has changed already is not undone"});
  });
}

/// Experiments whose row is not as their log has sealed it.
Result<void> seals(const sql::Connection& connection, std::vector<Finding>& findings) {
  auto query = connection.prepare(fmt::format(
      "SELECT {} FROM experiment e JOIN summary s ON s.experiment = e.id ORDER BY e.id", kExperimentColumns));
  if (!query) return pass_on(std::move(query));
  std::vector<ExperimentRow> rows;
  auto read = for_each_row(*query, [&](const sql::Statement& row) { rows.push_back(read_experiment(row)); });
  if (!read) return read;
  for (const ExperimentRow& row : rows) {
    auto broken = broken_seal(connection, row);
    if (!broken) return pass_on(std::move(broken));
    if (broken->empty()) continue;
    findings.push_back({true, fmt::format("{}: its row is not as its log says: {}", row.name, *broken), kTablesEdited});
  }
  return {};
}

/// Large checkpoints whose bytes are not in the file beside the database.
Result<void> large_checkpoints(const sql::Connection& connection, const std::string& db,
                               std::vector<Finding>& findings) {
  auto named = connection.integer("SELECT count(*) FROM checkpoint WHERE blob_key IS NOT NULL AND released = 0");
  if (!named) return pass_on(std::move(named));
  const std::string file = checkpoints_file(db);
  if (*named == 0) return {};
  if (!file_exists(file)) {
    findings.push_back({true, fmt::format("{} is missing: {} checkpoints lie in it", file, *named),
                        "put it back beside the database, under this name; without it their trials start from zero"});
    return {};
  }
  auto attach = connection.prepare("ATTACH ? AS beside");
  if (!attach) return pass_on(std::move(attach));
  auto done = attach->bind(file).run();
  if (!done) return done;
  auto query = connection.prepare(
      "SELECT count(*), min(c.id) FROM checkpoint c WHERE c.blob_key IS NOT NULL AND c.released = 0 AND NOT EXISTS "
      "(SELECT 1 FROM beside.blob b WHERE b.experiment = c.experiment AND b.key = c.blob_key AND b.size = c.size "
      "AND b.sha256 = c.sha256)");
  if (!query) return pass_on(std::move(query));
  // A run that goes on may release one between the look at the row and the look at its bytes: what is missing is
  // missing at a second look too.
  std::int64_t missing = 0, first = -1;
  for (int looks = 0; looks < 2; ++looks) {
    auto row = query->step();
    if (!row) return pass_on(std::move(row));
    const std::int64_t before = first;
    missing = query->integer(0);
    first = query->integer(1);
    query->reset();
    if (missing == 0 || (looks > 0 && first != before)) return {};
  }
  findings.push_back(
      {true, fmt::format("{} checkpoints are not whole in {}, first {}", missing, file, first), kFromEarlier});
  return {};
}

struct NetworkFileSystem {
  std::uint64_t magic;
  const char* name;
};
/// From linux/magic.h and the projects' own headers.
constexpr std::array kNetworkFileSystems{NetworkFileSystem{0x6969, "NFS"},
                                         NetworkFileSystem{0x517B, "SMB"},
                                         NetworkFileSystem{0xFF534D42, "CIFS"},
                                         NetworkFileSystem{0xFE534D42, "SMB"},
                                         NetworkFileSystem{0x01021997, "9p"},
                                         NetworkFileSystem{0x0BD00BD0, "Lustre"},
                                         NetworkFileSystem{0x47504653, "GPFS"},
                                         NetworkFileSystem{0x5346414F, "AFS"},
                                         NetworkFileSystem{0x00C36400, "Ceph"},
                                         NetworkFileSystem{0x19830326, "BeeGFS"},
                                         NetworkFileSystem{0x7461636F, "OCFS2"},
                                         NetworkFileSystem{0x01161970, "GFS2"},
                                         NetworkFileSystem{0x65735546, "FUSE (sshfs, or another)"}};

std::string folder_of(const std::string& db) { return fs::path(absolute_path(db)).parent_path().string(); }

}  // namespace

Result<std::vector<Finding>> check_files(const std::string& database) {
  const std::string db = absolute_path(database);
  std::vector<Finding> findings;
  auto connection = open_database_to_read(db);
  if (!connection) return pass_on(std::move(connection));
  auto checked = integrity(*connection, db, findings);
  if (!checked) return pass_on(std::move(checked));
  if (const std::string beside = checkpoints_file(db); file_exists(beside)) {
    auto blobs = sql::Connection::open(beside, sql::Access::kRead);
    checked = blobs ? integrity(*blobs, beside, findings) : pass_on(std::move(blobs));
    if (!checked) findings.push_back({true, checked.error().message, sql::kPagesDamaged});
  }
  return findings;
}

Result<std::vector<Finding>> check_references(const std::string& database) {
  const std::string db = absolute_path(database);
  std::vector<Finding> findings;
  auto connection = open_database_to_read(db);
  if (!connection) return pass_on(std::move(connection));
  if (auto complete = completeness(*connection, findings); !complete) return pass_on(std::move(complete));
  if (!findings.empty()) return findings;  // the rules below would only stumble over it
  for (const ReferenceRule& rule : kRules) {
    auto query = connection->prepare(rule.sql);
    auto name = connection->prepare("SELECT name FROM experiment WHERE id = ?");
    if (!name) return pass_on(std::move(name));
    if (!query) return pass_on(std::move(query));
    auto row = query->step();
    if (!row) return pass_on(std::move(row));
    if (query->integer(0) == 0) continue;
    auto named = name->bind(query->integer(2)).step();
    if (!named) return pass_on(std::move(named));
    std::string what = fmt::format(fmt::runtime(rule.what), query->integer(0), query->integer(1));
    if (*named) what += fmt::format(", experiment '{}'", name->text(0));
    findings.push_back({rule.harmful, std::move(what), rule.advice});
  }
  if (auto looked = seals(*connection, findings); !looked) return pass_on(std::move(looked));
  auto large = large_checkpoints(*connection, db, findings);
  if (!large) return pass_on(std::move(large));
  return findings;
}

std::string network_warning(const std::string& db) {
  struct statfs info {};
  if (statfs(folder_of(db).c_str(), &info) != 0) return {};
  for (const NetworkFileSystem& one : kNetworkFileSystems) {
    if (static_cast<std::uint32_t>(info.f_type) != one.magic) continue;
    return fmt::format("{} lies on a network file system, {}: its locks and syncs cannot be counted on", db, one.name);
  }
  return {};
}

std::vector<Finding> check_place(const std::string& db) {
  std::vector<Finding> findings;
  const std::string folder = folder_of(db);
  if (std::string network = network_warning(db); !network.empty()) {
    findings.push_back(
        {false, std::move(network), "keep it on a disk of the machine that runs tune, and back it up from there"});
  }
  if (access(folder.c_str(), W_OK) != 0) {
    findings.push_back(
        {false, fmt::format("{} takes no new files: experiments can be read there but not run", folder), ""});
  }
  struct statvfs space {};
  if (statvfs(folder.c_str(), &space) == 0) {
    const std::uint64_t left = std::uint64_t{space.f_bavail} * space.f_frsize;
    if (left < kLittleSpace)
      findings.push_back(
          {false, fmt::format("{} is left on the disk of {}", format_size(left), folder), "free some space"});
  }
  return findings;
}

}  // namespace tune
