// Data that every trial sees and that exists once, and memory that does not grow with the number of trials.

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "tests/api/support.h"

namespace tune::testing {
namespace {

/// A line of this process's memory map, in bytes. `Pss:` is the proportional set size: a page that n processes share
/// counts for each as 1/n.
double memory(const std::string& line) {
  std::ifstream in("/proc/self/smaps_rollup");
  std::string word;
  while (in >> word) {
    double kilobytes = 0;
    if (word == line && in >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

TEST(Sharing, WhatALambdaCapturesIsNotCopiedIntoItsTrials) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers write into shadow pages of their own in each process";
#endif
  constexpr std::size_t kSize = 128u << 20;
  const auto data = std::make_shared<const std::string>(kSize, 'x');
  const ScratchDatabase scratch;
  Experiment experiment = square(4);
  experiment.trainable = [data](Trial& trial) {
    double sum = 0;  // every page is read
    for (std::size_t i = 0; i < data->size(); i += 4096) sum += (*data)[i];
    trial.report({{"loss", sum}, {"pss", memory("Pss:")}});
  };
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  for (const TrialResult& trial : *grid) {
    // Program, zygote, worker, fork server and trial share it: at most a quarter of it is the trial's.
    EXPECT_LT(*trial.metric("pss"), static_cast<double>(kSize) / 4 + (16 << 20));
  }
}

TEST(Sharing, PrepareIsCalledOnceBeforeTheFork) {
  const ScratchDatabase scratch;
  Experiment experiment = square(3);
  experiment.trainable = "sees_prepared";
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  for (const TrialResult& trial : *grid) EXPECT_EQ(trial.metric("loss"), 1.0);
}

TEST(Memory, StaysFlatAfterTheFirstThousandOfTenThousandTrials) {
  const ScratchDatabase scratch;
  Experiment experiment = square(10000);
  experiment.trainable = {[](Trial& trial) {
                            trial.report({{"loss", trial.real("x")}});
                          },
                          {.isolation = TUNE_THREAD, .has_end = true}};
  std::int64_t reports = 0;
  double early = 0, late = 0;
  RunOptions options = scratch.options();
  options.callbacks.report = [&](const ReportEvent&) {
    ++reports;
    if (reports != 1000 && reports != 10000) return;
    ::malloc_trim(0);  // what is free already is no growth
    (reports == 1000 ? early : late) = memory("Rss:");
  };
  const auto grid = Tuner(experiment, options).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 10000u);
  std::printf("resident after 1,000 trials %.1f MB, after 10,000 %.1f MB\n", early / 1e6, late / 1e6);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which keep freed memory on purpose
  EXPECT_LT(late - early, 10e6);  // a third of it is the database's page cache, which is then full
#endif
}

}  // namespace
}  // namespace tune::testing
