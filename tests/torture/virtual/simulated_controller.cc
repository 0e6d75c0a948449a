#include "tests/torture/virtual/simulated_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/log_rows.h"
#include "core/runtime/hand_in.h"
#include "core/sha256.h"
#include "tests/torture/virtual/simulated_worker.h"
#include "tune/loop/recovery.h"
#include "tune/loop/turn.h"

namespace tune::torture {
namespace {

constexpr double kPatience = 5;     // seconds until a guest must have said who it is
constexpr double kLastWords = 0.5;  // for what a dead worker has left in the socket
constexpr double kCommitAgain = 0.5;

Wait to_wait(const WaitPoint& point) { return {point.step, point.save}; }

}  // namespace

SimulatedController::SimulatedController(World& world, Stored& stored, const ControllerSetup& setup, CommitHarm& harm,
                                         std::int64_t run)
    : world_(world),
      stored_(stored),
      setup_(setup),
      harm_(harm),
      pid_(world.spawn()),
      run_(run),
      brain_(setup.brain()),
      order_(setup.lockstep ? lockstep_order() : arrival_order()) {
  for (const LogEntry& entry : stored_.log()) {
    order_->before(entry.event, brain_);
    brain_.observe(entry.event);
    for (const Decision& decision : entry.decisions) brain_.apply(decision);
    order_->after(entry);
  }
  world_.after(0.02, pid_, [this] { start(); });
}

SimulatedController::~SimulatedController() = default;

// --- workers ---------------------------------------------------------------------------------------------------------

void SimulatedController::start() {
  peer_ = std::make_unique<WorkerPeer>(
      *this, *this,
      WorkerPeer::Events{
          .loaded =
              [this](Result<TrainableInfo>) {
                if (!runs_) world_.after(0, pid_, [this] { run(); });
              },
          .drained = [](std::string) {},
          .log = [](wire::LogLine) {},
          .progress = [] {},
          .later = [this](double seconds, std::function<void()> what) { world_.after(seconds, pid_, std::move(what)); },
      });
  bool anything_left = false;
  for (const std::int64_t launch : stored_.launches) {
    const bool has_handed_in =
        read_hand_in(hand_in_path(setup_.folder, launch_name(launch)), [](wire::Envelope) {}).has_value();
    anything_left = anything_left || setup_.pid_of(launch) || has_handed_in;
  }
  for (const TrialId id : brain_.live()) {
    const TrialRecord& trial = brain_.trial(id);
    if (anything_left) {
      peer_->inherit({id, trial.attempt}, trial.last_seq);
    } else {
      arrive({.body = Lost{id, trial.attempt, "the controller it belonged to is gone"}});
    }
  }
  adopt();
  watch_lease();
}

void SimulatedController::adopt() {
  const std::vector<std::int64_t> left = stored_.launches;
  const bool inherits = peer_->attempts() > 0;
  for (const std::int64_t launch : left) {
    const auto alive = setup_.pid_of(launch);
    if (!alive || launch_ != 0 || !inherits) {
      if (alive) world_.kill(*alive);
      stored_.calls.erase(launch);
      take_hand_in(launch);
      continue;
    }
    stored_.calls[launch] = pid_;
    launch_ = launch;
    worker_ = *alive;
  }
  if (launch_ == 0) {
    peer_->lose_all("the controller it belonged to is gone, and so is its worker");
    return this->launch();
  }
  awaited_ = true;
  last_heard_ = world_.now();
  watch_worker();
  launched();
}

void SimulatedController::launch() {
  static constexpr std::int64_t kFirst = 1;
  std::int64_t next = kFirst;
  for (const auto& [launch, pid] : stored_.ever_launched) next = std::max(next, launch + 1);
  launch_ = next;
  worker_ = setup_.start_worker(launch_, pid_);
  stored_.ever_launched[launch_] = worker_;
  has_ended_ = false;
  last_heard_ = world_.now();
  watch_worker();
  launched();
}

void SimulatedController::launched() {
  if (!lives()) return;
  stored_.launches.clear();
  for (const std::string& name : hand_ins_.open()) stored_.launches.push_back(launch_of_.at(name));
  if (launch_ != 0) stored_.launches.push_back(launch_);
}

void SimulatedController::watch_worker() {
  world_.watch(worker_, [this, launch = launch_] {
    world_.after(0.002, pid_, [this, launch] {
      if (launch == launch_) worker_ended();
    });
  });
}

void SimulatedController::worker_ended() {
  if (std::exchange(has_ended_, true)) return;
  if (std::exchange(awaited_, false)) stored_.calls.erase(launch_);
  world_.after(link_ ? kLastWords : 0, pid_, [this] {
    if (link_) link_->close();
    link_.reset();
    peer_->detach();
    const std::int64_t ended = std::exchange(launch_, 0);
    take_hand_in(ended);
    peer_->lose_all("its worker ended");
    world_.after(0.02, pid_, [this] { launch(); });
  });
}

void SimulatedController::take_hand_in(std::int64_t launch) {
  const std::string name = launch_name(launch), path = hand_in_path(setup_.folder, name);
  launch_of_[name] = launch;
  (void)read_hand_in(path, [&](wire::Envelope envelope) {
    const auto is_heard = [&](const auto& message) {
      if constexpr (requires { message.log.seq; }) return peer_->hears(wire::key_of(message));
      return false;
    };
    if (std::visit(is_heard, envelope.body)) hand_ins_.note(name, envelope.body);
    peer_->receive(std::move(envelope));
  });
  if (std::ranges::count(hand_ins_.open(), name) == 0 && lives()) delete_hand_in(path);
}

void SimulatedController::stored(const std::vector<std::string>& hand_ins) {
  if (!lives()) return;
  for (const std::string& name : hand_ins) delete_hand_in(hand_in_path(setup_.folder, name));
  if (!hand_ins.empty()) launched();
}

void SimulatedController::watch_lease() {
  world_.after(std::clamp(setup_.lease * 0.1, 0.05, 1.0), pid_, [this] {
    const bool late = launch_ != 0 && !has_ended_ && world_.now() - last_heard_ > 1.5 * setup_.lease;
    if (late && suspected_) world_.kill(worker_);
    suspected_ = late;
    watch_lease();
  });
}

void SimulatedController::accept(std::shared_ptr<End> end) {
  auto is_in = std::make_shared<bool>(false);
  world_.after(kPatience, pid_, [end, is_in] {
    if (!*is_in) end->close();
  });
  End* const raw = end.get();
  end->start({
      .received =
          [this, is_in, weak = std::weak_ptr(end)](wire::Envelope envelope) {
            const auto link = weak.lock();
            if (*is_in) return received(link, std::move(envelope));
            const auto* hello = std::get_if<wire::Hello>(&envelope.body);
            *is_in = true;
            if (!hello || hello->launch != launch_name(launch_)) {
              link->send(wire::Reject{"no worker of this launch is expected"});
              return link->close();
            }
            if (link_) link_->close();
            link_ = link;
            last_heard_ = world_.now();
            if (std::exchange(awaited_, false)) {
              stored_.calls.erase(launch_);
              epoch_ = hello->epoch_seen + 1;
            }
            wire::Welcome welcome{epoch_, static_cast<std::uint32_t>(setup_.lease * 1000), 250, "key", {}};
            peer_->attach(link, *hello, envelope.id, std::move(welcome));
          },
      .before_write = [this] { peer_->send_acknowledgements(); },
      .closed =
          [this, raw] {
            if (link_.get() != raw) return;
            link_.reset();
            peer_->detach();
          },
      .sends =
          [this](const wire::Body& body) {
            if (const auto* ack = std::get_if<Ack>(&body)) stored_.acknowledged(*ack);
          },
  });
}

void SimulatedController::received(const std::shared_ptr<End>& end, wire::Envelope envelope) {
  last_heard_ = world_.now();
  if (const auto* beat = std::get_if<wire::Heartbeat>(&envelope.body)) {
    return end->send(wire::HeartbeatAck{beat->n, epoch_}, envelope.id);
  }
  peer_->receive(std::move(envelope));
}

// --- checkpoints -----------------------------------------------------------------------------------------------------

void SimulatedController::write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) {
  uploads_[key] += bytes;
  const bool refuses = harm_.store_refuses.contains(++harm_.uploads);
  world_.after(world_.draw(0, 0.01), pid_, [done = std::move(done), refuses] {
    done(refuses ? Result<void>(fail(ErrorCode::kDiskFull, "the disk is full")) : Result<void>());
  });
}

void SimulatedController::finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) {
  const bool refuses = harm_.store_refuses.contains(++harm_.uploads);
  world_.after(world_.draw(0, 0.03), pid_, [this, key, done = std::move(done), refuses] {
    const auto found = uploads_.find(key);
    if (found == uploads_.end()) return;  // abandoned
    if (refuses) return done(fail(ErrorCode::kDiskFull, "the disk is full"));
    const std::string bytes = found->second;
    uploads_.erase(found);
    const CheckpointInfo info{bytes.size(), sha256_hex(bytes), true};
    stored_.external[info.sha256] = bytes;
    done(info);
  });
}

// --- the loop --------------------------------------------------------------------------------------------------------

void SimulatedController::on_message(WorkerMessage message, std::uint64_t large) {
  if (auto* report = std::get_if<ReportMessage>(&message)) {
    arrive({.body = std::move(report->log), .checkpoint_bytes = std::move(report->checkpoint_bytes), .large = large});
  } else if (auto* saved = std::get_if<SavedMessage>(&message)) {
    arrive({.body = std::move(saved->log), .checkpoint_bytes = std::move(saved->checkpoint_bytes), .large = large});
  } else if (auto* done = std::get_if<DoneMessage>(&message)) {
    arrive({.body = done->log});
  }
}

void SimulatedController::on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string why) {
  for (const auto& [trial, attempt] : attempts) arrive({.body = Lost{trial, attempt, why}});
}

void SimulatedController::arrive(Arrived arrived) {
  if (!runs_) return early_.push_back(std::move(arrived));
  if (const auto* ended = std::get_if<Ended>(&arrived.body)) gone_.emplace(ended->trial, ended->attempt);
  if (const auto* lost = std::get_if<Lost>(&arrived.body)) gone_.emplace(lost->trial, lost->attempt);
  order_->arrive(std::move(arrived));
  schedule_turn();
}

void SimulatedController::run() {
  if (std::exchange(runs_, true)) return;
  RunStarted start;
  start.run = run_;
  start.version = "torture";
  start.rules = brain_.rules();
  start.slots = setup_.slots;
  start.ahead = !setup_.lockstep && brain_.may_grant_ahead() ? setup_.slots : 0;
  arrive({.body = start});
  std::set<TrialId> speak;
  for (const Arrived& arrived : early_) {
    std::visit(
        [&](const auto& body) {
          if constexpr (requires { body.seq; }) speak.insert(body.trial);
        },
        arrived.body);
  }
  std::ranges::stable_partition(early_, [&](const Arrived& arrived) {
    const auto* lost = std::get_if<Lost>(&arrived.body);
    return lost != nullptr && !speak.contains(lost->trial);
  });
  for (Arrived& arrived : std::exchange(early_, {})) arrive(std::move(arrived));
  for (const TrialId id : brain_.live()) {
    const TrialRecord& trial = brain_.trial(id);
    if (gone_.contains({id, trial.attempt})) continue;
    heard_.emplace_back(id, trial.attempt);
    if (trial.state == TrialState::kWithdrawn) peer_->order({id, trial.attempt, OrderKind::kKill, 0, trial.reason});
  }
}

void SimulatedController::schedule_turn() {
  if (turn_scheduled_ || is_frozen_ || finished_) return;
  turn_scheduled_ = true;
  world_.after(0, pid_, [this] {
    turn_scheduled_ = false;
    if (!finished_) turn();
  });
}

void SimulatedController::turn() {
  while (auto arrived = order_->next(brain_, false)) {
    LogEntry entry{{brain_.next_event(), world_.now(), std::move(arrived->body)}, {}};
    std::visit(
        [&](const auto& body) {
          if constexpr (requires { body.attempt; }) heard_.emplace_back(body.trial, body.attempt);
        },
        entry.event.body);
    if (!brain_.accepts(entry.event)) continue;
    decide(brain_, *order_, entry);
    if (const auto* ended = std::get_if<Ended>(&entry.event.body)) gone_.erase({ended->trial, ended->attempt});
    if (const auto* lost = std::get_if<Lost>(&entry.event.body)) gone_.erase({lost->trial, lost->attempt});
    std::string bytes = std::move(arrived->checkpoint_bytes);
    const CheckpointInfo* info = nullptr;
    if (const auto* report = std::get_if<Reported>(&entry.event.body); report && report->checkpoint) {
      info = &*report->checkpoint;
    } else if (const auto* saved = std::get_if<Saved>(&entry.event.body)) {
      info = &saved->checkpoint;
    }
    if (info && info->external) bytes = stored_.external[info->sha256];
    frozen_.push_back(std::move(entry));
    frozen_bytes_.push_back(std::move(bytes));
  }
  if (frozen_.empty()) return acknowledge();
  is_frozen_ = true;
  commit();
}

void SimulatedController::commit() {
  const std::int64_t n = ++harm_.commits;
  if (harm_.fails.contains(n)) return world_.after(kCommitAgain, pid_, [this] { commit(); });
  if (harm_.dies_before.contains(n)) return world_.kill(pid_);
  stored_.commit(frozen_, frozen_bytes_);
  world_.note([&] {
    std::string text = fmt::format("commit {}:", n);
    for (const LogEntry& entry : frozen_) {
      text += fmt::format(" {}", encode(entry.event).kind);
      std::visit(
          [&](const auto& body) {
            if constexpr (requires { body.attempt; })
              text += fmt::format(" {}.{}", body.trial.value, body.attempt.value);
            if constexpr (requires { body.step; }) text += fmt::format(" step {}", body.step);
          },
          entry.event.body);
      for (const Decision& decision : entry.decisions) text += fmt::format(" [{}]", to_sentence(decision));
    }
    return text;
  });
  if (harm_.dies_after.contains(n)) return world_.kill(pid_);
  act();
}

void SimulatedController::act() {
  is_frozen_ = false;
  frozen_bytes_.clear();
  for (const LogEntry& entry : std::exchange(frozen_, {})) {
    const auto* report = std::get_if<Reported>(&entry.event.body);
    for (const Decision& decision : entry.decisions) {
      if (const auto* start = std::get_if<StartTrial>(&decision.body)) {
        assign(start->trial);
      } else if (const auto* resume = std::get_if<ResumeTrial>(&decision.body)) {
        assign(resume->trial);
      } else if (const auto* judged = std::get_if<Judged>(&decision.body)) {
        const bool is_answer = report != nullptr && report->trial == judged->trial;
        if (is_answer || judged->verdict != Verdict::kStop) continue;
        peer_->order({judged->trial, brain_.trial(judged->trial).attempt, OrderKind::kStop, 30, decision.reason});
      } else if (const auto* withdraw = std::get_if<WithdrawTrial>(&decision.body)) {
        peer_->order({withdraw->trial, brain_.trial(withdraw->trial).attempt, OrderKind::kKill, 0, decision.reason});
      }
    }
  }
  acknowledge();
  finished_ = brain_.finished();
  schedule_turn();
}

void SimulatedController::assign(TrialId id) {
  const TrialRecord& trial = brain_.trial(id);
  if (trial.state == TrialState::kWithdrawn) return;
  Assign assign;
  assign.trial = id;
  assign.attempt = trial.attempt;
  assign.wait = to_wait(brain_.wait_point(id));
  assign.every = setup_.checkpoint_every;
  if (const CheckpointRef* from = trial.resume_from ? brain_.checkpoint(*trial.resume_from) : nullptr) {
    assign.checkpoint = from->info;
    assign.start_step = from->step;
    assign.elapsed = from->elapsed;
    if (!from->info.external) assign.checkpoint_bytes = stored_.small.at(from->id);
  }
  stored(hand_ins_.assigned(assign));
  peer_->assign(std::move(assign));
}

void SimulatedController::acknowledge() {
  const std::set<std::pair<TrialId, Attempt>> once(heard_.begin(), heard_.end());
  heard_.clear();
  for (const auto& [id, attempt] : once) {
    Ack ack{id, attempt, std::numeric_limits<Seq>::max(), Verdict::kStop, {}};
    if (brain_.is_current(id, attempt)) {
      const TrialRecord& trial = brain_.trial(id);
      ack = {id, attempt, trial.last_seq, Verdict::kContinue, to_wait(brain_.wait_point(id))};
      if (trial.state == TrialState::kPausing) ack.verdict = Verdict::kPause;
      if (trial.state != TrialState::kRunning && trial.state != TrialState::kPausing) ack.verdict = Verdict::kStop;
      if (ack.verdict != Verdict::kContinue) ack.seq = std::numeric_limits<Seq>::max();
    }
    stored(hand_ins_.acknowledged(ack));
    peer_->acknowledge(ack);
  }
}

}  // namespace tune::torture
