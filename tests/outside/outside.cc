// A program that runs its own trials, in all three ways, those of a library, and those of a library that comes with
// tune:  outside DATABASE LIBRARY [NAME]

#include <tune/tune.h>

#include <cstdio>
#include <memory>
#include <string>

namespace {

void halves(tune::Trial& trial) {
  const auto lr = std::make_unique<double>(trial.real("lr"));
  for (int i = 0; i < 3; ++i) trial.report({{"loss", *lr / (i + 1)}});
}

int failures = 0;

void run(const char* name, tune::TrainableChoice trainable, const std::string& database, tune::Settings more = {}) {
  tune::Settings space = {{"lr", tune::loguniform(1e-3, 1)}};
  space.insert(space.end(), more.begin(), more.end());
  tune::Tuner tuner({.name = name,
                     .trainable = std::move(trainable),
                     .objective = {.metric = "loss", .mode = "min"},
                     .search_space = space,
                     .search = {.seed = 1},
                     .stop = {.training_iteration = 3},
                     .budget = {.trials = 3},
                     .checkpoint = {.every = 1}},
                    {.database = database, .power_loss = false});
  const auto grid = tuner.run();
  const bool good = grid && grid->size() == 3 && grid->errors() == 0 && grid->best() != nullptr;
  std::printf("%-10s %s\n", name, good ? "good" : "BAD");
  if (!grid) std::printf("%s\n", grid.failure().text().c_str());
  if (grid && grid->errors() > 0) {
    for (const auto& trial : *grid) std::printf("%s: %s\n", trial.name.c_str(), trial.error.c_str());
  }
  failures += !good;
}

}  // namespace

TUNE_FUNCTION(halves, halves, .has_end = true)

int main(int argc, char** argv) {
  tune::init(argc, argv);
  if (argc < 3) return 2;
  const std::string database = argv[1], library = argv[2];
  run("library", library + ":Mine", database);
  if (argc > 3) run("comes", argv[3], database, {{"l1", 4}, {"l2", 4}, {"batch_size", 16}});
  run("named", "halves", database);
  run("reused", {"halves", TUNE_REUSE}, database);
  run("threads", {halves, {.isolation = TUNE_THREAD, .has_end = true}}, database);
  run(
      "lambda", [](tune::Trial& trial) { halves(trial); }, database);
  return failures > 0 ? 1 : 0;
}
