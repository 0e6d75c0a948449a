// The price of one suggestion. Goals for random search in a Release build: 1 us for 2 parameters, 5 us for 10.

#include <benchmark/benchmark.h>

#include <string>

#include "searchspaces/sampler.h"

namespace tune {
namespace {

Space space_of(int parameters) {
  std::vector<Parameter> list;
  for (int i = 0; i < parameters; ++i) {
    Domain domain;
    switch (i % 5) {
      case 0: domain = LogUniform{1e-5, 1e-1}; break;
      case 1: domain = Choice{{16, 32, 64}, {}, false}; break;
      case 2: domain = Uniform{0, 1}; break;
      case 3: domain = QUniform{0, 1, 0.05}; break;
      default: domain = LogRandInt{1, 1000}; break;
    }
    list.push_back({"parameter" + std::to_string(i), std::move(domain), "", "", {}});
  }
  std::vector<SpaceFault> faults;
  return *Space::build(std::move(list), {}, faults);
}

void suggest(benchmark::State& state, const char* algorithm) {
  const Space space = space_of(static_cast<int>(state.range(0)));
  const auto sampler = *make_sampler(algorithm, {&space, 7, {}, {}});
  std::int64_t trial = 0;
  for (auto _ : state) benchmark::DoNotOptimize(sampler->suggest(TrialId{trial++}));
}

BENCHMARK_CAPTURE(suggest, random, "random")->Arg(2)->Arg(10);
BENCHMARK_CAPTURE(suggest, sobol, "sobol")->Arg(2)->Arg(10);

void suggest_under_constraint(benchmark::State& state) {
  std::vector<SpaceFault> faults;
  const Space space = *Space::build({{"hidden", RandInt{1, 65}, "", "", {}},
                                     {"layers", RandInt{1, 9}, "", "", {}},
                                     {"neck", Derived{"floor(hidden / 2)", true}, "", "", {}}},
                                    {"hidden * layers <= 256"}, faults);
  const auto sampler = *make_sampler("random", {&space, 7, {}, {}});
  std::int64_t trial = 0;
  for (auto _ : state) benchmark::DoNotOptimize(sampler->suggest(TrialId{trial++}));
}
BENCHMARK(suggest_under_constraint);

}  // namespace
}  // namespace tune

BENCHMARK_MAIN();
