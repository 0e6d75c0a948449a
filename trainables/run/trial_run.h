#pragma once

// One running trial: the rules behind the C table that its trainable calls (trainables/include/tune/abi.h). When a
// report waits and when it flows, when a checkpoint is due, how a verdict or an order becomes "return soon", how the
// end is told. The same for a trial in a process and for one in a thread; only the port differs.
//
// Thread rule: everything happens on the thread that calls run(), as the C table demands.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/frames.h"
#include "core/messages.h"
#include "trainables/include/tune/abi.h"
#include "trainables/run/parameters.h"
#include "trainables/run/trial_port.h"

namespace tune {

/// Monotonic, in seconds from an arbitrary zero.
double monotonic_seconds();

/// The table that trainables are given; its tune_trial is a TrialRun.
const tune_host& host_table();

/// The end of an attempt that was ordered to leave before it began. Requires: an order to leave.
DoneMessage never_began(const Assign& assign, const Order& order);

class TrialRun {
 public:
  using Clock = std::function<double()>;
  /// Reports that may be on their way unacknowledged; the next one waits.
  static constexpr Seq kWindow = 1024;

  /// `begin` and `checkpoint` (the state to continue from, if begin.has_checkpoint) must outlive this object.
  TrialRun(const Begin& begin, std::string_view checkpoint, TrialPort& port, Clock clock = monotonic_seconds);
  TrialRun(const TrialRun&) = delete;
  TrialRun& operator=(const TrialRun&) = delete;

  /// Runs the trial to its end and says how it ended; the caller sends that on. An exception that the trainable lets
  /// through is the trial's failure.
  Ended run(const tune_trainable& trainable, void* instance);
  /// An instance that cannot be made ends the trial the same way.
  Ended refuse(Cause cause, std::string text);
  /// kFailed has been reached, so the instance may be in any state.
  bool failed() const { return failure_.has_value(); }

  // --- The C table, entry by entry (host_table.cc). None throws but std::bad_alloc.
  const Assign& assign() const { return begin_.assign; }
  const Parameters* parameters();  ///< null, and the trial fails, if the configuration cannot be read
  const char* directory();
  bool checkpoint(const void** data, std::size_t* size, std::int64_t* step) const;
  bool save_due(Step step) const;
  /// TUNE_CONTINUE or TUNE_LEAVE.
  int report(Step step, Metrics metrics, std::string_view extra_json, std::optional<std::string_view> checkpoint);
  bool should_stop();
  bool save_asked();
  bool save_at_end() const { return begin_.assign.at_end && saved_step_ != step_; }
  bool save(Step step, std::string_view checkpoint);  ///< false: not taken
  /// Told with an end of its own. The first one counts.
  void note(std::string text);
  /// The first failure counts.
  void fail(Cause cause, std::string text, int code = 0);

 private:
  double elapsed() const;
  void take(const TrialInput& input);
  void leave(EndKind how, std::string why);
  void drain();                     ///< takes what has arrived
  void wait_for(Seq acknowledged);  ///< until that much is acknowledged, or the trial is to leave
  bool carried(const Result<void>& sent, const char* what);
  bool over() const { return failure_.has_value() || gone_; }
  /// Whether its state may be another than the one it handed over with its last report.
  bool may_be_newer() const { return runs_ahead_ && leave_ && step_ > 0; }
  Ended ended();

  const Begin& begin_;
  std::string_view checkpoint_;
  TrialPort& port_;
  Clock clock_;
  double began_;
  std::optional<Parameters> parameters_;
  bool directory_made_ = false;

  Step step_;                ///< last reported, at first that of the checkpoint
  Step saved_step_;          ///< of the last checkpoint handed over
  bool runs_ahead_ = false;  ///< TUNE_RUNS_AHEAD
  Seq seq_ = 0;
  Seq acknowledged_ = 0;
  Wait wait_;
  bool save_wanted_ = false;
  bool final_ = false;  ///< a verdict: reports beyond it are dropped
  bool told_ = false;   ///< the trainable knows that it is to leave
  bool gone_ = false;   ///< nobody listens any more
  std::optional<EndKind> leave_;
  std::string leave_why_;
  std::string note_;
  std::optional<Ended> failure_;
};

}  // namespace tune
