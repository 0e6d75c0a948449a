#pragma once

// What the controller's loop sees of everything that runs trials. Two implementations: a worker process over a socket
// (core/runtime/process_workers.h) and threads of this process (core/runtime/thread_workers.h); a simulated one for
// tests in virtual time. Faults of the wire (reconnects, resends, fences) are solved behind this interface: messages
// arrive once, in order of seq, of current attempts.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/messages.h"
#include "core/result.h"

namespace tune {

/// Large checkpoints on their way between a worker and the store. Called on the loop's thread; the answer comes later,
/// on the loop's thread too.
class CheckpointChannel {
 public:
  virtual ~CheckpointChannel() = default;
  /// The next bytes of checkpoint `key` (unique among those in flight). `done(offset)` once they are with the writer
  /// and more may be sent.
  virtual void write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) = 0;
  /// All bytes are written: hash, commit to the sibling file. Then the report that names it may join a turn.
  virtual void finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) = 0;
  virtual void abandon(std::uint64_t key) = 0;
  /// Up to `size` bytes from `offset` of a stored checkpoint; fewer at its end.
  virtual void read(CheckpointId id, std::uint64_t offset, std::size_t size,
                    std::function<void(Result<std::string>)> done) = 0;
};

class Workers {
 public:
  /// Calls back on the loop's thread.
  class Handler {
   public:
    virtual ~Handler() = default;
    /// The trainable is loaded and trials may be assigned; or it cannot be loaded (kTrial, kNotFound, with the loader's
    /// words), once.
    virtual void on_ready(Result<TrainableInfo> info) = 0;
    /// `large`: key of a checkpoint of log.checkpoint that the channel has finished under (external), 0 otherwise.
    virtual void on_message(WorkerMessage message, std::uint64_t large) = 0;
    /// These attempts are gone for certain; `why` in a sentence. Fresh assigns are welcome (a new worker is started).
    virtual void on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string why) = 0;
    /// No worker can be had any more (it fails again and again): the run must end.
    virtual void on_unusable(Error why) = 0;
  };

  /// An attempt that an earlier controller granted and whose end is not stored; of its messages all up to `last_seq`
  /// are.
  struct Inherited {
    TrialId trial;
    Attempt attempt;
    Seq last_seq = 0;
  };

  virtual ~Workers() = default;
  /// To be called before start(). Gives those that are gone for certain. Each of the others goes on as if it had been
  /// assigned here, or on_lost tells that it does not; it is to be acknowledged, so that it hears what it may wait for.
  virtual std::vector<Inherited> inherit(std::vector<Inherited> attempts) { return attempts; }
  /// Starts to start. Answers by on_ready.
  virtual void start(Handler& handler, CheckpointChannel& channel) = 0;
  /// Attempts run in the order they are assigned, `slots` at a time; more than that wait their turn.
  virtual void assign(Assign assign) = 0;
  virtual void acknowledge(const Ack& ack) = 0;
  virtual void order(const Order& order) = 0;
  /// Kills what runs, ends workers and fork servers, waits until all processes are gone. No callback afterwards.
  virtual void shut_down() = 0;
};

struct SlotPlan {
  std::int64_t slots = 1;  ///< trials at a time
  double cpu = 1;          ///< a trial
  double gpu = 0;
  std::vector<std::string> gpus;  ///< names for CUDA_VISIBLE_DEVICES of the GPUs that may be used
  std::string note;               ///< which of resources and budget.concurrency binds
};

/// What this machine has.
struct Machine {
  int cpus = 1;                   ///< of the affinity mask
  std::vector<std::string> gpus;  ///< CUDA_VISIBLE_DEVICES if set, else all of /dev/nvidiaN
  std::uint64_t memory = 0;
};
Machine this_machine();

/// Trials at a time: what resources hold, never more; a smaller budget.concurrency caps it. kBadInput with both numbers
/// if one trial does not fit.
Result<SlotPlan> plan_slots(const Resources& need, std::optional<std::int64_t> concurrency, const Machine& machine);

/// CUDA_VISIBLE_DEVICES of slot `slot`: whole GPUs side by side, or floor(1/gpu) slots sharing one; empty without GPUs.
std::string visible_gpus(const SlotPlan& plan, std::int64_t slot);
/// Of an attempt that holds several slots.
std::string visible_gpus(const SlotPlan& plan, const std::vector<std::int64_t>& slots);

}  // namespace tune
