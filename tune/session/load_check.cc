#include "tune/session/load_check.h"

#include <boost/asio/io_context.hpp>
#include <csignal>

#include "core/runtime/output_file.h"
#include "core/runtime/process_workers.h"
#include "tune/loop/loop.h"

namespace tune {
namespace {

class NobodyWatches final : public RunView {
 public:
  void started(const RunInfo&, const Controller&) override {}
  void turn(const std::vector<LogEntry>&, const Controller&) override {}
  void refresh(const Controller&) override {}
  void message(Severity, const std::string&) override {}
  void finished(RunEnd, const Controller&) override {}
};

}  // namespace

Result<std::vector<Diagnostic>> check_loaded(const ExperimentSpec& spec, const ReaderContext& context) {
  boost::asio::io_context io;
  NobodyWatches view;
  Loop loop(io, view, {SIGINT, SIGTERM, SIGHUP});
  ProcessWorkersOptions options;
  options.trainable = spec.trainable;
  options.plan.slots = 1;
  options.experiment = spec.name;
  options.attempts_dir = attempts_dir("validate.db");  // no attempt comes, so none is made
  ProcessWorkers workers(io, std::move(options));
  const auto info = loop.load(workers);
  workers.shut_down();
  return judge_loaded(spec, info, context);
}

Result<std::vector<Diagnostic>> judge_loaded(const ExperimentSpec& spec, const Result<TrainableInfo>& info,
                                             const ReaderContext& context) {
  if (info) return check_trainable(spec, *info, context);
  if (info.error().code != ErrorCode::kTrial && info.error().code != ErrorCode::kNotFound) {
    return tl::unexpected<Error>(info.error());
  }
  return place_load_error(spec, info.error(), context);
}

}  // namespace tune
