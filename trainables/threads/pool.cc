#include "trainables/threads/pool.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <ctime>
#include <system_error>
#include <utility>

#include "trainables/run/actor.h"
#include "trainables/run/checkpoints.h"
#include "trainables/run/trial_run.h"
#include "trainables/threads/delivery.h"

namespace tune {
namespace {

double thread_cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

tl::unexpected<Error> nobody() { return fail(ErrorCode::kIo, "the controller has ended"); }

/// A trial's port through its job's mailbox and the pool's messages. Hashes small checkpoints here, on the trial's
/// thread; large ones are hashed by whoever stores them.
class QueuePort : public TrialPort {
 public:
  QueuePort(ThreadWorkers::Pool& pool, Mailbox& mailbox, ShortWait& wait)
      : pool_(pool), mailbox_(mailbox), wait_(wait) {}

  Result<void> send(ReportMessage report, std::optional<std::string_view> checkpoint) override {
    if (checkpoint) {
      report.log.checkpoint = checkpoint_info(*checkpoint);
      report.checkpoint_bytes = *checkpoint;
    }
    return put(std::move(report));
  }

  Result<void> send(SavedMessage saved, std::string_view checkpoint) override {
    saved.log.checkpoint = checkpoint_info(checkpoint);
    saved.checkpoint_bytes = checkpoint;
    return put(std::move(saved));
  }

  Result<std::optional<TrialInput>> receive(bool wait) override {
    return wait ? mailbox_.take(wait_) : mailbox_.take();
  }

 private:
  Result<void> put(WorkerMessage message) {
    if (mailbox_.is_closed()) return nobody();
    pool_.put(std::move(message));
    return {};
  }

  ThreadWorkers::Pool& pool_;
  Mailbox& mailbox_;
  ShortWait& wait_;
};

}  // namespace

// --- Mailbox ---------------------------------------------------------------------------------------------------------

void Mailbox::put(TrialInput input) {
  {
    const std::lock_guard lock(mutex_);
    inputs_.push_back(std::move(input));
    any_ = true;
  }
  arrived_.notify_one();
}

void Mailbox::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    any_ = true;
  }
  arrived_.notify_one();
}

Result<std::optional<TrialInput>> Mailbox::take() {
  if (!any_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (closed_) return nobody();
  if (inputs_.empty()) return std::nullopt;
  std::optional<TrialInput> input(std::move(inputs_.front()));
  inputs_.pop_front();
  any_ = !inputs_.empty();
  return input;
}

Result<std::optional<TrialInput>> Mailbox::take(ShortWait& wait) {
  wait.wait([&] { return any_.load(std::memory_order_relaxed); },
            [&] {
              std::unique_lock lock(mutex_);
              arrived_.wait(lock, [&] { return any_.load(); });
            });
  return take();
}

// --- Pool ------------------------------------------------------------------------------------------------------------

Result<void> ThreadWorkers::Pool::start(const LoadedTrainable& trainable, std::int64_t threads) {
  const std::lock_guard lock(mutex_);
  table_ = trainable.table;
  for (std::int64_t i = 0; i < threads; ++i) {
    try {
      threads_.emplace_back(work, shared_from_this());
    } catch (const std::system_error& e) {
      return fail(ErrorCode::kIo, fmt::format("cannot start thread {} of {}: {}", i + 1, threads, e.what()));
    }
    ++alive_;
    ::pthread_setname_np(threads_.back().native_handle(), fmt::format("trial-{}", i % 1000000).c_str());
  }
  return {};
}

void ThreadWorkers::Pool::add(std::shared_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    work_changed();
  }
  work_.notify_one();
}

void ThreadWorkers::Pool::set_ready(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    job.ready = true;
    work_changed();
  }
  work_.notify_all();
}

bool ThreadWorkers::Pool::withdraw(const Job& job) {
  const std::lock_guard lock(mutex_);
  const auto it = std::ranges::find(jobs_, &job, [](const auto& j) { return j.get(); });
  if (it == jobs_.end()) return false;
  jobs_.erase(it);
  work_changed();
  work_.notify_all();  // it may have held up others
  return true;
}

void ThreadWorkers::Pool::put(WorkerMessage message) {
  const std::lock_guard lock(mutex_);
  if (closing_) return;
  messages_.push_back(std::move(message));
  if (messages_.size() == 1) burst_();
}

std::vector<WorkerMessage> ThreadWorkers::Pool::take_messages() {
  const std::lock_guard lock(mutex_);
  return std::exchange(messages_, {});
}

bool ThreadWorkers::Pool::close(std::chrono::milliseconds grace) {
  std::unique_lock lock(mutex_);
  closing_ = true;
  jobs_.clear();
  messages_.clear();
  work_changed();
  work_.notify_all();
  const bool all_ended = ended_.wait_for(lock, grace, [&] { return alive_ == 0; });
  lock.unlock();
  for (std::thread& thread : threads_) {
    if (all_ended) {
      thread.join();
    } else {
      thread.detach();
    }
  }
  threads_.clear();
  return all_ended;
}

void ThreadWorkers::Pool::work_changed() { has_work_ = has_work(); }

std::shared_ptr<Job> ThreadWorkers::Pool::next(ShortWait& wait) {
  while (true) {
    wait.wait([&] { return has_work_.load(std::memory_order_relaxed); },
              [&] {
                std::unique_lock lock(mutex_);
                work_.wait(lock, [&] { return has_work(); });
              });
    const std::lock_guard lock(mutex_);
    if (closing_) return nullptr;
    if (!has_work()) continue;  // another thread was quicker
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    work_changed();
    if (has_work()) work_.notify_one();
    return job;
  }
}

void ThreadWorkers::Pool::run(Job& job, Actor& actor, ShortWait& wait) {
  const double cpu = thread_cpu_seconds();
  QueuePort port(*this, job.mailbox, wait);
  TrialRun trial(job.begin, job.checkpoint, port);
  DoneMessage done;
  done.log = job.checkpoint_lost.empty() ? actor.run(trial, false) : trial.refuse(Cause::kLoad, job.checkpoint_lost);
  done.cpu_seconds = thread_cpu_seconds() - cpu;
  put(std::move(done));
}

void ThreadWorkers::Pool::work(const std::shared_ptr<Pool>& self) {
  {
    Actor actor(*self->table_);
    ShortWait for_work, for_answers;
    while (const auto job = self->next(for_work)) self->run(*job, actor, for_answers);
  }
  const std::lock_guard lock(self->mutex_);
  --self->alive_;
  self->ended_.notify_all();
}

}  // namespace tune
