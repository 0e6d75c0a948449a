// How far a program that prints its reports has run when tune decides is chance; what becomes of its reports and its
// named checkpoints is not. What is printed by one printf is read at once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/trainables/command_fixture.h"

namespace tune {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using CommandCheckpoint = testing::CommandFixture;

/// Goes on from the newest of its files, up to report 3, and prints all at once.
constexpr const char* kNamed = R"(
echo $$$$ >> pids
cd $TUNE_CHECKPOINT_DIR
i=0; for s in 1 2 3; do [ -f s$s ] && i=$s; done
lines=; while [ $i -lt 3 ]; do i=$((i + 1)); echo "state $i." > s$i
lines="$lines{\"loss\": $i, \"checkpoint\": \"s$i\"}\n"; done
printf "$lines"
)";

TEST_F(CommandCheckpoint, IsOfEachReportThatNamesItHoweverManyAreReadAtOnce) {
  run_text(kNamed);

  ASSERT_THAT(host.reports, SizeIs(3));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(host.reports[i].checkpoint);
    EXPECT_THAT(*host.reports[i].checkpoint, HasSubstr("state " + std::to_string(i + 1) + "."));
  }
}

TEST_F(CommandCheckpoint, IsOfTheLastReportWhereANameIsWrittenAgain) {
  run_text(R"(echo state 2. > $TUNE_CHECKPOINT_DIR/s
printf '{"loss": 1, "checkpoint": "s"}\n{"loss": 2, "checkpoint": "s"}\n')");

  ASSERT_THAT(host.reports, SizeIs(2));
  EXPECT_FALSE(host.reports[0].checkpoint);
  EXPECT_TRUE(host.reports[1].checkpoint);
}

TEST_F(CommandCheckpoint, ThatCannotBeTakenIsToldOfTheTrial) {
  run_text(R"(printf '{"loss": 1, "checkpoint": "../x"}\n')");

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_FALSE(host.reports[0].checkpoint);
  ASSERT_THAT(host.notes, SizeIs(1));
  EXPECT_THAT(host.notes[0], HasSubstr("no checkpoint: '../x' is no name in "));
}

/// It had printed all three reports when it was paused at the first.
class PausedAhead : public testing::CommandFixture {
 protected:
  void pause_after_one(const std::string& more = "") {
    host.leave_at = 1;
    host.save_on_leave = true;
    wait_for_the_end();
    run_text(kNamed, more);
    host.resume_from_last();
    host.leave_at.reset();
    host.during_report = nullptr;
  }

  void expect_unbroken() {
    ASSERT_THAT(host.reports, SizeIs(3));
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(host.reports[i].metric("loss"), i + 1);
      ASSERT_TRUE(host.reports[i].checkpoint);
      EXPECT_THAT(*host.reports[i].checkpoint, HasSubstr("state " + std::to_string(i + 1) + "."));
    }
  }

  auto runs() {
    const std::string pids = scratch.read("pids");
    return std::count(pids.begin(), pids.end(), '\n');
  }
};

TEST_F(PausedAhead, ReportsWhatItHadPrintedEachWithItsCheckpoint) {
  pause_after_one();
  EXPECT_THAT(host.saves, SizeIs(1));

  run_text(kNamed);

  expect_unbroken();
  EXPECT_EQ(runs(), 1) << "nothing is trained twice";
}

TEST_F(PausedAhead, GoesOnFromTheDecisionWhereTheLogIsToBeExact) {
  pause_after_one(R"(,"exact":true)");
  EXPECT_THAT(host.saves, IsEmpty()) << "the state after its first report is stored already";

  run_text(kNamed, R"(,"exact":true)");

  expect_unbroken();
  EXPECT_EQ(runs(), 2);
}

TEST_F(PausedAhead, GoesOnFromTheDecisionIfALaterCheckpointIsGone) {
  host.leave_at = 1;
  host.save_on_leave = true;
  wait_for_the_end();

  run_text(std::string(kNamed) + "rm s2\n");

  EXPECT_THAT(host.saves, IsEmpty());
}

TEST_F(PausedAhead, GivesACloneTheStateOfTheDecision) {
  host.config_json = R"({"x":1})";
  pause_after_one();
  host.config_json = R"({"x":2})";

  run_text("ls -A $TUNE_CHECKPOINT_DIR; " + std::string(kNamed));

  EXPECT_THAT(out, ::testing::StartsWith("s1\n"));
  ASSERT_THAT(host.reports, SizeIs(3));
  EXPECT_EQ(host.reports[1].metric("loss"), 2);
}

TEST_F(CommandCheckpoint, OfANameThatIsWrittenAgainIsKeptWithWhatWasHeldBack) {
  host.leave_at = 1;
  host.save_on_leave = true;
  wait_for_the_end();
  host.during_report = [this, wait = host.during_report](std::int64_t step) {
    scratch.write("go", "");
    wait(step);
  };

  run_text(R"(echo $$$$ > pids; echo state 1. > $TUNE_CHECKPOINT_DIR/s; echo '{"loss": 1, "checkpoint": "s"}'
while [ ! -f go ]; do :; done
echo state 2. > $TUNE_CHECKPOINT_DIR/s; echo '{"loss": 2, "checkpoint": "s"}')");

  ASSERT_THAT(host.saves, SizeIs(1));
  EXPECT_THAT(host.saves[0].bytes, HasSubstr("state 2."));
}

TEST_F(CommandCheckpoint, OfAReportThatWasHeldBackIsItsOwnWhenItGoesOn) {
  host.stop_after = 1;
  host.save_on_leave = true;
  run_text(kNamed);
  ASSERT_THAT(host.reports, SizeIs(1));
  ASSERT_THAT(host.saves, SizeIs(1));
  host.resume_from_last();
  host.stop_after.reset();

  run_text(kNamed);

  ASSERT_THAT(host.reports, SizeIs(3));
  ASSERT_TRUE(host.reports[1].checkpoint);
  EXPECT_THAT(*host.reports[1].checkpoint, HasSubstr("state 2."));
  EXPECT_THAT(*host.reports[1].checkpoint, Not(HasSubstr("state 1.")));
}

TEST_F(CommandCheckpoint, OfEachReportThatWasHeldBackIsKeptIfASignalEndsTheProgram) {
  host.leave_at = 1;
  host.save_on_leave = true;
  run_text(std::string(kNamed) + "while :; do sleep 1; done");  // no handler: SIGTERM ends it
  host.resume_from_last();
  host.leave_at.reset();

  run_text(kNamed);

  ASSERT_THAT(host.reports, SizeIs(3));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(host.reports[i].checkpoint) << i;
    EXPECT_THAT(*host.reports[i].checkpoint, HasSubstr("state " + std::to_string(i + 1) + "."));
  }
}

TEST_F(CommandCheckpoint, WithANameBeyondADecisionIsMadeAgainWhereTheLogIsToBeExact) {
  host.leave_at = 1;
  host.save_on_leave = true;

  run_text(R"(echo state 2. > $TUNE_CHECKPOINT_DIR/s2
printf '{"loss": 1}\n{"loss": 2, "checkpoint": "s2"}\n'; kill -TERM $$$$)",
           R"(,"exact":true)");

  EXPECT_THAT(host.reports, SizeIs(1));
  EXPECT_THAT(host.saves, IsEmpty());
  EXPECT_THAT(host.failures, IsEmpty());
}

TEST_F(CommandCheckpoint, ABadReportBeyondADecisionFailsNothing) {
  host.leave_at = 1;

  run_text(R"(printf '{"loss": 1}\n{"loss": 2, "training_iteration": -1}\n')");

  EXPECT_THAT(host.reports, SizeIs(1));
  EXPECT_THAT(host.failures, IsEmpty());
}

}  // namespace
}  // namespace tune
