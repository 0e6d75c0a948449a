#include "tests/torture/virtual/simulated_worker.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/runtime/hand_in.h"
#include "core/sha256.h"

namespace tune::torture {
namespace {

constexpr double kConnectAgain = 0.1;
constexpr double kSlowestPipe = 0.004;  // seconds of a word between a trial and its worker
constexpr std::uint64_t kChunk = 16;    // bytes, so that a checkpoint goes in several

wire::Hello hello_of(std::int64_t launch, std::int64_t slots) {
  wire::Hello hello;
  hello.launch = hello.worker = launch_name(launch);
  hello.slots = slots;
  return hello;
}

}  // namespace

std::string launch_name(std::int64_t launch) { return fmt::format("launch-{}", launch); }

SimulatedWorker::SimulatedWorker(World& world, Stored& stored, const WorkerSetup& setup, std::int64_t launch,
                                 Pid controller)
    : world_(world),
      stored_(stored),
      setup_(setup),
      pid_(world.spawn()),
      launch_(launch),
      controller_(controller),
      conversation_(hello_of(launch, setup.slots), setup.lease, world.now(),
                    {
                        .assign = [this](Assign assign) { this->assign(std::move(assign)); },
                        .ack = [this](const Ack& ack) { acknowledge(ack); },
                        .order = [this](const Order& order) { this->order(order); },
                        .fence = [this](const Key& key) { fence(key); },
                        .held = [this] { return held(); },
                        .room = [] {},
                        .leave = [this](const std::string&) { world_.kill(pid_); },
                        .welcomed = [this] { conversation_.say(wire::Loaded{TrainableInfo{}}); },
                    },
                    kChunk) {
  world_.after(0.01, pid_, [this] { connect(); });
  world_.after(0.01, pid_, [this] { beat(); });
}

// --- the conversation -----------------------------------------------------------------------------------------------

void SimulatedWorker::connect() {
  if (is_alone_) return;
  end_ = setup_.connect(pid_, controller_);
  if (!end_) {
    if (const auto called = stored_.calls.find(launch_); called != stored_.calls.end()) {
      end_ = setup_.connect(pid_, called->second);
      if (end_) controller_ = called->second;
    }
  }
  if (!end_) {
    if (held().empty() && conversation_.spool().streams().empty()) return alone();
    return world_.after(kConnectAgain, pid_, [this] { connect(); });
  }
  end_->start({
      .received =
          [this](wire::Envelope envelope) {
            if (conversation_.receive(std::move(envelope), world_.now())) return;
            end_->close();
            disconnected();
          },
      .before_write = [this] { conversation_.pump(); },
      .closed = [this] { disconnected(); },
      .sends = {},
  });
  conversation_.open(*end_, world_.now());
}

void SimulatedWorker::disconnected() {
  conversation_.close();
  if (!is_alone_) world_.after(kConnectAgain, pid_, [this] { connect(); });
}

void SimulatedWorker::beat() {
  if (is_alone_) return;
  if (conversation_.is_over(world_.now())) return alone();
  conversation_.beat(world_.now());
  world_.after(conversation_.beat_every(), pid_, [this] { beat(); });
}

void SimulatedWorker::alone() {
  if (std::exchange(is_alone_, true)) return;
  world_.note([] { return std::string("the worker is alone, and has its trials leave"); });
  conversation_.hang_up();
  if (end_) end_->close();
  queue_.clear();
  for (auto& [key, running] : running_) {
    order({key.trial, key.attempt, OrderKind::kInterrupt, setup_.lease, "the controller is gone"});
  }
  pump();
}

// --- what the controller says ---------------------------------------------------------------------------------------

void SimulatedWorker::assign(Assign assign) {
  const Key key = wire::key_of(assign);
  const auto is_this = [&](const Assign& queued) { return wire::key_of(queued) == key; };
  if (running_.contains(key) || std::any_of(queue_.begin(), queue_.end(), is_this)) return;
  for (const Key& other : held()) {
    if (other.trial == key.trial && other.attempt < key.attempt) fence(other);
  }
  queue_.push_back(std::move(assign));
  pump();
}

void SimulatedWorker::acknowledge(const Ack& ack) {
  const auto found = running_.find(wire::key_of(ack));
  if (found == running_.end() || !take_answer(found->second.attempt, ack, world_.now())) return;
  const auto& process = found->second.process;
  to_trial(found->first, process, [this, key = found->first, process, ack] {
    process->wait = ack.wait;
    if (ack.verdict == Verdict::kPause) return save_and_leave(key, process, OrderKind::kPause);
    if (ack.verdict == Verdict::kStop) return save_and_leave(key, process, OrderKind::kStop);
    if (process->waits_for == 0 || ack.seq < process->waits_for) return;
    process->waits_for = 0;
    next_step(key, process);
  });
}

void SimulatedWorker::order(const Order& order) {
  const Key key = wire::key_of(order);
  const auto found = running_.find(key);
  if (found == running_.end()) {
    const auto queued =
        std::find_if(queue_.begin(), queue_.end(), [&](const Assign& waiting) { return wire::key_of(waiting) == key; });
    if (queued == queue_.end() || order.kind == OrderKind::kSave) return;
    queue_.erase(queued);
    DoneMessage done;
    done.log = {key.trial, key.attempt, 1, EndKind::kStopped, Cause::kStopRule, "", 0, 0};
    if (order.kind == OrderKind::kInterrupt) done.log.how = EndKind::kInterrupted;
    (void)conversation_.say_kept(key, done, 1, true);
    return;
  }
  const auto& process = found->second.process;
  if (order.kind == OrderKind::kKill) return end(key, EndKind::kStopped, Cause::kStopRule);
  to_trial(key, process, [this, key, process, kind = order.kind] { save_and_leave(key, process, kind); });
}

void SimulatedWorker::fence(const Key& key) {
  std::erase_if(queue_, [&](const Assign& queued) { return wire::key_of(queued) == key; });
  const auto found = running_.find(key);
  if (found == running_.end()) return;
  found->second.process->gone = true;
  running_.erase(found);
  world_.after(0, pid_, [this] { pump(); });
}

std::vector<wire::AttemptKey> SimulatedWorker::held() const {
  std::vector<Key> keys;
  for (const auto& [key, running] : running_) keys.push_back(key);
  for (const Assign& queued : queue_) keys.push_back(wire::key_of(queued));
  return keys;
}

// --- the trials -----------------------------------------------------------------------------------------------------

void SimulatedWorker::pump() {
  while (!queue_.empty() && static_cast<std::int64_t>(running_.size()) < setup_.slots) {
    Assign next = std::move(queue_.front());
    queue_.pop_front();
    begin(std::move(next));
  }
  if (!is_alone_ || !running_.empty()) return;
  const std::string path = hand_in_path(setup_.folder, launch_name(launch_));
  if (!write_hand_in(path, conversation_.spool())) world_.violate("a hand-in that cannot be written");
  has_left_ = true;
  world_.kill(pid_);
}

void SimulatedWorker::begin(Assign assign) {
  const Key key = wire::key_of(assign);
  for (const auto& [other, running] : running_) {
    if (other.trial == key.trial) world_.violate(fmt::format("two attempts of trial {} run", key.trial.value));
  }
  // Of PBT it may be a donor's: of the same step, and another trial.
  if (assign.checkpoint && !assign.checkpoint->external &&
      !assign.checkpoint_bytes.ends_with(fmt::format("after step {}", assign.start_step))) {
    world_.violate("a trial goes on from the checkpoint of another step");
  }
  auto process = std::make_shared<Process>();
  process->step = assign.start_step;
  process->wait = assign.wait;
  RunningAttempt attempt;
  attempt.wait = assign.wait;
  attempt.began = attempt.heard = world_.now();
  attempt.assign = std::move(assign);
  running_[key] = {std::move(attempt), process};
  conversation_.say(Started{key.trial, key.attempt, 1});
  next_step(key, process);
}

void SimulatedWorker::end(const Key& key, EndKind how, Cause cause) {
  const auto found = running_.find(key);
  if (found == running_.end()) return;
  DoneMessage done;
  done.log.trial = key.trial;
  done.log.attempt = key.attempt;
  done.log.seq = found->second.attempt.seq + 1;
  done.log.how = how;
  done.log.cause = cause;
  found->second.process->gone = true;
  running_.erase(found);
  if (!conversation_.say_kept(key, done, done.log.seq, true)) world_.violate("an end that is too large");
  world_.after(0, pid_, [this] { pump(); });
}

void SimulatedWorker::from_trial(const Key& key, const std::shared_ptr<Process>& process,
                                 std::function<void(Running&)> what) {
  process->out_last = std::max(process->out_last, world_.now() + world_.draw(0, kSlowestPipe));
  world_.at(process->out_last, pid_, [this, key, process, what = std::move(what)] {
    const auto found = running_.find(key);
    if (found != running_.end() && found->second.process == process) what(found->second);
  });
}

void SimulatedWorker::to_trial(const Key& key, const std::shared_ptr<Process>& process, std::function<void()> what) {
  process->in_last = std::max({process->in_last, process->stands_until, world_.now() + world_.draw(0, kSlowestPipe)});
  world_.at(process->in_last, pid_, [this, key, process, what = std::move(what)] {
    if (!process->gone) what();
  });
}

void SimulatedWorker::next_step(const Key& key, const std::shared_ptr<Process>& process) {
  const double due = world_.now() + world_.draw(0.2, 1) * setup_.step_seconds;
  world_.at(std::max(due, process->stands_until), pid_, [this, key, process] {
    if (!process->gone && process->waits_for == 0) step(key, process);
  });
}

void SimulatedWorker::step(const Key& key, const std::shared_ptr<Process>& process) {
  if (process->step >= setup_.steps) {
    process->gone = true;
    return from_trial(key, process, [this, key](Running&) { end(key, EndKind::kCompleted, Cause::kOwnEnd); });
  }
  ++process->step;
  ++process->said;
  const bool waits = process->step >= process->wait.step;
  if (waits) process->waits_for = process->said;
  from_trial(key, process, [this, waits, step = process->step, saves = waits && process->wait.save](Running& running) {
    const std::int64_t every = running.attempt.assign.every;
    ReportMessage report;
    report.log.metrics = setup_.metrics(running.attempt.assign.trial, step);
    report.waits = waits;
    keep(running, std::move(report), saves || (every > 0 && step % every == 0), waits, step);
  });
  if (!waits) next_step(key, process);
}

void SimulatedWorker::save_and_leave(const Key& key, const std::shared_ptr<Process>& process, OrderKind kind) {
  process->gone = true;
  EndKind how = EndKind::kStopped;
  if (kind == OrderKind::kPause) how = EndKind::kPaused;
  if (kind == OrderKind::kInterrupt) how = EndKind::kInterrupted;
  if (kind == OrderKind::kInterrupt && process->step > 0) {
    from_trial(key, process,
               [this, step = process->step](Running& running) { keep(running, SavedMessage{}, true, false, step); });
  }
  const Cause cause = how == EndKind::kStopped ? Cause::kStopRule : Cause::kNone;
  from_trial(key, process, [this, key, how, cause](Running&) { end(key, how, cause); });
}

template <class Message>
void SimulatedWorker::keep(Running& running, Message message, bool saves, bool waits, Step step) {
  RunningAttempt& attempt = running.attempt;
  const Key key = attempt.key();
  message.log.trial = key.trial;
  message.log.attempt = key.attempt;
  message.log.seq = attempt.seq + 1;
  message.log.step = step;
  message.log.elapsed = static_cast<double>(step);
  Fd file;
  std::uint64_t size = 0;
  if (saves) {
    const std::string bytes = checkpoint_bytes(key.trial, step);
    size = bytes.size();
    message.log.checkpoint = CheckpointInfo{size, sha256_hex(bytes), setup_.large_checkpoints};
    if (setup_.large_checkpoints) {
      file = *make_memfd(bytes);
    } else {
      message.checkpoint_bytes = bytes;
    }
  }
  if (!conversation_.say_kept(key, std::move(message), attempt.seq + 1, false, std::move(file), size)) {
    world_.violate("a message that is too large");
  }
  took_message(attempt, waits, world_.now());
}

// --- what may befall it ---------------------------------------------------------------------------------------------

void SimulatedWorker::fork_server_dies() {
  for (auto& [key, running] : running_) {
    running.process->gone = true;
    const Seq seq = running.attempt.seq + 1;
    (void)conversation_.say_kept(key, wire::LostMessage{key.trial, key.attempt, seq, "its fork server"}, seq, true);
  }
  running_.clear();
  world_.after(0.02, pid_, [this] { pump(); });
}

void SimulatedWorker::trial_dies() {
  if (running_.empty()) return;
  const Key key = running_.begin()->first;  // its record goes
  end(key, EndKind::kFailed, Cause::kSignal);
}

void SimulatedWorker::trial_stands_still(double seconds) {
  if (!running_.empty()) running_.begin()->second.process->stands_until = world_.now() + seconds;
}

}  // namespace tune::torture
