// Real programs (sh, cat, printf) against a host in memory. No sleeps: a program that must still run when tune wants it
// to leave waits for its own SIGTERM.

#include "trainables/command/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/trainables/command_fixture.h"

namespace tune {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScratchDirectory;
using ::testing::SizeIs;

/// Prints reports $1..$2, one a line, then waits until it is told to leave, when it saves the number last printed.
constexpr const char* kStepper = R"(
leave() { echo $i > "$TUNE_CHECKPOINT_DIR/step"; exit 0; }
stop=
trap stop=1 TERM
i=0
[ -f "$TUNE_CHECKPOINT_DIR/step" ] && i=$(cat "$TUNE_CHECKPOINT_DIR/step")
while [ $i -lt 5 ]; do i=$((i + 1)); echo "{\"loss\": $i.5}"; [ $stop ] && leave; done
[ -f "$TUNE_CHECKPOINT_DIR/step" ] && exit 0
trap leave TERM
[ $stop ] && leave
while :; do read never < "$TUNE_TRIAL_DIR/fifo"; done
)";

using Command = testing::CommandFixture;

TEST_F(Command, ReportsEachJsonObjectAndPassesAllOutputOn) {
  run_text(R"(echo hello; echo '{"loss": 0.5, "note": "x"}'; echo '{"loss": NaN}'; printf '{"loss": 3}')");

  ASSERT_THAT(host.reports, SizeIs(3));
  EXPECT_EQ(host.reports[0].step, 1);
  EXPECT_EQ(host.reports[0].metric("loss"), 0.5);
  EXPECT_EQ(host.reports[0].extra, R"({"note":"x"})");
  EXPECT_TRUE(std::isnan(host.reports[1].metric("loss")));
  EXPECT_EQ(host.reports[2].metric("loss"), 3);
  EXPECT_THAT(host.failures, IsEmpty());
  EXPECT_EQ(out, "hello\n{\"loss\": 0.5, \"note\": \"x\"}\n{\"loss\": NaN}\n{\"loss\": 3}");
}

TEST_F(Command, GivesParametersToAProgramWithoutAShell) {
  host.config_json = R"x({"lr":0.1,"kind":"a b; $(x)"})x";

  run_list({"printf", R"({"loss": %s, "n": %s, "kind": "%s"})", "${lr}", "${seed}", "${kind}"});

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_EQ(host.reports[0].metric("loss"), 0.1);
  EXPECT_EQ(host.reports[0].metric("n"), 42);
  EXPECT_EQ(host.reports[0].extra, R"x({"kind":"a b; $(x)"})x");
}

TEST_F(Command, SetsTheEnvironment) {
  host.config_json = R"({"lr":0.1})";

  run_text(R"x(printf '{"loss":1,"e":"%s|%s|%s|%s|%s|%s"}' "$TUNE_TRIAL_ID" "$TUNE_SEED" "$MINE" \
"$(tr -d '"' < $TUNE_PARAMS_FILE)" "$(ls $TUNE_CHECKPOINT_DIR)" "$(cat)")x",
           R"(,"env":{"MINE":"lr=${lr}"})");

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_EQ(host.reports[0].extra, R"({"e":"exp-00003|42|lr=0.1|{lr:0.1}||"})");
}

TEST_F(Command, ReadsReportsFromAFile) {
  run_text(R"(echo '{"loss": 9}'; echo '{"loss": 1}' >> $TUNE_REPORT_FILE; printf '{"loss": 2}' >> $TUNE_REPORT_FILE)",
           R"(,"report":"file")");

  ASSERT_THAT(host.reports, SizeIs(2));
  EXPECT_EQ(host.reports[1].metric("loss"), 2);
}

TEST_F(Command, ReadsPairs) {
  run_text("echo loading; echo loss=0.5 accuracy=0.9", R"(,"report":"pairs")");

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_EQ(host.reports[0].metric("accuracy"), 0.9);
}

TEST_F(Command, TellsOnceOfALineThatNamesTheObjectiveInVain) {
  const std::string good = R"(echo '{"loss": 1}'; )", objective = R"(,"objective":["loss"])";
  run_text(good + R"(echo '{"loss": "0.01"}'; echo '{"loss": true}')", objective);
  run_text(good + R"(echo '{"loss": 1, "loss": 2}')", objective);
  run_text(good + R"(echo "{'loss': 1}")", objective);
  run_text(good + R"(echo '{"note": "a"}'; echo '{note'; echo loss)", objective);

  EXPECT_THAT(host.failures, IsEmpty());
  ASSERT_THAT(host.notes, SizeIs(3));
  EXPECT_EQ(host.notes[0], "no report: \"0.01\" for 'loss' is no number");
  EXPECT_THAT(host.notes[1], HasSubstr("the key 'loss' is given twice"));
  EXPECT_THAT(host.notes[2], HasSubstr("'{'loss': 1}' cannot be read: "));
}

TEST_F(Command, FailsWithTheExitCode) {
  run_text(R"(echo '{"loss": 1}'; echo 'ValueError: bad lr' >&2; exit 3)");

  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_EQ(host.failures[0].kind, 1);
  EXPECT_EQ(host.failures[0].code, 3);
  EXPECT_EQ(host.failures[0].text, "the program ended with exit code 3: ValueError: bad lr");
  EXPECT_EQ(err, "ValueError: bad lr\n");
}

TEST_F(Command, FailsWithTheLastLineThatSaysSomethingBoundedAndVisible) {
  run_text(R"(printf 'Traceback\n  Error\033[0m: a\n  \n\n' >&2; exit 1)");
  run_text(R"(printf 'epoch 1\repoch 2' >&2; exit 1)");
  run_text(R"(head -c 100000 /dev/zero | tr '\0' x >&2; exit 1)");
  run_text("exit 1");

  ASSERT_THAT(host.failures, SizeIs(4));
  EXPECT_EQ(host.failures[0].text, "the program ended with exit code 1: Error\\x1b[0m: a");
  EXPECT_EQ(host.failures[1].text, "the program ended with exit code 1: epoch 2");
  EXPECT_EQ(host.failures[2].text, "the program ended with exit code 1: " + std::string(200, 'x') + "...");
  EXPECT_EQ(host.failures[3].text, "the program ended with exit code 1");
}

TEST_F(Command, FailsWithTheSignal) {
  run_list({"sh", "-c", "kill -SEGV $$$$"});

  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_EQ(host.failures[0].kind, 2);
  EXPECT_EQ(host.failures[0].code, 11);
  EXPECT_THAT(host.failures[0].text, HasSubstr("Segmentation fault"));
}

TEST_F(Command, SaysWhatCannotBeStarted) {
  scratch.write("script", "echo no interpreter");
  scratch.write("binary", std::string("\x7f"
                                      "ELF") +
                              std::string(100, '\0'));
  std::filesystem::permissions(scratch / "binary", std::filesystem::perms::owner_all);

  run_list({"no-such-program-xyz"});
  run_list({"./script"});
  run_list({"./binary"});
  run(R"({"command":["true"],"working_dir":"/no/such/directory"})");
  run_text("no-such-program-xyz --lr=1");
  run("{}");

  ASSERT_THAT(host.failures, SizeIs(6));
  for (const auto& failure : host.failures) EXPECT_EQ(failure.kind, 3) << failure.text;
  EXPECT_THAT(host.failures[0].text, HasSubstr("cannot run 'no-such-program-xyz': no such program in PATH"));
  EXPECT_THAT(host.failures[1].text, HasSubstr("chmod +x ./script"));
  EXPECT_THAT(host.failures[2].text, HasSubstr("Exec format error"));
  EXPECT_THAT(host.failures[3].text, HasSubstr("/no/such/directory"));
  EXPECT_THAT(host.failures[4].text, HasSubstr("exit code 127"));
  EXPECT_THAT(host.failures[5].text, HasSubstr("'command' is missing"));
}

TEST_F(Command, FailsIfItEndsWellWithoutAReport) {
  run_text("echo nothing");
  run_text("echo nothing", R"(,"report":"pairs","objective":["loss","accuracy"])");
  run_text(R"(echo '{"note":1}'; echo '{"Loss":1, "epoch":2}')", R"(,"objective":["loss"])");

  run_text(R"(echo '{"note":1}'; echo '{"loss":"abc"}')", R"(,"objective":["loss"])");
  run_text("echo loss=abc", R"(,"report":"pairs","objective":["loss"])");
  run_text(R"(echo '{"note":1}'; echo '{"loss": 1, "loss": 2}')", R"(,"objective":["loss"])");

  EXPECT_THAT(host.reports, IsEmpty());
  ASSERT_THAT(host.failures, SizeIs(6));
  EXPECT_THAT(host.failures[5].text, HasSubstr("the key 'loss' is given twice"));
  EXPECT_THAT(host.failures[3].text, HasSubstr("without a report: \"abc\" for 'loss' is no number"));
  EXPECT_THAT(host.failures[4].text, HasSubstr("without a report: \"abc\" for 'loss' is no number"));
  EXPECT_THAT(host.failures[0].text, HasSubstr("no line on stdout was a JSON object that holds a number"));
  EXPECT_THAT(host.failures[1].text, HasSubstr("pairs that hold 'loss' or 'accuracy'"));
  EXPECT_THAT(host.failures[2].text, HasSubstr("it printed note, and not 'loss'"));
}

/// The program of the gallery: however its pauses fall, its reports are those of an unbroken run.
TEST_F(Command, ResumesTheGallerysPythonProgramAsIfUnbroken) {
  const std::string spec = std::string(R"({"command":["python3","train.py","--lr=${lr}","--epochs=12"],)") +
                           R"("working_dir":")" + TUNE_GALLERY + "\"}";
  if (std::system("python3 -c pass") != 0) GTEST_SKIP() << "no python3";
  host.config_json = R"({"lr":0.3})";
  ScratchDirectory other_scratch;
  FakeHost unbroken = host;
  unbroken.directory = other_scratch.path();
  host.save_on_leave = true;

  for (const std::int64_t pause : {1, 2, 7, 12}) {
    host.leave_at = pause;
    run(spec);
    host.resume_from_last();
  }
  std::swap(host, unbroken);
  run(spec);

  EXPECT_THAT(unbroken.failures, IsEmpty());
  ASSERT_THAT(host.reports, SizeIs(12));
  ASSERT_THAT(unbroken.reports, SizeIs(12));
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(host.reports[i].step, i + 1);
    EXPECT_EQ(unbroken.reports[i].step, i + 1);
    EXPECT_EQ(host.reports[i].metrics, unbroken.reports[i].metrics);
  }
}

TEST_F(Command, SkipsAHugeLineAndGoesOn) {
  run_text(R"(head -c 5000000 /dev/zero | tr '\0' x; echo; echo '{"loss": 1}')");

  EXPECT_THAT(host.reports, SizeIs(1));
  EXPECT_THAT(host.failures, IsEmpty());
  EXPECT_EQ(err, "tune: skipped a line of 5000000 bytes\n");
  EXPECT_GT(out.size(), 5000000u);
}

TEST_F(Command, CapturesTheCheckpointDirectoryWithTheReport) {
  run_text(R"(echo state > $TUNE_CHECKPOINT_DIR/model; echo '{"loss": 1, "checkpoint": true}')");

  ASSERT_THAT(host.reports, SizeIs(1));
  ASSERT_TRUE(host.reports[0].checkpoint);
  EXPECT_THAT(*host.reports[0].checkpoint, HasSubstr("state\n"));
}

TEST_F(Command, CapturesOnlyTheCheckpointThatTheReportNames) {
  run_text(R"(cd $TUNE_CHECKPOINT_DIR; echo old > one; echo new > two; echo '{"loss": 1, "checkpoint": "one"}')");

  ASSERT_THAT(host.reports, SizeIs(1));
  ASSERT_TRUE(host.reports[0].checkpoint);
  EXPECT_THAT(*host.reports[0].checkpoint, HasSubstr("old\n"));
  EXPECT_EQ(host.reports[0].checkpoint->find("new\n"), std::string::npos);
}

TEST_F(Command, TakesNoCheckpointFromAnEmptyDirectory) {
  run_text(R"(echo '{"loss": 1, "checkpoint": true}')");

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_FALSE(host.reports[0].checkpoint);
  EXPECT_THAT(err, HasSubstr("is empty"));
}

TEST_F(Command, RestoresTheCheckpointDirectory) {
  run_text(R"(echo 7 > $TUNE_CHECKPOINT_DIR/step; echo '{"loss": 1, "checkpoint": true}')");
  host.resume_from_last();

  run_text(R"x(echo "{\"loss\": $(cat $TUNE_CHECKPOINT_DIR/step)}")x");

  ASSERT_THAT(host.reports, SizeIs(2));
  EXPECT_EQ(host.reports[1].step, 2);
  EXPECT_EQ(host.reports[1].metric("loss"), 7);
}

TEST_F(Command, TakesTheStepThatTheProgramSays) {
  run_text(R"(echo '{"loss": 1, "training_iteration": 10}'; echo '{"loss": 1}')");

  ASSERT_THAT(host.reports, SizeIs(2));
  EXPECT_EQ(host.reports[0].step, 10);
  EXPECT_EQ(host.reports[1].step, 11);
}

TEST_F(Command, FailsOnAStepThatIsNone) {
  run_text(R"(echo '{"loss": 1, "training_iteration": -1}'; exit 5)");

  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_EQ(host.failures[0].kind, 0);
  EXPECT_THAT(host.failures[0].text, HasSubstr("training_iteration -1"));
}

TEST_F(Command, DropsWhatComesAfterAStop) {
  ASSERT_EQ(std::system(("mkfifo " + scratch.path() + "/fifo").c_str()), 0);
  host.leave_at = 2;

  run_text(kStepper);

  EXPECT_THAT(host.reports, SizeIs(2));
  EXPECT_THAT(host.saves, IsEmpty());
  EXPECT_THAT(host.failures, IsEmpty());
}

TEST_F(Command, GoesOnAfterAPauseWithoutLosingOrRepeatingAReport) {
  ASSERT_EQ(std::system(("mkfifo " + scratch.path() + "/fifo").c_str()), 0);
  host.leave_at = 2;
  host.save_on_leave = true;
  run_text(kStepper);
  ASSERT_THAT(host.saves, SizeIs(1));
  EXPECT_EQ(host.saves[0].step, 2);

  host.resume_from_last();
  host.leave_at = 4;  // maybe among those that were held back
  run_text(kStepper);
  host.resume_from_last();
  host.leave_at.reset();
  run_text(kStepper);

  ASSERT_THAT(host.reports, SizeIs(5));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(host.reports[i].step, i + 1);
    EXPECT_EQ(host.reports[i].metric("loss"), i + 1.5);
  }
  EXPECT_THAT(host.failures, IsEmpty());
}

TEST_F(Command, KeepsNothingNewForAProgramThatLeavesWithoutSaving) {
  ASSERT_EQ(std::system(("mkfifo " + scratch.path() + "/fifo").c_str()), 0);
  const std::string waiting = "while :; do read never < $TUNE_TRIAL_DIR/fifo; done";
  host.leave_at = 1;
  host.save_on_leave = true;
  run_text("trap 'echo 1 > $TUNE_CHECKPOINT_DIR/step; exit 0' TERM; echo '{\"loss\": 1}'; " + waiting);
  ASSERT_THAT(host.saves, SizeIs(1));
  host.resume_from_last();
  host.leave_at = 2;

  run_text("trap 'exit 0' TERM; echo '{\"loss\": 2}'; " + waiting);

  EXPECT_THAT(host.reports, SizeIs(2));
  EXPECT_THAT(host.saves, SizeIs(1));
}

TEST_F(Command, KeepsNothingForAProgramThatTheSignalEnded) {
  ASSERT_EQ(std::system(("mkfifo " + scratch.path() + "/fifo").c_str()), 0);
  host.leave_at = 1;
  host.save_on_leave = true;

  run_text(R"(echo 0 > $TUNE_CHECKPOINT_DIR/old; echo '{"loss": 1}'; read never < $TUNE_TRIAL_DIR/fifo)");

  EXPECT_THAT(host.reports, SizeIs(1));
  EXPECT_THAT(host.saves, IsEmpty());
  EXPECT_THAT(host.failures, IsEmpty());
}

TEST_F(Command, IsNotRunAgainIfItHadEndedBeforeItsPause) {
  const std::string program = R"(echo $$$$ >> pids; for i in 1 2 3; do echo "{\"loss\": $i}"; done)";
  host.leave_at = 1;
  host.save_on_leave = true;
  wait_for_the_end();
  run_text(program);
  ASSERT_THAT(host.saves, SizeIs(1));
  host.resume_from_last();
  host.leave_at.reset();
  host.during_report = nullptr;

  run_text(program);

  EXPECT_THAT(host.reports, SizeIs(3));
  const std::string pids = scratch.read("pids");
  EXPECT_EQ(std::count(pids.begin(), pids.end(), '\n'), 1);
}

TEST_F(Command, IsRunAsACloneOfWhatHadEndedBeforeItsPause) {
  host.leave_at = 1;
  host.save_on_leave = true;
  host.config_json = R"({"x":1})";
  wait_for_the_end();
  run_text(R"(echo $$$$ > pids; echo s > $TUNE_CHECKPOINT_DIR/state; echo '{"loss": 1}'; echo '{"loss": 2}')");
  ASSERT_THAT(host.saves, SizeIs(1));
  host.resume_from_last();
  host.leave_at.reset();
  host.during_report = nullptr;
  host.config_json = R"({"x":2})";

  run_text(R"(cat $TUNE_CHECKPOINT_DIR/state; ls -A $TUNE_CHECKPOINT_DIR; echo '{"loss": 9}')");

  EXPECT_EQ(out, "s\nstate\n{\"loss\": 9}\n");
  ASSERT_THAT(host.reports, SizeIs(2));
  EXPECT_EQ(host.reports[1].metric("loss"), 9);
}

TEST_F(Command, BeginsAgainIfItKeepsNoCheckpoint) {
  ASSERT_EQ(std::system(("mkfifo " + scratch.path() + "/fifo").c_str()), 0);
  host.leave_at = 1;
  host.save_on_leave = true;

  run_text(R"(trap 'exit 0' TERM; echo '{"loss": 1}'; while :; do read never < $TUNE_TRIAL_DIR/fifo; done)");

  EXPECT_THAT(host.reports, SizeIs(1));
  EXPECT_THAT(host.saves, IsEmpty());
}

TEST_F(Command, TellsWhatAShellRunsToLeave) {
  ASSERT_EQ(std::system(("mkfifo " + scratch.path() + "/fifo").c_str()), 0);
  scratch.write("inner.sh", R"(trap 'echo saved > $TUNE_CHECKPOINT_DIR/it; exit 0' TERM
echo '{"loss": 1}'
while :; do read never < $TUNE_TRIAL_DIR/fifo; done
)");
  host.leave_at = 1;
  host.save_on_leave = true;

  run_text("sh ./inner.sh; echo '{\"loss\": 2}'");

  EXPECT_THAT(host.reports, SizeIs(1));
  ASSERT_THAT(host.saves, SizeIs(1));
  EXPECT_THAT(host.saves[0].bytes, HasSubstr("saved\n"));
}

TEST_F(Command, DoesNotWaitForWhatAProgramLeavesBehind) {
  ASSERT_EQ(std::system(("mkfifo " + scratch.path() + "/fifo").c_str()), 0);

  run_text(R"(cat < fifo & echo '{"loss": 1}'; echo $! > pid)");

  EXPECT_THAT(host.reports, SizeIs(1));
  EXPECT_THAT(host.failures, IsEmpty());
  EXPECT_EQ(std::system(("kill " + scratch.read("pid")).c_str()), 0);
}

TEST_F(Command, FailsOnACheckpointThatIsDamaged) {
  host.checkpoint = "not an archive";

  run_list({"true"});

  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_EQ(host.failures[0].kind, 3);
}

}  // namespace
}  // namespace tune
