#include "tune/session/take_in.h"

#include "core/runtime/output_file.h"
#include "tune/session/recovered.h"
#include "tune/session/stored.h"

namespace tune {
namespace {

/// Passes on what went wrong.
class Warnings : public RunView {
 public:
  explicit Warnings(const std::function<void(const std::string&)>& warn) : warn_(warn) {}
  void started(const RunInfo&, const Controller&) override {}
  void turn(const std::vector<LogEntry>&, const Controller&) override {}
  void refresh(const Controller&) override {}
  void message(Severity severity, const std::string& text) override {
    if (severity != Severity::kNote) warn_(text);
  }
  void finished(RunEnd, const Controller&) override {}

 private:
  const std::function<void(const std::string&)>& warn_;
};

/// By force.
void end_what_is_left(const std::string& database, const std::string& experiment) {
  auto store = open_experiment(database, experiment, {}, [](const std::function<void()>& what) { what(); });
  if (!store) return;
  if (const auto left = left_running(**store)) end_leftover_workers(left->workers_json, attempts_dir(database));
}

}  // namespace

Leftovers left_by_last_run(const Reader& reader, const ExperimentRow& row, const std::string& database) {
  const auto runs = reader.runs(row.id);
  if (!runs || runs->empty()) return {};
  return anything_left(runs->back().worker_json, attempts_dir(database));
}

Result<void> take_in(const std::string& database, const std::string& experiment, double grace,
                     const ReaderContext& context, const std::function<void(const std::string&)>& warn) {
  std::optional<ExperimentRow> row;
  {
    auto store = open_experiment(database, experiment, {}, [](const std::function<void()>& what) { what(); });
    if (!store) return pass_on(std::move(store));
    const auto left = left_running(**store);
    if (!left) return tl::unexpected<Error>(left.error());
    if (!anything_left(left->workers_json, attempts_dir(database))) return {};
    row = (*store)->experiment();
  }
  std::vector<Diagnostic> found;
  auto spec = stored_spec(*row, context, found);
  if (!spec) return pass_on(std::move(spec));
  SessionOptions options;
  options.database = database;
  options.context = context;
  options.grace = grace;
  options.only_takes_in = true;
  Warnings view(warn);
  auto end = Session(std::move(options), view).run(*std::move(spec), row);
  if (!end) return pass_on(std::move(end));
  return {};
}

Result<std::string> set_aside_at_rest(const std::string& database, const std::string& experiment,
                                      const ReaderContext& context,
                                      const std::function<void(const std::string&)>& warn) {
  const auto taken = take_in(database, experiment, 0, context, warn);
  if (!taken && taken.error().code == ErrorCode::kBusy) return tl::unexpected<Error>(taken.error());
  if (!taken) {
    warn("what its trials did since the last run is lost: " + taken.error().message);
    end_what_is_left(database, experiment);
  }
  return set_aside(database, experiment, {});
}

}  // namespace tune
