#include "core/runtime/disk_room.h"

#include <gtest/gtest.h>

namespace tune {
namespace {

TEST(DiskRoom, IsThereWhereEveryFolderHasSome) {
  std::uint64_t left = DiskRoom::kFull;
  DiskRoom disk({"/new", "/data"}, [&](const std::string& path) {
    return path == "/data" ? std::optional(left) : std::nullopt;  // the other is not there yet
  });
  EXPECT_FALSE(disk.was_full(0));
  EXPECT_TRUE(disk.may_start(0));
  left = DiskRoom::kFull - 1;
  EXPECT_EQ(disk.full(1), "/data");
  EXPECT_FALSE(disk.may_start(1));
  left = DiskRoom::kFull;
  EXPECT_FALSE(disk.full(1.9));
  EXPECT_EQ(disk.was_full(1.9), "/data") << "what failed then is heard of now";
  EXPECT_FALSE(disk.was_full(2));
}

TEST(DiskRoom, RestsTwiceAsLongAfterEachLossUntilATrialIsHeard) {
  DiskRoom disk({}, {});
  double now = 100;
  for (const double rest : {1, 2, 4, 8, 16, 32, 60, 60}) {
    disk.lost(now);
    disk.lost(now + 0.1);  // another of the same moment
    EXPECT_FALSE(disk.may_start(now + rest - 0.01));
    EXPECT_TRUE(disk.may_start(now + rest));
    now += rest;
  }
  disk.heard();
  disk.lost(now);
  EXPECT_TRUE(disk.may_start(now + 1));
}

TEST(DiskRoom, IsReadFromTheSystem) {
  EXPECT_TRUE(room_on_disk("/dev/shm").has_value());
  EXPECT_FALSE(room_on_disk("/no/such/folder").has_value());
}

}  // namespace
}  // namespace tune
