// Steps that a trial does again after a failure: whether they are what they were.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

/// Fails after two reports the first time and begins again from zero; the second report is `SECOND` then.
std::string twice(const std::string& name, const std::string& second) {
  return shell(name, 1,
               "v=2; if [ -e first ]; then v=" + second +
                   "; fi\n"
                   "printf '{\"loss\": 1, \"note\": %d}\\n' $$\n"
                   "printf '{\"loss\": %s}\\n' $v\n"
                   "if [ ! -e first ]; then touch first; exit 3; fi\n"
                   "printf '{\"loss\": 3}\\n'",
               "retries: {exit: 1}\n");
}

TEST(Repeats, ThatDifferAreToldOnce) {
  Workbench bench;
  const Outcome outcome = bench.run("drift", twice("drift", "2.5"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("trial 0 does not go on exactly"));
  EXPECT_THAT(outcome.err, HasSubstr("at iteration 2 it reported loss 2 before and 2.5 now"));
  EXPECT_EQ(outcome.err.find("does not go on"), outcome.err.rfind("does not go on"));
  EXPECT_EQ(bench.value("select group_concat(json_extract(metrics, '$.loss')) from reports"), "1.0,2.0,3.0");
}

TEST(Repeats, ThatAreEqualUpToRoundingAreNotTold) {
  Workbench bench;
  const Outcome outcome = bench.run("same", twice("same", "2.0000001"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("does not go on")));
  EXPECT_EQ(bench.value("select count(*) from event where replayed = 1"), "2");
}

}  // namespace
}  // namespace tune
