#include "trainables/threads/delivery.h"

#include <fmt/format.h>

#include <utility>

namespace tune {
namespace {

/// What goes through the checkpoint channel at once.
constexpr std::size_t kChunk = 1u << 20;

std::pair<TrialId, Attempt> attempt_of(const WorkerMessage& message) {
  struct {
    std::pair<TrialId, Attempt> operator()(const Started& m) const { return {m.trial, m.attempt}; }
    std::pair<TrialId, Attempt> operator()(const ReportMessage& m) const { return {m.log.trial, m.log.attempt}; }
    std::pair<TrialId, Attempt> operator()(const SavedMessage& m) const { return {m.log.trial, m.log.attempt}; }
    std::pair<TrialId, Attempt> operator()(const DoneMessage& m) const { return {m.log.trial, m.log.attempt}; }
  } constexpr kOf;
  return std::visit(kOf, message);
}

/// The bytes that travel with a message; null: it is of a kind that has none.
std::string* checkpoint_bytes(WorkerMessage& message) {
  if (auto* report = std::get_if<ReportMessage>(&message)) return &report->checkpoint_bytes;
  if (auto* saved = std::get_if<SavedMessage>(&message)) return &saved->checkpoint_bytes;
  return nullptr;
}

/// The end of an attempt that never began.
EndKind end_of(OrderKind order) {
  switch (order) {
    case OrderKind::kPause:
      return EndKind::kPaused;
    case OrderKind::kInterrupt:
      return EndKind::kInterrupted;
    default:
      return EndKind::kStopped;
  }
}

}  // namespace

void ThreadWorkers::Delivery::ready(const Result<TrainableInfo>& info) {
  if (handler_ != nullptr) handler_->on_ready(info);
}

void ThreadWorkers::Delivery::close() {
  handler_ = nullptr;
  channel_ = nullptr;
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
  if (!job->ready) fetch(job);
}

void ThreadWorkers::Delivery::tell(TrialId trial, Attempt attempt, TrialInput input) {
  const auto it = jobs_.find({trial, attempt});
  if (it == jobs_.end()) return;
  const Order* order = std::get_if<Order>(&input);
  if (order != nullptr && order->kind != OrderKind::kSave && pool_->withdraw(*it->second)) {
    DoneMessage done;
    done.log = {trial,        attempt,       1, end_of(order->kind),
                Cause::kNone, order->reason, 0, it->second->begin.assign.elapsed};
    pool_->put(std::move(done));
    return;
  }
  it->second->mailbox.put(std::move(input));
}

void ThreadWorkers::Delivery::fetch(const std::shared_ptr<Job>& job) {
  const Assign& assign = job->begin.assign;
  channel_->read(assign.checkpoint_id, job->checkpoint.size(), kChunk,
                 [self = shared_from_this(), job, size = assign.checkpoint->size](Result<std::string> bytes) {
                   if (self->handler_ == nullptr) return;
                   if (!bytes) return self->fetched(job, bytes.error().message);
                   job->checkpoint += *bytes;
                   if (job->checkpoint.size() >= size) return self->fetched(job, {});
                   if (!bytes->empty()) return self->fetch(job);
                   self->fetched(job, fmt::format("it has {} bytes instead of {}", job->checkpoint.size(), size));
                 });
}

void ThreadWorkers::Delivery::fetched(const std::shared_ptr<Job>& job, std::string fault) {
  if (!fault.empty()) job->checkpoint_lost = "its checkpoint cannot be read: " + fault;
  pool_->set_ready(*job);
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
  const std::string* bytes = checkpoint_bytes(message);
  if (bytes == nullptr || bytes->size() <= kMaxInline) return hand_on(std::move(message), 0);
  backlogs_[attempt].push_back(std::move(message));
  store(attempt, ++last_large_, 0);
}

void ThreadWorkers::Delivery::hand_on(WorkerMessage message, std::uint64_t large) {
  if (std::holds_alternative<DoneMessage>(message)) jobs_.erase(attempt_of(message));
  handler_->on_message(std::move(message), large);
}

void ThreadWorkers::Delivery::store(Key attempt, std::uint64_t large, std::size_t offset) {
  const std::string& bytes = *checkpoint_bytes(backlogs_[attempt].front());
  auto self = shared_from_this();
  if (offset >= bytes.size()) {
    channel_->finish(large, [self, attempt, large](Result<CheckpointInfo> info) {
      if (self->handler_ != nullptr) self->stored(attempt, large, std::move(info));
    });
    return;
  }
  channel_->write(large, bytes.substr(offset, kChunk), [self, attempt, large, offset](Result<void> written) {
    if (self->handler_ == nullptr) return;
    if (written) return self->store(attempt, large, offset + kChunk);
    self->channel_->abandon(large);
    self->stored(attempt, large, tl::unexpected<Error>(written.error()));
  });
}

void ThreadWorkers::Delivery::stored(Key attempt, std::uint64_t large, Result<CheckpointInfo> info) {
  auto waiting = std::move(backlogs_.extract(attempt).mapped());
  WorkerMessage first = std::move(waiting.front());
  waiting.pop_front();
  checkpoint_bytes(first)->clear();
  // A checkpoint that cannot be stored is lost, its report is not: the trial goes on, and has one checkpoint less.
  if (auto* report = std::get_if<ReportMessage>(&first)) {
    report->log.checkpoint = info ? std::optional(*info) : std::nullopt;
    hand_on(std::move(first), info ? large : 0);
  } else if (info) {
    std::get<SavedMessage>(first).log.checkpoint = *info;
    hand_on(std::move(first), large);
  }
  for (WorkerMessage& message : waiting) {
    if (handler_ == nullptr) return;
    take(std::move(message));
  }
}

}  // namespace tune
