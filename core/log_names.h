#pragma once

// What the enumerations of core/log.h are called in stored rows. Never rename one: logs that exist use them.

#include "core/log.h"
#include "core/names.h"

namespace tune {

inline constexpr auto kEndKindNames = name_table<EndKind>({
    {EndKind::kCompleted, "completed"},
    {EndKind::kPaused, "paused"},
    {EndKind::kStopped, "stopped"},
    {EndKind::kInterrupted, "interrupted"},
    {EndKind::kFailed, "failed"},
});

inline constexpr auto kCommandNames = name_table<CommandKind>({
    {CommandKind::kStop, "stop"},
    {CommandKind::kCancel, "cancel"},
    {CommandKind::kPause, "pause"},
    {CommandKind::kResume, "resume"},
    {CommandKind::kEnqueue, "enqueue"},
    {CommandKind::kRetry, "retry"},
    {CommandKind::kSet, "set"},
});

inline constexpr auto kVerdictNames = name_table<Verdict>({
    {Verdict::kContinue, "continue"},
    {Verdict::kPause, "pause"},
    {Verdict::kStop, "stop"},
});

inline constexpr auto kResumeWhyNames = name_table<ResumeWhy>({
    {ResumeWhy::kPromoted, "promoted"},
    {ResumeWhy::kRetry, "retry"},
    {ResumeWhy::kLost, "lost"},
    {ResumeWhy::kInterrupted, "interrupted"},
    {ResumeWhy::kUnpaused, "unpaused"},
    {ResumeWhy::kExploit, "exploit"},
    {ResumeWhy::kUserRetry, "user_retry"},
    {ResumeWhy::kResized, "resized"},
});

inline constexpr auto kEndWhyNames = name_table<EndWhy>({
    {EndWhy::kBudgetTrials, "budget_trials"},
    {EndWhy::kBudgetTime, "budget_time"},
    {EndWhy::kTarget, "target"},
    {EndWhy::kFailures, "failures"},
    {EndWhy::kPlateau, "plateau"},
    {EndWhy::kExhausted, "exhausted"},
    {EndWhy::kUser, "user"},
    {EndWhy::kNoRoom, "no_room"},
});

}  // namespace tune
