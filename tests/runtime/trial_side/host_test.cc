// tune-host as a worker sees it: what it says of itself, and trials that go well.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/trainable_ref.h"
#include "tests/runtime/trial_side/host_process.h"
#include "trainables/run/info.h"

namespace tune {
namespace {

using testing::HasSubstr;
using testing::Not;

double metric(const ReportFrame& frame, std::string_view name) {
  return find_metric(frame.report.log.metrics, name).value_or(-1);
}

/// Runs the host with these arguments; what it printed on stdout, and its exit code.
std::pair<std::string, int> run_host(std::vector<std::string> arguments, const std::string& program = test_host()) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  arguments.insert(arguments.begin(), "tune-host");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(write_end.get(), STDOUT_FILENO);
    ::execv(program.c_str(), argv.data());
    _exit(127);
  }
  write_end.reset();
  std::string output = read_to_end(read_end.get());
  int status = -1;
  ::waitpid(pid, &status, 0);
  return {output, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

std::pair<Result<TrainableInfo>, int> describe(const std::string& library, const std::string& name = {}) {
  const TrainableRef ref{TrainableRef::Kind::kLibrary, name, library_path(library), {}, Isolation::kAuto};
  const auto [output, code] = run_host({"--describe", to_json(ref)});
  return {description_from_json(output), code};
}

TEST(Describe, PrintsOneLineWhateverTheLibraryPrints) {
  const auto [info, code] = describe("actors", "ThreeSteps");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->name, "ThreeSteps");
  EXPECT_EQ(info->parameters.size(), 2u);
  EXPECT_EQ(code, 0);
}

TEST(Describe, SaysWhatIsWrong) {
  const auto [missing, code] = describe("is_not_there");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("cannot load "));
  EXPECT_EQ(code, 1);
  const auto [throws, code_of_throws] = describe("throws_while_loading");
  ASSERT_FALSE(throws);
  EXPECT_THAT(throws.error().message,
              HasSubstr("libthrows_while_loading.so fails while it is loaded: the data set is missing"));
  EXPECT_EQ(code_of_throws, 1);
  EXPECT_EQ(run_host({"--describe", "{}"}).second, 1);
}

TEST(Describe, FindsLibrariesThatComeWithTuneByName) {
  const auto found = run_host({"--describe", R"({"kind":"builtin","name":"came_along"})"});
  EXPECT_EQ(description_from_json(found.first).value().name, "came_along");
  const auto missing =
      description_from_json(run_host({"--describe", R"({"kind":"builtin","name":"came_alone"})"}).first);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("these do: came_along"));
  EXPECT_THAT(missing.error().hint, HasSubstr("came_along"));
}

TEST(TuneHost, KnowsWhatComesWithTune) {
  const auto info =
      description_from_json(run_host({"--describe", R"({"kind":"builtin","name":"branin"})"}, TUNE_HOST).first);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->name, "branin");
  EXPECT_TRUE(info->has_end);
}

TEST(TuneHost, SharesItsProcessWithNoLibraryOfOurs) {
  HostProcess host(TUNE_HOST, {TrainableRef::Kind::kBuiltin, "empty", {}, {}, Isolation::kAuto});
  ASSERT_TRUE(host.ready().ok);
  const Fd maps(::open(("/proc/" + std::to_string(host.pid()) + "/maps").c_str(), O_RDONLY | O_CLOEXEC));
  const std::string mapped = read_to_end(maps.get());
  EXPECT_THAT(mapped, HasSubstr("libstdc++"));
  for (const char* foreign : {"libprotobuf", "libboost", "libsqlite", "libtorch"}) {
    EXPECT_THAT(mapped, Not(HasSubstr(foreign)));
  }
  TrialProcess trial = host.spawn();
  trial.begin(simple_assign());
  EXPECT_EQ(metric(trial.expect<ReportFrame>(), "loss"), 0);
  EXPECT_EQ(trial.expect<DoneFrame>().log.how, EndKind::kCompleted);
}

TEST(Host, RefusesAWrongCommandLine) {
  EXPECT_EQ(run_host({}).second, 2);
  EXPECT_EQ(run_host({"--fd", "x"}).second, 2);
  EXPECT_EQ(run_host({"--frobnicate", "1"}).second, 2);
  EXPECT_EQ(run_host({"--fd"}).second, 2);
}

TEST(Host, RunsATrialInAProcessOfItsOwn) {
  HostProcess host("actors", "ThreeSteps");
  const Ready ready = host.ready();
  ASSERT_TRUE(ready.ok) << ready.error;
  EXPECT_EQ(ready.info.name, "ThreeSteps");
  TrialProcess trial = host.spawn(spawn_in(4));
  EXPECT_GT(trial.pid, 0);
  trial.begin(simple_assign());
  for (Step step = 1; step <= 3; ++step) EXPECT_EQ(trial.expect<ReportFrame>().report.log.step, step);
  const DoneFrame done = trial.expect<DoneFrame>();
  EXPECT_EQ(done.log.how, EndKind::kCompleted);
  EXPECT_EQ(done.log.seq, 4);
  EXPECT_TRUE(trial.at_end());
  EXPECT_EQ(trial.read_output(), "");
  const Exited exited = host.exited();
  EXPECT_EQ(exited.pid, trial.pid);
  EXPECT_EQ(exited.status, 0);
  EXPECT_GT(exited.max_rss, 0u);
}

TEST(Host, WaitsForItsAckAndLeavesByVerdict) {
  HostProcess host("actors", "Endless");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  Assign assign = simple_assign();
  assign.wait = {2, false};
  trial.begin(assign);
  EXPECT_FALSE(trial.expect<ReportFrame>().report.waits);
  EXPECT_TRUE(trial.expect<ReportFrame>().report.waits);
  ASSERT_TRUE(trial.channel.send(AckFrame{{TrialId{9}, Attempt{1}, 2, Verdict::kStop, {}}}));  // somebody else's
  ASSERT_TRUE(trial.channel.send(AckFrame{{TrialId{1}, Attempt{1}, 2, Verdict::kContinue, {3, false}}}));
  EXPECT_EQ(trial.expect<ReportFrame>().report.log.step, 3);
  ASSERT_TRUE(trial.channel.send(AckFrame{{TrialId{1}, Attempt{1}, 3, Verdict::kPause, {}}}));
  const SavedFrame saved = trial.expect<SavedFrame>();
  EXPECT_EQ(saved.saved.log.step, 3);
  EXPECT_EQ(saved.saved.checkpoint_bytes, "ssssssss");
  EXPECT_EQ(saved.checkpoint_size, 8u);
  EXPECT_EQ(trial.expect<DoneFrame>().log.how, EndKind::kPaused);
}

TEST(Host, ObeysOrdersThatComeFromOutside) {
  HostProcess host("actors", "Naps");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  trial.begin(simple_assign());
  trial.expect<ReportFrame>();
  ASSERT_TRUE(trial.channel.send(OrderFrame{{TrialId{1}, Attempt{1}, OrderKind::kInterrupt, 30, "Ctrl-C"}}));
  const DoneFrame done = trial.expect<DoneFrame>();
  EXPECT_EQ(done.log.how, EndKind::kInterrupted);
  EXPECT_EQ(done.log.text, "Ctrl-C");
}

TEST(Host, CarriesCheckpointsOfEverySize) {
  HostProcess host("actors", "KeepsState");
  ASSERT_TRUE(host.ready().ok);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kInlineInFrame, kInlineInFrame + 1, std::size_t{5} << 20}) {
    TrialProcess trial = host.spawn();
    Assign assign = simple_assign("{\"size\":" + std::to_string(size) + "}");
    assign.checkpoint = CheckpointInfo{size, {}, false};
    assign.start_step = 7;
    trial.begin(assign, std::string(size, 'x'));
    const ReportFrame report = trial.expect<ReportFrame>();
    EXPECT_EQ(metric(report, "restored"), 1);
    EXPECT_EQ(metric(report, "bytes"), size);
    EXPECT_EQ(metric(report, "same"), 1);
    EXPECT_EQ(metric(report, "step"), 7);
    EXPECT_EQ(report.report.log.step, 8);
    EXPECT_EQ(report.checkpoint_size, size);
    const bool apart = size > kInlineInFrame;
    ASSERT_EQ(trial.descriptors.size(), apart ? 1u : 0u);
    const std::string bytes =
        apart ? read_memfd(trial.descriptors[0].get(), size).value() : report.report.checkpoint_bytes;
    EXPECT_EQ(bytes, std::string(size, 'x'));
    EXPECT_EQ(report.report.log.checkpoint.has_value(), size == 0) << "only an empty one must be told from none";
    EXPECT_EQ(trial.expect<DoneFrame>().log.how, EndKind::kCompleted);
    host.exited();
  }
}

TEST(Host, GivesATrialACleanProcess) {
  HostProcess host("actors", "LooksAround");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess other = host.spawn();  // whose descriptors must not be there
  TrialProcess trial = host.spawn({0, "mark-1", {"ADDED=with=equals", "nonsense"}, 3, 0});
  trial.begin(simple_assign());
  const ReportFrame report = trial.expect<ReportFrame>();
  EXPECT_EQ(metric(report, "descriptors"), 4) << "stdin, stdout, stderr and the channel";
  EXPECT_EQ(metric(report, "leads_group"), 1);
  EXPECT_EQ(metric(report, "children_blocked"), 0);
  EXPECT_EQ(metric(report, "pipe_ignored"), 0);
  EXPECT_EQ(metric(report, "stdin_bytes"), 0);
  EXPECT_EQ(report.report.log.extra, R"({"added":"with=equals","mark":"mark-1","threads":"3"})");
}

TEST(Host, CollectsAllThatATrialPrints) {
  HostProcess host("actors", "Prints");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  trial.begin(simple_assign());
  const std::string output = trial.read_output();
  EXPECT_THAT(output, HasSubstr("from printf without an end of line"));
  EXPECT_THAT(output, HasSubstr(" and from cout"));
  EXPECT_THAT(output, HasSubstr("[and stderr]"));
}

TEST(Host, ReusesAProcessAndItsInstance) {
  HostProcess host("actors", "Counts", {"--reuse"});
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  for (int i = 1; i <= 3; ++i) {
    trial.begin(simple_assign());
    EXPECT_EQ(metric(trial.expect<ReportFrame>(), "trials"), i);
    EXPECT_EQ(trial.expect<DoneFrame>().log.how, EndKind::kCompleted);
    // An order that comes too late is nobody's.
    ASSERT_TRUE(trial.channel.send(OrderFrame{{TrialId{1}, Attempt{1}, OrderKind::kStop, 30, "late"}}));
  }
  trial.begin(simple_assign(R"({"fail":true})"));
  EXPECT_EQ(trial.expect<DoneFrame>().log.how, EndKind::kFailed);
  trial.begin(simple_assign());
  EXPECT_EQ(metric(trial.expect<ReportFrame>(), "trials"), 1) << "a new instance after a failure";
  trial.expect<DoneFrame>();
  ASSERT_TRUE(trial.channel.send(Quit{}));
  EXPECT_TRUE(trial.at_end());
  EXPECT_EQ(host.exited().status, 0);
}

TEST(Host, MakesANewInstanceWhereThereIsNoReset) {
  HostProcess host("actors", "Fresh", {"--reuse"});
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  for (int i = 0; i < 2; ++i) {
    trial.begin(simple_assign());
    EXPECT_EQ(metric(trial.expect<ReportFrame>(), "trials"), 1);
    trial.expect<DoneFrame>();
  }
}

TEST(Host, RunsManyTrialsAtATime) {
  HostProcess host("actors", "Endless");
  ASSERT_TRUE(host.ready().ok);
  std::vector<TrialProcess> trials;
  for (int i = 0; i < 20; ++i) {
    trials.push_back(host.spawn(spawn_in(i)));
    Assign assign = simple_assign();
    assign.trial = TrialId{i};
    assign.wait = {1, false};
    trials.back().begin(assign);
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(trials[static_cast<std::size_t>(i)].expect<ReportFrame>().report.log.trial, TrialId{i});
    ASSERT_TRUE(
        trials[static_cast<std::size_t>(i)].channel.send(AckFrame{{TrialId{i}, Attempt{1}, 1, Verdict::kStop, {}}}));
    EXPECT_EQ(trials[static_cast<std::size_t>(i)].expect<DoneFrame>().log.how, EndKind::kStopped);
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(host.exited().status, 0);
}

}  // namespace
}  // namespace tune
