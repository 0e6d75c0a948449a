// Time, memory and force.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "core/runtime/proc.h"
#include "core/runtime/trial_runner.h"
#include "core/text.h"

namespace tune {
namespace {

constexpr std::chrono::milliseconds kMemoryPeriod{500};

}  // namespace

void TrialRunner::kill(Running& running, Sentence sentence) {
  if (!running.attempt.killed) running.attempt.killed = std::move(sentence);
  running.process->kill();
}

void TrialRunner::tell_to_leave(Running& running, OrderKind kind, double grace, const std::string& why) {
  RunningAttempt& attempt = running.attempt;
  must_leave(attempt, kind, grace, why, running_seconds());
  running.process->send(OrderFrame{Order{attempt.assign.trial, attempt.assign.attempt, kind, grace, why}});
  watch_limits();
}

void TrialRunner::watch_limits() {
  std::optional<double> next;
  for (const auto& [key, running] : running_) {
    const auto deadline = next_deadline(running.attempt);
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  if (!next || (limits_armed_ && *limits_armed_ <= *next)) return;
  limits_armed_ = next;
  const double wait = std::clamp(*next - running_seconds(), 0.0, 1e6);
  limits_timer_.expires_after(std::chrono::microseconds(static_cast<std::int64_t>(wait * 1e6) + 1));
  limits_timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive) return;
    limits_armed_.reset();
    look_at_limits();
    watch_limits();
  });
}

void TrialRunner::look_at_limits() {
  const double now = running_seconds();
  for (auto& [key, running] : running_) {
    Due due = what_is_due(running.attempt, now);
    if (due.kill) {
      kill(running, *std::move(due.kill));
    } else if (due.stop) {
      tell_to_leave(running, OrderKind::kStop, Order().grace, *due.stop);
    }
  }
}

void TrialRunner::watch_memory() {
  const bool needed = std::any_of(running_.begin(), running_.end(),
                                  [](const auto& entry) { return entry.second.attempt.assign.resources.memory > 0; });
  if (!needed || memory_armed_) return;
  memory_armed_ = true;
  memory_timer_.expires_after(kMemoryPeriod);
  memory_timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive) return;
    memory_armed_ = false;
    for (auto& [key, running] : running_) look_at_memory(running);
    watch_memory();
  });
}

/// The kernel holds its limit, where it lets us ask for that. Before its trial begins: what a process takes is counted
/// to the group it is in at that moment.
void TrialRunner::enclose(TrialProcess& process) {
  if (process.profile.memory == 0) return;
  if (!groups_) {
    groups_ = memory_groups_folder();
    memory_events_ = own_memory_events();  // the worker may have moved
  }
  if (!*groups_) return;
  auto group = MemoryGroup::make(fmt::format("{}/tune-{}-{}", **groups_, ::getpid(), process.number),
                                 process.profile.memory, process.pid);
  if (group) process.memory_group = *std::move(group);  // else it is measured
}

bool TrialRunner::killed_in_group(const Running& running) const {
  const RunningAttempt& attempt = running.attempt;
  const auto& group = running.process->memory_group;
  if (!group || attempt.killed || (attempt.own_end && attempt.own_end->how != EndKind::kFailed)) return false;
  return group->kills() > attempt.kills_baseline;
}

/// Of the group that the worker is in, with all trials that have none of their own.
std::uint64_t TrialRunner::shared_kills() const {
  return memory_events_.empty() ? 0 : memory_kills_in(memory_events_).value_or(0);
}

/// As it was a moment before: a look takes as long as a short trial's start.
std::uint64_t TrialRunner::shared_kills_before(double now) {
  constexpr double kMoment = 0.1;
  if (looked_at_kills_ < 0 || now - looked_at_kills_ > kMoment) {
    last_kills_ = shared_kills();
    looked_at_kills_ = now;
  }
  return last_kills_;
}

/// Of a trial that SIGKILL has ended. Without a count for the worker's group nothing tells whom the kernel killed.
MemoryKill TrialRunner::memory_kill_of(const Running& running) {
  if (running.process->memory_group) return MemoryKill::kNo;  // killed_in_group() tells
  if (memory_events_.empty()) {
    const std::uint64_t before = std::exchange(memory_kills_, memory_kills());
    return memory_kills_ > before ? MemoryKill::kSomewhere : MemoryKill::kNo;
  }
  const std::uint64_t told = std::max(told_kills_, running.attempt.shared_kills_baseline);
  if (shared_kills() <= told) return MemoryKill::kNo;
  told_kills_ = told + 1;
  return MemoryKill::kHere;
}

/// Those that would be ended with it, as far as they can be told: its descendants, and what has left its family, with
/// the descendants of that.
std::vector<pid_t> TrialRunner::started_by(const TrialProcess& process) const {
  std::vector<pid_t> roots{process.pid};
  for (const Orphan& orphan : orphans_of(process).value_or(std::vector<Orphan>())) {
    if (orphan.is_its) roots.push_back(orphan.pid);
  }
  std::vector<pid_t> all = with_descendants(std::move(roots));
  all.erase(all.begin());
  return all;
}

void TrialRunner::look_at_memory(Running& running) {
  const std::uint64_t limit = running.attempt.assign.resources.memory;
  const pid_t pid = running.process->pid;
  if (limit == 0 || pid == 0 || running.attempt.killed) return;
  if (running.process->memory_group) {
    if (killed_in_group(running)) kill(running, memory_sentence(running.attempt));
    return;
  }
  std::uint64_t own = private_memory(pid);
  own -= std::min(own, running.attempt.memory_baseline);
  for (const pid_t started : started_by(*running.process)) own += private_memory(started);
  if (own <= limit) return;
  kill(running, {EndKind::kFailed, Cause::kMemory,
                 fmt::format("killed at {} of memory of its own, its limit is {} (measured twice a second)",
                             format_size(own), format_size(limit))});
}

}  // namespace tune
