#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainables/fake_host.h"
#include "tests/trainables/scratch_directory.h"
#include "trainables/builtin/builtin.h"
#include "trainables/builtin/curve_table.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using tune::testing::FakeHost;
using tune::testing::ScratchDirectory;

const tune_trainable* tabular() {
  for (const tune_trainable* t : builtin_trainables()) {
    if (t->name == std::string_view("tabular")) return t;
  }
  return nullptr;
}

constexpr const char* kCurves =
    "trial_id,trial_number,training_iteration,time_total_s,loss,accuracy,config/lr,config/opt/name\r\n"
    "e-0,0,1,0.5,0.9,10,0.1,sgd\n"
    "e-1,1,1,0.5,0.8,,0.010,\"a \"\"b\"\", c\"\n"
    "e-0,0,2,0.9,0.7,30,0.1,sgd\n"
    "\n"
    "e-2,2,1,0.5,nan,50,1e-3,sgd";

class Table : public ::testing::Test {
 protected:
  std::string file(const std::string& content) {
    const std::string name = "t" + std::to_string(++files_) + ".csv";
    scratch_.write(name, content);
    return scratch_ / name;
  }
  std::string fault(const std::string& content) {
    const auto table = CurveTable::read(file(content));
    return table ? "none" : table.error().message;
  }
  FakeHost run(std::map<std::string, FakeHost::Parameter> config, std::int64_t number = 3) {
    FakeHost host;
    host.config = std::move(config);
    host.number = number;
    host.run(tabular());
    return host;
  }
  ScratchDirectory scratch_;
  int files_ = 0;
};

TEST_F(Table, TellsTheRecordedCurveOfItsConfiguration) {
  const std::string path = file(kCurves);
  const FakeHost host = run({{"file", path}, {"lr", 0.1}, {"opt.name", std::string("sgd")}});
  EXPECT_THAT(host.failures, IsEmpty());
  ASSERT_THAT(host.reports, SizeIs(2));
  EXPECT_EQ(host.reports[0].metric("loss"), 0.9);
  EXPECT_EQ(host.reports[1].metric("accuracy"), 30);
  EXPECT_THAT(host.reports[1].metrics, SizeIs(2)) << "what tune measures itself is not told again";

  const FakeHost other = run({{"file", path}, {"lr", 0.01}, {"opt.name", std::string("a \"b\", c")}});
  ASSERT_THAT(other.reports, SizeIs(1));
  EXPECT_THAT(other.reports[0].metrics, ElementsAre(::testing::Pair("loss", 0.8))) << "an empty cell is no value";
}

TEST_F(Table, SaysWhatItHasNoCurveOf) {
  const FakeHost host = run({{"file", file(kCurves)}, {"lr", 0.2}, {"opt.name", std::string("sgd")}});
  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_THAT(host.failures[0].text, HasSubstr("lr=0.2, opt.name=sgd"));
}

TEST_F(Table, TakesTheNearestWhereItIsTold) {
  const std::string path = file(kCurves);
  const FakeHost host = run({{"file", path}, {"lr", 0.002}, {"opt.name", std::string("sgd")}, {"nearest", true}});
  ASSERT_THAT(host.reports, SizeIs(1));
  EXPECT_TRUE(std::isnan(host.reports[0].metric("loss")));
}

TEST_F(Table, IsChosenByNumber) {
  const std::string path = file(kCurves);
  EXPECT_THAT(run({{"file", path}, {"curve", std::int64_t{1}}}).reports, SizeIs(1));
  EXPECT_THAT(run({{"file", path}, {"curve", std::int64_t{9}}}).failures.at(0).text,
              HasSubstr("no curve 9 among its 3"));
}

TEST_F(Table, IsAScriptWhereItHasNoParameters) {
  const std::string path = file("trial_number,training_iteration,loss\n0,1,5\n1,1,4\n1,2,3\n");
  EXPECT_THAT(run({{"file", path}}, 1).reports, SizeIs(2));
  EXPECT_THAT(run({{"file", path}, {"epochs", std::int64_t{1}}}, 1).reports, SizeIs(1));
  EXPECT_THAT(run({{"file", path}}, 2).failures, SizeIs(1));
}

TEST_F(Table, NeedsNoTrialNumbers) {
  const auto table =
      CurveTable::read(file("\xef\xbb\xbf"
                            "config/x,training_iteration,loss\n1,1,5\n2,1,4\n1,2,3\n"));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->size(), 2u);
  EXPECT_EQ(table->steps(*table->find({"1"})), 2);
}

TEST_F(Table, FaultsAreSaidWithTheirLine) {
  EXPECT_THAT(fault(""), HasSubstr("empty"));
  EXPECT_THAT(fault("config/x;loss\n1;2\n"),
              HasSubstr(":1: there is no column training_iteration; the columns are config/x;loss"));
  EXPECT_THAT(fault("config/x,training_iteration\n1,1\n\"1,2\n1,3\n"), HasSubstr(":3: a quote that is never closed"));
  EXPECT_THAT(fault(std::string("config/x,training_iteration\n1,1\n\0\0\0", 35)), HasSubstr(":3: a NUL byte"));
  EXPECT_THAT(fault("config/x,training_iteration\n" + std::string(2 << 20, '1')), HasSubstr(":2: a row of more than"));
  EXPECT_THAT(fault("training_iteration,loss\n1,2\n"), HasSubstr("neither"));
  EXPECT_THAT(fault("config/x,config/x,training_iteration\n"), HasSubstr("two columns are named config/x"));
  EXPECT_THAT(fault("config/x,,training_iteration\n"), HasSubstr("no name"));
  EXPECT_THAT(fault("config/x,training_iteration\n"), HasSubstr("no curve"));
  EXPECT_THAT(fault("config/x,training_iteration\n1,1\n1,3\n"), HasSubstr(":3: training_iteration is '3', and 2"));
  EXPECT_THAT(fault("config/x,training_iteration\n\n1,1\n1\n"), HasSubstr(":4: 1 cells under 2"));
  EXPECT_THAT(fault("trial_number,training_iteration\na,1\n"), HasSubstr(":2: trial_number 'a'"));
  EXPECT_THAT(fault("trial_number,training_iteration,config/x\n1,1,1\n1,2,3\n"), HasSubstr(":3: trial 1 has another"));
  const auto absent = CurveTable::read(scratch_ / "absent.csv");
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(absent.error().message, HasSubstr("absent.csv: No such file or directory"));
  EXPECT_THAT(CurveTable::read("/").error().message, HasSubstr("cannot read the learning curves /: it is a directory"));
  EXPECT_THAT(CurveTable::read("/dev/zero").error().message, HasSubstr("it is no regular file"));
}

TEST_F(Table, ReadsWhatIsCommittedAsAnExample) {
  const auto table = CurveTable::read(TUNE_DATA "/tabular.csv");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->size(), 10u);
  EXPECT_THAT(table->parameters(), ElementsAre("x1", "x2")) << "`epochs` was a constant";
}

}  // namespace
}  // namespace tune
