// The problems of trainables/builtin/games.h, played with a scheduler alone: the quadratic of the PBT paper, a learning
// rate that must follow a drift, and a bump that moves (for PB2). Bars are medians over seeds with a margin; every
// number here is exact in itself, since nothing is drawn but by core/rng.h.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tests/schedulers/making.h"
#include "trainables/builtin/games.h"

namespace tune::test {
namespace {

/// What a trial carries from step to step: its "weights".
using State = std::vector<double>;

struct Game {
  std::vector<Parameter> parameters;
  State start;
  /// One step at time t (from 1) with this configuration; gives the loss.
  std::function<double(State&, const Config&, std::int64_t t)> step;
  std::int64_t members = 4, steps = 60;
};

struct Played {
  std::vector<std::vector<double>> losses;  ///< by member and time; of the last generation that reported there
};

Parameter parameter(std::string path, Domain domain) {
  Parameter p;
  p.path = std::move(path);
  p.domain = std::move(domain);
  return p;
}

/// All members have a slot; the one that is least far goes next.
Played play(const Game& game, std::string_view type, const OptionRow& options, std::uint64_t seed,
            const std::vector<Config>& first = {}) {
  struct Trial {
    Config config;
    State state;
    std::int64_t t = 0;
    bool paused = false;
  };
  std::vector<SpaceFault> faults;
  const Space space = *Space::build(game.parameters, {}, faults);
  SchedulerContext context;
  context.options = Options(options);
  context.trials = game.members;
  context.seed = seed;
  context.space = &space;
  auto made = make_scheduler(type, context);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  Scheduler& scheduler = **made;

  std::vector<Trial> trials(static_cast<std::size_t>(game.members));
  std::map<CheckpointId, std::pair<State, std::int64_t>> saved;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    Trial& trial = trials[i];
    trial.state = game.start;
    for (const Parameter& p : space.parameters()) {
      RandomStream random(seed, "first", static_cast<std::int64_t>(i), p.path);
      trial.config.set(p.path, sample(p.domain, random));
    }
    if (!first.empty()) trial.config = first[i];
    scheduler.on_started(TrialId{static_cast<std::int64_t>(i)}, {}, trial.config);
  }

  Played played;
  played.losses.assign(trials.size(), std::vector<double>(static_cast<std::size_t>(game.steps) + 1));
  EventNumber event;
  for (;;) {
    std::optional<std::size_t> next;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      const bool runs = !trials[i].paused && trials[i].t < game.steps;
      if (runs && (!next || trials[i].t < trials[*next].t)) next = i;
    }
    if (!next) break;
    Trial& trial = trials[*next];
    const TrialId id{static_cast<std::int64_t>(*next)};
    ++trial.t;
    ++event.value;
    const double loss = game.step(trial.state, trial.config, trial.t);
    played.losses[*next][static_cast<std::size_t>(trial.t)] = loss;
    saved[event] = {trial.state, trial.t};
    const auto verdict = tell(scheduler, report_of(id.value, static_cast<double>(trial.t), loss, event.value));
    trial.paused = verdict && verdict->verdict == Verdict::kPause;
    if (trial.t == game.steps) {
      scheduler.on_ended(id, false, event);
      continue;
    }
    while (const auto proposal = scheduler.propose({true, false, true, 0})) {
      Trial& about = trials[static_cast<std::size_t>(proposal->trial.value)];
      if (proposal->kind == Proposal::Kind::kExploit) {
        about.config = proposal->config;
        std::tie(about.state, about.t) = saved.at(proposal->checkpoint);
      } else {
        about.paused = false;
      }
      scheduler.on_proposal(*proposal);
    }
  }
  return played;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// --- the quadratic: Q = 1.2 - (a^2 + b^2), climbed along 1.2 - (h0 a^2 + h1 b^2) -----------------------------------

Game quadratic(Domain h) {
  Game game;
  game.parameters = {parameter("h0", h), parameter("h1", h)};
  game.start = {games::kQuadraticStart.begin(), games::kQuadraticStart.end()};
  game.members = 2;
  game.steps = 200;
  game.step = [](State& state, const Config& config, std::int64_t) {
    std::array<double, 2> weights = {state[0], state[1]};
    const double q = games::quadratic_step(weights, *config.find("h0")->number(), *config.find("h1")->number());
    state = {weights[0], weights[1]};
    return -q;
  };
  return game;
}

double quadratic_ends_at(const OptionRow& more, std::uint64_t seed) {
  const auto config = [](double h0, double h1) {
    Config c;
    c.set("h0", h0);
    c.set("h1", h1);
    return c;
  };
  OptionRow options{
      {"time_attr", "training_iteration"}, {"perturbation_interval", 4}, {"hyperparam_mutations", List{"h0", "h1"}}};
  options.insert(options.end(), more.begin(), more.end());
  const Played played = play(quadratic(Uniform{0, 1.0000001}), "pbt", options, seed, {config(1, 0), config(0, 1)});
  double best = -10;
  for (const auto& losses : played.losses) best = std::max(best, -losses.back());
  return best;
}

TEST(PbtQuadratic, IsSolvedByResampling) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_GT(quadratic_ends_at({{"synch", true}, {"quantile_fraction", 0.5}, {"resample_probability", 1}}, seed),
              1.195)
        << seed;
  }
}

TEST(PbtQuadratic, IsSolvedByPerturbationThatCanLeaveZero) {
  std::vector<double> ends;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ends.push_back(quadratic_ends_at({{"synch", true}, {"quantile_fraction", 0.5}, {"resample_probability", 0}}, seed));
  }
  EXPECT_GT(median(ends), 1.19);
}

TEST(PbtQuadratic, StaysHalfSolvedWithoutExploits) {
  EXPECT_NEAR(quadratic_ends_at({{"quantile_fraction", 0}}, 1), 1.2 - 0.81, 0.001);
}

// --- the drift: the best learning rate falls from 0.1 to 0.0001 -----------------------------------------------------

double drift_error(std::int64_t members, std::uint64_t seed) {
  Game game;
  game.parameters = {parameter("lr", LogUniform{1e-5, 1})};
  game.start = {0};
  game.members = members;
  game.steps = 100;
  game.step = [](State&, const Config& config, std::int64_t t) {
    const double lr = config.find("lr")->real();
    EXPECT_GE(lr, 1e-5);
    EXPECT_LT(lr, 1);
    return games::drift_error(lr, static_cast<double>(t));
  };
  const Played played = play(game, "pbt",
                             {{"time_attr", "training_iteration"},
                              {"perturbation_interval", 1},
                              {"synch", true},
                              {"hyperparam_mutations", "lr"}},
                             seed);
  double sum = 0;
  for (std::size_t t = 10; t <= 100; ++t) {
    double best = 100;
    for (const auto& losses : played.losses) best = std::min(best, losses[t]);
    sum += best;
  }
  return sum / 91;
}

TEST(PbtDrift, IsFollowed) {
  // Any constant learning rate has a mean error of at least 0.75.
  int good = 0;
  std::vector<double> of_16, of_8, of_4;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    of_8.push_back(drift_error(8, seed));
    good += of_8.back() < 0.1 ? 1 : 0;
  }
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    of_4.push_back(drift_error(4, seed));
    of_16.push_back(drift_error(16, seed));
  }
  EXPECT_GE(good, 95);
  EXPECT_LT(median(of_4), 0.1);
  EXPECT_LT(median(of_8), 0.04);
  EXPECT_LT(median(of_16), 0.03);
}

// --- the moving bump: each interval gains exp(-(x-c)^2/0.02), c = 0.2 + 0.6 t/60
// ---------------------------------------

double bump_gain(std::string_view type, const OptionRow& more, std::uint64_t seed) {
  Game game;
  game.parameters = {parameter("x", Uniform{0, 1})};
  game.start = {0};
  game.step = [](State& state, const Config& config, std::int64_t t) {
    state[0] += games::bump_gain(config.find("x")->real(), static_cast<double>(t));
    return -state[0];
  };
  OptionRow options{{"time_attr", "training_iteration"}, {"perturbation_interval", 1}, {"synch", true}};
  options.insert(options.end(), more.begin(), more.end());
  const Played played = play(game, type, options, seed);
  double best = 0;
  for (const auto& losses : played.losses) best = std::max(best, -losses.back() / 60);
  return best;
}

TEST(MovingBump, IsFollowedByPbtAndBetterByPb2) {
  std::vector<double> nobody, pbt, pb2;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    nobody.push_back(bump_gain("pbt", {{"quantile_fraction", 0}, {"hyperparam_mutations", "x"}}, seed));
    pbt.push_back(bump_gain("pbt", {{"hyperparam_mutations", "x"}}, seed));
    if (seed < 6) pb2.push_back(bump_gain("pb2", {{"hyperparam_bounds", "x"}}, seed));
  }
  RecordProperty("no_explore", std::to_string(median(nobody)));
  RecordProperty("pbt", std::to_string(median(pbt)));
  RecordProperty("pb2", std::to_string(median(pb2)));
  EXPECT_LT(median(nobody), 0.5);
  EXPECT_GT(median(pbt), 0.9);
  EXPECT_GT(median(pb2), 0.97);
}

}  // namespace
}  // namespace tune::test
