// Every file of scenarios/ is a test: what a scheduler is told, and what it must answer.

#include "tests/schedulers/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace tune::test {
namespace {

std::vector<std::string> scenarios() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(TUNE_SCENARIOS))
    names.push_back(file.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, GoesAsWritten) {
  for (const std::string& fault : run_scenario(std::string(TUNE_SCENARIOS) + "/" + GetParam() + ".txt")) {
    ADD_FAILURE() << fault;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Scenario, testing::ValuesIn(scenarios()),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace tune::test
