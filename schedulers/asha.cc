// ASHA's option table, its checks, and which class a variant is. The rules are in asha_stop.cc and asha_promote.cc.

#include "schedulers/asha.h"

#include <fmt/format.h>

#include "core/text.h"
#include "schedulers/asha_plan.h"
#include "schedulers/asha_promote.h"
#include "schedulers/asha_stop.h"
#include "schedulers/rung_options.h"
#include "schedulers/rungs.h"
#include "schedulers/tables.h"

namespace tune {
namespace {

std::vector<OptionFault> check_asha(const Options& options) {
  std::vector<OptionFault> faults = check_rung_options(options);
  if (!faults.empty()) return faults;

  if (options.text("variant") == "stop" && !options.boolean("drain")) {
    faults.push_back({"drain", "with variant: stop no trial waits, so there is none to drain", "leave drain out"});
  }
  if (has_auto_grace(options)) {
    if (options.integer("brackets") > 1) {
      faults.push_back({"brackets", "brackets hedge against a grace_period that is too small, which auto never is",
                        "leave brackets out"});
    }
    return faults;
  }
  const bool counts = options.text("time_attr") == "training_iteration";
  const double max_t = options.real("max_t"), grace_period = options.real("grace_period");
  const std::int64_t eta = options.integer("reduction_factor"), brackets = options.integer("brackets");
  const std::int64_t most =
      1 + (counts ? s_max(static_cast<std::int64_t>(grace_period), static_cast<std::int64_t>(max_t), eta)
                  : real_s_max(grace_period, max_t, eta));
  if (brackets > most) {
    faults.push_back({"brackets",
                      fmt::format("{} brackets; grace_period {}, max_t {} and reduction_factor {} leave room for {}",
                                  brackets, format_real(grace_period), format_real(max_t), eta, most),
                      fmt::format("write at most {}", most)});
  }
  return faults;
}

}  // namespace

AlgorithmInfo asha_info() {
  AlgorithmInfo info;
  info.name = "asha";
  info.aliases = {"async_hyperband", "asynchyperband"};
  info.help = "Asynchronous successive halving: at each rung one trial in reduction_factor goes on.";
  info.options = {
      tables::time_attr("training_iteration"),
      tables::max_t(100),
      tables::grace_period(
          1, "No trial is stopped before this: the first rung. auto: where rungs prove to predict the end."),
      tables::reduction_factor(4),
      tables::integer("brackets", 1, 1, "Number of brackets; each starts one rung later than the one before."),
      tables::boolean("stop_last_trials", true, "End trials that reach max_t."),
      tables::choice("variant", {"stop", "promote"},
                     "stop: as Ray Tune. promote: pause at a rung, go on from the checkpoint when promoted."),
      tables::boolean("drain", true,
                      "promote, with no new trials left: promote waiting ones until one has reached max_t."),
  };
  info.check = check_asha;
  return info;
}

std::unique_ptr<Scheduler> make_asha(const SchedulerContext& context) {
  AshaPlan plan = AshaPlan::from(context);
  if (context.options.text("variant") == "promote") return std::make_unique<AshaPromote>(std::move(plan));
  return std::make_unique<AshaStop>(std::move(plan));
}

std::optional<std::string> supply_warning(const Options& options, std::int64_t trials) {
  const Value* variant = options.find("variant");
  if (variant == nullptr || !variant->is_text() || variant->text() != "promote") return std::nullopt;
  if (has_auto_grace(options)) return std::nullopt;  // how many it promotes is not known beforehand
  const AshaPlan plan = AshaPlan::from({0, nullptr, options, std::nullopt});
  const auto rungs = static_cast<std::int64_t>(plan.levels.front().size()) - 1;
  const std::int64_t needed = power(plan.eta, rungs);
  if (trials >= needed) return std::nullopt;
  return fmt::format("{} {} fewer than {}^{} = {}, so promotion alone takes none of them to max_t {}; {}",
                     counted(trials, "trial"), trials == 1 ? "is" : "are", plan.eta, rungs, needed,
                     format_real(plan.max_t()),
                     plan.drain ? "draining takes the best waiting one there at the end"
                                : "with drain: true the best waiting one would get there at the end");
}

}  // namespace tune
