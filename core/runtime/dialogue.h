#pragma once

// The worker's half of the conversation (conversation.h) over real connections: it connects, comes again when the
// connection breaks or to the controller that comes after its own (rendezvous.h), beats in time, fetches checkpoints,
// notices when its lease is over, and hands in what it could not say.
//
// Thread rule: the loop's thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/conversation.h"
#include "core/runtime/link.h"
#include "core/runtime/worker.h"

namespace tune {

class Dialogue {
 public:
  using Key = wire::AttemptKey;

  struct Events {
    Conversation::Events conversation;              ///< but for `welcomed`
    std::function<void(const std::string&)> alone;  ///< there is no controller, and the lease has ended
  };

  Dialogue(boost::asio::io_context& io, const WorkerOptions& options, std::string token, Events events);
  ~Dialogue();

  void start();
  /// No event any more.
  void close();

  /// Said to each controller that comes.
  void say_loaded(Result<TrainableInfo> info);
  /// These are not kept: without a connection they are lost.
  void say(const wire::Body& body) { conversation_.say(body); }
  /// These are kept until acknowledged. `checkpoint`: bytes of an external one. kBadInput: larger than any message may
  /// be, and not kept.
  Result<void> say_kept(const Key& key, const wire::Body& message, Seq seq, bool ends, Fd checkpoint = {},
                        std::uint64_t size = 0) {
    return conversation_.say_kept(key, message, seq, ends, std::move(checkpoint), size);
  }
  /// Whether no more should be taken from this attempt's trial.
  bool is_full(const Key& key) const { return conversation_.is_full(key); }

  /// Bytes of a stored checkpoint, checked against its hash, as a sealed memory file. kDamaged, kIo.
  void fetch(CheckpointId id, const CheckpointInfo& info, std::function<void(Result<Fd>)> done);

  /// Speaks to no controller any more; what is said is kept, however much it is.
  void hang_up();
  /// Leaves what is kept beside the database, for the next controller. As write_hand_in.
  Result<void> hand_in();
  /// Where its last controller listens, or listened.
  const std::string& socket() const { return socket_; }

  /// Sends what waits, for at most `seconds`, without the loop.
  void last_words(double seconds);

 private:
  struct Fetching {
    CheckpointInfo info;
    Fd file;
    std::uint64_t asked = 0, received = 0;
    std::vector<std::function<void(Result<Fd>)>> done;
  };

  void connect();
  bool connect_to(const std::string& path);
  void connect_later();
  void received(wire::Envelope envelope);
  void welcomed();
  void disconnected();
  void beat();
  void check_lease();
  void ask_for_more(CheckpointId id, Fetching& fetching);
  void fetched(const wire::Fetched& part);
  void finish_fetch(CheckpointId id, Result<void> result);

  boost::asio::io_context& io_;
  const WorkerOptions& options_;
  Events events_;
  std::string socket_, connected_to_;  // of the last controller that said Welcome; of this connection
  std::shared_ptr<Link> link_;
  bool closed_ = false;
  Conversation conversation_;
  std::optional<Result<TrainableInfo>> loaded_;
  std::map<CheckpointId, Fetching> fetching_;
  boost::asio::steady_timer connect_timer_, beat_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tune
