#include "tune/loop/order.h"

namespace tune {
namespace {

class ArrivalOrder final : public EventOrder {
 public:
  void arrive(Arrived arrived) override { queue_.push_back(std::move(arrived)); }

  std::optional<Arrived> next(const Controller&, bool) override {
    if (queue_.empty()) return std::nullopt;
    Arrived front = std::move(queue_.front());
    queue_.pop_front();
    return front;
  }

  void before(const Event&, const Controller&) override {}
  void after(const LogEntry&) override {}

 private:
  std::deque<Arrived> queue_;
};

/// Not at once upon its own event, as a retry or a lost worker's trial does.
bool takes_free_slot(ResumeWhy why) {
  return why == ResumeWhy::kPromoted || why == ResumeWhy::kExploit || why == ResumeWhy::kUnpaused ||
         why == ResumeWhy::kUserRetry || why == ResumeWhy::kResized;
}

std::optional<TrialId> trial_of(const EventBody& body) {
  if (const auto* e = std::get_if<Reported>(&body)) return e->trial;
  if (const auto* e = std::get_if<Saved>(&body)) return e->trial;
  if (const auto* e = std::get_if<Ended>(&body)) return e->trial;
  if (const auto* e = std::get_if<Lost>(&body)) return e->trial;
  return std::nullopt;
}

class LockstepOrder final : public EventOrder {
 public:
  void arrive(Arrived arrived) override {
    const auto trial = trial_of(arrived.body);
    if (trial) {
      queues_[*trial].push_back(std::move(arrived));
    } else {
      outside_.push_back(std::move(arrived));
    }
  }

  std::optional<Arrived> next(const Controller& controller, bool leaving) override {
    if (!outside_.empty()) return pop(outside_);
    for (auto& [trial, queue] : queues_) {
      if (!queue.empty() && !is_logical(queue.front().body, controller)) return pop(queue);
    }
    if (leaving) return std::nullopt;
    std::deque<Arrived>* first = nullptr;
    std::pair<std::int64_t, TrialId> earliest{};
    for (const TrialId trial : controller.live()) {
      auto& queue = queues_[trial];
      if (queue.empty()) return std::nullopt;  // its event may come first
      const std::pair key{time_[trial] + 1, trial};
      if (first == nullptr || key < earliest) {
        first = &queue;
        earliest = key;
      }
    }
    if (first == nullptr) return std::nullopt;
    return pop(*first);
  }

  void before(const Event& event, const Controller& controller) override {
    const auto trial = trial_of(event.body);
    if (trial && is_logical(event.body, controller)) now_ = ++time_[*trial];
  }

  void after(const LogEntry& entry) override {
    for (const Decision& decision : entry.decisions) {
      if (const auto* start = std::get_if<StartTrial>(&decision.body)) time_[start->trial] = now_;
      if (const auto* resume = std::get_if<ResumeTrial>(&decision.body)) {
        if (takes_free_slot(resume->why)) time_[resume->trial] = now_;
      }
      if (const auto* finish = std::get_if<FinishTrial>(&decision.body)) {
        time_.erase(finish->trial);
        queues_.erase(finish->trial);
      }
    }
  }

 private:
  static Arrived pop(std::deque<Arrived>& queue) {
    Arrived front = std::move(queue.front());
    queue.pop_front();
    return front;
  }

  /// Whether a rule could see the event, so that its place in the order matters.
  bool is_logical(const EventBody& body, const Controller& controller) const {
    const auto state_of = [&](TrialId id) { return controller.trial(id).state; };
    if (const auto* e = std::get_if<Reported>(&body)) {
      return controller.is_current(e->trial, e->attempt) && !controller.is_replayed(e->trial, e->step);
    }
    if (const auto* e = std::get_if<Ended>(&body)) {
      if (!controller.is_current(e->trial, e->attempt)) return false;
      if (state_of(e->trial) != TrialState::kRunning) return true;
      if (e->how == EndKind::kInterrupted) return false;
      const bool retried = e->how == EndKind::kFailed &&
                           controller.trial(e->trial).retries_used < controller.options().retries.for_cause(e->cause);
      return !retried;
    }
    if (const auto* e = std::get_if<Lost>(&body)) {  // stands for the end that was agreed on
      if (!controller.is_current(e->trial, e->attempt)) return false;
      return state_of(e->trial) == TrialState::kPausing || state_of(e->trial) == TrialState::kStopping;
    }
    return false;
  }

  std::deque<Arrived> outside_;
  std::map<TrialId, std::deque<Arrived>> queues_;
  std::map<TrialId, std::int64_t> time_;
  std::int64_t now_ = 0;
};

}  // namespace

std::unique_ptr<EventOrder> arrival_order() { return std::make_unique<ArrivalOrder>(); }
std::unique_ptr<EventOrder> lockstep_order() { return std::make_unique<LockstepOrder>(); }

}  // namespace tune
