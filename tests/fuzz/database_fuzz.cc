// A database that somebody else has written into: whatever its pages and rows hold, reading, exporting and checking it
// ends with values or errors. The input is applied to a database that this program has made: records
//
//   P offset(3 bytes) value                 one byte of the file
//   V table column row length(4 bytes) ...  one value, as text, through SQLite
//
// and an input that begins with "SQLite" is the file itself.

#include <filesystem>
#include <fstream>
#include <sstream>

#include "experiments/export/write.h"
#include "experiments/store/doctor.h"
#include "experiments/store/sqlite.h"
#include "experiments/store/store.h"
#include "tests/fuzz/fuzz.h"

namespace tune::fuzz {
namespace {

struct Place {
  const char* table;
  std::vector<const char*> columns;
};
const std::vector<Place> kPlaces = {
    {"experiment", {"name", "resolved", "columns", "status", "best_trial", "elapsed", "metric", "mode", "directory"}},
    {"event", {"kind", "trial", "attempt", "seq", "step", "elapsed", "payload", "n"}},
    {"decision", {"kind", "trial", "args", "reason", "n"}},
    {"trial", {"status", "state", "config", "metrics", "reason", "error", "best", "number"}},
    {"checkpoint", {"step", "size", "sha256", "trial"}},
    {"run", {"rules", "worker", "host"}},
    {"turn", {"hash", "last_event"}},
    {"command", {"kind", "args"}},
};

LogEntry entry(std::int64_t n, EventBody body, std::vector<Decision> decisions = {}) {
  return {{EventNumber{n}, static_cast<double>(n), std::move(body)}, std::move(decisions)};
}

/// A small experiment: two trials, reports, a checkpoint, an end.
void make(const std::string& db) {
  NewExperiment made;
  made.row.name = "exp";
  made.row.metric = "loss";
  made.row.mode = "min";
  made.row.resolved_json = R"({"version":1,"name":"exp"})";
  made.row.columns_json = R"(["x"])";
  auto store = create_experiment(db, made, {.sync = SyncMode::kNormal, .vfs = {}, .patience = 1, .warn = {}},
                                 [](std::function<void()> what) { what(); });
  require(store.has_value(), "a database can be made");
  RunRow run;
  run.run = 1;
  run.rules = "fifo=1";
  require((*store)->begin_run(run).has_value(), "a run begins");
  Config config;
  config.set("x", 0.5);
  TurnRows turn;
  turn.entries = {
      entry(1, RunStarted{1, "1", "fifo=1", 2, 0},
            {{StartTrial{TrialId{0}, config, {}}, "drawn"}, {StartTrial{TrialId{1}, config, {}}, "drawn"}}),
      entry(2,
            Reported{
                TrialId{0}, Attempt{1}, 1, 1, 1, {{"loss", 0.5}}, "", CheckpointInfo{3, std::string(64, 'a'), false}}),
      entry(3, Ended{TrialId{0}, Attempt{1}, 2, EndKind::kCompleted, Cause::kOwnEnd, "", 0, 1},
            {{FinishTrial{TrialId{0}, TrialState::kCompleted, Cause::kOwnEnd}, "ended"}}),
  };
  CheckpointRow checkpoint;
  checkpoint.id = CheckpointId{2};
  checkpoint.step = 1;
  checkpoint.size = 3;
  checkpoint.sha256 = std::string(64, 'a');
  turn.checkpoints = {{checkpoint, "abc"}};
  for (std::int64_t number = 0; number < 2; ++number) {
    TrialRow trial;
    trial.number = number;
    trial.status = trial.state = "completed";
    trial.config_json = R"({"x":0.5})";
    trial.metrics_json = R"({"loss":0.5})";
    trial.objective_class = trial.best_class = 0;
    trial.attempt = 1;
    turn.trials.push_back(trial);
  }
  turn.summary = (*store)->experiment();
  turn.summary.status = "finished";
  turn.summary.last_event = 3;
  require((*store)->commit(turn).has_value(), "a turn is stored");
  (*store)->close();
}

class Bench {
 public:
  Bench() {
    std::string pattern = std::filesystem::exists("/dev/shm") ? "/dev/shm/tune-fuzz-XXXXXX" : "tune-fuzz-XXXXXX";
    require(::mkdtemp(pattern.data()) != nullptr, "a folder can be made");
    folder_ = pattern;
    make(folder_ + "/made.db");
    std::ifstream file(folder_ + "/made.db", std::ios::binary);
    made_.assign(std::istreambuf_iterator<char>(file), {});
  }
  ~Bench() { std::filesystem::remove_all(folder_); }

  /// The database that the input describes.
  std::string write(std::string_view input) const {
    const std::string db = folder_ + "/tune.db";
    for (const char* suffix : {"", "-wal", "-shm", "-lock", ".checkpoints"}) std::filesystem::remove(db + suffix);
    std::string bytes = input.starts_with("SQLite") ? std::string(input) : made_;
    std::vector<std::pair<std::string, std::string>> changes;
    while (!input.starts_with("SQLite") && input.size() >= 5) {
      const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(input[i])); };
      if (input[0] == 'V') {
        const Place& place = kPlaces[byte(1) % kPlaces.size()];
        const std::size_t length = std::min(byte(4), input.size() - 5);
        changes.emplace_back(std::string("update ") + place.table + " set " +
                                 place.columns[byte(2) % place.columns.size()] +
                                 " = ?1 where rowid = (select rowid from " + place.table + " limit 1 offset " +
                                 std::to_string(byte(3) % 3) + ")",
                             std::string(input.substr(5, length)));
        input.remove_prefix(5 + length);
      } else {
        bytes[(byte(1) << 16 | byte(2) << 8 | byte(3)) % bytes.size()] = input[4];
        input.remove_prefix(5);
      }
    }
    std::ofstream(db, std::ios::binary) << bytes;
    if (changes.empty()) return db;
    const auto connection = sql::Connection::open(db, sql::Access::kWrite);
    for (const auto& [statement, value] : changes) {
      if (!connection) break;
      auto prepared = connection->prepare(statement);
      if (prepared) (void)prepared->bind(value).run();
    }
    return db;
  }

 private:
  std::string folder_, made_;
};

void read(const std::string& db) {
  (void)check_files(db);
  (void)check_references(db);
  const auto reader = open_reader(db);
  if (!reader) return;
  const auto experiments = (*reader)->experiments();
  if (!experiments) return;
  for (const ExperimentRow& row : *experiments) {
    (void)(*reader)->runs(row.id);
    (void)(*reader)->verify_hash(row.id);
    (void)(*reader)->log(row.id, [](const LogEntry&) { return Result<void>(); });
    (void)(*reader)->story(row.id, TrialId{0});
    (void)(*reader)->output(row.id, TrialId{0});
    if (const auto checkpoints = (*reader)->checkpoints(row.id, TrialId{0})) {
      for (const CheckpointRow& checkpoint : *checkpoints) {
        (void)(*reader)->checkpoint_bytes(row.id, checkpoint.id, [](std::string_view) { return Result<void>(); });
      }
    }
    for (const bool history : {false, true}) {
      TableOptions options;
      options.history = history;
      const auto table = Table::open(**reader, row, options);
      if (!table) continue;
      std::ostringstream out;
      (void)write_csv(*table, false, out);
      (void)write_json(*table, out);
      (void)write_markdown(*table, out);
    }
  }
}

}  // namespace
}  // namespace tune::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tune::fuzz::Bench kBench;
  tune::fuzz::read(kBench.write(tune::fuzz::text_of(data, size)));
  return 0;
}
