#include "trainables/threads/thread_workers.h"

#include <fmt/format.h>

#include <utility>

#include "trainables/threads/delivery.h"
#include "trainables/threads/pool.h"

namespace tune {

ThreadWorkers::ThreadWorkers(TrainableRef ref, SlotPlan plan, Post post, std::string experiment_name,
                             std::string attempts_dir, CompiledIn compiled_in, std::chrono::milliseconds grace)
    : ref_(std::move(ref)),
      plan_(std::move(plan)),
      directory_(attempts_dir + "/" + experiment_name),
      compiled_in_(std::move(compiled_in)),
      grace_(grace),
      post_(std::move(post)) {}

ThreadWorkers::~ThreadWorkers() { shut_down(); }

void ThreadWorkers::start(Handler& handler, CheckpointChannel& channel) {
  auto loaded = load_trainable(ref_, compiled_in_);
  if (loaded) {
    if (auto prepared = prepare_trainable(*loaded); !prepared) loaded = pass_on(std::move(prepared));
  }
  // The pool outlives this object where a trial does not leave, so it may hold the delivery only weakly.
  auto weak = std::make_shared<std::weak_ptr<Delivery>>();
  pool_ = std::make_shared<Pool>([post = post_, weak] {
    post([weak] {
      if (const auto delivery = weak->lock()) delivery->deliver();
    });
  });
  delivery_ = std::make_shared<Delivery>(handler, channel, pool_);
  *weak = delivery_;
  Result<TrainableInfo> info = loaded.map([](const LoadedTrainable& l) { return l.info; });
  if (loaded) {
    if (auto started = pool_->start(*loaded, plan_.slots); !started) info = pass_on(std::move(started));
  }
  post_([delivery = delivery_, info = std::move(info)] { delivery->ready(info); });
}

void ThreadWorkers::assign(Assign assign) {
  if (!delivery_) return;
  auto job = std::make_shared<Job>();
  job->begin.directory = fmt::format("{}/{}.{}", directory_, assign.trial_name, assign.attempt.value);
  job->begin.has_checkpoint = assign.checkpoint.has_value();
  job->checkpoint = std::move(assign.checkpoint_bytes);
  job->begin.assign = std::move(assign);
  delivery_->add(std::move(job));
}

void ThreadWorkers::acknowledge(const Ack& ack) {
  if (delivery_) delivery_->tell(ack.trial, ack.attempt, ack);
}

void ThreadWorkers::order(const Order& order) {
  if (delivery_) delivery_->tell(order.trial, order.attempt, order);
}

void ThreadWorkers::shut_down() {
  if (!delivery_) return;
  delivery_->close();
  stuck_ = !pool_->close(grace_);
  delivery_.reset();
  pool_.reset();
}

}  // namespace tune
