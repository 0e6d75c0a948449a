#pragma once

// The controller's half of the conversation with a worker, whoever started it: what was assigned, which messages have
// come, what was answered. It makes of a connection that may break and of messages that may come twice what
// core/workers.h promises: each message once, in order, of attempts that are wanted.
//
// What the worker is told are levels, not edges: the last acknowledgement and the last order of each attempt are kept,
// and said again after a reconnect.
//
// It knows no socket and no clock: what it says goes to a FrameSink.
//
// Thread rule: the loop's thread.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/runtime/frame_sink.h"
#include "core/wire/envelope.h"
#include "core/workers.h"

namespace tune {

class WorkerPeer {
 public:
  /// What concerns the worker and no trial.
  struct Events {
    std::function<void(Result<TrainableInfo>)> loaded;
    std::function<void(std::string)> drained;  ///< the worker cannot go on
    std::function<void(wire::LogLine)> log;
    std::function<void()> progress;  ///< a report or an end has come
    /// Calls back so many seconds later, on the same thread, or not at all once its owner is gone.
    std::function<void(double seconds, std::function<void()>)> later;
  };

  WorkerPeer(Workers::Handler& handler, CheckpointChannel& channel, Events events);
  WorkerPeer(const WorkerPeer&) = delete;
  ~WorkerPeer();

  /// A connection to a worker that has been let in: `welcome` is completed by what is known of its attempts and sent,
  /// then all that the worker lacks.
  void attach(std::shared_ptr<FrameSink> link, const wire::Hello& hello, std::uint64_t hello_id, wire::Welcome welcome);
  /// The connection is gone; the worker may come again.
  void detach();
  /// To be called by the link before it writes.
  void send_acknowledgements();
  void receive(wire::Envelope envelope);

  void assign(Assign assign);
  /// An attempt that another controller has assigned, of which everything up to `last_seq` has been stored.
  void inherit(const wire::AttemptKey& key, Seq last_seq);
  /// Whether its messages would be taken.
  bool hears(const wire::AttemptKey& key) const { return records_.contains(key); }
  void acknowledge(const Ack& ack);
  void order(const Order& order);

  /// The worker is gone for certain. What has come whole is still delivered, before the losses.
  void lose_all(const std::string& why);

  /// No callback any more.
  void mute() { *alive_ = false; }

  std::size_t attempts() const { return records_.size(); }

 private:
  using Key = wire::AttemptKey;

  /// The checkpoint that message `seq` will name, on its way to the store.
  struct Upload {
    std::uint64_t channel_key = 0;
    Seq seq = 0;
    std::uint64_t received = 0;  ///< bytes
  };
  struct Item {
    std::variant<WorkerMessage, wire::LostMessage> message;
    Seq seq = 0;
    std::uint64_t large = 0;  ///< channel key
    bool ready = true;        ///< false: the store still writes its checkpoint
  };
  struct Record {
    std::uint64_t number = 0;      ///< order of assignment
    std::optional<Assign> assign;  ///< until the worker is known to hold it
    Seq received = 0, delivered = 0;
    Seq end = 0;           ///< seq of its Done or Lost, once that has come
    std::string lost_why;  ///< if it was this side that found it lost
    std::optional<Ack> ack;
    std::size_t pending_ack = SIZE_MAX;  ///< place in pending_acks_
    std::optional<Order> order;
    std::optional<Upload> upload;
    Seq refused = 0;  ///< the store did not take its checkpoint, and it is asked for again in a while
    std::deque<Item> waiting;
  };

  Record* find(const Key& key);
  template <class Message>
  void receive_numbered(Message message, Seq seq);
  void receive_chunk(wire::Chunk chunk);
  void receive_fetch(const wire::Fetch& fetch);
  void receive_started(const Started& started);
  void deliver(const Key& key);
  void deliver_lost(const Key& key, std::string why);
  void finish_upload(const Key& key, Record& record, Item& item);
  void on_finished(const Key& key, std::uint64_t channel_key, Result<CheckpointInfo> info);
  /// Message `seq` cannot be taken now (the store refuses its checkpoint): asked for again in a while.
  void retreat(const Key& key, Seq seq, const Error& why);
  void drop_upload(Record& record);
  bool holds(const Key& key, std::uint64_t channel_key);
  void push_ack(Record& record, const Ack& ack);
  void send(const wire::Body& body);
  void erase(const Key& key);

  Workers::Handler& handler_;
  CheckpointChannel& channel_;
  Events events_;
  std::shared_ptr<FrameSink> link_;
  std::map<Key, Record> records_;
  std::vector<Ack> pending_acks_;
  std::uint64_t next_number_ = 1, next_channel_key_ = 1;
  std::string complaint_;  ///< what was last said of checkpoints that cannot be stored; empty: the last one was
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< false: muted, or gone
};

}  // namespace tune
