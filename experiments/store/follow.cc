// LogFollower of store.h: an experiment's log as it grows under somebody else's hands.

#include "experiments/store/database.h"
#include "experiments/store/locks.h"
#include "experiments/store/log_reader.h"
#include "experiments/store/rows.h"

namespace tune {
namespace {

class DatabaseFollower final : public LogFollower {
 public:
  DatabaseFollower(std::string db, std::string name, sql::Connection connection, sql::Statement version, LogPages pages)
      : db_(std::move(db)),
        name_(std::move(name)),
        connection_(std::move(connection)),
        version_(std::move(version)),
        pages_(std::move(pages)) {}

  Result<bool> changed() override {
    auto row = version_.step();
    if (!row) return pass_on(std::move(row));
    const std::int64_t version = version_.integer(0);
    version_.reset();
    const bool is = version != seen_;
    seen_ = version;
    return is;
  }

  Result<void> next(const std::function<Result<void>(const LogEntry&)>& sink) override {
    return read_entries(pages_, expected_, sink);
  }

  Result<ExperimentRow> experiment() const override { return find_experiment(connection_, db_, name_); }

 private:
  std::string db_, name_;
  sql::Connection connection_;
  sql::Statement version_;
  LogPages pages_;
  std::int64_t seen_ = -1, expected_ = 1;
};

}  // namespace

Result<std::unique_ptr<LogFollower>> follow_log(const std::string& db, const std::string& experiment) {
  auto connection = open_database_to_read(absolute_path(db));
  if (!connection) return pass_on(std::move(connection));
  auto row = find_experiment(*connection, db, experiment);
  if (!row) return pass_on(std::move(row));
  auto version = connection->prepare("PRAGMA data_version");
  if (!version) return pass_on(std::move(version));
  auto pages = LogPages::open(*connection, row->id);
  if (!pages) return pass_on(std::move(pages));
  return std::make_unique<DatabaseFollower>(db, experiment, *std::move(connection), *std::move(version),
                                            *std::move(pages));
}

}  // namespace tune
