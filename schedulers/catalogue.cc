// The schedulers by name. A new one is a row here; its options then appear in files, schema, messages and help.

#include <fmt/format.h>

#include "core/text.h"
#include "schedulers/asha.h"
#include "schedulers/fifo.h"
#include "schedulers/hyperband.h"
#include "schedulers/median.h"
#include "schedulers/pb2.h"
#include "schedulers/pbt.h"
#include "schedulers/pbt_replay.h"
#include "schedulers/scheduler.h"

namespace tune {

const Catalogue& scheduler_catalogue() {
  static const Catalogue kCatalogue = [] {
    Catalogue all{fifo_info(),   asha_info(), hyperband_info(), bohb_info(),
                  median_info(), pbt_info(),  pb2_info(),       pbt_replay_info()};
    return all;
  }();
  return kCatalogue;
}

Result<std::unique_ptr<Scheduler>> make_scheduler(std::string_view type, SchedulerContext context) {
  const AlgorithmInfo* info = find_algorithm(scheduler_catalogue(), type);
  if (info == nullptr) {
    std::vector<std::string> names;
    for (const AlgorithmInfo& known : scheduler_catalogue()) names.push_back(known.name);
    const std::string near = did_you_mean_hint(type, names);
    return fail(ErrorCode::kBadInput, fmt::format("unknown scheduler '{}'", type),
                near.empty() ? "built: " + join(names) : near);
  }
  context.options = with_defaults(info->options, context.options);
  if (info->check) {
    const auto faults = info->check(context.options);
    if (!faults.empty()) {
      return fail(ErrorCode::kBadInput, fmt::format("scheduler {}: {}", info->name, faults.front().message),
                  faults.front().hint);
    }
  }
  if (info->name == "asha") return make_asha(context);
  if (info->name == "median_stopping_rule") return make_median(context);
  if (info->name == "hyperband" || info->name == "hb_bohb") return make_hyperband(info->name, context);
  if (info->name == "pbt") return make_pbt(context);
  if (info->name == "pb2") return make_pb2(context);
  if (info->name == "pbt_replay") return make_pbt_replay(context);
  return std::make_unique<Fifo>();
}

Result<std::vector<std::string>> try_scheduler(const std::string& type, const Options& options, const Space& space,
                                               std::optional<std::int64_t> trials) {
  std::vector<std::string> notes;
  const auto made = make_scheduler(type, {.space = &space, .options = options, .trials = trials, .notes = &notes});
  if (!made) return tl::unexpected<Error>(made.error());
  return notes;
}

}  // namespace tune
