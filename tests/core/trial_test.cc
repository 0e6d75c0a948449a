#include "core/trial.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "core/rules.h"

namespace tune {
namespace {

using enum TrialState;

constexpr TrialState kAll[] = {kWaiting,   kRunning, kPausing, kPaused,   kStopping,
                               kCompleted, kStopped, kFailed,  kWithdrawn};

TEST(Trial, LeavesAFinalStateOnlyToBeRetried) {
  for (TrialState from : kAll) {
    if (!is_final(from)) continue;
    for (TrialState to : kAll) {
      const bool retried = to == kWaiting && (from == kFailed || from == kStopped);
      EXPECT_EQ(may_become(from, to), retried) << state_name(from) << " to " << state_name(to);
    }
  }
}

TEST(Trial, ReachesAnEndFromEveryOtherState) {
  for (TrialState from : kAll) {
    if (is_final(from)) continue;
    EXPECT_TRUE(may_become(from, kFailed)) << state_name(from);
    EXPECT_TRUE(may_become(from, kStopped)) << state_name(from);
  }
}

TEST(Trial, IsWithdrawnOnlyBeforeItStarts) {
  for (TrialState from : kAll) EXPECT_EQ(may_become(from, kWithdrawn), from == kWaiting) << state_name(from);
}

TEST(Trial, GoesTheWayOfAPause) {
  EXPECT_TRUE(may_become(kWaiting, kRunning));
  EXPECT_TRUE(may_become(kRunning, kPausing));
  EXPECT_TRUE(may_become(kPausing, kPaused));
  EXPECT_TRUE(may_become(kPaused, kWaiting));
  EXPECT_FALSE(may_become(kStopping, kRunning));
  EXPECT_FALSE(may_become(kPaused, kPausing));
}

TEST(Trial, NamesItsStatesBothWays) {
  std::set<std::string_view> names;
  for (TrialState state : kAll) {
    TrialState back = kWaiting;
    ASSERT_TRUE(state_from_name(state_name(state), back));
    EXPECT_EQ(back, state);
    names.insert(state_name(state));
  }
  EXPECT_EQ(names.size(), std::size(kAll));
  TrialState untouched = kPaused;
  EXPECT_FALSE(state_from_name("pending", untouched));
  EXPECT_EQ(untouched, kPaused);
}

TEST(Trial, ShowsTransientStatesAsRunning) {
  EXPECT_EQ(status_name(kPausing), "running");
  EXPECT_EQ(status_name(kStopping), "running");
  EXPECT_EQ(status_name(kPaused), "paused");
}

TEST(Cause, IsNamedBothWays) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Cause::kLostWorker); ++i) {
    const auto cause = static_cast<Cause>(i);
    Cause back = Cause::kNone;
    ASSERT_TRUE(cause_from_name(cause_name(cause), back));
    EXPECT_EQ(back, cause);
    names.insert(cause_name(cause));
  }
  EXPECT_EQ(names.size(), 17u);
  Cause untouched = Cause::kHang;
  EXPECT_FALSE(cause_from_name("unknown", untouched));
}

TEST(Retries, CountByCause) {
  const Retries retries{.exception = 1, .exit = 2, .signal = 3, .memory = 4, .time = 5, .hang = 6};
  EXPECT_EQ(retries.for_cause(Cause::kException), 1);
  EXPECT_EQ(retries.for_cause(Cause::kExit), 2);
  EXPECT_EQ(retries.for_cause(Cause::kSignal), 3);
  EXPECT_EQ(retries.for_cause(Cause::kMemory), 4);
  EXPECT_EQ(retries.for_cause(Cause::kTimeLimit), 5);
  EXPECT_EQ(retries.for_cause(Cause::kHang), 6);
  for (Cause cause : {Cause::kLostWorker, Cause::kBadReport, Cause::kLoad, Cause::kOutput, Cause::kUser}) {
    EXPECT_EQ(retries.for_cause(cause), 0);
  }
}

TEST(Cause, NamesAreThoseThatTheApiDocuments) {
  std::ifstream header(TUNE_RESULTS_HEADER);
  const std::string text{std::istreambuf_iterator<char>(header), {}};
  const std::size_t begin = text.find("/// Why it is where it is:"), end = text.find("std::string cause;");
  ASSERT_LT(begin, end);
  std::string all;
  for (int i = 0; i <= static_cast<int>(Cause::kLostWorker); ++i)
    all += " " + std::string(cause_name(static_cast<Cause>(i)));
  std::istringstream words(text.substr(begin, end - begin));
  std::string documented;
  for (std::string word; words >> word;) {
    if (word == "///") continue;
    if (word == "is:")
      documented.clear();
    else
      documented += " " + word;
  }
  EXPECT_EQ(documented, all + ".");
}

}  // namespace
}  // namespace tune
