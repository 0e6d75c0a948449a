#pragma once

// A controller process in virtual time: the real brain, order of events, controller's half of the conversation and
// ledger of hand-ins. The turn is the loop's (tune/loop/loop.cc) without its clock and database: what waits is decided,
// committed, acted on, acknowledged; between any two of these the process may die. What the real one does with
// processes (process_workers.cc) is done with those of the world.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/runtime/hand_in_ledger.h"
#include "core/runtime/worker_peer.h"
#include "core/workers.h"
#include "tests/torture/virtual/network.h"
#include "tests/torture/virtual/stored.h"
#include "tune/controller/controller.h"
#include "tune/loop/order.h"

namespace tune::torture {

/// What all controllers of a schedule have in common.
struct ControllerSetup {
  std::function<Controller()> brain;
  std::int64_t slots = 1;
  bool lockstep = false;
  std::int64_t checkpoint_every = 0;
  double lease = 1;
  std::string folder;  ///< for hand-ins
  /// Starts a worker; its pid.
  std::function<Pid(std::int64_t launch, Pid controller)> start_worker;
  std::function<std::optional<Pid>(std::int64_t launch)> pid_of;  ///< of a worker that lives
};

/// What befalls commits, by their number over all controllers, from 1.
struct CommitHarm {
  std::set<std::int64_t> dies_before, dies_after, fails, store_refuses;
  std::int64_t commits = 0, uploads = 0;
};

class SimulatedController : public Workers::Handler, public CheckpointChannel {
 public:
  SimulatedController(World& world, Stored& stored, const ControllerSetup& setup, CommitHarm& harm, std::int64_t run);
  ~SimulatedController() override;

  Pid pid() const { return pid_; }
  bool is_finished() const { return finished_; }
  const Controller& brain() const { return brain_; }

  /// A worker connects.
  void accept(std::shared_ptr<End> end);

  void on_ready(Result<TrainableInfo>) override {}
  void on_message(WorkerMessage message, std::uint64_t large) override;
  void on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string why) override;
  void on_unusable(Error) override {}
  void write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) override;
  void finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) override;
  void abandon(std::uint64_t key) override { uploads_.erase(key); }
  void read(CheckpointId, std::uint64_t, std::size_t, std::function<void(Result<std::string>)>) override {}

 private:
  bool lives() const { return world_.is_alive(pid_); }

  // --- as process_workers.cc
  void start();
  void adopt();
  void launch();
  void watch_worker();
  void worker_ended();
  void take_hand_in(std::int64_t launch);
  void stored(const std::vector<std::string>& hand_ins);
  void launched();
  void watch_lease();
  void received(const std::shared_ptr<End>& end, wire::Envelope envelope);

  // --- as loop.cc
  void arrive(Arrived arrived);
  void run();
  void schedule_turn();
  void turn();
  void commit();
  void act();
  void assign(TrialId id);
  void acknowledge();

  World& world_;
  Stored& stored_;
  const ControllerSetup& setup_;
  CommitHarm& harm_;
  Pid pid_;
  std::int64_t run_;
  Controller brain_;
  std::unique_ptr<EventOrder> order_;
  std::unique_ptr<WorkerPeer> peer_;
  HandInLedger hand_ins_;
  std::map<std::string, std::int64_t> launch_of_;  ///< by name

  std::int64_t launch_ = 0;  ///< 0: no worker
  Pid worker_ = 0;
  bool awaited_ = false, suspected_ = false, has_ended_ = false;
  std::uint64_t epoch_ = 1;
  double last_heard_ = 0;
  std::shared_ptr<End> link_;

  bool runs_ = false, turn_scheduled_ = false, finished_ = false;
  std::vector<Arrived> early_;
  std::vector<LogEntry> frozen_;
  bool is_frozen_ = false;
  std::vector<std::string> frozen_bytes_;
  std::vector<std::pair<TrialId, Attempt>> heard_;
  std::set<std::pair<TrialId, Attempt>> gone_;
  std::map<std::uint64_t, std::string> uploads_;
};

}  // namespace tune::torture
