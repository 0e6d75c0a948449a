// What the schedulers are worth in virtual time, as tables in Markdown (docs/quality.md has them):
//
//   virtual_study fidelity     regret over time on MF-Hartmann6 with 8 workers, against the quartiles of an independent
//                              event simulation of the same definitions
//   virtual_study scaling      time to a target regret with 1 to 1024 workers
//   virtual_study stragglers   ASHA's appendix: 25 workers, job times times 1 + |N(0, sigma)|, jobs dropped with
//                              probability p in a unit of time
//
// The real brain with its schedulers and sampler in tune/controller/simulation.h. Trials report at powers of eta alone,
// where a rule could act; a resumed trial pays the difference. Time is in full evaluations but for the stragglers',
// where it is in units of the resource.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/portable_math.h"
#include "core/rng.h"
#include "trainables/builtin/functions.h"
#include "tune/controller/simulation.h"

namespace tune {
namespace {

constexpr double kBest = -3.3223680114;  // Hartmann6
constexpr double kNever = std::numeric_limits<double>::infinity();

struct Method {
  std::string name, type;
  std::vector<std::pair<std::string, Value>> options;
  bool in_full = false;  ///< every trial trains to the end at once
};

const Space& space() {
  static const Space kSpace = [] {
    std::vector<Parameter> parameters(6);
    for (std::size_t i = 0; i < 6; ++i) {
      parameters[i].path = "x" + std::to_string(i + 1);
      parameters[i].domain = Uniform{0, 1};
    }
    std::vector<SpaceFault> faults;
    return *Space::build(std::move(parameters), {}, faults);
  }();
  return kSpace;
}

Controller brain(const Method& method, std::optional<std::int64_t> trials, double time, std::uint64_t seed) {
  ControllerOptions options;
  options.objectives = {{"loss", Mode::kMin, std::nullopt}};
  options.budget.trials = trials;
  options.budget.time = time;
  SchedulerContext scheduler;
  scheduler.space = &space();
  scheduler.options = Options(method.options);
  scheduler.seed = seed;
  scheduler.trials = trials;
  SamplerContext sampler;
  sampler.space = &space();
  sampler.seed = seed;
  return Controller(options, *make_sampler("random", sampler), *make_scheduler(method.type, std::move(scheduler)));
}

struct Quartiles {
  double low = 0, median = 0, high = 0;
};

/// By linear interpolation.
Quartiles quartiles(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double q) {
    const double place = q * static_cast<double>(values.size() - 1);
    const auto i = static_cast<std::size_t>(place);
    if (i + 1 >= values.size() || values[i] == values[i + 1]) return values[i];
    return values[i] + (place - static_cast<double>(i)) * (values[i + 1] - values[i]);
  };
  return {at(0.25), at(0.5), at(0.75)};
}

std::string shown(double value) { return std::isfinite(value) ? fmt::format("{:.2f}", value) : "-"; }

// --- MF-Hartmann6, Z = 81, eta = 3 (benchmark functions of trainables/builtin/fidelity.h)
// ------------------------------

constexpr double kZ = 81;

double cost_to(double z) { return z == 0 ? 0 : 0.05 + 0.95 * (z / kZ) * (z / kZ); }
double z_of(const Method& method, Step step) {
  return method.in_full ? kZ : std::pow(3.0, static_cast<double>(step - 1));
}

struct FidelityRun {
  std::vector<std::pair<double, double>> full;  ///< time and regret of what reached Z, in order
  std::int64_t started = 0;

  double regret_at(double time) const {
    double best = kNever;
    for (const auto& [at, regret] : full) {
      if (at <= time) best = std::min(best, regret);
    }
    return best;
  }
  double time_of(double target) const {
    for (const auto& [at, regret] : full) {
      if (regret <= target) return at;
    }
    return kNever;
  }
};

FidelityRun run_fidelity(const Method& method, double bias, double noise, std::int64_t workers, double time,
                         std::uint64_t seed) {
  const Step last = method.in_full ? 1 : 5;
  const SimulatedTrial trial = [&](TrialId id, const Config& config, Step step) -> std::optional<Metrics> {
    if (step > last) return std::nullopt;
    std::vector<double> x;
    for (int i = 1; i <= 6; ++i) x.push_back(*config.find("x" + std::to_string(i))->number());
    const double z = z_of(method, step), u = portable::log(z) / portable::log(kZ);
    const double excess =
        std::abs(RandomStream(seed, "noise", id.value, std::to_string(step)).normal()) * noise * (1 - u);
    return Metrics{{"loss", functions::hartmann6(x, bias * (1 - u)) + excess}, {"z", z}};
  };
  SimulationOptions options;
  options.slots = workers;
  options.seed = seed;
  options.leave_cost = 0;
  options.cost_of = [&](TrialId, Step step) {
    if (step > last) return 0.0;
    return cost_to(z_of(method, step)) - (step == 1 ? 0 : cost_to(z_of(method, step - 1)));
  };
  Simulation simulation(brain(method, std::nullopt, time, seed), trial, options);
  simulation.run();
  FidelityRun out;
  for (const LogEntry& entry : simulation.log()) {
    const auto* report = std::get_if<Reported>(&entry.event.body);
    if (report == nullptr || *find_metric(report->metrics, "z") < kZ) continue;
    out.full.emplace_back(entry.event.at, *find_metric(report->metrics, "loss") - kBest);
  }
  out.started = simulation.controller().trials();
  return out;
}

const std::pair<std::string, Value> kTime{"time_attr", "z"}, kMaxT{"max_t", 81}, kEta{"reduction_factor", 3};
const Method kFull{"random, full", "fifo", {}, true};
const Method kHyperBand{"HyperBand", "hyperband", {kTime, kMaxT}};
const Method kStop{"ASHA stop", "asha", {kTime, kMaxT, kEta}};
const Method kPromote{"ASHA promote", "asha", {kTime, kMaxT, kEta, {"variant", "promote"}}};

/// Quartiles that an independent simulation of the same definitions found, at t = 20 and 40; 60 seeds.
struct Expected {
  const Method& method;
  double bias, noise;
  Quartiles at20, at40;
};

int fidelity(std::uint64_t seeds) {
  const Expected rows[] = {
      {kFull, 0.5, 0.1, {.87, 1.15, 1.48}, {.66, .95, 1.14}}, {kHyperBand, 0.5, 0.1, {.42, .53, .65}, {.33, .43, .55}},
      {kStop, 0.5, 0.1, {.38, .46, .58}, {.30, .38, .45}},    {kPromote, 0.5, 0.1, {.37, .47, .58}, {.28, .38, .45}},
      {kHyperBand, 2.5, 2, {.50, .69, .89}, {.40, .50, .68}}, {kStop, 2.5, 2, {.57, .72, .90}, {.38, .59, .69}},
      {kPromote, 2.5, 2, {.49, .65, .94}, {.34, .50, .60}},   {kHyperBand, 4, 5, {.67, 1.00, 1.28}, {.56, .68, .95}},
      {kStop, 4, 5, {1.15, 1.45, 1.76}, {.84, 1.12, 1.40}},   {kPromote, 4, 5, {.80, 1.14, 1.48}, {.74, .99, 1.26}}};
  fmt::print(
      "| (b, n) | method | t = 2 | 5 | 10 | 20 | 40 | first full at | full / started | quartiles at 20, 40 |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n");
  int outside = 0;
  for (const Expected& row : rows) {
    std::vector<std::vector<double>> regrets(5);
    std::vector<double> first, full, started;
    const double times[] = {2, 5, 10, 20, 40};
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      const FidelityRun run = run_fidelity(row.method, row.bias, row.noise, 8, 40, seed);
      for (std::size_t i = 0; i < 5; ++i) regrets[i].push_back(run.regret_at(times[i]));
      first.push_back(run.time_of(kNever));
      full.push_back(static_cast<double>(run.full.size()));
      started.push_back(static_cast<double>(run.started));
    }
    fmt::print("| {} / {} | {} |", row.bias, row.noise, row.method.name);
    for (std::size_t i = 0; i < 5; ++i) {
      const Quartiles q = quartiles(regrets[i]);
      if (i >= 3) {
        fmt::print(" {} [{}, {}] |", shown(q.median), shown(q.low), shown(q.high));
      } else {
        fmt::print(" {} |", shown(q.median));
      }
    }
    const auto inside = [](double median, const Quartiles& q) { return median >= q.low && median <= q.high; };
    const bool both = inside(quartiles(regrets[3]).median, row.at20) && inside(quartiles(regrets[4]).median, row.at40);
    outside += both ? 0 : 1;
    fmt::print(" {} | {:.0f} / {:.0f} | {} |\n", shown(quartiles(first).median), quartiles(full).median,
               quartiles(started).median, both ? "inside" : "outside");
  }
  return outside == 0 ? 0 : 1;
}

int scaling(std::uint64_t seeds) {
  constexpr double kTarget = 0.6;
  fmt::print("| workers | random, full | ASHA stop | ASHA promote | HyperBand |\n|---|---|---|---|---|\n");
  for (const std::int64_t workers : {1, 4, 16, 64, 256, 1024}) {
    fmt::print("| {} |", workers);
    for (const Method* method : {&kFull, &kStop, &kPromote, &kHyperBand}) {
      std::vector<double> times;
      const double limit = (method->in_full ? 3000.0 : 600.0) / static_cast<double>(workers) + 4;
      for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        times.push_back(run_fidelity(*method, 0.5, 0.1, workers, limit, seed).time_of(kTarget));
      }
      const Quartiles q = quartiles(times);
      fmt::print(" {} [{}, {}] |", shown(q.median), shown(q.low), shown(q.high));
    }
    fmt::print("\n");
  }
  return 0;
}

// --- Stragglers and drops: r = 1, R = 256, eta = 4, 256 configurations, 25 workers
// --------------------------------------

double job_time(std::uint64_t seed, double sigma, TrialId trial, Step step) {
  const double plain =
      step == 1 ? 1 : std::pow(4.0, static_cast<double>(step - 1)) - std::pow(4.0, static_cast<double>(step - 2));
  return plain * (1 + std::abs(RandomStream(seed, "straggler", trial.value, std::to_string(step)).normal()) * sigma);
}

/// When the first configuration was trained to R, and how many were by time 2000.
std::pair<double, double> run_stragglers(const Method& method, double sigma, double drops, std::int64_t configurations,
                                         std::uint64_t seed) {
  const SimulatedTrial trial = [&](TrialId id, const Config&, Step step) -> std::optional<Metrics> {
    if (step > 5) return std::nullopt;
    const double lives = portable::pow(1 - drops, job_time(seed, sigma, id, step));
    if (RandomStream(seed, "drop", id.value, std::to_string(step)).uniform() >= lives) return std::nullopt;
    return Metrics{{"loss", RandomStream(seed, "loss", id.value).uniform()},
                   {"z", std::pow(4.0, static_cast<double>(step - 1))}};
  };
  SimulationOptions options;
  options.slots = 25;
  options.seed = seed;
  options.leave_cost = 0;
  options.cost_of = [&](TrialId id, Step step) { return step > 5 ? 0.0 : job_time(seed, sigma, id, step); };
  Simulation simulation(brain(method, configurations > 0 ? std::optional(configurations) : std::nullopt, 2000, seed),
                        trial, options);
  simulation.run();
  double first = kNever, full = 0;
  for (const LogEntry& entry : simulation.log()) {
    const auto* report = std::get_if<Reported>(&entry.event.body);
    if (report == nullptr || *find_metric(report->metrics, "z") < 256 || entry.event.at > 2000) continue;
    first = std::min(first, entry.event.at);
    ++full;
  }
  return {first, full};
}

int stragglers(std::uint64_t seeds) {
  const std::pair<std::string, Value> top{"max_t", 256}, eta{"reduction_factor", 4};
  const Method synchronous{"synchronous", "hyperband", {kTime, top, eta}};
  const Method stop{"ASHA stop", "asha", {kTime, top, eta}};
  const Method promote{"ASHA promote", "asha", {kTime, top, eta, {"variant", "promote"}}};
  fmt::print(
      "| sigma | p | synchronous: first at R | ASHA stop | ASHA promote | trained to R by 2000: ASHA stop | ASHA "
      "promote |\n"
      "|---|---|---|---|---|---|---|\n");
  for (const double sigma : {0.1, 0.24, 0.56, 1.33}) {
    for (const double drops : {0.0, 0.001, 0.005}) {
      fmt::print("| {} | {} |", sigma, drops);
      std::string counts;
      for (const Method* method : {&synchronous, &stop, &promote}) {
        std::vector<double> firsts, fulls;
        for (std::uint64_t seed = 0; seed < seeds; ++seed) {
          firsts.push_back(run_stragglers(*method, sigma, drops, 256, seed).first);
          if (method != &synchronous) fulls.push_back(run_stragglers(*method, sigma, drops, 0, seed).second);
        }
        const Quartiles q = quartiles(firsts);
        fmt::print(" {} [{}, {}] |", shown(q.median), shown(q.low), shown(q.high));
        if (!fulls.empty()) counts += fmt::format(" {:.0f} |", quartiles(fulls).median);
      }
      fmt::print("{}\n", counts);
    }
  }
  return 0;
}

}  // namespace
}  // namespace tune

int main(int argc, char** argv) {
  const std::string study = argc > 1 ? argv[1] : "";
  const auto seeds = [&](std::uint64_t otherwise) { return argc > 2 ? std::stoull(argv[2]) : otherwise; };
  if (study == "fidelity") return tune::fidelity(seeds(60));
  if (study == "scaling") return tune::scaling(seeds(20));
  if (study == "stragglers") return tune::stragglers(seeds(25));
  fmt::print(stderr, "virtual_study fidelity|scaling|stragglers [SEEDS]\n");
  return 2;
}
