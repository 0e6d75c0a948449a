// Some thousand seeded schedules of controller, protocol and workers in virtual time; protocol_torture runs any number.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/torture/virtual/schedule.h"

namespace tune::torture {
namespace {

/// A folder in memory, that goes with the test.
class MemoryFolder {
 public:
  MemoryFolder() {
    std::string pattern = std::filesystem::exists("/dev/shm") ? "/dev/shm/tune-torture-XXXXXX" : "tune-torture-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~MemoryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A batch of seeds.
class ProtocolTorture : public testing::TestWithParam<int> {};

TEST_P(ProtocolTorture, LosesNothingRepeatsNothingAndEnds) {
  const MemoryFolder folder;
  constexpr std::uint64_t kSchedules = 500;
  for (std::uint64_t i = 1; i <= kSchedules; ++i) {
    const Schedule schedule = make_schedule(static_cast<std::uint64_t>(GetParam()) * kSchedules + i);
    const std::string at = folder.file("run");
    const Outcome outcome = run_schedule(schedule, at);
    if (outcome.violation.empty()) continue;
    FAIL() << outcome.violation << "\n" << words_of(shrink(schedule, at));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ProtocolTorture, testing::Range(0, 6));

}  // namespace
}  // namespace tune::torture
