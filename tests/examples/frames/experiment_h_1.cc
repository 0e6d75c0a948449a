#include <tune/tune.h>

#include <cstdio>

using namespace std::chrono_literals;

void train(tune::Trial& trial) {
  trial.report({{"accuracy", trial.real("lr") / static_cast<double>(trial.integer("batch_size"))}});
}

int main() {
  // EXAMPLE
  const auto grid = tune::Tuner(experiment).run();
  if (!grid) std::puts(grid.failure().text().c_str());
  return grid && grid->size() == 40 && grid->errors() == 0 ? 0 : 1;
}
