// The gallery's iris-asha.yaml as a program of somebody else writes it in C++, beside iris_ray.py: the same experiment,
// 40 trials, a checkpoint each epoch, in a database of its own that a run leaves behind.
//
//   iris_tune_bench DATABASE      # a file that is not there yet

#include <tune/tune.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

int main(int argc, char** argv) {
  tune::init(argc, argv);
  if (argc != 2 || std::filesystem::exists(argv[1])) {
    return std::fprintf(stderr, "usage: iris_tune_bench DATABASE (which is not there yet)\n"), 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  const tune::Tuner tuner({.name = "iris",
                           .trainable = "iris",
                           .objective = {.metric = "accuracy", .mode = "max"},
                           .search_space = {{"l1", tune::choice({4, 8, 16, 32, 64})},
                                            {"l2", tune::choice({4, 8, 16, 32, 64})},
                                            {"lr", tune::loguniform(1e-4, 1e-1)},
                                            {"batch_size", tune::choice({2, 4, 8, 16})}},
                           .scheduler = {"asha", {{"max_t", 50}, {"grace_period", 3}, {"reduction_factor", 3}}},
                           .budget = {.trials = 40},
                           .resources = {.cpu = 1},
                           .checkpoint = {.every = 1}},
                          {.database = argv[1]});
  const auto grid = tuner.run();
  if (!grid) return std::fprintf(stderr, "%s\n", grid.failure().text().c_str()), 1;
  const tune::TrialResult* best = grid->best();
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  std::printf("tune: %zu trials, best accuracy %.4f, %.1f s after start; errors: %zu\n", grid->size(),
              best != nullptr ? best->metric("accuracy").value_or(0) : 0, spent.count(), grid->errors());
  return grid->size() == 40 && grid->errors() == 0 ? 0 : 1;
}
