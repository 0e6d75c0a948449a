#include "searchspaces/grid_cells.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/searchspaces/space_builder.h"

namespace tune {
namespace {

std::vector<std::size_t> every_parameter(const Space& space) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < space.parameters().size(); ++i) all.push_back(i);
  return all;
}

std::string cell_config(const Space& space, const GridCells& cells, std::int64_t cell) {
  Config config;
  for (const auto& digit : cells.at(cell)) config.set(space.parameters()[digit.parameter].path, cells.value(digit));
  return to_flat_json(space.in_file_order(config));
}

/// All configurations, the last parameter of the order fastest, by plain recursion.
void list_cells(const Space& space, std::size_t depth, Config config, std::vector<std::string>& out) {
  if (depth == space.order().size()) {
    out.push_back(to_flat_json(space.in_file_order(config)));
    return;
  }
  const Parameter& parameter = space.parameters()[space.order()[depth]];
  if (!space.is_active(parameter, config)) return list_cells(space, depth + 1, config, out);
  for (const Value& value : enumerate(parameter.domain)) {
    config.set(parameter.path, value);
    list_cells(space, depth + 1, config, out);
  }
}

TEST(GridCells, AgreeWithPlainRecursionOverRandomTrees) {
  RandomStream random(11, "trees", 0);
  for (int round = 0; round < 200; ++round) {
    std::vector<Parameter> parameters;
    const std::size_t n = 1 + random.below(6);
    for (std::size_t i = 0; i < n; ++i) {
      const auto count = static_cast<std::int64_t>(1 + random.below(4));
      Parameter p = parameter("p" + std::to_string(i), RandInt{10, 10 + count});
      for (std::size_t j = 0; j < i; ++j) {
        if (random.below(3) != 0) continue;
        const auto& parent = std::get<RandInt>(parameters[j].domain);
        Condition condition{parameters[j].path, {}};
        for (std::int64_t k = parent.lower; k < parent.upper; ++k) {
          if (random.below(2) == 0) condition.values.emplace_back(k);
        }
        if (!condition.values.empty()) p.conditions.push_back(condition);
      }
      parameters.push_back(p);
    }
    const Space space = space_of(parameters);
    std::vector<std::string> expected;
    list_cells(space, 0, {}, expected);

    const auto cells = GridCells::build(space, every_parameter(space), {});

    ASSERT_TRUE(cells);
    ASSERT_EQ(cells->count(), static_cast<std::int64_t>(expected.size())) << space.describe();
    for (std::int64_t i = 0; i < cells->count(); ++i)
      EXPECT_EQ(cell_config(space, *cells, i), expected[static_cast<std::size_t>(i)]);
  }
}

TEST(GridCells, AreReachedByNumberInRangesOfAnySize) {
  const Space space =
      space_of({parameter("a", RandInt{0, 1'000'000'000}),
                parameter("b", QUniform{0, 1, 0.5}, {{"a", {7, 999'999'999}}}), parameter("c", RandInt{5, 1'000'005})});
  const auto cells = GridCells::build(space, every_parameter(space), {});
  ASSERT_TRUE(cells);
  constexpr std::int64_t kMillion = 1'000'000;
  EXPECT_EQ(cells->count(), (1'000'000'000 + 4) * kMillion);
  EXPECT_EQ(cell_config(space, *cells, 7 * kMillion - 1), R"({"a":6,"c":1000004})");
  EXPECT_EQ(cell_config(space, *cells, 7 * kMillion), R"({"a":7,"b":0.0,"c":5})");
  EXPECT_EQ(cell_config(space, *cells, 9 * kMillion + 1), R"({"a":7,"b":1.0,"c":6})");
  EXPECT_EQ(cell_config(space, *cells, 10 * kMillion), R"({"a":8,"c":5})");
  EXPECT_EQ(cell_config(space, *cells, cells->count() - 1), R"({"a":999999999,"b":1.0,"c":1000004})");
}

TEST(GridCells, GivenValuesDecideConditions) {
  const Space space = space_of({parameter("a", choice({1, 2})), parameter("k", Constant{5}),
                                parameter("b", grid({1, 2, 3}), {{"a", {1}}, {"k", {5}}})});
  EXPECT_EQ(GridCells::build(space, {2}, Config{})->count(), 3);
  EXPECT_EQ(GridCells::build(space, {2}, Config{{{"a", 1}}})->count(), 3);
  EXPECT_EQ(GridCells::build(space, {2}, Config{{{"a", 2}}})->count(), 1);
  EXPECT_TRUE(GridCells::build(space, {2}, Config{{{"a", 2}}})->at(0).empty());
}

}  // namespace
}  // namespace tune
