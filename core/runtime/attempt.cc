#include "core/runtime/attempt.h"

#include <fmt/format.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>

#include "core/text.h"

namespace tune {
namespace {

/// A trial sends a thousand reports ahead before it waits for an answer; it is answered well before.
constexpr Seq kAnswerAtLeastEvery = 256;

Sentence sentence_for(OrderKind kind, double grace, const std::string& why) {
  const std::string reason = why.empty() ? std::string() : why + "; ";
  const std::string text = grace > 0
                               ? fmt::format("{}killed, as it did not leave within {}", reason, format_duration(grace))
                               : reason + "killed";
  switch (kind) {
    case OrderKind::kPause: return {EndKind::kPaused, Cause::kNone, text};
    case OrderKind::kInterrupt: return {EndKind::kInterrupted, Cause::kNone, text};
    default: return {EndKind::kStopped, Cause::kStopRule, text};
  }
}

double earliest(std::optional<double> a, double b) { return a ? std::min(*a, b) : b; }

std::string with_tail(std::string text, const std::string& tail) {
  if (!tail.empty()) text += "\n" + tail;
  return text;
}

bool speaks_of_memory(const std::string& text) {
  return text.find("std::bad_alloc") != std::string::npos || text.find("MemoryError") != std::string::npos ||
         text.find("annot allocate memory") != std::string::npos;
}

/// Of what ended by SIGKILL.
void tell_memory_kill(Ended& end, MemoryKill memory_kill) {
  if (end.cause != Cause::kSignal || end.code != SIGKILL) return;
  if (memory_kill == MemoryKill::kSomewhere) {
    end.text += ", perhaps by the kernel: it has killed some process of this machine for want of memory meanwhile";
  } else if (memory_kill == MemoryKill::kHere) {
    end.cause = Cause::kMemory;
    end.text = "killed by the kernel for want of memory (OOM killer)";
  }
}

std::string refused_memory(std::uint64_t limit) {
  return fmt::format("beyond its memory limit of {}: an allocation was refused (RLIMIT_DATA)", format_size(limit));
}

}  // namespace

void must_leave(RunningAttempt& attempt, OrderKind kind, double grace, const std::string& why, double now) {
  attempt.told_to_leave = true;
  const double by = now + std::max(grace, 0.0);
  if (attempt.leave_by && *attempt.leave_by <= by) return;
  attempt.leave_by = by;
  attempt.if_it_stays = sentence_for(kind, grace, why);
}

std::optional<double> next_deadline(const RunningAttempt& attempt) {
  if (attempt.killed) return std::nullopt;
  std::optional<double> next = attempt.leave_by;
  if (attempt.own_end) return next;
  const Limits& limits = attempt.assign.limits;
  if (limits.time) next = earliest(next, attempt.began + *limits.time);
  if (limits.silence && attempt.waits_for == 0 && !attempt.held) next = earliest(next, attempt.heard + *limits.silence);
  if (attempt.assign.stop_time && !attempt.told_to_leave) {
    next = earliest(next, attempt.began + std::max(*attempt.assign.stop_time - attempt.assign.elapsed, 0.0));
  }
  return next;
}

Due what_is_due(const RunningAttempt& attempt, double now) {
  Due due;
  if (attempt.killed) return due;
  const Limits& limits = attempt.assign.limits;
  if (attempt.leave_by && now >= *attempt.leave_by) {
    due.kill = attempt.if_it_stays;
  } else if (attempt.own_end) {
    return due;
  } else if (limits.time && now - attempt.began >= *limits.time) {
    due.kill = Sentence{EndKind::kFailed, Cause::kTimeLimit,
                        fmt::format("killed after {}: limits.time", format_duration(*limits.time))};
  } else if (limits.silence && attempt.waits_for == 0 && !attempt.held && now - attempt.heard >= *limits.silence) {
    due.kill =
        Sentence{EndKind::kFailed, Cause::kHang,
                 fmt::format("killed after {} without a report: limits.silence", format_duration(*limits.silence))};
  } else if (attempt.assign.stop_time && !attempt.told_to_leave && attempt.elapsed(now) >= *attempt.assign.stop_time) {
    due.stop = fmt::format("stop.time {} reached", format_duration(*attempt.assign.stop_time));
  }
  return due;
}

Sentence memory_sentence(const RunningAttempt& attempt) {
  return {EndKind::kFailed, Cause::kMemory,
          fmt::format("killed by the kernel at its limit of {} of memory (control group)",
                      format_size(attempt.assign.resources.memory))};
}

bool was_killed(const RunningAttempt& attempt, int status) {
  if (attempt.killed) return false;
  if (attempt.own_end) return attempt.own_end->cause == Cause::kSignal && attempt.own_end->code == SIGKILL;
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

Ended how_it_ended(const RunningAttempt& attempt, int status, const std::string& tail, MemoryKill memory_kill,
                   double now) {
  Ended end{attempt.assign.trial, attempt.assign.attempt, 0, EndKind::kFailed, Cause::kNone, {}, 0,
            attempt.elapsed(now)};
  if (attempt.own_end) {
    end = *attempt.own_end;
    end.trial = attempt.assign.trial;
    end.attempt = attempt.assign.attempt;
    const std::uint64_t limit = attempt.assign.resources.memory;
    const bool by_itself = end.cause == Cause::kExit || end.cause == Cause::kSignal || end.cause == Cause::kException;
    if (end.how == EndKind::kFailed && limit > 0 && by_itself && speaks_of_memory(tail)) {  // a program's words
      end.cause = Cause::kMemory;
      end.text = refused_memory(limit) + ": " + end.text;
    }
    tell_memory_kill(end, memory_kill);  // of the program that a trial ran
    if (end.how == EndKind::kFailed) end.text = with_tail(std::move(end.text), tail);
    return end;
  }
  if (attempt.killed) {
    end.how = attempt.killed->how;
    end.cause = attempt.killed->cause;
    end.text = end.how == EndKind::kFailed ? with_tail(attempt.killed->text, tail) : attempt.killed->text;
    return end;
  }
  const std::uint64_t limit = attempt.assign.resources.memory;
  if (WIFSIGNALED(status)) {
    end.code = WTERMSIG(status);
    end.cause = Cause::kSignal;
    end.text = fmt::format("killed by signal {} ({})", end.code, ::strsignal(end.code));
    tell_memory_kill(end, memory_kill);
    if (limit > 0 && end.code == SIGABRT && speaks_of_memory(tail)) {
      end.cause = Cause::kMemory;
      end.text = refused_memory(limit);
    }
  } else {
    end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    end.cause = Cause::kExit;
    end.text = fmt::format("its process exited with code {} before the trial had ended", end.code);
    if (limit > 0 && end.code != 0 && speaks_of_memory(tail)) {
      end.cause = Cause::kMemory;
      end.text = refused_memory(limit);
    }
  }
  end.text = with_tail(std::move(end.text), tail);
  return end;
}

void took_message(RunningAttempt& attempt, bool waits, double now) {
  ++attempt.seq;
  attempt.heard = now;
  if (waits) attempt.waits_for = attempt.seq;
}

bool take_answer(RunningAttempt& attempt, const Ack& ack, double now) {
  if (attempt.own_end || attempt.killed) return false;
  const bool is_waited_for = attempt.waits_for != 0 && ack.seq >= attempt.waits_for;
  const bool concerns = is_waited_for || ack.verdict != Verdict::kContinue || ack.wait != attempt.wait ||
                        ack.seq >= attempt.answered + kAnswerAtLeastEvery;
  if (!concerns) return false;
  attempt.wait = ack.wait;
  attempt.answered = std::max(attempt.answered, std::min(ack.seq, attempt.seq));
  if (is_waited_for) {
    attempt.waits_for = 0;
    attempt.heard = now;
  }
  if (ack.verdict != Verdict::kContinue) {
    const OrderKind kind = ack.verdict == Verdict::kPause ? OrderKind::kPause : OrderKind::kStop;
    must_leave(attempt, kind, Order().grace, "", now);
  }
  return true;
}

}  // namespace tune
