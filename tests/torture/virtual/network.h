#pragma once

// Connections in virtual time that do to whole messages what a bad network does to packets: lose, repeat, delay and
// reorder them, and break. Messages go as the bytes of the real wire. A connection on which anything was lost or came
// out of its order is cut a little later, as a stream would be; until then both sides must keep their promises.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/runtime/frame_sink.h"
#include "tests/torture/virtual/world.h"

namespace tune::torture {

enum class Harm { kLose, kRepeat, kDelay };

class Network;

/// One side of a connection.
class End final : public FrameSink {
 public:
  struct Callbacks {
    std::function<void(wire::Envelope)> received;
    std::function<void()> before_write;
    std::function<void()> closed;
    std::function<void(const wire::Body&)> sends;  ///< looks at what goes out; may be empty
  };

  void send(const wire::Body& body, std::uint64_t reply_to = 0) override;
  void send_frame(std::string_view frame) override;
  void write_soon() override;
  bool wants_more() const override { return open_; }

  void start(Callbacks callbacks) { callbacks_ = std::move(callbacks); }
  /// By its owner, who hears nothing more of it.
  void close();

 private:
  friend class Network;
  Network* network_ = nullptr;
  Pid owner_ = 0;
  bool to_controller_ = false;
  bool open_ = true, write_planned_ = false, damaged_ = false;
  std::uint64_t next_id_ = 1;
  double last_arrival_ = 0;  // of what this end has sent
  std::weak_ptr<End> peer_;
  std::weak_ptr<End> self_;
  Callbacks callbacks_;
};

class Network {
 public:
  explicit Network(World& world) : world_(world) {}

  /// (worker's end, controller's end).
  std::pair<std::shared_ptr<End>, std::shared_ptr<End>> connect(Pid worker, Pid controller);
  /// What is to be done to the n-th message in a direction, from 1.
  void harm(bool to_controller, std::int64_t n, Harm harm, double seconds) {
    harms_[{to_controller, n}] = {harm, seconds};
  }
  /// Called before the n-th message to the worker is sent.
  void before_send(std::int64_t n, std::function<void()> what) { before_send_[n] = std::move(what); }
  /// Breaks whatever connection there is.
  void cut();
  /// From now on nothing is harmed.
  void heal() { harms_.clear(), before_send_.clear(); }
  std::int64_t messages() const { return sent_[0] + sent_[1]; }

 private:
  friend class End;
  void transmit(End& from, std::string frame);
  void deliver(const std::shared_ptr<End>& to, double when, std::string frame);
  void hang_up(End& end, double when);
  void damaged(End& end);

  World& world_;
  std::map<std::pair<bool, std::int64_t>, std::pair<Harm, double>> harms_;
  std::map<std::int64_t, std::function<void()>> before_send_;
  std::int64_t sent_[2] = {0, 0};
  std::weak_ptr<End> last_;  // an end of the last connection
};

}  // namespace tune::torture
