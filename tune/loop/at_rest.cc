#include "tune/loop/at_rest.h"

#include "core/wall_clock.h"
#include "tune/loop/launch.h"
#include "tune/loop/turn.h"

namespace tune {

Result<void> act_at_rest(Store& store, Controller& controller, EventOrder& order, std::uint64_t seed, std::int64_t run,
                         std::vector<Arrived> events, const LeftRunning* left) {
  RunRow row = this_run();
  row.run = run;
  row.rules = controller.rules();
  if (left != nullptr) {
    row.worker_json = left->workers_json;
    row.code_hash = left->code_hash;
  }
  if (auto begun = store.begin_run(row); !begun) return begun;

  std::vector<Arrived> all;
  all.push_back({.body = RunStarted{run, row.version, row.rules, 0, 0}});
  for (const TrialId trial : left == nullptr ? controller.live() : std::vector<TrialId>()) {
    all.push_back({.body = Lost{trial, controller.trial(trial).attempt, "the controller it belonged to is gone"}});
  }
  for (Arrived& event : events) all.push_back(std::move(event));

  TurnBuilder turn(seed, row.host, controller);
  for (Arrived& arrived : all) {
    LogEntry entry{{controller.next_event(), controller.elapsed(), std::move(arrived.body)}, {}};
    if (!controller.accepts(entry.event)) continue;
    decide(controller, order, entry);
    turn.add(std::move(entry), arrived, false);
  }
  return store.commit(turn.take(controller, unix_now(), status_of(controller)));
}

}  // namespace tune
