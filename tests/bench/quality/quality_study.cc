// Schedulers on the curves of one problem, in virtual time and in this process: the real brain and its random
// configurations, no store. Several methods and seeds share what the curves cost to compute.
//
//   quality_study run SEED,SEED,... PROBLEM... < METHODS     a line `seed,method,budget,regret` for each
//   quality_study curves SEED PROBLEM...                     `TRIAL STEP` on each line in: what that trial reports from
//                                                            this step on, as many as come cheaply, on a line out;
//                                                            for the schedulers of others
//
// METHODS: a JSON object of a scheduler as in an experiment file, `type` included, by name. A paused trial goes on from
// where it was, to decide and to leave takes no time, and all methods get the same configurations in the same order.

#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <sstream>

#include "core/json.h"
#include "tests/bench/quality/curves.h"
#include "tune/controller/simulation.h"

namespace tune::quality {
namespace {

/// What each trial of one seed reports, computed once.
class CurveCache {
 public:
  CurveCache(const Problem& problem, std::uint64_t seed) : problem_(problem), seed_(seed) {}

  double at(TrialId trial, const Config& config, Step step) {
    const auto i = static_cast<std::size_t>(trial.value);
    if (curves_.size() <= i) curves_.resize(i + 1);
    std::vector<double>& curve = curves_[i];
    while (static_cast<Step>(curve.size()) < step) {
      const auto more = problem_.reports(config, static_cast<Step>(curve.size()) + 1, seed_, trial);
      curve.insert(curve.end(), more.begin(), more.end());
    }
    return curve[static_cast<std::size_t>(step - 1)];
  }

 private:
  const Problem& problem_;
  std::uint64_t seed_;
  std::vector<std::vector<double>> curves_;
};

Space space_of(const Problem& problem) {
  std::vector<SpaceFault> faults;
  return *Space::build(problem.parameters(), {}, faults);
}

std::unique_ptr<Sampler> sampler_of(const Space& space, std::uint64_t seed) {
  SamplerContext context;
  context.space = &space;
  context.seed = seed;
  return *make_sampler("random", context);
}

Result<std::vector<double>> regrets(const Problem& problem, const Space& space, std::uint64_t seed, const Map& method,
                                    CurveCache& curves) {
  SchedulerContext context;
  context.space = &space;
  context.seed = seed;
  std::string type;
  for (const auto& [key, value] : method) {
    if (key == "type") {
      type = value.text();
    } else {
      context.options.set(key, value);
    }
  }
  auto scheduler = make_scheduler(type, std::move(context));
  if (!scheduler) return pass_on(std::move(scheduler));

  std::vector<double> marks;
  for (const double budget : problem.budgets()) {
    marks.push_back(budget * problem.full_cost() / static_cast<double>(problem.workers()));
  }
  ControllerOptions controlled;
  controlled.objectives = {{problem.metric(), problem.mode(), std::nullopt}};
  controlled.budget.time = marks.back();
  controlled.seed = seed;
  SimulationOptions options;
  options.slots = problem.workers();
  options.seed = seed;
  options.leave_cost = 0;
  options.cost_of = [&](TrialId, Step step) { return step > problem.last() ? 0.0 : problem.cost(step); };
  const auto trial = [&](TrialId id, const Config& config, Step step) -> std::optional<Metrics> {
    if (step > problem.last()) return std::nullopt;
    return Metrics{{problem.metric(), curves.at(id, config, step)}};
  };
  Simulation simulation(Controller(controlled, sampler_of(space, seed), *std::move(scheduler)), trial, options);
  simulation.run();

  std::vector<double> found;
  double best = problem.worst();
  for (const LogEntry& entry : simulation.log()) {
    const auto* report = std::get_if<Reported>(&entry.event.body);
    if (report == nullptr) continue;
    while (found.size() < marks.size() && entry.event.at > marks[found.size()] + 1e-9) found.push_back(best);
    const auto regret = problem.regret(simulation.controller().trial(report->trial).config, report->step,
                                       *find_metric(report->metrics, problem.metric()));
    if (regret) best = std::min(best, *regret);
  }
  found.resize(marks.size(), best);
  return found;
}

int run(const Problem& problem, const std::string& seeds) {
  const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  const auto methods = parse_json(text);
  if (!methods || !methods->is_map()) {
    fmt::print(stderr, "quality_study: the methods are no JSON object\n");
    return 2;
  }
  const Space space = space_of(problem);
  std::istringstream list(seeds);
  for (std::string seed; std::getline(list, seed, ',');) {
    CurveCache curves(problem, std::stoull(seed));
    for (const auto& [name, method] : methods->map()) {
      const auto found = regrets(problem, space, std::stoull(seed), method.map(), curves);
      if (!found) {
        fmt::print(stderr, "quality_study: {}: {}\n", name, found.error().message);
        return 2;
      }
      for (std::size_t i = 0; i < found->size(); ++i) {
        fmt::print("{},{},{},{:.6g}\n", seed, name, problem.budgets()[i], (*found)[i]);
      }
    }
  }
  return 0;
}

int serve_curves(const Problem& problem, std::uint64_t seed) {
  const Space space = space_of(problem);
  const auto sampler = sampler_of(space, seed);
  std::int64_t trial = 0;
  Step step = 0;
  while (std::cin >> trial >> step) {
    const auto suggestion = sampler->suggest(TrialId{trial});
    if (!suggestion || !suggestion->config) return 2;
    std::string line;
    for (const double value : problem.reports(*suggestion->config, step, seed, TrialId{trial})) {
      line += fmt::format("{} ", value);
    }
    fmt::print("{}\n", line);
    std::cout.flush();
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace tune::quality

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto problem = words.size() < 3 ? nullptr : tune::quality::make_problem({words.begin() + 2, words.end()});
  if (problem != nullptr && words[0] == "run") return tune::quality::run(*problem, words[1]);
  if (problem != nullptr && words[0] == "curves") return tune::quality::serve_curves(*problem, std::stoull(words[1]));
  fmt::print(stderr, "quality_study run SEEDS PROBLEM... | curves SEED PROBLEM...\n");
  return 2;
}
