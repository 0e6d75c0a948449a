// The surrogate against values that the authors' network gives (computed with NumPy from the same weights).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainables/fake_host.h"
#include "tests/trainables/scratch_directory.h"
#include "trainables/builtin/builtin.h"
#include "trainables/builtin/dense.h"
#include "trainables/builtin/lcbench_net.h"

namespace tune {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using tune::testing::FakeHost;
using tune::testing::ScratchDirectory;

const std::string kWeights = TUNE_DATA "/lcbench.weights";

const tune_trainable* lcbench() {
  for (const tune_trainable* t : builtin_trainables()) {
    if (t->name == std::string_view("lcbench")) return t;
  }
  return nullptr;
}

std::map<std::string, FakeHost::Parameter> config(FakeHost::Parameter task) {
  return {{"batch_size", std::int64_t{64}},
          {"learning_rate", 0.01},
          {"momentum", 0.9},
          {"weight_decay", 0.01},
          {"num_layers", std::int64_t{3}},
          {"max_units", std::int64_t{512}},
          {"max_dropout", 0.2},
          {"task", std::move(task)},
          {"weights", kWeights}};
}

struct Golden {
  int epoch;
  double accuracy, seconds;
};

void expect_values(const FakeHost& host, const std::vector<Golden>& values) {
  for (const Golden& value : values) {
    const auto& report = host.reports.at(static_cast<std::size_t>(value.epoch - 1));
    EXPECT_NEAR(report.metric("val_accuracy"), value.accuracy, 1e-4 * value.accuracy) << value.epoch;
    EXPECT_NEAR(report.metric("total_seconds"), value.seconds, 1e-4 * value.seconds) << value.epoch;
  }
}

TEST(Lcbench, HasTheValuesOfTheOriginalNetwork) {
  FakeHost middle, low, high;
  middle.config = config(std::int64_t{3945});
  middle.run(lcbench());
  ASSERT_THAT(middle.reports, SizeIs(52));
  expect_values(middle, {{1, 37.36117935180664, 23.805221557617188},
                         {4, 86.52124786376953, 37.210208892822266},
                         {9, 87.08283233642578, 69.81591796875},
                         {27, 87.81774139404297, 178.64613342285156},
                         {52, 89.63455963134766, 256.4156494140625}});
  low.config = {{"batch_size", std::int64_t{16}},
                {"learning_rate", 1e-4},
                {"momentum", 0.1},
                {"weight_decay", 1e-5},
                {"num_layers", std::int64_t{1}},
                {"max_units", std::int64_t{64}},
                {"max_dropout", 0.0},
                {"task", std::string("189865")},
                {"weights", kWeights}};
  low.run(lcbench());
  expect_values(low, {{1, 59.110958099365234, 2.1765503883361816},
                      {4, 65.99311828613281, 4.16754674911499},
                      {27, 75.18975830078125, 10.720101356506348},
                      {52, 74.64633178710938, 28.745872497558594}});
  high.config = {{"batch_size", std::int64_t{512}},
                 {"learning_rate", 0.1},
                 {"momentum", 0.99},
                 {"weight_decay", 0.1},
                 {"num_layers", std::int64_t{5}},
                 {"max_units", std::int64_t{1024}},
                 {"max_dropout", 1.0},
                 {"task", std::string("189865")},
                 {"weights", kWeights}};
  high.run(lcbench());
  expect_values(high, {{1, 54.01303482055664, 6.710209846496582},
                       {9, 50.66714859008789, 77.48474884033203},
                       {52, 51.812225341796875, 514.3217163085938}});
}

TEST(Lcbench, SecondsAreThoseOfEachEpoch) {
  FakeHost host;
  host.config = config(std::string("3945"));
  host.run(lcbench());
  double total = 0;
  for (const auto& report : host.reports) {
    EXPECT_GE(report.metric("seconds"), 0);
    total += report.metric("seconds");
    EXPECT_NEAR(report.metric("total_seconds"), total, 1e-9);
  }
}

TEST(Lcbench, AnEpochIsWhatItIsWhateverCameBefore) {
  FakeHost unbroken, broken;
  unbroken.config = broken.config = config(std::string("168908"));
  unbroken.run(lcbench());
  broken.leave_at = 5;
  broken.save_on_leave = true;
  broken.run(lcbench());
  broken.resume_from_last();
  broken.leave_at.reset();
  broken.run(lcbench());
  ASSERT_THAT(broken.reports, SizeIs(52));
  for (std::size_t i = 0; i < 52; ++i) EXPECT_EQ(broken.reports[i].metrics, unbroken.reports[i].metrics) << i;
}

TEST(Lcbench, NamesTheTasksThereAre) {
  FakeHost host;
  host.config = config(std::string("no-such-task"));
  host.run(lcbench());
  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_THAT(host.failures[0].text, HasSubstr("126025, 167149"));
}

TEST(Lcbench, RefusesWhatNoNetworkCanHave) {
  const std::vector<std::pair<std::string, FakeHost::Parameter>> wrong = {
      {"batch_size", std::int64_t{0}}, {"momentum", 7.0}, {"max_dropout", -0.1}, {"num_layers", std::int64_t{0}}};
  for (const auto& [name, value] : wrong) {
    FakeHost host;
    host.config = config(std::int64_t{3945});
    host.config[name] = value;
    host.run(lcbench());
    ASSERT_THAT(host.failures, SizeIs(1)) << name;
    EXPECT_THAT(host.failures[0].text, HasSubstr("'" + name + "'"));
  }
}

TEST(LcbenchNet, RefusesFilesThatAreNotWhole) {
  ScratchDirectory scratch;
  const auto fault = [&](const std::string& content) {
    scratch.write("w", content);
    const auto net = LcbenchNet::read(scratch / "w");
    return net ? std::string("none") : net.error().message;
  };
  EXPECT_THAT(fault(""), HasSubstr("first line"));
  EXPECT_THAT(fault("PK\3\4\n"), HasSubstr("first line"));
  EXPECT_THAT(fault("tune lcbench 1\nsub 1 8\n"), HasSubstr("it ends in line 3, before its arrays"));
  EXPECT_THAT(fault("tune lcbench 1\nsub 1 8\n\nxx"), HasSubstr("it ends at byte 26, within sub"));
  EXPECT_THAT(fault("tune lcbench 1\nsub 1 -8\n\n"), HasSubstr("line 2, 'sub 1 -8', is not NAME"));
  EXPECT_THAT(fault("tune lcbench 1\nsub 99999999999 99999999999\n\n"), HasSubstr("NAME ROWS COLUMNS"));
  EXPECT_THAT(fault("tune lcbench 1\nsub 1 1\n\n1234"), HasSubstr("no array w_num"));
  EXPECT_THAT(fault("tune lcbench 1\nsub 1 1\n\n12345"), HasSubstr("from byte 28 on there is more"));
  EXPECT_THAT(fault("tune lcbench 1\nsub 1 1\nsub 1 1\n\n12341234"), HasSubstr("two arrays are named sub"));
  EXPECT_THAT(fault("tune lcbench 1\nsub 1 2\n\n1234\xff\xff\xff\xff"), HasSubstr("at byte 28, in sub, is no finite"));
  EXPECT_THAT(fault("tune lcbench 1\n" + std::string(100'000, 'x')), HasSubstr("is not NAME ROWS COLUMNS"));
  EXPECT_EQ(LcbenchNet::read(scratch / "absent").error().code, ErrorCode::kNotFound);
}

TEST(AddProduct, EqualsTheSumInTheOrderOfInputsWhateverTheShape) {
  for (const std::size_t rows : {1u, 4u, 7u}) {
    for (const std::size_t outputs : {1u, 15u, 16u, 33u, 64u}) {
      const std::size_t inputs = 13;
      std::vector<float> x(rows * inputs), w(inputs * outputs), out(rows * outputs, 0.1f), expected;
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1.0f / static_cast<float>(i + 3);
      for (std::size_t i = 0; i < w.size(); ++i) w[i] = 1.0f / static_cast<float>(7 + i * i % 101);
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t o = 0; o < outputs; ++o) {
          float sum = 0.1f;
          for (std::size_t i = 0; i < inputs; ++i) sum += x[r * inputs + i] * w[i * outputs + o];
          expected.push_back(sum);
        }
      }
      add_product(x.data(), rows, inputs, w.data(), outputs, out.data());
      EXPECT_EQ(out, expected) << rows << " x " << outputs;
    }
  }
}

}  // namespace
}  // namespace tune
