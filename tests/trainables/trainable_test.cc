// The C++ face of a trainable, against a host in memory. Core's headers are included beside it: a file that has both
// must compile.

#include "trainables/include/tune/trainable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "core/log.h"
#include "core/messages.h"
#include "core/result.h"
#include "schedulers/scheduler.h"
#include "searchspaces/sampler.h"
#include "tests/trainables/fake_host.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using tune::testing::FakeHost;

/// Counts; its state is one number.
class Counter : public Trainable {
 public:
  void setup(Trial& trial) override {
    ++setups;
    last_ = trial.integer_or("last", 1000);
    count_ = 0;
  }
  Report step() override {
    ++count_;
    Report report{{"count", static_cast<double>(count_)}};
    if (count_ >= last_) report.last();
    return report;
  }
  void save(std::ostream& out) override { out << count_; }
  void load(std::istream& in) override { in >> count_; }

  static inline int setups = 0;

 protected:
  std::int64_t count_ = 0;
  std::int64_t last_ = 0;
};

class ResettableCounter : public Counter {
 public:
  bool reset(Trial& trial) override {
    count_ = 0;
    last_ = trial.integer_or("last", 1000);
    return trial.flag_or("can_reset", true);
  }
};

class Plain : public Trainable {
 public:
  void setup(Trial&) override {}
  Report step() override { return Report{{"loss", 1.0}}.last(); }
};

class Thrower : public Trainable {
 public:
  void setup(Trial& trial) override { where_ = trial.text("where"); }
  Report step() override {
    if (where_ == "int") throw 7;
    if (where_ == "step") throw std::runtime_error("loss is not finite");
    return Report{{"loss", 1.0}}.last();
  }
  void save(std::ostream&) override { throw std::runtime_error("cannot save"); }
  void load(std::istream&) override { throw std::runtime_error("cannot load"); }

 private:
  std::string where_;
};

template <class T>
const tune_trainable* table() {
  static const TrainableTable kTable = TrainableTable::of_class<T>("it");
  return kTable.get();
}

TEST(TrainableTable, SeesFromTheClassWhatItCanDo) {
  EXPECT_EQ(table<Plain>()->flags, static_cast<unsigned>(TUNE_ANY_PARAMETERS | TUNE_EXTENDED));
  EXPECT_EQ(table<Counter>()->flags, static_cast<unsigned>(TUNE_ANY_PARAMETERS | TUNE_CAN_SAVE | TUNE_EXTENDED));
  EXPECT_EQ(table<ResettableCounter>()->flags,
            static_cast<unsigned>(TUNE_ANY_PARAMETERS | TUNE_CAN_SAVE | TUNE_CAN_RESET | TUNE_EXTENDED));
}

TEST(TrainableTable, CarriesItsOptions) {
  const TrainableTable table = TrainableTable::of_class<Plain>(
      "ns::Plain", {.name = "Plain",
                    .isolation = TUNE_REUSE,
                    .parameters = {ParameterSpec::real("lr"), ParameterSpec::text("kind").optional()},
                    .metrics = {"loss", "accuracy"},
                    .has_end = true});

  const tune_trainable& t = *table.get();

  EXPECT_STREQ(t.name, "Plain");
  EXPECT_EQ(t.isolation, TUNE_REUSE);
  EXPECT_EQ(t.flags, static_cast<unsigned>(TUNE_HAS_END | TUNE_EXTENDED));
  ASSERT_EQ(t.parameter_count, 2u);
  EXPECT_STREQ(t.parameters[1].name, "kind");
  EXPECT_EQ(t.parameters[1].kind, TUNE_TEXT);
  EXPECT_EQ(t.parameters[1].required, 0);
  ASSERT_EQ(t.metric_count, 2u);
  EXPECT_STREQ(t.metrics[1], "accuracy");
}

TEST(ClassForm, StepsUntilItsLastReport) {
  FakeHost host;
  host.config = {{"last", std::int64_t{3}}};

  host.run(table<Counter>());

  ASSERT_THAT(host.reports, SizeIs(3));
  EXPECT_EQ(host.reports[2].step, 3);
  EXPECT_EQ(host.reports[2].metric("count"), 3);
  EXPECT_THAT(host.failures, IsEmpty());
}

TEST(ClassForm, SavesWithTheReportWhereOneIsDue) {
  FakeHost host;
  host.config = {{"last", std::int64_t{5}}};
  host.save_every = 2;

  host.run(table<Counter>());

  EXPECT_FALSE(host.reports[0].checkpoint);
  EXPECT_EQ(host.reports[1].checkpoint, "2");
  EXPECT_EQ(host.reports[3].checkpoint, "4");
  EXPECT_FALSE(host.reports[4].checkpoint);
}

TEST(ClassForm, SavesBeforeItLeavesIfAsked) {
  FakeHost host;
  host.leave_at = 4;
  host.save_on_leave = true;

  host.run(table<Counter>());

  EXPECT_THAT(host.reports, SizeIs(4));
  ASSERT_THAT(host.saves, SizeIs(1));
  EXPECT_EQ(host.saves[0].step, 4);
  EXPECT_EQ(host.saves[0].bytes, "4");
}

TEST(ClassForm, LeavesBetweenReportsToo) {
  FakeHost host;
  host.stop_after = 2;
  host.save_on_leave = true;

  host.run(table<Counter>());

  EXPECT_THAT(host.reports, SizeIs(2));
  ASSERT_THAT(host.saves, SizeIs(1));
  EXPECT_EQ(host.saves[0].bytes, "2");
}

TEST(ClassForm, SavesAtItsOwnEndIfTheExperimentKeepsThat) {
  FakeHost host;
  host.config = {{"last", std::int64_t{3}}};
  host.at_end = true;

  host.run(table<Counter>());

  ASSERT_THAT(host.saves, SizeIs(1));
  EXPECT_EQ(host.saves[0].step, 3);
  EXPECT_EQ(host.saves[0].bytes, "3");
}

TEST(ClassForm, GoesOnFromACheckpoint) {
  FakeHost host;
  host.config = {{"last", std::int64_t{12}}};
  host.checkpoint = "10";
  host.checkpoint_step = 10;

  host.run(table<Counter>());

  ASSERT_THAT(host.reports, SizeIs(2));
  EXPECT_EQ(host.reports[0].step, 11);
  EXPECT_EQ(host.reports[0].metric("count"), 11);
}

TEST(ClassForm, IsResetBetweenTrialsOfOneInstance) {
  const tune_trainable* t = table<ResettableCounter>();
  void* instance = t->create();
  FakeHost first, second, third;
  first.config = second.config = third.config = {{"last", std::int64_t{2}}};
  third.config["can_reset"] = false;
  Counter::setups = 0;

  first.run(t, instance);
  second.run(t, instance);
  EXPECT_EQ(Counter::setups, 1);
  third.run(t, instance);
  t->destroy(instance);

  EXPECT_EQ(Counter::setups, 2);
  ASSERT_THAT(second.reports, SizeIs(2));
  EXPECT_EQ(second.reports[0].metric("count"), 1);
  EXPECT_THAT(third.reports, SizeIs(2));
}

TEST(ClassForm, TurnsEveryExceptionIntoAFailure) {
  for (const auto& [where, text] : std::map<std::string, std::string>{
           {"step", "loss is not finite"}, {"int", "an exception that is no std::exception"}}) {
    FakeHost host;
    host.config = {{"where", where}};

    host.run(table<Thrower>());

    ASSERT_THAT(host.failures, SizeIs(1));
    EXPECT_EQ(host.failures[0].kind, 0);
    EXPECT_EQ(host.failures[0].text, text);
  }
}

TEST(ClassForm, FailsWhereSaveOrLoadThrows) {
  FakeHost saving, loading;
  saving.config = loading.config = {{"where", std::string("nowhere")}};
  saving.save_every = 1;
  loading.checkpoint = "x";

  saving.run(table<Thrower>());
  loading.run(table<Thrower>());

  ASSERT_THAT(saving.failures, SizeIs(1));
  EXPECT_EQ(saving.failures[0].text, "cannot save");
  ASSERT_THAT(loading.failures, SizeIs(1));
  EXPECT_EQ(loading.failures[0].text, "cannot load");
}

void with_parameters(Trial& trial) {
  trial.report({{"real", trial.real("lr")},
                {"integer", static_cast<double>(trial.integer("n"))},
                {"text", static_cast<double>(trial.text("kind").size())},
                {"flag", trial.flag("on") ? 1.0 : 0.0},
                {"absent", trial.real_or("absent", 5)},
                {"nested", trial.real("optimizer.lr")}});
}

const tune_trainable* function_with_parameters() {
  static const TrainableTable kTable = TrainableTable::of_function<with_parameters>("f");
  return kTable.get();
}

TEST(Trial, GivesParametersByKind) {
  FakeHost host;
  host.config = {
      {"lr", std::int64_t{2}}, {"n", 3.0}, {"kind", std::string("adam")}, {"on", true}, {"optimizer.lr", 0.5}};

  host.run(function_with_parameters());

  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_EQ(host.reports[0].metric("real"), 2);
  EXPECT_EQ(host.reports[0].metric("integer"), 3);
  EXPECT_EQ(host.reports[0].metric("text"), 4);
  EXPECT_EQ(host.reports[0].metric("flag"), 1);
  EXPECT_EQ(host.reports[0].metric("absent"), 5);
  EXPECT_EQ(host.reports[0].metric("nested"), 0.5);
}

TEST(Trial, SaysWhichParameterIsMissingOrOfAnotherKind) {
  FakeHost missing, text, fraction;
  text.config = {{"lr", std::string("high")}};
  fraction.config = {{"lr", 0.1}, {"n", 2.5}};

  missing.run(function_with_parameters());
  text.run(function_with_parameters());
  fraction.run(function_with_parameters());

  EXPECT_EQ(missing.failures.at(0).text, "parameter 'lr' (a number) is missing from search_space");
  EXPECT_EQ(text.failures.at(0).text, "parameter 'lr' must be a number, got the text 'high'");
  EXPECT_EQ(fraction.failures.at(0).text, "parameter 'n' must be a whole number, got the number 2.5");
}

void own_loop(Trial& trial) {
  std::int64_t count = 0;
  if (const auto bytes = trial.checkpoint()) count = std::stoll(std::string(*bytes));
  while (count < 6) {
    ++count;
    const bool stay = trial.report(Report{{"count", static_cast<double>(count)}}.extra("{\"note\":\"x\"}"),
                                   [&](std::ostream& out) { out << count; });
    if (!stay) return;
  }
}

const tune_trainable* function_with_own_loop() {
  static const TrainableTable kTable = TrainableTable::of_function<own_loop>("f", {.can_save = true});
  return kTable.get();
}

TEST(FunctionForm, SavesWhenDueAndWhenItLeaves) {
  FakeHost host;
  host.save_every = 2;
  host.leave_at = 3;
  host.save_on_leave = true;

  host.run(function_with_own_loop());

  ASSERT_THAT(host.reports, SizeIs(3));
  EXPECT_EQ(host.reports[1].checkpoint, "2");
  EXPECT_EQ(host.reports[1].extra, "{\"note\":\"x\"}");
  ASSERT_THAT(host.saves, SizeIs(1));
  EXPECT_EQ(host.saves[0].bytes, "3");
}

TEST(FunctionForm, ResumedEqualsUnbroken) {
  FakeHost broken, unbroken;
  broken.leave_at = 4;
  broken.save_on_leave = true;

  unbroken.run(function_with_own_loop());
  broken.run(function_with_own_loop());
  broken.resume_from_last();
  broken.leave_at.reset();
  broken.run(function_with_own_loop());

  ASSERT_EQ(broken.reports.size(), unbroken.reports.size());
  for (std::size_t i = 0; i < broken.reports.size(); ++i) {
    EXPECT_EQ(broken.reports[i].step, unbroken.reports[i].step);
    EXPECT_EQ(broken.reports[i].metrics, unbroken.reports[i].metrics);
  }
}

TEST(Trial, DrawsSeedsFromItsOwnSeedAndTheStep) {
  FakeHost host, other;
  other.seed = 43;
  const Trial trial(host.handle(), FakeHost::table());
  const Trial another(other.handle(), FakeHost::table());

  EXPECT_EQ(trial.seed_for(5), trial.seed_for(5));
  EXPECT_NE(trial.seed_for(5), trial.seed_for(6));
  EXPECT_NE(trial.seed_for(5), another.seed_for(5));
}

TEST(Trial, SaysSoIfItsDirectoryCannotBeMade) {
  FakeHost host;
  const Trial trial(host.handle(), FakeHost::table());

  EXPECT_THROW(trial.directory(), std::runtime_error);
}

TEST(Headers, AreOfThisVersion) { EXPECT_STREQ(TUNE_HEADERS_VERSION, TUNE_PROJECT_VERSION); }

}  // namespace
}  // namespace tune
