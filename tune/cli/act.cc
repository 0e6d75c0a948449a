// Commands that take something out of a stored experiment: checkpoint, replay.

#include <fmt/format.h>
#include <unistd.h>

#include <ostream>

#include "experiments/store/store.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/cli/new_file.h"
#include "tune/session/examine.h"
#include "tune/view/tell.h"

namespace tune::cli {

int checkpoint(const std::string& trial, const std::string& output, const std::optional<std::int64_t>& step,
               const Common& common) {
  auto id = parse_trial(trial);
  if (!id) return report(id.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto row = (*reader)->experiment(id->first);
  if (!row) return report(row.error());
  if (auto known = (*reader)->trial(row->id, id->second); !known) return report(known.error());
  // A run that goes on may release the chosen checkpoint before it is read: then there is a newer one.
  for (int looks = 1;; ++looks) {
    auto checkpoints = (*reader)->checkpoints(row->id, id->second);
    if (!checkpoints) return report(checkpoints.error());

    const CheckpointRow* chosen = nullptr;
    std::string steps;
    for (const CheckpointRow& candidate : *checkpoints) {
      if (candidate.released) continue;
      steps += (steps.empty() ? "" : ", ") + std::to_string(candidate.step);
      if (!step || candidate.step == *step) chosen = &candidate;
    }
    if (chosen == nullptr) {
      return report({ErrorCode::kNotFound,
                     steps.empty() ? fmt::format("trial {} has no checkpoint", trial)
                                   : fmt::format("trial {} has no checkpoint of iteration {}; it has {}", trial,
                                                 step.value_or(0), steps),
                     steps.empty() ? "checkpoint: {every: 1} keeps some" : ""});
    }
    if (output == "-" && chosen->size > 0 && isatty(STDOUT_FILENO) == 1) {
      return report(
          {ErrorCode::kBadInput, "a checkpoint is not for a terminal to show", "-o FILE, or -o - into a pipe"});
    }
    auto written = write_output(output, [&](std::ostream& out) {
      return (*reader)->checkpoint_bytes(row->id, chosen->id, [&](std::string_view part) -> Result<void> {
        if (out.write(part.data(), static_cast<std::streamsize>(part.size()))) return {};
        return cannot_write(output);
      });
    });
    if (!written && written.error().code == ErrorCode::kNotFound && !step && looks < 20) continue;
    if (!written) return report(written.error());
    tell(stderr, "{}: {} bytes, iteration {}, sha256 {}\n", output, chosen->size, chosen->step, chosen->sha256);
    return kOk;
  }
}

int replay(const std::string& experiment, const Common& common) {
  auto name = pick_experiment(common.db, experiment);
  if (!name) return report(name.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto row = (*reader)->experiment(*name);
  if (!row) return report(row.error());

  auto examined = examine_log(**reader, *row, reader_context({}));
  if (!examined) return report(examined.error());
  tell_plainly(stdout, "{}: {}{}\n", *name, examined->text(),
               examined->good() ? fmt::format("; {} events, hash chain intact", row->last_event) : "");
  if (!examined->good()) return kFailed;
  if (examined->under_other_rules > 0) {
    tell_plainly(stdout, "{} decisions were taken under other rules ({}) and are not compared\n",
                 examined->under_other_rules, examined->other_rules);
  }
  return kOk;
}

}  // namespace tune::cli
