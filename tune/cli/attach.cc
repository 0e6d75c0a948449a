// `tune attach`: the live region of an experiment that another process runs, from its log as it grows. Reads only; any
// number may look at once.

#include <fmt/format.h>
#include <poll.h>

#include <csignal>

#include "experiments/store/store.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/loop/recovery.h"
#include "tune/loop/remarks.h"
#include "tune/session/recovered.h"
#include "tune/session/run_info.h"
#include "tune/view/tell.h"
#include "tune/view/view.h"

namespace tune::cli {
namespace {

constexpr int kPeriodMs = 125;           // as often as a run redraws
constexpr int kPeriodsBetweenLooks = 8;  // at the lock: whether somebody still runs it

volatile std::sig_atomic_t left = 0;

/// An experiment whose log is followed.
struct Followed {
  std::unique_ptr<LogFollower> log;
  ExperimentSpec spec;
  Controller controller;
  Remarks remarks;

  /// Takes in what was added to the log; returns what there is to remark on. `entries`: null, or takes the new ones.
  Result<std::vector<std::string>> take_news(std::vector<LogEntry>* entries) {
    std::vector<std::string> said;
    auto changed = log->changed();
    if (!changed) return pass_on(std::move(changed));
    if (!*changed) return said;
    auto read = log->next([&](const LogEntry& entry) -> Result<void> {
      fold(controller, entry);
      for (std::string& remark : remarks.after(entry, controller, spec)) said.push_back(std::move(remark));
      if (entries != nullptr) entries->push_back(entry);
      return {};
    });
    if (!read) return pass_on(std::move(read));
    return said;
  }
};

void tell_remarks(const std::vector<std::string>& remarks, RunView& view) {
  for (const std::string& remark : remarks) view.message(Severity::kWarning, remark);
}

int exit_code_of(const Controller& controller) {
  if (!controller.finished()) return kInterrupted;
  if (controller.ending() == EndWhy::kFailures || controller.ending() == EndWhy::kNoRoom) return kFailed;
  return controller.counts().completed + controller.counts().stopped > 0 ? kOk : kFailed;
}

int watch(Followed& followed, const Reader& reader, ExperimentId id, RunView& view) {
  const Controller& controller = followed.controller;
  for (int period = 0; left == 0; ++period) {
    const bool held = period % kPeriodsBetweenLooks != 0 || reader.holder(id) != 0;
    std::vector<LogEntry> entries;  // after the look at the lock: what its last holder wrote is seen
    const auto said = followed.take_news(&entries);
    if (!said) return report(said.error());
    if (!entries.empty()) view.turn(entries, controller);
    tell_remarks(*said, view);
    if (controller.finished() || !held) {
      view.finished(controller.finished() ? RunEnd::kFinished : RunEnd::kInterrupted, controller);
      return exit_code_of(controller);
    }
    view.refresh(controller);
    poll(nullptr, 0, kPeriodMs);
  }
  view.message(Severity::kNote, "left the view; the run goes on");
  return kInterrupted;
}

}  // namespace

int attach(const std::string& experiment, double progress_interval, const Common& common) {
  auto name = pick_experiment(common.db, experiment);
  if (!name) return report(name.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto row = (*reader)->experiment(*name);
  if (!row) return report(row.error());
  auto spec = first_spec(*row, reader_context({}));
  if (!spec) return report(spec.error());
  auto controller = make_controller(*spec, row->seed);
  if (!controller) return report(controller.error());
  auto log = follow_log(common.db, *name);
  if (!log) return report(log.error());
  Followed followed{*std::move(log), *std::move(spec), *std::move(controller), {}};
  const auto past = followed.take_news(nullptr);
  if (!past) return report(past.error());
  if ((*reader)->holder(row->id) == 0 && !followed.controller.finished()) {
    tell(stderr, "tune: nobody runs '{}'\n      tune resume {} goes on with it\n", *name, *name);
    return kRefused;
  }

  ViewOptions options;
  options.form = common.json ? ViewOptions::Form::kJson : ViewOptions::Form::kAuto;
  options.verbosity = common.verbosity;
  options.color = common.color;
  options.progress_interval = progress_interval;
  const std::unique_ptr<RunView> view = make_view(options);
  RunInfo info = run_info(followed.spec, *row, common.db);
  info.slots = followed.controller.slots();
  view->started(info, followed.controller);
  tell_remarks(*past, *view);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, [](int) { left = 1; });
  return watch(followed, **reader, row->id, *view);
}

}  // namespace tune::cli
