#include "tune/loop/launch.h"

#include <fmt/format.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <fstream>

#include "core/json.h"
#include "core/text.h"
#include "core/wall_clock.h"
#include "trainables/builtin/builtin.h"
#include "tune/loop/recovery.h"

namespace tune {
namespace {

std::string first_line_of(const char* path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

/// Field 22 of /proc/PID/stat: start time in clock ticks since boot.
std::int64_t start_time_of_this_process() {
  const std::string stat = first_line_of("/proc/self/stat");
  std::size_t at = stat.rfind(')');  // the name may hold spaces
  if (at == std::string::npos) return 0;
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return 0;
  const std::size_t end = stat.find(' ', at + 1);
  return parse_integer(stat.substr(at + 1, end - at - 1)).value_or(0);
}

bool hash_file(XXH3_state_t* state, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return false;
  char block[1 << 16];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    XXH3_128bits_update(state, block, static_cast<std::size_t>(in.gcount()));
  }
  return true;
}

}  // namespace

RunRow this_run() {
  RunRow run;
  run.version = TUNE_VERSION;
  char host[256] = {};
  run.host = gethostname(host, sizeof host - 1) == 0 ? host : "localhost";
  run.pid = getpid();
  run.pid_start = start_time_of_this_process();
  run.boot_id = first_line_of("/proc/sys/kernel/random/boot_id");
  run.started_at = unix_now();
  return run;
}

std::string code_hash(const TrainableRef& trainable) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_128bits_reset(state);
  bool readable = hash_file(state, "/proc/self/exe");
  if (!trainable.library.empty()) readable = hash_file(state, trainable.library) && readable;
  XXH3_128bits_update(state, trainable.command_json.data(), trainable.command_json.size());
  const XXH128_hash_t hash = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  return readable ? fmt::format("{:016x}{:016x}", hash.high64, hash.low64) : std::string();
}

TrainableRef as_exact(TrainableRef trainable) {
  auto command = parse_json(trainable.command_json);
  if (!command || !command->is_map()) return trainable;
  command->map().emplace_back("exact", true);
  trainable.command_json = to_json(*command);
  return trainable;
}

bool runs_in_threads(const ExperimentSpec& spec) {
  const TrainableRef& trainable = spec.trainable;
  if (spec.resources.elastic != Elastic::kNone) return false;
  if (trainable.kind == TrainableRef::Kind::kCommand) return false;
  if (trainable.isolation != Isolation::kAuto) return trainable.isolation == Isolation::kThread;
  if (spec.limits.time || spec.limits.silence || spec.limits.output || spec.resources.memory > 0) return false;
  if (trainable.kind != TrainableRef::Kind::kBuiltin) return false;
  for (const tune_trainable* builtin : builtin_trainables()) {
    if (trainable.name == builtin->name) return builtin->isolation == TUNE_THREAD;
  }
  return false;
}

Result<std::int64_t> recover(Store& store, Controller& controller, EventOrder& order) {
  auto runs = store.runs();
  if (!runs) return pass_on(std::move(runs));
  std::int64_t last = runs->empty() ? 0 : runs->back().run;  // which may have died before it had stored anything
  auto folded = store.read_log([&](const LogEntry& entry) -> Result<void> {
    if (const auto* started = std::get_if<RunStarted>(&entry.event.body)) last = std::max(last, started->run);
    order.before(entry.event, controller);
    fold(controller, entry);
    order.after(entry);
    return {};
  });
  if (!folded) return pass_on(std::move(folded));
  return last + 1;
}

}  // namespace tune
