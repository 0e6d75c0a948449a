// Trials in real processes, from the controller's side: what goes well.

#include "core/runtime/process_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "core/runtime/proc.h"
#include "tests/runtime/worker_side/rig.h"

namespace tune {
namespace {

using testing::HasSubstr;

TEST(ProcessWorkers, LoadTheTrainableAndSayWhatItIs) {
  Rig rig;
  const auto info = rig.start();
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(info->name, "scripted");
  EXPECT_TRUE(info->can_save);
  EXPECT_TRUE(info->any_parameters);
}

TEST(ProcessWorkers, SayWhyATrainableCannotBeLoaded) {
  TrainableRef ref;
  ref.name = "nobody";
  Rig rig(ref);
  const auto info = rig.start();
  ASSERT_FALSE(info.has_value());
  EXPECT_EQ(info.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(info.error().message, HasSubstr("nobody"));
}

TEST(ProcessWorkers, SayThatTheForkServerIsMissing) {
  Rig rig;
  rig.options.host_program = "/nonexistent/tune-host";
  const auto info = rig.start();
  ASSERT_FALSE(info.has_value());
  EXPECT_EQ(info.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(info.error().message, HasSubstr("/nonexistent/tune-host"));
}

TEST(ProcessWorkers, SayThatTheWorkerIsMissing) {
  Rig rig;
  rig.options.worker_command = {"/nonexistent/worker"};
  const auto info = rig.start();
  ASSERT_FALSE(info.has_value());
  EXPECT_THAT(info.error().message, HasSubstr("/nonexistent/worker"));
}

TEST(ProcessWorkers, BringReportsInOrderAndThenTheEnd) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  const DoneMessage done = rig.run(make_assign(0, R"({"reports":1000})"));
  EXPECT_EQ(done.log.how, EndKind::kCompleted);
  EXPECT_EQ(done.log.cause, Cause::kOwnEnd);
  EXPECT_EQ(done.log.seq, 1001);
  const auto reports = rig.reports(0);
  ASSERT_EQ(reports.size(), 1000u);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    EXPECT_EQ(reports[i].log.seq, static_cast<Seq>(i + 1));
    EXPECT_EQ(reports[i].log.step, static_cast<Step>(i + 1));
    EXPECT_EQ(find_metric(reports[i].log.metrics, "loss"), static_cast<double>(i + 1));
  }
  EXPECT_GT(rig.pid(0), 0);
}

TEST(ProcessWorkers, GiveEachTrialAProcessOfItsOwn) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  std::set<pid_t> pids;
  for (int trial = 0; trial < 5; ++trial) {
    EXPECT_EQ(rig.run(make_assign(trial, "{}")).log.how, EndKind::kCompleted);
    pids.insert(rig.pid(trial));
  }
  EXPECT_EQ(pids.size(), 5u);
}

TEST(ProcessWorkers, ReuseAProcessWhereThatIsAsked) {
  Rig rig(scripted(Isolation::kReuse));
  ASSERT_TRUE(rig.start());
  std::set<pid_t> pids;
  for (int trial = 0; trial < 5; ++trial) {
    EXPECT_EQ(rig.run(make_assign(trial, R"({"do":"say"})")).log.how, EndKind::kCompleted);
    EXPECT_EQ(rig.done(trial)->output_head, "hello\nworld\n");
    EXPECT_GT(rig.pid(trial), 0);  // told before its end, however quick the trial is
    pids.insert(rig.pid(trial));
  }
  EXPECT_EQ(pids.size(), 1u);
}

TEST(ProcessWorkers, ReuseNoProcessWhoseTrialFailed) {
  Rig rig(scripted(Isolation::kReuse));
  ASSERT_TRUE(rig.start());
  const DoneMessage failed = rig.run(make_assign(0, R"({"do":"fail"})"));
  EXPECT_EQ(failed.log.how, EndKind::kFailed);
  EXPECT_EQ(failed.log.cause, Cause::kException);
  EXPECT_EQ(failed.log.text, "no more");
  EXPECT_EQ(rig.run(make_assign(1, "{}")).log.how, EndKind::kCompleted);
  EXPECT_NE(rig.pid(0), rig.pid(1));
}

TEST(ProcessWorkers, TakeTheTrainablesWordWhereItDecides) {
  Rig rig(scripted(Isolation::kAuto));
  ASSERT_TRUE(rig.start());
  rig.run(make_assign(0, "{}"));
  rig.run(make_assign(1, "{}"));
  EXPECT_NE(rig.pid(0), rig.pid(1));
}

TEST(ProcessWorkers, RunSoManyAtATimeInTheOrderOfAssignment) {
  Rig rig(scripted(), 2);
  ASSERT_TRUE(rig.start());
  for (int trial = 0; trial < 4; ++trial) rig.workers->assign(make_assign(trial, R"({"do":"obey"})"));
  ASSERT_TRUE(rig.until([&] { return !rig.reports(0).empty() && !rig.reports(1).empty(); }));
  EXPECT_TRUE(rig.reports(2).empty());
  rig.workers->order({TrialId{1}, Attempt{1}, OrderKind::kStop, 30, "enough"});
  ASSERT_TRUE(rig.until([&] { return !rig.reports(2).empty(); }));
  EXPECT_EQ(rig.done(1)->log.how, EndKind::kStopped);
  EXPECT_TRUE(rig.reports(3).empty());
}

TEST(ProcessWorkers, EndAnAttemptThatStillWaitsForItsTurn) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"obey"})"));
  rig.workers->assign(make_assign(1, R"({"do":"obey"})"));
  rig.workers->order({TrialId{1}, Attempt{1}, OrderKind::kInterrupt, 30, "enough"});
  ASSERT_TRUE(rig.until([&] { return rig.done(1) != nullptr; }));
  EXPECT_EQ(rig.done(1)->log.how, EndKind::kInterrupted);
  EXPECT_EQ(rig.pid(1), 0);
}

TEST(ProcessWorkers, LetATrialWaitForItsAnswer) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.answers = false;
  Assign assign = make_assign(0, R"({"reports":10})");
  assign.wait = {3, true};
  rig.workers->assign(assign);
  ASSERT_TRUE(rig.until([&] { return rig.reports(0).size() == 3; }));
  const ReportMessage third = rig.reports(0)[2];
  EXPECT_TRUE(third.waits);
  ASSERT_TRUE(third.log.checkpoint.has_value());
  EXPECT_EQ(third.log.checkpoint->size, third.checkpoint_bytes.size());
  rig.workers->acknowledge({TrialId{0}, Attempt{1}, 3, Verdict::kPause, {}});
  ASSERT_TRUE(rig.until([&] { return rig.done(0) != nullptr; }));
  EXPECT_EQ(rig.done(0)->log.how, EndKind::kPaused);
  EXPECT_EQ(rig.reports(0).size(), 3u);
}

TEST(ProcessWorkers, AnswerBeforeTheTrialsWindowIsFull) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  EXPECT_EQ(rig.run(make_assign(0, R"({"reports":20000})")).log.how, EndKind::kCompleted);
  EXPECT_EQ(rig.reports(0).size(), 20000u);
}

TEST(ProcessWorkers, KeepWhatATrialPrints) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  const DoneMessage done = rig.run(make_assign(0, R"({"do":"say"})"));
  EXPECT_EQ(done.output_head, "hello\nworld\n");
  EXPECT_EQ(done.output_tail, "");
  EXPECT_EQ(done.output_bytes, 12u);
}

TEST(ProcessWorkers, KeepHeadAndTailOfAFlood) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  const DoneMessage done = rig.run(make_assign(0, R"({"do":"spill","bytes":20000000})"));
  EXPECT_EQ(done.log.how, EndKind::kCompleted);
  EXPECT_EQ(done.output_head.size(), 64u << 10);
  EXPECT_EQ(done.output_tail.size(), 192u << 10);
  EXPECT_GE(done.output_bytes, 20'000'000u);
}

TEST(ProcessWorkers, GiveEachSlotItsGpus) {
  Rig rig(scripted(), 2);
  rig.options.plan.gpu = 1;
  rig.options.plan.gpus = {"3", "5"};
  ASSERT_TRUE(rig.start());
  for (int trial = 0; trial < 2; ++trial) rig.workers->assign(make_assign(trial, R"({"do":"gpus"})"));
  ASSERT_TRUE(rig.until([&] { return rig.done(0) && rig.done(1); }));
  EXPECT_EQ(rig.done(0)->output_head, "3");
  EXPECT_EQ(rig.done(1)->output_head, "5");
}

TEST(ProcessWorkers, GiveEachAttemptADirectoryOfItsOwn) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  const DoneMessage done = rig.run(make_assign(7, R"({"do":"directory"})"));
  EXPECT_EQ(done.output_head, rig.options.attempts_dir + "/rig-7/a1");
  EXPECT_TRUE(std::filesystem::is_directory(done.output_head));
  std::filesystem::remove_all(rig.options.attempts_dir);
}

/// Where a worker found its controller, by its arguments.
std::filesystem::path socket_of(pid_t worker) {
  std::ifstream file("/proc/" + std::to_string(worker) + "/cmdline");
  std::string argument, before;
  while (std::getline(file, argument, '\0')) {
    if (before == "--socket") return argument;
    before = argument;
  }
  return {};
}

TEST(ProcessWorkers, LeaveNothingBehind) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"orphan"})"));
  ASSERT_TRUE(rig.until([&] { return rig.reports(0).size() == 2; }));
  const pid_t worker = rig.worker_pid(), trial = rig.pid(0);
  const auto orphan = static_cast<pid_t>(*find_metric(rig.reports(0)[0].log.metrics, "loss"));
  const std::filesystem::path socket = socket_of(worker);
  EXPECT_TRUE(is_alive(worker) && is_alive(trial) && is_alive(orphan));
  EXPECT_TRUE(std::filesystem::exists(socket));
  rig.workers->shut_down();
  EXPECT_FALSE(is_alive(worker) || is_alive(trial) || is_alive(orphan));
  EXPECT_FALSE(std::filesystem::exists(socket.parent_path()));
}

TEST(ProcessWorkers, KeepTheTokenFromArgumentsAndEnvironment) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  for (const char* where : {"cmdline", "environ"}) {
    std::ifstream file("/proc/" + std::to_string(rig.worker_pid()) + "/" + where);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_FALSE(text.str().empty());
    EXPECT_FALSE(std::regex_search(text.str(), std::regex("(^|[^0-9a-f])[0-9a-f]{64}($|[^0-9a-f])"))) << where;
  }
}

}  // namespace
}  // namespace tune
