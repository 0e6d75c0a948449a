// Every option of scheduler, stop, budget and resources, as options.txt lists them: what a file may say, and with which
// words what makes no sense is refused, before anything starts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/tune/support/workbench.h"

namespace tune::testing {
namespace {

using namespace ::testing;

constexpr const char* kRest =
    "version: 1\n"
    "objective: [{metric: loss, mode: min}, {metric: seconds, mode: max}]\n"
    "search_space:\n"
    "  x1: {uniform: [-5, 10]}\n  x2: {uniform: [0, 15]}\n  k: {int: [1, 8]}\n  c: {choice: [a, b]}\n"
    "  lr: {loguniform: [1e-4, 1e-1]}\n  d: {sample_from: \"x1 + 1\"}\n  fixed: 3\n";

TEST(Options, AreTakenOrRefusedInPlainWords) {
  Workbench bench;
  std::ifstream table(TUNE_OPTIONS);
  int rows = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line.starts_with("#")) continue;
    const std::size_t arrow = line.find("  =>  ");
    ASSERT_NE(arrow, std::string::npos) << line;
    std::string text = kRest + line.substr(0, arrow) + "\n";
    for (std::size_t at; (at = text.find(" | ")) != std::string::npos;) text.replace(at, 3, "\n");
    if (text.find("\nbudget:") == std::string::npos) text += "budget: {trials: 8}\n";
    if (text.find("\ntrainable:") == std::string::npos) text += "trainable: curve\n";
    bench.write("options.yaml", text);
    // Reads and checks the file as `tune validate` does, and loads no trainable.
    const Outcome outcome = bench.tune({"sample", "options.yaml", "-n", "0"});
    const std::string wanted = line.substr(arrow + 6);
    const bool accepted = wanted.starts_with("ok");
    EXPECT_EQ(outcome.code, accepted ? 0 : 2) << line << "\n" << outcome.err;
    const std::string words = !accepted ? ": error: " + wanted + "\n" : wanted == "ok" ? "" : wanted.substr(4);
    EXPECT_THAT(outcome.out + outcome.err, HasSubstr(words)) << line;
    ++rows;
  }
  EXPECT_GT(rows, 150);
}

TEST(Options, OfAMutationAreFaultyAtTheLineOfTheParameter) {
  Workbench bench;
  bench.write("options.yaml", std::string(kRest) +
                                  "trainable: curve\nbudget: {trials: 8}\nscheduler:\n  type: pbt\n"
                                  "  hyperparam_mutations:\n    x1: [1, 2]\n    k: [9, 10]\n");
  const Outcome outcome = bench.tune({"sample", "options.yaml", "-n", "0"});
  EXPECT_THAT(outcome.out + outcome.err, HasSubstr("options.yaml:17:8: error: hyperparam_mutations.k: 10 is outside"));
  const Outcome beyond =
      bench.tune({"sample", "options.yaml", "-n", "0", "--set", "scheduler.hyperparam_mutations.k=[2,9]"});
  EXPECT_EQ(beyond.code, 0) << beyond.err;
  EXPECT_THAT(beyond.out + beyond.err, HasSubstr("warning: hyperparam_mutations.k: 9 is outside"));
}

}  // namespace
}  // namespace tune::testing
