// What the fork server and the trials' processes do.

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cmath>

#include "core/runtime/memory_file.h"
#include "core/runtime/proc.h"
#include "core/runtime/trial_runner.h"
#include "core/sha256.h"

namespace tune {
namespace {

using std::chrono::milliseconds;

constexpr int kMostHostFailures = 5;
constexpr milliseconds kLookAgain{2};
constexpr milliseconds kForkAgain{500};
constexpr double kUntilGone = 10;  // seconds: what lives on after SIGKILL then sleeps in the kernel, and is left alone
constexpr double kUntilExecuted = 0.02;
constexpr double kToLeave = 5;  // seconds from a trial's last word to its process' end
constexpr std::size_t kMostText = 64u << 10;

/// A trial's own figure, unless it cannot be.
double plausible(double elapsed, const RunningAttempt& attempt) {
  return std::isfinite(elapsed) && elapsed >= attempt.assign.elapsed ? elapsed : attempt.elapsed(running_seconds());
}

/// The bytes of a checkpoint as a trial hands them over: taken into `bytes` if they fit into a message, else they stay
/// in the memory file that `file` is set to.
Result<CheckpointInfo> take_checkpoint(std::string& bytes, std::uint64_t size, std::vector<Fd>& descriptors, Fd& file) {
  CheckpointInfo info{size, {}, false};
  if (descriptors.empty()) {
    if (bytes.size() != size) return fail(ErrorCode::kDamaged, "a checkpoint of another size than announced");
    info.sha256 = sha256_hex(bytes);
    return info;
  }
  const auto found = size_of(descriptors.front().get());
  if (!found) return tl::unexpected(found.error());
  if (*found < size) return fail(ErrorCode::kDamaged, "a checkpoint of another size than announced");
  if (size <= wire::kInlineCheckpoint) {
    auto read = read_memfd(descriptors.front().get(), size);
    if (!read) return pass_on(std::move(read));
    bytes = *std::move(read);
    info.sha256 = sha256_hex(bytes);
    return info;
  }
  auto hash = hash_of(descriptors.front().get(), size);
  if (!hash) return pass_on(std::move(hash));
  info.sha256 = *std::move(hash);
  info.external = true;
  bytes.clear();
  file = std::move(descriptors.front());
  return info;
}

}  // namespace

void TrialRunner::later(milliseconds delay, std::function<void()> what) {
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, delay);
  timer->async_wait([alive = alive_, timer, what = std::move(what)](const boost::system::error_code& error) {
    if (!error && *alive) what();
  });
}

// --- the fork server ------------------------------------------------------------------------------------------------

void TrialRunner::restart_host() {
  host_ = std::make_unique<HostProcess>(io_, HostProcess::Events{
                                                 .ready = [this](Ready ready) { host_ready(std::move(ready)); },
                                                 .spawned = [this](const Spawned& spawned) { forked(spawned); },
                                                 .exited = [this](const Exited& end) { exited(end); },
                                                 .gone = [this](const std::string& how) { host_gone(how); },
                                             });
  // Where the trainable decides, processes are forked as ones that wait for more, and are told when there is none.
  const bool may_reuse = options_.trainable.isolation != Isolation::kProcess;
  const auto started = host_->start(options_, mark(0), may_reuse);
  if (!started) later(milliseconds(0), [this, why = started.error().message] { host_gone(why); });
}

void TrialRunner::host_ready(Ready ready) {
  if (!ready.ok) {
    refused_ = true;
    if (loaded_once_) return give_up_("the trainable cannot be loaded any more: " + ready.error);
    return dialogue_.say_loaded(fail(ready.code, std::move(ready.error), std::move(ready.hint)));
  }
  const Isolation asked = options_.trainable.isolation, declared = ready.info.isolation;
  reuses_ = asked == Isolation::kReuse ||
            (asked == Isolation::kAuto && (declared == Isolation::kReuse || declared == Isolation::kThread));
  host_is_ready_ = true;
  if (!loaded_once_) dialogue_.say_loaded(std::move(ready.info));
  loaded_once_ = true;
  pump();
}

/// How often a fork server that was killed while it loaded the trainable is started again.
constexpr int kLoadAgain = 3;

void TrialRunner::host_gone(const std::string& how) {
  if (ended_) return;
  host_is_ready_ = false;
  if (refused_) return;
  const bool was_killed = how.starts_with("signal 9");  // somebody did that to it: no library does
  if (!loaded_once_ && !(was_killed && host_failures_ < kLoadAgain)) {
    refused_ = true;
    return dialogue_.say_loaded(
        fail(ErrorCode::kTrial, fmt::format("the fork server ended with {} while it loaded the trainable", how),
             "a library that crashes while it is loaded: its static objects, or libraries it needs"));
  }
  ++host_failures_;
  for (const auto& [number, process] : processes_) process->drain();  // the reports it still had
  bury_all(fmt::format("the fork server ended with {}", how), running_seconds() + kUntilGone);
}

/// Processes that it has not forked yet, and those that have died and are not reaped.
std::set<std::int64_t> TrialRunner::owed_by_host() const {
  std::set<std::int64_t> owed;
  if (!host_ || host_->pid() == 0) return owed;
  if (is_stopped(host_->pid())) owed.insert(HostWatch::kItself);
  for (const auto& [number, process] : processes_) {
    if (!process->exited && (process->pid == 0 || !process_start(process->pid))) owed.insert(number);
  }
  return owed;
}

void TrialRunner::end_host_that_stands_still() {
  if (ended_ || !host_ || host_->pid() == 0) return;
  dialogue_.say(wire::LogLine{wire::LogLine::Level::kWarning, "the fork server stands still, and is killed"});
  host_->kill();
  host_gone("signal 9 (Killed)");
}

/// The kernel has killed what the fork server has forked; what those had started is ended here.
void TrialRunner::bury_all(const std::string& why, double until) {
  bool any = kill_marked(options_.launch) > 0;
  for (const auto& [number, process] : processes_) {
    if (process->pid > 1) any = ::kill(-process->pid, SIGKILL) == 0 || any;
  }
  if (any && running_seconds() < until) {
    return later(kLookAgain, [this, why, until] { bury_all(why, until); });
  }
  for (const auto& [number, process] : processes_) {
    process->drain();
    Running* const running = running_in(*process);
    if (!running) continue;
    if (running->attempt.own_end || running->attempt.killed) {
      finish(*running, {});
    } else {
      lose(running->attempt.key(), running->attempt.seq + 1, why);
    }
  }
  processes_.clear();
  by_pid_.clear();
  pump();
  if (host_failures_ > kMostHostFailures) {
    return give_up_(fmt::format("{} times in a row no trial said a word: {}", host_failures_, why));
  }
  dialogue_.say(
      wire::LogLine{wire::LogLine::Level::kWarning,
                    fmt::format("{}; it is started again, and trials go on from their last checkpoints", why)});
  later(milliseconds(host_failures_ > 1 ? 50 << host_failures_ : 0), [this] { restart_host(); });
}

void TrialRunner::forked(const Spawned& spawned) {
  const auto found = processes_.find(spawned.slot);
  if (found == processes_.end()) return;
  TrialProcess& process = *found->second;
  if (spawned.pid > 0) {
    process.pid = static_cast<pid_t>(spawned.pid);
    by_pid_[process.pid] = process.number;
    if (process.kill_when_forked) return process.kill();
    enclose(process);
    if (Running* const running = running_in(process)) {
      settle(*running);
      if (running->attempt.own_end && !process.leaves) reuse(*running);
    }
    return;
  }
  if (Running* const running = running_in(process)) {
    lose(running->attempt.key(), running->attempt.seq + 1, "no process could be forked for it: " + spawned.error);
  }
  retire(process);
  host_is_ready_ = false;  // a system that is out of processes is given some time
  host_timer_.expires_after(kForkAgain);
  host_timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive || !host_ || host_->pid() == 0) return;
    host_is_ready_ = true;
    pump();
  });
}

void TrialRunner::exited(const Exited& exited) {
  const auto found = by_pid_.find(static_cast<pid_t>(exited.pid));
  if (found == by_pid_.end()) return;
  TrialProcess& process = *processes_.at(found->second);
  process.exited = exited;
  process.leaves = true;
  process.drain();
  bury(process.number, running_seconds());
}

/// The slot is free when nothing of the attempt is left.
void TrialRunner::bury(std::int64_t number, double since) {
  const auto found = processes_.find(number);
  if (found == processes_.end()) return;
  TrialProcess& process = *found->second;
  if (end_strays(process, since) && running_seconds() < since + kUntilGone) {
    return later(kLookAgain, [this, number, since] { bury(number, since); });
  }
  process.drain_output();
  if (Running* const running = running_in(process)) finish(*running, *process.exited);
  retire(process);
  pump();
}

/// Of what a trial's process has started, that which has left its family: it has lost its parent, and has the worker
/// for one now. Beside the fork server, the worker has no other children. Whose they are is told by their mark, once
/// they have executed a program. One that was forked and never does still shows the fork server's: it is this trial's
/// if no other runs; else nobody knows. Nothing: a kernel that does not tell.
std::optional<std::vector<TrialRunner::Orphan>> TrialRunner::orphans_of(const TrialProcess& process) const {
  const auto children = children_of(::getpid());
  if (!children) return std::nullopt;
  std::vector<Orphan> orphans;
  for (const pid_t child : *children) {
    if (child == host_->pid()) continue;
    const std::string seen = mark_of(child);
    if (seen == process.mark) orphans.push_back({child, true});
    if (seen == mark(0)) orphans.push_back({child, runs_alone(process)});
    if (seen.empty()) orphans.push_back({child, false, false});
  }
  return orphans;
}

/// Kills what a process that has exited left behind; false: nothing is left. Of whom nobody knows whose it is, is given
/// some time to execute a program, and then left for when no other trial runs: one without a mark after that time has
/// been started with an environment of its own.
bool TrialRunner::end_strays(const TrialProcess& process, double since) {
  bool left = process.pid > 1 && ::kill(-process.pid, SIGKILL) == 0;
  const auto orphans = orphans_of(process);
  if (!orphans || !orphans->empty()) left = kill_marked(process.mark) > 0 || left;
  if (!orphans) return left;
  const bool has_executed = running_seconds() >= since + kUntilExecuted;
  for (const Orphan& orphan : *orphans) {
    const bool is_its = orphan.is_its || (!orphan.has_mark && has_executed && runs_alone(process));
    const bool is_ended = is_its && ::kill(orphan.pid, SIGKILL) == 0;
    left = left || is_ended || (!is_its && !has_executed);
  }
  return left;
}

// --- a trial --------------------------------------------------------------------------------------------------------

void TrialRunner::frame(TrialProcess& process, ReceivedFrame received) {
  Running* const running = running_in(process);
  if (!running || running->attempt.own_end) return;
  if (auto* report = std::get_if<ReportFrame>(&received.frame)) {
    take_message(*running, std::move(report->report), report->checkpoint_size, std::move(received.descriptors));
  } else if (auto* saved = std::get_if<SavedFrame>(&received.frame)) {
    take_message(*running, std::move(saved->saved), saved->checkpoint_size, std::move(received.descriptors));
  } else if (auto* done = std::get_if<DoneFrame>(&received.frame)) {
    take_end(*running, done->log);
  }
}

template <class Message>
void TrialRunner::take_message(Running& running, Message message, std::uint64_t size, std::vector<Fd> descriptors) {
  RunningAttempt& attempt = running.attempt;
  if (attempt.killed) return;
  const Key key = attempt.key();
  const auto refuse = [&](const std::string& why) {
    kill(running, {EndKind::kFailed, Cause::kBadReport, "it reported what cannot be taken: " + why});
  };
  constexpr bool kIsReport = std::is_same_v<Message, ReportMessage>;
  auto& log = message.log;
  log.trial = key.trial;
  log.attempt = key.attempt;
  log.seq = attempt.seq + 1;
  log.elapsed = plausible(log.elapsed, attempt);
  if (log.step < 0) return refuse(fmt::format("step {}", log.step));

  Fd file;
  bool has_checkpoint = true;
  if constexpr (kIsReport) has_checkpoint = size > 0 || log.checkpoint || !descriptors.empty();
  if (has_checkpoint) {
    auto info = take_checkpoint(message.checkpoint_bytes, size, descriptors, file);
    if (!info) return refuse(info.error().message);
    log.checkpoint = *std::move(info);
  } else {
    message.checkpoint_bytes.clear();
  }
  bool waits = false;
  if constexpr (kIsReport) waits = message.waits;
  if (auto kept = dialogue_.say_kept(key, std::move(message), attempt.seq + 1, false, std::move(file), size); !kept) {
    return refuse(kept.error().message);
  }
  took_message(attempt, waits, running_seconds());
  disk_.heard();
  host_failures_ = 0;
  if (dialogue_.is_full(key)) {
    running.process->hold();
    attempt.held = true;
  }
}

void TrialRunner::take_end(Running& running, const Ended& end) {
  TrialProcess& process = *running.process;
  RunningAttempt& attempt = running.attempt;
  host_failures_ = 0;
  process.drain_output();
  printed(process);  // it may have been too much at the very end
  if (attempt.killed) return;
  attempt.own_end = end;
  attempt.own_end->elapsed = plausible(end.elapsed, attempt);
  if (attempt.own_end->text.size() > kMostText) attempt.own_end->text.resize(kMostText);
  if (reuses_ && end.how != EndKind::kFailed && !process.leaves) return reuse(running);
  process.leaves = true;
  process.send(Quit{});
  must_leave(attempt, OrderKind::kStop, kToLeave, "", running_seconds());
  watch_limits();
}

/// Its process waits for the next trial. A trial may end before the fork server has told which process it is in: then
/// that comes first.
void TrialRunner::reuse(Running& running) {
  TrialProcess& process = *running.process;
  if (process.pid == 0) return;
  finish(running, {process.pid, 0, process.cpu_seconds(), 0});
  pump();
}

void TrialRunner::printed(TrialProcess& process) {
  Running* const running = running_in(process);
  if (!running || running->attempt.killed || running->attempt.own_end) return;
  const auto limit = running->attempt.assign.limits.output;
  if (!limit || process.output().total() <= *limit) return;
  kill(*running,
       {EndKind::kFailed, Cause::kOutput, fmt::format("killed after {} bytes of output: limits.output", *limit)});
}

}  // namespace tune
