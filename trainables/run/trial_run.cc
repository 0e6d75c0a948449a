#include "trainables/run/trial_run.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include "core/json.h"
#include "core/text.h"

namespace tune {
namespace {

/// What a trial says of its failure is kept up to this length.
constexpr std::size_t kMaxText = 16u << 10;

/// Stronger reasons to leave win over weaker ones, whatever comes first: what was decided stays decided.
int strength(EndKind how) {
  switch (how) {
    case EndKind::kStopped: return 3;
    case EndKind::kPaused: return 2;
    case EndKind::kInterrupted: return 1;
    default: return 0;
  }
}

bool speaks_of_memory(std::string_view text) {
  for (const char* words : {"std::bad_alloc", "an't allocate memory", "annot allocate memory", "out of memory"}) {
    if (text.find(words) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

DoneMessage never_began(const Assign& assign, const Order& order) {
  const EndKind how = order.kind == OrderKind::kPause       ? EndKind::kPaused
                      : order.kind == OrderKind::kInterrupt ? EndKind::kInterrupted
                                                            : EndKind::kStopped;
  DoneMessage done;
  done.log = {assign.trial, assign.attempt, 1, how, Cause::kNone, order.reason, 0, assign.elapsed};
  return done;
}

TrialRun::TrialRun(const Begin& begin, std::string_view checkpoint, TrialPort& port, Clock clock)
    : begin_(begin),
      checkpoint_(checkpoint),
      port_(port),
      clock_(std::move(clock)),
      began_(clock_()),
      step_(begin.assign.start_step),
      saved_step_(begin.assign.start_step),
      wait_(begin.assign.wait) {}

// --- Life ------------------------------------------------------------------------------------------------------------

Ended TrialRun::run(const tune_trainable& trainable, void* instance) {
  runs_ahead_ = (trainable.flags & TUNE_RUNS_AHEAD) != 0;
  try {
    trainable.run(instance, reinterpret_cast<tune_trial*>(this), &host_table());
  } catch (const std::exception& e) {
    fail(Cause::kException, e.what());
  } catch (...) {
    fail(Cause::kException, "an exception that is no std::exception");
  }
  return ended();
}

Ended TrialRun::refuse(Cause cause, std::string text) {
  fail(cause, std::move(text));
  return ended();
}

Ended TrialRun::ended() {
  if (failure_) {
    failure_->seq = ++seq_;
    failure_->elapsed = elapsed();
    return *failure_;
  }
  if (step_ == 0) drain();
  if (step_ == 0 && !leave_) {
    fail(Cause::kException, "it ended without a report");
    return ended();
  }
  Ended end{assign().trial, assign().attempt, ++seq_, EndKind::kCompleted, Cause::kOwnEnd, {}, 0, elapsed()};
  if (leave_ && told_) {
    end.how = *leave_;
    end.cause = *leave_ == EndKind::kStopped ? Cause::kStopRule : Cause::kNone;
    end.text = leave_why_;
  } else if (!note_.empty()) {
    end.text = "ended by itself; " + note_;
  }
  return end;
}

void TrialRun::note(std::string text) {
  if (!note_.empty()) return;
  if (text.size() > kMaxText) text.resize(kMaxText);
  note_ = std::move(text);
}

void TrialRun::fail(Cause cause, std::string text, int code) {
  if (failure_) return;
  if (text.empty()) text = "it failed without a word";
  if (text.size() > kMaxText) text.resize(kMaxText);
  if (cause == Cause::kException && assign().resources.memory > 0 && speaks_of_memory(text)) {
    cause = Cause::kMemory;
    text = fmt::format("beyond its memory limit of {}: {}", format_size(assign().resources.memory), text);
  }
  failure_ = Ended{assign().trial, assign().attempt, 0, EndKind::kFailed, cause, std::move(text), code, 0};
}

double TrialRun::elapsed() const { return assign().elapsed + (clock_() - began_); }

// --- What it is told -------------------------------------------------------------------------------------------------

void TrialRun::leave(EndKind how, std::string why) {
  if (leave_ && strength(*leave_) >= strength(how)) return;
  leave_ = how;
  leave_why_ = std::move(why);
  if (how != EndKind::kStopped || assign().at_end) save_wanted_ = true;
}

void TrialRun::take(const TrialInput& input) {
  if (const Ack* ack = std::get_if<Ack>(&input)) {
    acknowledged_ = std::max(acknowledged_, ack->seq);
    wait_ = ack->wait;
    if (ack->verdict == Verdict::kContinue) return;
    final_ = true;
    leave(ack->verdict == Verdict::kPause ? EndKind::kPaused : EndKind::kStopped, {});
    return;
  }
  const Order& order = std::get<Order>(input);
  switch (order.kind) {
    case OrderKind::kSave: save_wanted_ = true; break;
    case OrderKind::kPause: leave(EndKind::kPaused, order.reason); break;
    case OrderKind::kInterrupt: leave(EndKind::kInterrupted, order.reason); break;
    case OrderKind::kStop:
    case OrderKind::kKill: leave(EndKind::kStopped, order.reason); break;
  }
}

void TrialRun::drain() {
  while (!gone_) {
    const auto input = port_.receive(false);
    if (!input) {
      gone_ = true;
      leave(EndKind::kInterrupted, input.error().message);
    } else if (!*input) {
      break;
    } else {
      take(**input);
    }
  }
  if (assign().stop_time && elapsed() >= *assign().stop_time) {
    leave(EndKind::kStopped, fmt::format("stop.time {} reached", format_duration(*assign().stop_time)));
  }
}

void TrialRun::wait_for(Seq acknowledged) {
  while (!gone_ && !leave_ && acknowledged_ < acknowledged) {
    const auto input = port_.receive(true);
    if (!input || !*input) {
      gone_ = true;
      leave(EndKind::kInterrupted, input ? "nobody listens any more" : input.error().message);
    } else {
      take(**input);
    }
  }
}

/// Looks at how sending went; false: the message is lost, and the trial is over.
bool TrialRun::carried(const Result<void>& sent, const char* what) {
  if (sent) return true;
  if (sent.error().code == ErrorCode::kIo) {
    gone_ = true;
    leave(EndKind::kInterrupted, sent.error().message);
  } else {
    fail(Cause::kBadReport, fmt::format("{}: {}", what, sent.error().message));
  }
  return false;
}

bool TrialRun::should_stop() {
  drain();
  if (!over() && !leave_) return false;
  told_ = true;
  return true;
}

// --- Reports and checkpoints -----------------------------------------------------------------------------------------

bool TrialRun::save_due(Step step) const {
  if (over() || final_) return false;
  const Step at = step == 0 ? step_ + 1 : step;
  const std::int64_t every = assign().every;
  return save_wanted_ || (wait_.save && at >= wait_.step) || (every > 0 && at % every == 0);
}

int TrialRun::report(Step step, Metrics metrics, std::string_view extra_json,
                     std::optional<std::string_view> checkpoint) {
  drain();
  if (over() || final_) {
    told_ = true;
    return TUNE_LEAVE;
  }
  const Step at = step == 0 ? step_ + 1 : step;
  if (at <= step_) {
    fail(Cause::kBadReport, fmt::format("it reported step {} after step {}: steps must grow", at, step_));
    return TUNE_LEAVE;
  }
  ReportMessage message;
  if (!extra_json.empty()) {
    const Result<Value> extra = parse_json(extra_json);
    if (!extra || !extra->is_map()) {
      fail(Cause::kBadReport, fmt::format("its report of step {} has an extra part that is no JSON object{}", at,
                                          extra ? std::string() : ": " + extra.error().message));
      return TUNE_LEAVE;
    }
    message.log.extra = to_json(*extra);
  }
  message.log.trial = assign().trial;
  message.log.attempt = assign().attempt;
  message.log.seq = ++seq_;
  message.log.step = at;
  message.log.elapsed = elapsed();
  message.log.metrics = std::move(metrics);
  message.waits = at >= wait_.step;
  const bool waits = message.waits;
  if (!carried(port_.send(std::move(message), checkpoint), "its report cannot be sent")) return TUNE_LEAVE;
  step_ = at;
  if (checkpoint) {
    saved_step_ = at;
    save_wanted_ = false;
  }
  wait_for(waits ? seq_ : seq_ - kWindow);
  if (!leave_) return TUNE_CONTINUE;
  told_ = true;
  return TUNE_LEAVE;
}

bool TrialRun::save_asked() {
  drain();
  return save_wanted_ && (saved_step_ != step_ || may_be_newer()) && !over();
}

bool TrialRun::save(Step step, std::string_view checkpoint) {
  if (over()) return false;
  const Step at = step == 0 ? step_ : step;
  if (at < 0 || at > step_) {
    fail(Cause::kBadReport, fmt::format("it saved step {}, but has reported no step after {}", at, step_));
    return false;
  }
  if (at == saved_step_ && !may_be_newer()) {  // nothing new: a fresh start, or handed over with its report
    save_wanted_ = false;
    return true;
  }
  SavedMessage message;
  message.log.trial = assign().trial;
  message.log.attempt = assign().attempt;
  message.log.seq = ++seq_;
  message.log.step = at;
  message.log.elapsed = elapsed();
  if (!carried(port_.send(std::move(message), checkpoint), "its checkpoint cannot be sent")) return false;
  saved_step_ = at;
  save_wanted_ = false;
  return true;
}

bool TrialRun::checkpoint(const void** data, std::size_t* size, std::int64_t* step) const {
  if (!begin_.has_checkpoint) return false;
  *data = checkpoint_.data() != nullptr ? checkpoint_.data() : "";
  *size = checkpoint_.size();
  *step = assign().start_step;
  return true;
}

// --- Where it stands -------------------------------------------------------------------------------------------------

const Parameters* TrialRun::parameters() {
  if (!parameters_) {
    Result<Parameters> read = Parameters::read(assign().config_json);
    if (!read) {
      fail(Cause::kException, read.error().message);
      return nullptr;
    }
    parameters_ = *std::move(read);
  }
  return &*parameters_;
}

const char* TrialRun::directory() {
  if (!directory_made_) {
    std::error_code error;
    std::filesystem::create_directories(begin_.directory, error);
    if (begin_.directory.empty() || error) return nullptr;
    directory_made_ = true;
  }
  return begin_.directory.c_str();
}

}  // namespace tune
