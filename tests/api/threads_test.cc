// Programs that have threads, and several runs at a time.

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/api/support.h"

namespace tune::testing {
namespace {

/// A thread that waits, so that the program has two.
class Idle {
 public:
  Idle()
      : thread_([this] {
          std::unique_lock lock(mutex_);
          changed_.wait(lock, [this] { return over_; });
        }) {}
  ~Idle() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

TEST(Threads, ALambdaIsRefusedNamingTheTwoWaysOut) {
  const ScratchDatabase scratch;
  const Idle idle;
  Experiment experiment = square(1);
  experiment.trainable = [](Trial& trial) { trial.report({{"loss", 0.0}}); };
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_FALSE(grid);
  EXPECT_EQ(grid.failure().code, "unsupported");
  EXPECT_THAT(grid.failure().text(),
              ::testing::AllOf(::testing::HasSubstr("tune::init"), ::testing::HasSubstr("2 threads"),
                               ::testing::HasSubstr("TUNE_THREAD")));
}

/// The library, loaded and used by this program, with two threads of its own that wait for more work.
class OpenBlas {
 public:
  OpenBlas() {
    ::setenv("OPENBLAS_NUM_THREADS", "3", 1);
    library_ = ::dlopen("libopenblas.so.0", RTLD_NOW);
    if (library_ != nullptr) gemm_ = reinterpret_cast<Gemm*>(::dlsym(library_, "cblas_dgemm"));
  }
  /// Why it cannot be used here; null: it can.
  const char* is_missing() const {
#ifdef __SANITIZE_THREAD__
    return "ThreadSanitizer does not see how OpenBLAS's own threads wait for each other";
#endif
    return gemm_ == nullptr ? "libopenblas.so.0 is not installed" : nullptr;
  }
  /// The trace of the product of a matrix of ones with itself: size * size. Large enough for several threads.
  double product() const {
    constexpr int kSize = 300;
    const std::vector<double> ones(kSize * kSize, 1.0);
    std::vector<double> c(kSize * kSize);
    gemm_(101, 111, 111, kSize, kSize, kSize, 1.0, ones.data(), kSize, ones.data(), kSize, 0.0, c.data(), kSize);
    double trace = 0;
    for (int i = 0; i < kSize; ++i) trace += c[static_cast<std::size_t>(i) * (kSize + 1)];
    return trace;
  }

 private:
  using Gemm = void(int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*, int);
  void* library_ = nullptr;
  Gemm* gemm_ = nullptr;
};

std::ptrdiff_t threads_of_this_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

TEST(Threads, OfOpenBlasEndBeforeAForkSoThatALambdaRunsAndUsesIt) {
  const OpenBlas blas;
  if (const char* why = blas.is_missing()) GTEST_SKIP() << why;
  ASSERT_EQ(blas.product(), 90000);
  ASSERT_GT(threads_of_this_process(), 1);
  const ScratchDatabase scratch;
  Experiment experiment = square(2);
  experiment.trainable = [&](Trial& trial) { trial.report({{"loss", blas.product()}}); };
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  for (const TrialResult& trial : *grid) EXPECT_EQ(trial.metric("loss"), 90000) << trial.error;
  EXPECT_EQ(blas.product(), 90000);
}

TEST(Threads, ARegisteredTrainableRunsInAProgramThatHasUsedOpenBlas) {
  const OpenBlas blas;
  if (const char* why = blas.is_missing()) GTEST_SKIP() << why;
  ASSERT_EQ(blas.product(), 90000);
  ASSERT_GT(threads_of_this_process(), 1);
  const ScratchDatabase scratch;
  Experiment experiment = square(3);
  experiment.trainable = "one_report";
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 3u);
  EXPECT_EQ(blas.product(), 90000);
}

TEST(Threads, ARegisteredTrainableRunsInProcessesAllTheSame) {
  const ScratchDatabase scratch;
  const Idle idle;
  Experiment experiment = square(3);
  experiment.trainable = "one_report";
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 3u);
}

TEST(Threads, ALambdaThatAsksForThemSeesTheProgramsVariables) {
  const ScratchDatabase scratch;
  const Idle idle;
  std::atomic<int> calls = 0;
  Experiment experiment = square(20);
  experiment.trainable = {[&calls](Trial& trial) {
                            ++calls;
                            trial.report({{"loss", trial.real("x")}});
                          },
                          {.isolation = TUNE_THREAD, .has_end = true}};
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(calls, 20);
}

TEST(Threads, TwoTunersRunAtTheSameTime) {
  const ScratchDatabase scratch;
  Experiment first = square(4), second = square(4);
  first.name = "first";
  second.name = "second";
  first.trainable = second.trainable = "one_report";
  auto one = Tuner(first, scratch.options()).start();
  auto two = Tuner(second, scratch.options()).start();
  ASSERT_TRUE(one && two);
  const auto grid_one = one->wait(), grid_two = two->wait();
  ASSERT_TRUE(grid_one) << grid_one.failure().text();
  ASSERT_TRUE(grid_two) << grid_two.failure().text();
  EXPECT_EQ(grid_one->size() + grid_two->size(), 8u);
}

TEST(Threads, TwoOfThemUsingOneTunerExcludeEachOther) {
  const ScratchDatabase scratch;
  Experiment experiment = square(1);
  experiment.trainable = "endless";
  std::atomic<bool> reported = false;
  RunOptions options = scratch.options();
  options.callbacks.report = [&](const ReportEvent&) { reported = true; };
  const Tuner tuner(experiment, options);
  auto run = tuner.start();
  ASSERT_TRUE(run) << run.failure().text();
  while (!reported && !run->done()) std::this_thread::yield();
  std::string code;
  std::thread other([&] {
    const auto second = tuner.run();
    if (!second) code = second.failure().code;
  });
  other.join();
  EXPECT_EQ(code, "busy");
  run->interrupt();
  const auto grid = run->wait();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_TRUE(grid->interrupted());
}

}  // namespace
}  // namespace tune::testing
