#include "core/options.h"

#include <gtest/gtest.h>

namespace tune {
namespace {

std::vector<OptionSpec> table() {
  std::vector<OptionSpec> specs(3);
  specs[0].key = "max_t";
  specs[0].default_value = 100;
  specs[1].key = "metric";
  specs[2].key = "drain";
  specs[2].default_value = true;
  return specs;
}

TEST(Options, TakeDefaultsWhereNothingIsGiven) {
  const Options all = with_defaults(table(), Options(Map{{"drain", false}}));
  EXPECT_EQ(all.values(), (Map{{"max_t", 100}, {"metric", Value()}, {"drain", false}}));
  EXPECT_EQ(all.integer("max_t"), 100);
  EXPECT_EQ(all.real("max_t"), 100.0);
  EXPECT_FALSE(all.boolean("drain"));
  EXPECT_TRUE(all.find("metric")->is_null());
}

TEST(Options, DropWhatTheTableDoesNotHave) {
  EXPECT_EQ(with_defaults(table(), Options(Map{{"grace_perod", 3}})).find("grace_perod"), nullptr);
}

TEST(Options, AreSetInPlace) {
  Options options(Map{{"a", 1}, {"b", "x"}});
  options.set("a", 2.5);
  options.set("c", 3);
  EXPECT_EQ(options.values(), (Map{{"a", 2.5}, {"b", "x"}, {"c", 3}}));
  EXPECT_EQ(options.text("b"), "x");
}

TEST(Catalogue, FindsAnAlgorithmByNameOrAlias) {
  Catalogue catalogue(2);
  catalogue[0].name = "asha";
  catalogue[0].aliases = {"async_hyperband"};
  catalogue[1].name = "fifo";
  EXPECT_EQ(find_algorithm(catalogue, "fifo"), &catalogue[1]);
  EXPECT_EQ(find_algorithm(catalogue, "async_hyperband"), &catalogue[0]);
  EXPECT_EQ(find_algorithm(catalogue, "pbt"), nullptr);
}

}  // namespace
}  // namespace tune
