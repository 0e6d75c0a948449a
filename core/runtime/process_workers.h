#pragma once

// Trials in processes of this host: the controller's Workers over one worker process (core/runtime/worker.h) and a Unix
// socket. The worker's death is known for certain by its pidfd; all it left behind is ended, and what it handed in is
// taken in, before its attempts are called lost, and a new one is started.
//
// A controller that comes after a dead one goes on with its worker, if that lives: it calls it (rendezvous.h), lets it
// in by the hash of its token, and hears what it has kept. How it knows which attempts are meant: inherit().
//
// Thread rule: the loop's thread.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/launch.h"
#include "core/workers.h"

namespace tune {

struct ProcessWorkersOptions {
  TrainableRef trainable;
  SlotPlan plan;
  std::string experiment;
  std::string attempts_dir;                 ///< an attempt's own directory is <this>/<trial name>/a<attempt>
  std::vector<std::string> worker_command;  ///< empty: {this program, "__worker"}
  StartWorker start_worker;                 ///< empty: worker_command is started as a program
  std::string host_program;                 ///< empty: tune-host beside this program
  double lease = kDefaultLease;             ///< seconds a worker lives on without its controller
  double heartbeat = 2;
  std::string inherited;  ///< launches_json() of the controller before, if it has not ended in order
  bool adopts = true;     ///< false: its worker is ended instead of gone on with
  /// launches_json() has changed.
  std::function<void()> launched;
  /// A worker of the controller before has come, with so many attempts that go on.
  std::function<void(std::size_t attempts)> adopted;
  /// What workers have to say that is no message of core/messages.h.
  std::function<void(const std::string&)> log;
};

class ProcessWorkers : public Workers {
 public:
  /// `io` must outlive this object.
  ProcessWorkers(boost::asio::io_context& io, ProcessWorkersOptions options);
  ~ProcessWorkers() override;  ///< shut_down()

  std::vector<Inherited> inherit(std::vector<Inherited> attempts) override;
  void start(Handler& handler, CheckpointChannel& channel) override;
  void assign(Assign assign) override;
  void acknowledge(const Ack& ack) override;
  void order(const Order& order) override;
  void shut_down() override;

  /// The worker process, and those before it whose hand-in is not stored yet, for leftovers.h and a later controller's
  /// `inherited`; `[]` before start().
  std::string launches_json() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tune
