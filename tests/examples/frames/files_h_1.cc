#include <tune/files.h>
#include <tune/tune.h>

double train(const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/weights") << "1 2 3";
  return 0.5;
}

void trial_with_files(tune::Trial& trial) {
  // EXAMPLE
}

int main() {
  const auto grid = tune::Tuner({.name = "files",
                                 .trainable = {trial_with_files, {.has_end = true, .can_save = true}},
                                 .objective = {.metric = "loss", .mode = "min"},
                                 .search_space = {{"x", tune::uniform(0, 1)}},
                                 .budget = {.trials = 2},
                                 .checkpoint = {.every = 1}})
                        .run()
                        .value();
  return grid.checkpoint(grid[0])->extract("out") && std::filesystem::exists("out/weights") ? 0 : 1;
}
