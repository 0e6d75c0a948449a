#include "trainables/builtin/builtin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "tests/trainables/builtin_by_name.h"
#include "tests/trainables/fake_host.h"
#include "trainables/builtin/functions.h"

namespace tune {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;
using tune::testing::FakeHost;

TEST(Builtin, ComesInOrderOfName) {
  std::vector<std::string> names;
  for (const tune_trainable* t : builtin_trainables()) names.push_back(t->name);

  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_THAT(names, SizeIs(22));
  EXPECT_THAT(names, IsSupersetOf({"branin", "lcbench", "mf_hartmann6", "tabular"}));
}

TEST(Builtin, AllEndByThemselvesAndAllButRecordedDataReportLoss) {
  for (const tune_trainable* t : builtin_trainables()) {
    SCOPED_TRACE(t->name);
    EXPECT_TRUE(t->flags & TUNE_HAS_END);
    if (t->name == std::string_view("lcbench") || t->name == std::string_view("tabular")) continue;
    ASSERT_GE(t->metric_count, 1u);
    EXPECT_STREQ(t->metrics[0], "loss");
  }
}

TEST(Builtin, DeclaresWhatItTakes) {
  EXPECT_TRUE(builtin("empty")->flags & TUNE_ANY_PARAMETERS);
  EXPECT_EQ(builtin("empty")->isolation, TUNE_THREAD);
  EXPECT_FALSE(builtin("branin")->flags & (TUNE_ANY_PARAMETERS | TUNE_NUMBERED));
  EXPECT_TRUE(builtin("rastrigin")->flags & TUNE_NUMBERED);
  EXPECT_EQ(builtin("sleep")->isolation, TUNE_PROCESS);
  EXPECT_TRUE(builtin("sleep")->flags & TUNE_CAN_RESET);
  EXPECT_TRUE(builtin("curve")->flags & TUNE_CAN_RESET);
  EXPECT_TRUE(builtin("curve")->flags & TUNE_CAN_SAVE);

  const tune_trainable* curve = builtin("curve");
  ASSERT_GE(curve->parameter_count, 3u);
  EXPECT_STREQ(curve->parameters[0].name, "x1");
  EXPECT_TRUE(curve->parameters[0].required);
  EXPECT_STREQ(curve->parameters[2].name, "epochs");
  EXPECT_EQ(curve->parameters[2].kind, TUNE_INTEGER);
  EXPECT_FALSE(curve->parameters[2].required);
}

TEST(Builtin, EmptyReportsOnceWithLossZero) {
  FakeHost host;
  host.config = {{"whatever", std::string("x")}};

  host.run(builtin("empty"));

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_EQ(host.reports[0].metric("loss"), 0);
  EXPECT_THAT(host.failures, IsEmpty());
}

TEST(Builtin, SleepLeavesAtOnceWhenItIsTold) {
  FakeHost host;
  host.config = {{"seconds", 3600.0}};
  host.stop_after = 0;

  host.run(builtin("sleep"));

  EXPECT_THAT(host.reports, IsEmpty());
  EXPECT_THAT(host.failures, IsEmpty());
}

TEST(Builtin, SleepReportsItsSeconds) {
  FakeHost host;
  host.config = {{"seconds", 1e-6}};

  host.run(builtin("sleep"));

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_EQ(host.reports[0].metric("loss"), 1e-6);
}

TEST(Builtin, SleepRefusesANegativeTime) {
  FakeHost host;
  host.config = {{"seconds", -1.0}};

  host.run(builtin("sleep"));

  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_THAT(host.failures[0].text, HasSubstr("'seconds'"));
}

TEST(Builtin, PiComesNearAndIsTheSameAgain) {
  FakeHost host, again;
  host.config = again.config = {{"evaluations", std::int64_t{3}}, {"points", std::int64_t{10000}}};

  host.run(builtin("pi"));
  again.run(builtin("pi"));

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_LT(host.reports[0].metric("loss"), 0.05);
  EXPECT_GT(host.reports[0].metric("loss"), 0);
  EXPECT_EQ(host.reports[0].metrics, again.reports.at(0).metrics);
}

TEST(Builtin, FunctionsReportTheirValueOnce) {
  FakeHost host;
  host.config = {{"x1", 2.0}, {"x2", std::int64_t{2}}, {"x3", 2.0}};

  host.run(builtin("rosenbrock"));

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_DOUBLE_EQ(host.reports[0].metric("loss"), 802);
}

TEST(Builtin, FunctionsNameTheParameterThatIsMissing) {
  FakeHost host;
  host.config = {{"x1", 2.0}};

  host.run(builtin("branin"));

  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_EQ(host.failures[0].kind, 0);
  EXPECT_THAT(host.failures[0].text, HasSubstr("'x2'"));
}

TEST(Curve, FallsTowardsBraninAndEndsAfterItsEpochs) {
  FakeHost host;
  host.config = {{"x1", 1.0}, {"x2", 2.0}, {"epochs", std::int64_t{7}}};

  host.run(builtin("curve"));

  ASSERT_THAT(host.reports, SizeIs(7));
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_DOUBLE_EQ(host.reports[i].metric("loss"),
                     functions::branin(1, 2) + 5 / std::sqrt(static_cast<double>(i + 1)));
  }
}

TEST(Curve, RunsAHundredEpochsUnlessTold) {
  FakeHost host;
  host.config = {{"x1", 1.0}, {"x2", 2.0}};

  host.run(builtin("curve"));

  EXPECT_THAT(host.reports, SizeIs(100));
}

TEST(Curve, GoesOnFromItsCheckpoint) {
  FakeHost host;
  host.config = {{"x1", 1.0}, {"x2", 2.0}, {"epochs", std::int64_t{7}}};
  host.leave_at = 3;
  host.save_on_leave = true;
  host.run(builtin("curve"));
  ASSERT_THAT(host.saves, SizeIs(1));
  EXPECT_EQ(host.saves[0].step, 3);

  host.resume_from_last();
  host.leave_at.reset();
  host.run(builtin("curve"));

  ASSERT_THAT(host.reports, SizeIs(7));
  EXPECT_EQ(host.reports[3].step, 4);
  EXPECT_DOUBLE_EQ(host.reports[3].metric("loss"), functions::branin(1, 2) + 2.5);
}

TEST(Curve, HasNothingLeftToDoAfterACheckpointOfItsEnd) {
  FakeHost host;
  host.config = {{"x1", 1.0}, {"x2", 2.0}, {"epochs", std::int64_t{7}}};
  host.checkpoint = "curve 7\n";
  host.checkpoint_step = 7;

  host.run(builtin("curve"));

  EXPECT_THAT(host.reports, IsEmpty());
  EXPECT_THAT(host.failures, IsEmpty());
}

TEST(Curve, RefusesACheckpointThatIsNotItsOwn) {
  FakeHost host;
  host.config = {{"x1", 1.0}, {"x2", 2.0}};
  host.checkpoint = "PK\3\4";

  host.run(builtin("curve"));

  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_THAT(host.failures[0].text, HasSubstr("no checkpoint of 'curve'"));
}

TEST(Curve, FillsItsCheckpointsUp) {
  FakeHost host;
  host.config = {{"x1", 1.0}, {"x2", 2.0}, {"epochs", std::int64_t{2}}, {"checkpoint_bytes", std::int64_t{1000}}};
  host.save_every = 2;

  host.run(builtin("curve"));

  ASSERT_TRUE(host.reports[1].checkpoint);
  EXPECT_EQ(host.reports[1].checkpoint->size(), 1000u);
  EXPECT_FALSE(host.reports[0].checkpoint);
}

TEST(Curve, IsAsGoodAsNewAfterAReset) {
  const tune_trainable* curve = builtin("curve");
  void* instance = curve->create();
  FakeHost first, second;
  first.config = {{"x1", 9.0}, {"x2", 9.0}, {"epochs", std::int64_t{5}}};
  second.config = {{"x1", 1.0}, {"x2", 2.0}, {"epochs", std::int64_t{5}}};

  first.run(curve, instance);
  second.run(curve, instance);
  curve->destroy(instance);

  ASSERT_THAT(second.reports, SizeIs(5));
  EXPECT_DOUBLE_EQ(second.reports[0].metric("loss"), functions::branin(1, 2) + 5);
}

}  // namespace
}  // namespace tune
