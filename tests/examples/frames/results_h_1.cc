#include <tune/tune.h>

int main() {
  const auto train = [](tune::Trial& trial) { trial.report({{"accuracy", trial.real("lr")}}, "weights"); };
  const tune::ResultGrid grid = tune::Tuner({.name = "accurate",
                                             .trainable = {train, {.has_end = true, .can_save = true}},
                                             .objective = {.metric = "accuracy", .mode = "max"},
                                             .search_space = {{"lr", tune::uniform(0, 1)}},
                                             .budget = {.trials = 3},
                                             .checkpoint = {.every = 1}})
                                    .run()
                                    .value();
  // EXAMPLE
  return std::remove("best.pt");
}
