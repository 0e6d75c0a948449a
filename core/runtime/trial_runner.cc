// Starting and ending trials.

#include "core/runtime/trial_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/runtime/open_files.h"
#include "core/runtime/proc.h"

namespace tune {
namespace {

constexpr double kUntilNothingIsLeft = 10;  // seconds
constexpr double kShortestPatience = 3;     // seconds: a fork server on a busy machine does not stand still
/// Of what a failed trial printed, so much stands in the text of its end.
constexpr std::size_t kTailLines = 20, kTailBytes = 4096;

}  // namespace

TrialRunner::TrialRunner(boost::asio::io_context& io, const WorkerOptions& options, Dialogue& dialogue,
                         std::function<void(std::string)> give_up)
    : io_(io),
      options_(options),
      dialogue_(dialogue),
      give_up_(std::move(give_up)),
      disk_(io, options.attempts_dir, dialogue, [this] { pump_unless_ended(); }),
      queue_(dialogue, [this] { pump_unless_ended(); }),
      host_watch_(
          io, std::max(patience_with(options.lease), kShortestPatience), [this] { return owed_by_host(); },
          [this] { end_host_that_stands_still(); }),
      memory_events_(own_memory_events()),
      memory_kills_(memory_kills()),
      limits_timer_(io),
      memory_timer_(io),
      host_timer_(io) {}

TrialRunner::~TrialRunner() { end_all(); }

void TrialRunner::start() {
  restart_host();
  host_watch_.begin();
}

// --- what the controller says ---------------------------------------------------------------------------------------

void TrialRunner::assign(Assign assign) {
  const Key key = wire::key_of(assign);
  if (find(key) || queue_.holds(key) || ended_) return;
  for (const Key& other : held()) {
    if (other.trial == key.trial && other.attempt < key.attempt) fence(other);
  }
  memory_limit_ = assign.resources.memory;
  queue_.add(std::move(assign));
  pump();
}

void TrialRunner::acknowledge(const Ack& ack) {
  Running* const running = find(wire::key_of(ack));
  if (!running) return;
  if (!take_answer(running->attempt, ack, running_seconds())) return;
  running->process->send(AckFrame{ack});
  watch_limits();
}

void TrialRunner::order(const Order& order) {
  const Key key = wire::key_of(order);
  if (Running* const running = find(key)) {
    if (order.kind == OrderKind::kKill) {
      const std::string text = order.reason.empty() ? "killed" : "killed: " + order.reason;
      return kill(*running, {EndKind::kStopped, Cause::kStopRule, text});
    }
    if (order.kind == OrderKind::kSave) return running->process->send(OrderFrame{order});
    return tell_to_leave(*running, order.kind, order.grace, order.reason);
  }
  if (order.kind == OrderKind::kSave) return;
  const auto never_begun = queue_.take(key);
  if (!never_begun) return;
  Ended end{key.trial,        key.attempt,  1, EndKind::kStopped,
            Cause::kStopRule, order.reason, 0, never_begun->assign.elapsed};
  if (order.kind == OrderKind::kPause) end.how = EndKind::kPaused;
  if (order.kind == OrderKind::kInterrupt) end.how = EndKind::kInterrupted;
  if (end.how != EndKind::kStopped) end.cause = Cause::kNone;
  end_queued(key, end);
  pump();
}

void TrialRunner::fence(const Key& key) {
  queue_.take(key);
  Running* const running = find(key);
  if (!running) return;
  TrialProcess& process = *running->process;
  running_.erase(key);
  process.runs.reset();
  process.kill();
}

std::vector<TrialRunner::Key> TrialRunner::held() const {
  std::vector<Key> keys;
  for (const auto& [key, running] : running_) keys.push_back(key);
  std::ranges::copy(queue_.keys(), std::back_inserter(keys));
  return keys;
}

void TrialRunner::room() {
  std::vector<TrialProcess*> free;
  for (auto& [key, running] : running_) {
    if (!running.attempt.held || dialogue_.is_full(key)) continue;
    running.attempt.held = false;
    running.attempt.heard = running_seconds();
    free.push_back(running.process);
  }
  if (free.empty()) return;
  watch_limits();
  for (TrialProcess* process : free) process->release();  // may end attempts, no processes
}

// --- starting -------------------------------------------------------------------------------------------------------

TrialRunner::Running* TrialRunner::find(const Key& key) {
  const auto found = running_.find(key);
  return found == running_.end() ? nullptr : &found->second;
}

std::string TrialRunner::mark(std::int64_t process) const { return fmt::format("{}-{:08}", options_.launch, process); }

std::vector<std::int64_t> TrialRunner::free_slots() const {
  std::vector<bool> taken(static_cast<std::size_t>(options_.plan.slots), false);
  for (const auto& [key, running] : running_) {
    for (const std::int64_t slot : running.attempt.slots) taken[static_cast<std::size_t>(slot)] = true;
  }
  std::vector<std::int64_t> free;
  for (std::size_t slot = 0; slot < taken.size(); ++slot) {
    if (!taken[slot]) free.push_back(static_cast<std::int64_t>(slot));
  }
  return free;
}

std::size_t TrialRunner::slots_of(const Assign& assign) const {
  return static_cast<std::size_t>(std::clamp<std::int64_t>(assign.slots, 1, options_.plan.slots));
}

void TrialRunner::pump() {
  const auto fits = [this](const QueuedAssignment& next) { return slots_of(next.assign) <= free_slots().size(); };
  while (host_is_ready_ && queue_.next() && fits(*queue_.next()) && disk_.is_open()) {
    QueuedAssignment next = queue_.take_next();
    if (!next.fault.empty()) {
      end_queued(next.key(), {next.assign.trial, next.assign.attempt, 1, EndKind::kFailed, Cause::kLoad,
                              "its checkpoint cannot be loaded: " + next.fault, 0, next.assign.elapsed});
    } else if (!begin(next)) {
      queue_.put_back(std::move(next));
      break;
    }
  }
  fork_ahead();
  if (when_empty_ && running_.empty() && queue_.empty()) std::exchange(when_empty_, {})();
}

ProcessProfile TrialRunner::profile_of(const std::vector<std::int64_t>& slots, std::uint64_t memory) const {
  const double cpus = options_.plan.cpu * static_cast<double>(slots.size());
  return {visible_gpus(options_.plan, slots), options_.plan.gpu > 0,
          std::max(1, static_cast<int>(std::floor(std::min(cpus, 1024.0)))), memory};
}

TrialProcess* TrialRunner::spawn(const ProcessProfile& profile) {
  int ends[2];
  auto channel = Channel::pair();
  if (!channel || ::pipe2(ends, O_CLOEXEC) != 0) return nullptr;
  Fd output(ends[0]), output_in(ends[1]);
  if (is_one_of_the_last(ends[1])) return nullptr;
  const std::int64_t number = next_process_++;
  Spawn spawn;
  spawn.slot = number;
  spawn.attempt_mark = mark(number);
  if (profile.sets_gpus) spawn.environment.push_back("CUDA_VISIBLE_DEVICES=" + profile.gpus);
  spawn.threads = profile.threads;
  spawn.memory = profile.memory;
  auto process = std::make_unique<TrialProcess>(
      io_, number, spawn.attempt_mark, profile, std::move(channel->first), std::move(output),
      TrialProcess::Events{
          .frame = [this](TrialProcess& from, ReceivedFrame received) { frame(from, std::move(received)); },
          .printed = [this](TrialProcess& from) { printed(from); },
          .broken =
              [this](TrialProcess& from, const std::string& why) {
                if (Running* const running = running_in(from)) {
                  kill(*running, {EndKind::kFailed, Cause::kException, "its process says what cannot be read: " + why});
                }
              },
      });
  host_->spawn(spawn, channel->second.take_fd(), std::move(output_in));
  return (processes_[number] = std::move(process)).get();
}

TrialProcess* TrialRunner::process_for(const ProcessProfile& profile) {
  for (const auto& [number, process] : processes_) {
    if (!process->leaves && !process->runs && process->profile == profile) return process.get();
  }
  return spawn(profile);
}

/// A process that waits for its trial costs nothing that matters, and a trial that finds one need not wait for a fork:
/// one more than are at work is kept.
void TrialRunner::fork_ahead() {
  if (!host_is_ready_ || ended_ || when_empty_) return;
  const std::vector<std::int64_t> free = free_slots();
  if (free.empty() && options_.plan.gpu > 0) return;  // whose GPUs it would get is not known yet
  const ProcessProfile profile = profile_of({free.empty() ? 0 : free.front()}, memory_limit_);
  for (const auto& [number, process] : processes_) {
    if (process->leaves || process->runs) continue;
    if (process->profile == profile) return;
    if (process->profile.memory != memory_limit_) process->kill();  // forked for what nobody asks for any more
  }
  if (free.empty() && reuses_) return;  // one of those at work will be free
  spawn(profile);
}

/// Where the worker may open no more files, the next trial waits for the end of another.
bool TrialRunner::begin(QueuedAssignment& next) {
  std::vector<std::int64_t> slots = free_slots();
  slots.resize(slots_of(next.assign));
  const Key key = next.key();
  TrialProcess* const process = process_for(profile_of(slots, next.assign.resources.memory));
  if (!process) {
    const std::string why = "the worker may open no more files (ulimit -n)";
    if (running_.empty()) {
      give_up_(why);
    } else if (!std::exchange(said_full_, true)) {
      dialogue_.say(wire::LogLine{wire::LogLine::Level::kWarning,
                                  fmt::format("only {} trials run at a time: {}", running_.size(), why)});
    }
    return false;
  }
  RunningAttempt attempt;
  attempt.assign = std::move(next.assign);
  attempt.slots = std::move(slots);
  attempt.wait = attempt.assign.wait;
  attempt.began = attempt.heard = running_seconds();
  Running& running = running_[key];
  running = {std::move(attempt), process};
  process->runs = key;
  running.attempt.shared_kills_baseline = shared_kills_before(running.attempt.began);
  if (process->pid != 0) {  // before its trial begins: what it takes from then on is its own
    running.attempt.cpu_baseline = process->cpu_seconds();
    if (running.attempt.assign.resources.memory > 0) running.attempt.memory_baseline = private_memory(process->pid);
    if (process->memory_group) running.attempt.kills_baseline = process->memory_group->kills();
  }
  hand_over(running, std::move(next.checkpoint));
  if (process->pid != 0) settle(running);
  watch_limits();
  watch_memory();
  return true;
}

/// What waits until its process is known.
void TrialRunner::settle(Running& running) {
  const Assign& assign = running.attempt.assign;
  dialogue_.say(Started{assign.trial, assign.attempt, running.process->pid});
}

void TrialRunner::hand_over(Running& running, Fd checkpoint) {
  Begin begin;
  std::vector<Fd> descriptors;
  Assign& assign = running.attempt.assign;
  begin.has_checkpoint = assign.checkpoint.has_value();
  begin.directory = fmt::format("{}/{}/a{}", options_.attempts_dir, assign.trial_name, assign.attempt.value);
  const std::string bytes = std::exchange(assign.checkpoint_bytes, {});  // not needed here any more
  begin.assign = assign;
  running.process->begin_output(output_file_path(options_.attempts_dir, assign.trial_name, assign.attempt));
  if (checkpoint) {
    descriptors.push_back(std::move(checkpoint));
  } else if (bytes.size() > kInlineInFrame) {
    auto file = make_memfd(bytes);
    if (!file) return kill(running, {EndKind::kFailed, Cause::kLoad, file.error().message});
    descriptors.push_back(*std::move(file));
  } else {
    begin.assign.checkpoint_bytes = bytes;
  }
  running.process->send(std::move(begin), std::move(descriptors));
}

// --- ending ---------------------------------------------------------------------------------------------------------

void TrialRunner::end_queued(const Key& key, const Ended& end) {
  DoneMessage done;
  done.log = end;
  (void)dialogue_.say_kept(key, done, end.seq, true);
}

/// The attempt is over, and with it its hold on the slot.
void TrialRunner::finish(Running& running, const Exited& exited) {
  const Key key = running.attempt.key();
  TrialProcess& process = *running.process;
  MemoryKill memory_kill = MemoryKill::kNo;
  if (was_killed(running.attempt, exited.status)) memory_kill = memory_kill_of(running);
  if (killed_in_group(running)) {  // whatever its process made of that
    running.attempt.own_end.reset();
    running.attempt.killed = memory_sentence(running.attempt);
  }
  OutputCapture& output = process.output();
  DoneMessage done;
  done.log = how_it_ended(running.attempt, exited.status, output.last_lines(kTailLines, kTailBytes), memory_kill,
                          running_seconds());
  done.log.seq = running.attempt.seq + 1;
  done.output_head = output.head();
  done.output_tail = output.tail();
  done.output_bytes = output.total();
  done.cpu_seconds = std::max(exited.cpu_seconds - running.attempt.cpu_baseline, 0.0);
  done.max_rss = exited.max_rss;
  const auto full = done.log.how == EndKind::kFailed ? disk_.is_to_blame() : std::nullopt;
  process.end_output();
  process.runs.reset();
  if (full) return lose(key, done.log.seq, fmt::format("the disk of {} is full: {}", *full, done.log.text));
  running_.erase(key);
  (void)dialogue_.say_kept(key, done, done.log.seq, true);  // its parts are bounded: it fits
}

void TrialRunner::lose(const Key& key, Seq seq, const std::string& why) {
  running_.erase(key);
  (void)dialogue_.say_kept(key, wire::LostMessage{key.trial, key.attempt, seq, why}, seq, true);
}

void TrialRunner::retire(TrialProcess& process) {
  if (process.pid != 0) by_pid_.erase(process.pid);
  processes_.erase(process.number);
}

void TrialRunner::interrupt_all(const std::string& why, double grace, std::function<void()> done) {
  when_empty_ = std::move(done);
  queue_.clear();
  for (auto& [key, running] : running_) tell_to_leave(running, OrderKind::kInterrupt, grace, why);
  pump();
}

void TrialRunner::end_all() {
  if (ended_) return;
  ended_ = true;
  *alive_ = false;
  for (boost::asio::steady_timer* timer : {&limits_timer_, &memory_timer_, &host_timer_}) timer->cancel();
  host_watch_.end();
  host_.reset();  // its trials die with it
  for (const auto& [number, process] : processes_) {
    if (process->pid > 1) ::kill(-process->pid, SIGKILL);
  }
  end_marked(options_.launch, kUntilNothingIsLeft);
  end_children(kUntilNothingIsLeft);  // those that were started with an environment of their own
  running_.clear();
  processes_.clear();
}

}  // namespace tune
