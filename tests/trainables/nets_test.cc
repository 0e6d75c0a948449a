// The networks on LibTorch, loaded as tune loads them: by their one exported symbol.

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/trainables/fake_host.h"

namespace tune {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using tune::testing::FakeHost;

const tune_trainable* load(const char* path) {
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::runtime_error(dlerror());
  const auto entry = reinterpret_cast<tune_library_fn>(dlsym(handle, TUNE_LIBRARY_SYMBOL));
  const tune_library* library = entry();
  if (library->abi != TUNE_ABI || library->count != 1) throw std::runtime_error("not one trainable");
  return library->trainables[0];
}

const tune_trainable* iris() {
  static const tune_trainable* table = load(TUNE_IRIS_LIBRARY);
  return table;
}

const tune_trainable* digits() {
  static const tune_trainable* table = load(TUNE_DIGITS_LIBRARY);
  return table;
}

FakeHost iris_host() {
  FakeHost host;
  host.config = {{"l1", std::int64_t{16}}, {"l2", std::int64_t{16}}, {"lr", 0.01}, {"batch_size", std::int64_t{8}}};
  return host;
}

FakeHost digits_host() {
  FakeHost host;
  host.config = {{"lr", 0.05}, {"batch_size", std::int64_t{32}}};
  return host;
}

/// Equal to the last bit.
void expect_same_reports(const FakeHost& a, const FakeHost& b) {
  ASSERT_EQ(a.reports.size(), b.reports.size());
  for (std::size_t i = 0; i < a.reports.size(); ++i) {
    EXPECT_EQ(a.reports[i].step, b.reports[i].step);
    EXPECT_EQ(a.reports[i].metrics, b.reports[i].metrics) << "step " << a.reports[i].step;
  }
}

TEST(Iris, SaysWhatItTakesAndReports) {
  EXPECT_STREQ(iris()->name, "iris");
  EXPECT_EQ(iris()->flags, static_cast<unsigned>(TUNE_CAN_SAVE | TUNE_CAN_RESET | TUNE_HAS_END | TUNE_EXTENDED));
  ASSERT_EQ(iris()->metric_count, 2u);
  EXPECT_STREQ(iris()->metrics[0], "loss");
  EXPECT_STREQ(iris()->metrics[1], "accuracy");
}

TEST(Iris, LearnsInFiftyEpochs) {
  FakeHost host = iris_host();

  host.run(iris());

  EXPECT_THAT(host.failures, IsEmpty());
  ASSERT_THAT(host.reports, SizeIs(50));
  EXPECT_GE(host.reports.back().metric("accuracy"), 0.9);
  EXPECT_LT(host.reports.back().metric("loss"), 0.25);
  EXPECT_LT(host.reports.back().metric("loss"), host.reports.front().metric("loss"));
}

TEST(Iris, IsTheSameForTheSameSeedAndAnotherForAnother) {
  FakeHost one = iris_host(), same = iris_host(), other = iris_host();
  other.seed = 43;
  for (FakeHost* host : {&one, &same, &other}) host->config["epochs"] = std::int64_t{3};

  one.run(iris());
  same.run(iris());
  other.run(iris());

  expect_same_reports(one, same);
  EXPECT_NE(one.reports[0].metrics, other.reports[0].metrics);
}

TEST(Iris, ResumedEqualsUnbrokenBitForBit) {
  FakeHost unbroken = iris_host(), broken = iris_host();
  unbroken.config["epochs"] = broken.config["epochs"] = std::int64_t{9};
  broken.save_on_leave = true;

  unbroken.run(iris());
  for (const std::int64_t pause : {2, 5, 9}) {
    broken.leave_at = pause;
    broken.run(iris());
    broken.resume_from_last();
  }

  EXPECT_THAT(broken.failures, IsEmpty());
  expect_same_reports(unbroken, broken);
}

TEST(Iris, IsAsGoodAsNewAfterAReset) {
  FakeHost fresh = iris_host(), before = iris_host(), reused = iris_host();
  before.config["l1"] = std::int64_t{64};
  for (FakeHost* host : {&fresh, &before, &reused}) host->config["epochs"] = std::int64_t{3};
  void* instance = iris()->create();

  fresh.run(iris());
  before.run(iris(), instance);
  reused.run(iris(), instance);
  iris()->destroy(instance);

  expect_same_reports(fresh, reused);
}

TEST(Iris, RefusesWhatItCannotTrain) {
  for (const auto& [name, value] : std::map<std::string, FakeHost::Parameter>{
           {"l1", std::int64_t{0}}, {"batch_size", std::int64_t{0}}, {"lr", -1.0}, {"epochs", std::int64_t{0}}}) {
    FakeHost host = iris_host();
    host.config[name] = value;

    host.run(iris());

    ASSERT_THAT(host.failures, SizeIs(1)) << name;
    EXPECT_THAT(host.failures[0].text, HasSubstr("'" + name + "'"));
  }
}

TEST(Iris, RefusesACheckpointOfAnotherNetwork) {
  FakeHost small = iris_host(), large = iris_host();
  small.leave_at = 1;
  small.save_on_leave = true;
  small.run(iris());
  large.config["l1"] = std::int64_t{64};
  large.checkpoint = small.saves.at(0).bytes;

  large.run(iris());
  FakeHost cut = iris_host();
  cut.checkpoint = small.saves.at(0).bytes.substr(0, 500);
  cut.run(iris());
  FakeHost other = iris_host();
  other.checkpoint = "something else";
  other.run(iris());

  EXPECT_THAT(large.failures.at(0).text, HasSubstr("weights"));
  EXPECT_THAT(cut.failures.at(0).text, HasSubstr("cut off"));
  EXPECT_THAT(other.failures.at(0).text, HasSubstr("no checkpoint"));
}

TEST(Digits, Learns) {
  FakeHost host = digits_host();
  host.config["epochs"] = std::int64_t{3};

  host.run(digits());

  EXPECT_THAT(host.failures, IsEmpty());
  ASSERT_THAT(host.reports, SizeIs(3));
  EXPECT_GE(host.reports.back().metric("accuracy"), 0.9);
}

TEST(Digits, ResumedEqualsUnbrokenBitForBit) {
  FakeHost unbroken = digits_host(), broken = digits_host();
  for (FakeHost* host : {&unbroken, &broken}) {
    host->config["epochs"] = std::int64_t{2};
    host->config["channels"] = std::int64_t{4};
    host->config["weight_decay"] = 1e-4;
  }
  broken.leave_at = 1;
  broken.save_on_leave = true;

  unbroken.run(digits());
  broken.run(digits());
  broken.resume_from_last();
  broken.leave_at.reset();
  broken.run(digits());

  expect_same_reports(unbroken, broken);
}

}  // namespace
}  // namespace tune
