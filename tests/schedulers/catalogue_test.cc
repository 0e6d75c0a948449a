// Names, options and checks of the schedulers.

#include <gtest/gtest.h>

#include <limits>

#include "schedulers/asha.h"
#include "tests/schedulers/making.h"

namespace tune::test {
namespace {

const AlgorithmInfo& info(std::string_view name) { return *find_algorithm(scheduler_catalogue(), name); }

std::vector<std::string> faults(const OptionRow& given) {
  std::vector<std::string> messages;
  for (const OptionFault& fault : info("asha").check(with_defaults(info("asha").options, Options(given)))) {
    messages.push_back(fault.key + ": " + fault.message);
  }
  return messages;
}
using Messages = std::vector<std::string>;

TEST(SchedulerCatalogue, KnowsEveryNameAndAlias) {
  for (const auto& [alias, name] :
       std::vector<std::pair<std::string, std::string>>{{"fifo", "fifo"},
                                                        {"asha", "asha"},
                                                        {"async_hyperband", "asha"},
                                                        {"asynchyperband", "asha"},
                                                        {"hyperband", "hyperband"},
                                                        {"hb_bohb", "hb_bohb"},
                                                        {"bohb", "hb_bohb"},
                                                        {"median", "median_stopping_rule"},
                                                        {"medianstopping", "median_stopping_rule"},
                                                        {"pbt", "pbt"},
                                                        {"pb2", "pb2"}}) {
    const AlgorithmInfo* found = find_algorithm(scheduler_catalogue(), alias);
    ASSERT_NE(found, nullptr) << alias;
    EXPECT_EQ(found->name, name);
    EXPECT_TRUE(found->capabilities.built);
    EXPECT_FALSE(found->help.empty());
    for (const OptionSpec& option : found->options) EXPECT_FALSE(option.help.empty()) << option.key;
  }
}

TEST(SchedulerCatalogue, HasRayTunesDefaults) {
  const Options asha = with_defaults(info("asha").options, {});
  EXPECT_EQ(asha.text("time_attr"), "training_iteration");
  EXPECT_EQ(asha.real("max_t"), 100);
  EXPECT_EQ(asha.real("grace_period"), 1);
  EXPECT_EQ(asha.integer("reduction_factor"), 4);
  EXPECT_EQ(asha.integer("brackets"), 1);
  EXPECT_TRUE(asha.boolean("stop_last_trials"));
  EXPECT_EQ(asha.text("variant"), "stop");
  EXPECT_TRUE(asha.boolean("drain"));
  EXPECT_EQ(with_defaults(info("hyperband").options, {}).real("max_t"), 81);
  EXPECT_EQ(with_defaults(info("pbt").options, {}).real("quantile_fraction"), 0.25);
  EXPECT_EQ(with_defaults(info("median").options, {}).integer("min_samples_required"), 3);
}

TEST(SchedulerCatalogue, ChecksAshaOptionsTogether) {
  EXPECT_EQ(faults({}), Messages{});
  EXPECT_EQ(faults({{"max_t", 5}, {"grace_period", 10}}), Messages{"max_t: max_t 5 is below grace_period 10"});
  EXPECT_EQ(faults({{"grace_period", "auto"}}), Messages{});
  EXPECT_EQ(faults({{"grace_period", "auto"}, {"brackets", 2}}),
            Messages{"brackets: brackets hedge against a grace_period that is too small, which auto never is"});
  EXPECT_EQ(faults({{"max_t", 2.5}}),
            Messages{"max_t: max_t 2.5 is no whole number, which training_iteration always is"});
  EXPECT_EQ(faults({{"max_t", 2.5}, {"time_attr", "time_total_s"}}), Messages{});
  EXPECT_EQ(faults({{"max_t", 0}}), Messages{"max_t: max_t 0 is not above 0"});
  EXPECT_EQ(faults({{"max_t", std::numeric_limits<double>::infinity()}, {"time_attr", "loss"}}),
            Messages{"max_t: max_t inf is not above 0"});
  EXPECT_EQ(faults({{"max_t", 1e17}}).size(), 1U);
  EXPECT_EQ(faults({{"max_t", 9}, {"reduction_factor", 3}, {"brackets", 3}}), Messages{});
  EXPECT_EQ(faults({{"max_t", 9}, {"reduction_factor", 3}, {"brackets", 4}}),
            Messages{"brackets: 4 brackets; grace_period 1, max_t 9 and reduction_factor 3 leave room for 3"});
  EXPECT_EQ(faults({{"drain", false}}),
            Messages{"drain: with variant: stop no trial waits, so there is none to drain"});
  EXPECT_EQ(faults({{"drain", false}, {"variant", "promote"}}), Messages{});
  EXPECT_EQ(faults({{"time_attr", ""}}).size(), 1U);
  EXPECT_EQ(faults({{"max_t", 0}, {"grace_period", -1}}).size(), 2U);
}

TEST(SchedulerCatalogue, MakesWhatIsBuiltAndRefusesTheRestByName) {
  EXPECT_EQ(make("async_hyperband", {{"max_t", 9}})->name(), "asha");
  EXPECT_EQ(make("fifo", {})->name(), "fifo");
  EXPECT_FALSE(make("fifo", {})->learns());
  EXPECT_TRUE(make("asha", {})->learns());
  const auto unknown = make_scheduler("ashq", {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(unknown.error().hint, "did you mean 'asha'?");
  SchedulerContext context;
  context.options.set("max_t", Value(5));
  context.options.set("grace_period", Value(10));
  const auto bad = make_scheduler("asha", context);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "scheduler asha: max_t 5 is below grace_period 10");
}

TEST(SchedulerCatalogue, WarnsOfTooFewTrialsForPromotion) {
  const auto options = [](const OptionRow& row) { return with_defaults(info("asha").options, Options(row)); };
  const OptionRow promote{{"variant", "promote"}, {"max_t", 27}, {"reduction_factor", 3}};
  EXPECT_EQ(
      supply_warning(options(promote), 20),
      "20 trials are fewer than 3^3 = 27, so promotion alone takes none of them to max_t 27; draining takes the best "
      "waiting one there at the end");
  EXPECT_FALSE(supply_warning(options(promote), 27));
  EXPECT_FALSE(supply_warning(options({{"max_t", 27}, {"reduction_factor", 3}}), 2));
  EXPECT_FALSE(supply_warning({}, 2));
}

}  // namespace
}  // namespace tune::test
