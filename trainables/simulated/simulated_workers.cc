#include "trainables/simulated/simulated_workers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace tune {

SimulatedWorkers::SimulatedWorkers(TrainableRef ref, SimulatedConditions conditions, std::string directory,
                                   CompiledIn compiled_in)
    : ref_(std::move(ref)),
      conditions_(std::move(conditions)),
      directory_(std::move(directory)),
      compiled_in_(std::move(compiled_in)) {}

SimulatedWorkers::~SimulatedWorkers() { shut_down(); }

void SimulatedWorkers::start(Handler& handler, CheckpointChannel& channel) {
  handler_ = &handler;
  carrier_ = std::make_unique<CheckpointCarrier>(channel);
  auto loaded = load_trainable(ref_, compiled_in_);
  if (loaded) {
    if (auto prepared = prepare_trainable(*loaded); !prepared) loaded = pass_on(std::move(prepared));
  }
  if (loaded) trainable_ = *loaded;
  handler.on_ready(loaded.map([](const LoadedTrainable& l) { return l.info; }));
}

void SimulatedWorkers::shut_down() {
  carrier_.reset();
  handler_ = nullptr;
  waiting_.clear();
  due_.clear();
  running_.clear();
  taken_ = 0;
}

// --- From the controller ---------------------------------------------------------------------------------------------

void SimulatedWorkers::assign(Assign assign) {
  if (handler_ == nullptr) return;
  waiting_.push_back(std::move(assign));
  begin_waiting();
}

void SimulatedWorkers::begin_waiting() {
  while (handler_ != nullptr && !waiting_.empty() && taken_ + waiting_.front().slots <= conditions_.workers) {
    Assign assign = std::move(waiting_.front());
    waiting_.pop_front();
    const Key key{assign.trial, assign.attempt};
    Running& taken = running_[key];  // its workers are taken, also while its checkpoint is on the way
    taken.began = now_;
    taken.slots = assign.slots;
    taken_ += assign.slots;
    ++work_.attempts;
    if (!assign.checkpoint || !assign.checkpoint->external) {
      std::string bytes = std::move(assign.checkpoint_bytes);
      begin(std::move(assign), std::move(bytes));
      continue;
    }
    ++carried_;
    const CheckpointId id = assign.checkpoint_id;
    const std::uint64_t size = assign.checkpoint->size;
    carrier_->fetch(id, size, [this, key, assign = std::move(assign)](Result<std::string> bytes) {
      --carried_;
      if (bytes) return begin(assign, *std::move(bytes));
      DoneMessage done;
      done.log = {key.first,
                  key.second,
                  1,
                  EndKind::kFailed,
                  Cause::kLoad,
                  "its checkpoint cannot be read: " + bytes.error().message,
                  0,
                  assign.elapsed};
      hold_back(key, running_[key], std::move(done));
    });
  }
}

void SimulatedWorkers::begin(Assign assign, std::string checkpoint) {
  const Key key{assign.trial, assign.attempt};
  Running& running = running_[key];
  Begin begin;
  begin.directory = fmt::format("{}/{}.{}", directory_, assign.trial_name, assign.attempt.value);
  begin.has_checkpoint = assign.checkpoint.has_value();
  running.elapsed = assign.elapsed;
  begin.assign = std::move(assign);
  running.attempt = std::make_unique<SimulatedAttempt>(*trainable_.table, stacks_, std::move(begin),
                                                       std::move(checkpoint), [this] { return now_; });
  for (TrialInput& input : std::exchange(running.early, {})) running.attempt->tell(std::move(input));
  compute(key, running);
}

void SimulatedWorkers::acknowledge(const Ack& ack) { tell(ack.trial, ack.attempt, ack); }

void SimulatedWorkers::order(const Order& order) {
  const Key key{order.trial, order.attempt};
  const auto waits = std::ranges::find_if(
      waiting_, [&](const Assign& a) { return a.trial == order.trial && a.attempt == order.attempt; });
  if (waits != waiting_.end()) {
    if (order.kind == OrderKind::kSave) return;
    DoneMessage done = never_began(*waits, order);
    waiting_.erase(waits);
    if (handler_ != nullptr) handler_->on_message(std::move(done), 0);
    return;
  }
  const auto found = running_.find(key);
  if (order.kind != OrderKind::kKill || found == running_.end() || !found->second.attempt) {
    return tell(order.trial, order.attempt, order);
  }
  // What it was doing is broken off at once.
  Running& running = found->second;
  running.attempt->close();
  if (running.message) std::erase_if(due_, [&](const Due& due) { return std::get<1>(due) == order.trial; });
  DoneMessage done = never_began(running.attempt->assign(), order);
  hold_back(key, running, std::move(done));
}

void SimulatedWorkers::tell(TrialId trial, Attempt attempt, TrialInput input) {
  const auto found = running_.find({trial, attempt});
  if (found == running_.end()) return;
  Running& running = found->second;
  if (!running.attempt) return running.early.push_back(std::move(input));
  running.attempt->tell(std::move(input));
  if (!running.message && running.attempt->can_go_on()) compute(found->first, running);
}

// --- From the trials -------------------------------------------------------------------------------------------------

void SimulatedWorkers::compute(Key key, Running& running) {
  if (auto message = running.attempt->go_on()) hold_back(key, running, *std::move(message));
}

void SimulatedWorkers::hold_back(Key key, Running& running, WorkerMessage message) {
  running.step = {};
  if (auto* report = std::get_if<ReportMessage>(&message)) {
    const Reported& log = report->log;
    auto step = draw_step(conditions_, log.trial, log.attempt, log.step, log.metrics, running.slots);
    if (!step) {
      if (handler_ != nullptr) handler_->on_unusable(step.error());
      return;
    }
    running.step = *step;
    running.elapsed += step->seconds;
    report->log.elapsed = running.elapsed;
  } else if (auto* saved = std::get_if<SavedMessage>(&message)) {
    saved->log.elapsed = running.elapsed;
  } else if (auto* done = std::get_if<DoneMessage>(&message)) {
    running.step.seconds = conditions_.end;
    done->log.elapsed = running.elapsed;
  }
  running.message = std::move(message);
  due_.insert({now_ + running.step.seconds, key.first, key.second});
}

bool SimulatedWorkers::advance(double until) {
  if (carried_ > 0) return true;
  if (due_.empty()) return false;
  const double next = std::get<0>(*due_.begin());
  if (next > until) {
    now_ = std::max(now_, until);
    return false;
  }
  now_ = std::max(now_, next);
  std::vector<Key> keys;
  for (auto due = due_.begin(); due != due_.end() && std::get<0>(*due) == next; due = due_.erase(due)) {
    keys.emplace_back(std::get<1>(*due), std::get<2>(*due));
  }
  for (const Key& key : keys) {
    if (handler_ != nullptr) happen(key);
  }
  return true;
}

void SimulatedWorkers::happen(Key key) {
  const auto found = running_.find(key);
  if (found == running_.end() || !found->second.message) return;
  Running& running = found->second;
  WorkerMessage message = *std::exchange(running.message, std::nullopt);
  if (running.step.fate == SimulatedStep::Fate::kLoss) {
    ++work_.losses;
    leave(key);
    handler_->on_lost({key}, "its simulated worker was lost");
    begin_waiting();
    return;
  }
  if (running.step.fate == SimulatedStep::Fate::kCrash) {
    ++work_.crashes;
    DoneMessage done;
    done.log = {key.first,
                key.second,
                std::get<ReportMessage>(message).log.seq,
                EndKind::kFailed,
                Cause::kSignal,
                "died by a simulated signal",
                9,
                running.elapsed};
    return hand_on(key, std::move(done), 0);
  }
  std::string* bytes = checkpoint_bytes(message);
  if (bytes == nullptr || bytes->size() <= kMaxInline) return hand_on(key, std::move(message), 0);
  ++carried_;
  std::string large = std::move(*bytes);
  const auto waiting = std::make_shared<WorkerMessage>(std::move(message));
  carrier_->store(std::move(large), [this, key, waiting](const Result<CheckpointInfo>& info, std::uint64_t large_key) {
    --carried_;
    if (name_stored(*waiting, info)) return hand_on(key, std::move(*waiting), info ? large_key : 0);
    if (const auto still = running_.find(key); still != running_.end()) compute(key, still->second);
  });
}

void SimulatedWorkers::hand_on(Key key, WorkerMessage message, std::uint64_t large) {
  if (std::holds_alternative<DoneMessage>(message)) {
    leave(key);
    handler_->on_message(std::move(message), large);
    begin_waiting();
    return;
  }
  if (std::holds_alternative<ReportMessage>(message)) ++work_.steps;
  handler_->on_message(std::move(message), large);
  const auto still = running_.find(key);
  if (still != running_.end() && still->second.attempt->can_go_on()) compute(key, still->second);
}

void SimulatedWorkers::leave(Key key) {
  const auto found = running_.find(key);
  if (found == running_.end()) return;
  work_.busy += (now_ - found->second.began) * static_cast<double>(found->second.slots);
  taken_ -= found->second.slots;
  running_.erase(found);
}

}  // namespace tune
