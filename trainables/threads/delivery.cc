#include "trainables/threads/delivery.h"

#include <utility>

#include "trainables/run/trial_run.h"

namespace tune {
namespace {

std::pair<TrialId, Attempt> attempt_of(const WorkerMessage& message) {
  struct {
    std::pair<TrialId, Attempt> operator()(const Started& m) const { return {m.trial, m.attempt}; }
    std::pair<TrialId, Attempt> operator()(const ReportMessage& m) const { return {m.log.trial, m.log.attempt}; }
    std::pair<TrialId, Attempt> operator()(const SavedMessage& m) const { return {m.log.trial, m.log.attempt}; }
    std::pair<TrialId, Attempt> operator()(const DoneMessage& m) const { return {m.log.trial, m.log.attempt}; }
  } constexpr kOf;
  return std::visit(kOf, message);
}

}  // namespace

void ThreadWorkers::Delivery::ready(const Result<TrainableInfo>& info) {
  if (handler_ != nullptr) handler_->on_ready(info);
}

void ThreadWorkers::Delivery::close() {
  handler_ = nullptr;
  carrier_.reset();
  for (const auto& [attempt, job] : jobs_) job->mailbox.close();
  jobs_.clear();
  backlogs_.clear();
}

// --- To the trials ---------------------------------------------------------------------------------------------------

void ThreadWorkers::Delivery::add(std::shared_ptr<Job> job) {
  const Assign& assign = job->begin.assign;
  jobs_[{assign.trial, assign.attempt}] = job;
  job->ready = !(assign.checkpoint && assign.checkpoint->external);
  pool_->add(job);
  if (job->ready) return;
  carrier_->fetch(assign.checkpoint_id, assign.checkpoint->size, [pool = pool_, job](Result<std::string> bytes) {
    if (bytes) job->checkpoint = *std::move(bytes);
    if (!bytes) job->checkpoint_lost = "its checkpoint cannot be read: " + bytes.error().message;
    pool->set_ready(*job);
  });
}

void ThreadWorkers::Delivery::tell(TrialId trial, Attempt attempt, TrialInput input) {
  const auto it = jobs_.find({trial, attempt});
  if (it == jobs_.end()) return;
  const Order* order = std::get_if<Order>(&input);
  if (order != nullptr && order->kind != OrderKind::kSave && pool_->withdraw(*it->second)) {
    pool_->put(never_began(it->second->begin.assign, *order));
    return;
  }
  it->second->mailbox.put(std::move(input));
}

// --- From the trials -------------------------------------------------------------------------------------------------

void ThreadWorkers::Delivery::deliver() {
  for (WorkerMessage& message : pool_->take_messages()) {
    if (handler_ == nullptr) return;  // shut down by one of the calls before
    take(std::move(message));
  }
}

void ThreadWorkers::Delivery::take(WorkerMessage message) {
  const Key attempt = attempt_of(message);
  if (const auto waiting = backlogs_.find(attempt); waiting != backlogs_.end()) {
    waiting->second.push_back(std::move(message));
    return;
  }
  std::string* bytes = checkpoint_bytes(message);
  if (bytes == nullptr || bytes->size() <= kMaxInline) return hand_on(std::move(message), 0);
  std::string large = std::move(*bytes);
  backlogs_[attempt].push_back(std::move(message));
  carrier_->store(std::move(large), [this, attempt](const Result<CheckpointInfo>& info, std::uint64_t key) {
    stored(attempt, key, info);
  });
}

void ThreadWorkers::Delivery::hand_on(WorkerMessage message, std::uint64_t large) {
  if (std::holds_alternative<DoneMessage>(message)) jobs_.erase(attempt_of(message));
  handler_->on_message(std::move(message), large);
}

void ThreadWorkers::Delivery::stored(Key attempt, std::uint64_t large, const Result<CheckpointInfo>& info) {
  const auto self = shared_from_this();
  auto waiting = std::move(backlogs_.extract(attempt).mapped());
  WorkerMessage first = std::move(waiting.front());
  waiting.pop_front();
  if (name_stored(first, info)) hand_on(std::move(first), info ? large : 0);
  for (WorkerMessage& message : waiting) {
    if (handler_ == nullptr) return;
    take(std::move(message));
  }
}

}  // namespace tune
