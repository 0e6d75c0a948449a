#include "experiments/store/space_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tune {
namespace {

using ::testing::HasSubstr;

TEST(SpaceWatch, SaysOnceThatLittleIsLeftAndAgainAfterThereWasMore) {
  SpaceWatch watch("/data");
  constexpr std::uint64_t kLittle = SpaceWatch::kLittle;
  EXPECT_FALSE(watch.judge(kLittle));
  const auto said = watch.judge(kLittle - 1);
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("/data"));
  EXPECT_FALSE(watch.judge(0));
  EXPECT_FALSE(watch.judge(kLittle + 1));
  EXPECT_FALSE(watch.judge(kLittle - 1));  // it only went up and down a little
  EXPECT_FALSE(watch.judge(2 * kLittle));
  EXPECT_TRUE(watch.judge(kLittle - 1));
}

TEST(SpaceWatch, SaysNothingOfAFolderThatIsGone) {
  EXPECT_FALSE(SpaceWatch("/no/such/folder").look(std::chrono::steady_clock::now()));
}

}  // namespace
}  // namespace tune
