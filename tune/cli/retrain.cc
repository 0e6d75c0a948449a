// `tune retrain`: the recorded schedule of a trial, trained again as an experiment of one trial.

#include "tune/session/retrain.h"

#include <fmt/format.h>

#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/session/stored.h"
#include "tune/view/tell.h"

namespace tune::cli {
namespace {

/// Tells how the new reports compare with the recorded ones, where all of them are there.
int tell_difference(const std::string& experiment, TrialId trial, const std::string& again, const Common& common) {
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  const auto recorded = (*reader)->experiment(experiment), trained = (*reader)->experiment(again);
  if (!recorded || !trained || !is_over(*trained)) return kOk;
  const auto comparison = compare_retrained(**reader, *recorded, trial, *trained);
  if (!comparison) return report(comparison.error());
  const std::string same = fmt::format("{} of {} reports equal those of {}/{}", comparison->equal, comparison->reports,
                                       experiment, trial.value);
  tell_plainly(stderr, "{}{}\n", same,
               comparison->first_difference.empty() ? std::string() : "; then " + comparison->first_difference);
  return kOk;
}

}  // namespace

int retrain(const std::string& target, const std::string& name, const RunCommand& command, const Common& common) {
  auto id = parse_trial(target);
  if (!id) return report(id.error());
  auto experiment = pick_experiment(common.db, id->first);
  if (!experiment) return report(experiment.error());
  std::optional<ExperimentSpec> spec;
  {
    auto reader = open_reader(common.db);
    if (!reader) return report(reader.error());
    auto row = (*reader)->experiment(*experiment);
    if (!row) return report(row.error());
    auto read = retrain_spec(**reader, *row, id->second, name, reader_context({}));
    if (!read) return report(read.error());
    spec = *std::move(read);
  }
  const std::string again = spec->name;
  const int code = run_spec(*std::move(spec), command, common);
  if (code == kOk && !command.detach && !common.json && common.verbosity >= 0) {
    return tell_difference(*experiment, id->second, again, common);
  }
  return code;
}

}  // namespace tune::cli
