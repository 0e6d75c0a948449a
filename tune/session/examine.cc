#include "tune/session/examine.h"

#include <fmt/format.h>

#include "core/utf8.h"
#include "tune/session/recovered.h"

namespace tune {

std::string LogExamination::text() const {
  if (hash) {
    return fmt::format("the log is not what was written: turn {} (events {} to {}): {}", hash->turn,
                       hash->first_event.value, hash->last_event.value, hash->what);
  }
  if (replay) {
    return fmt::format("event {} was decided otherwise\n  recorded: {}\n  now:      {}", replay->event.value,
                       visible(replay->recorded), visible(replay->answered));
  }
  return fmt::format("{} decisions and {} configurations recomputed, all equal", decisions, configurations);
}

Result<LogExamination> examine_log(const Reader& reader, const ExperimentRow& row, const ReaderContext& context) {
  LogExamination examination;
  auto hash = reader.verify_hash(row.id);
  if (!hash) return pass_on(std::move(hash));
  examination.hash = *std::move(hash);
  if (examination.hash) return examination;

  auto began_as = first_spec(row, context);
  if (!began_as) return pass_on(std::move(began_as));
  auto controller = make_controller(*began_as, row.seed);
  if (!controller) return pass_on(std::move(controller));
  Replay replay(*std::move(controller));
  auto read = reader.log(row.id, [&](const LogEntry& entry) -> Result<void> {
    examination.replay = replay.next(entry);
    if (examination.replay) return fail(ErrorCode::kInterrupted, "differs");
    return {};
  });
  if (!read && !examination.replay) return pass_on(std::move(read));
  examination.decisions = replay.compared();
  examination.configurations = replay.configurations();
  examination.under_other_rules = replay.under_other_rules();
  examination.other_rules = replay.other_rules();
  return examination;
}

}  // namespace tune
