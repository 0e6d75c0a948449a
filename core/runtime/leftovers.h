#pragma once

// The workers of a controller that is dead: they live on for a lease, and so do their trials, and may leave a hand-in
// behind (hand_in.h). The next controller goes on with them (process_workers.h), or ends them.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel.h"
#include "core/runtime/launch.h"

namespace tune {

/// A worker as an earlier controller has written it down.
struct LeftoverWorker {
  std::string launch, proof, socket;  ///< as in LaunchedWorker
  pid_t pid = 0;
  std::int64_t start = 0;
  bool this_boot = false;  ///< false: the machine was off since, and no process of it is left
};

/// What `launches_json` (ProcessWorkers::launches_json, as the store kept it) names. Text that is no list of launches
/// is none.
std::vector<LeftoverWorker> parse_leftovers(std::string_view launches_json);

/// A pidfd of it, if it lives and is still that process and not another that got its number.
Fd open_if_alive(const LeftoverWorker& worker);

/// Calls it to `socket`, to go on for this controller. Nothing: it does not live, or cannot be called.
std::optional<LaunchedWorker> call_leftover(const LeftoverWorker& worker, const std::string& attempts_dir,
                                            const std::string& socket);

/// SIGKILL to it, if it lives, then to everything that carries its mark, and waits until all is gone; its socket goes
/// as well. Whether it was alive.
bool end_leftover(const LeftoverWorker& worker);

struct Leftovers {
  bool living = false;     ///< one of them lives
  bool handed_in = false;  ///< one of them has left a hand-in
  explicit operator bool() const { return living || handed_in; }
};
/// What a controller could go on with of what they ran.
Leftovers anything_left(std::string_view launches_json, const std::string& attempts_dir);

/// Whether what one of them has left as a hand-in is damaged. Reads it.
bool handed_in_damaged(std::string_view launches_json, const std::string& attempts_dir);

/// Ends them all, and drops what they have handed in. The number of workers that were alive.
int end_leftover_workers(std::string_view launches_json, const std::string& attempts_dir = {});

}  // namespace tune
