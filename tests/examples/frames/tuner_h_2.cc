#include <tune/tune.h>

int main() {
  const tune::Tuner tuner({.name = "valley",
                           .trainable = "branin",
                           .objective = {.metric = "loss", .mode = "min"},
                           .search_space = {{"x1", tune::uniform(-5, 10)}, {"x2", tune::uniform(0, 15)}},
                           .budget = {.trials = 20}});
  // EXAMPLE
  return grid.size() > 0 && grid.errors() == 0 ? 0 : 1;
}
