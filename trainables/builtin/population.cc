#include "trainables/builtin/population.h"

#include "trainables/builtin/games.h"

namespace tune {

TrainableOptions PbtQuadratic::options() {
  return stepped_options({ParameterSpec::real("h0"), ParameterSpec::real("h1")});
}

std::vector<double> PbtQuadratic::begin(Trial& trial) {
  h0_ = trial.real("h0");
  h1_ = trial.real("h1");
  return {games::kQuadraticStart[0], games::kQuadraticStart[1]};
}

Report PbtQuadratic::step_at(std::int64_t, std::vector<double>& state) {
  std::array<double, 2> weights = {state[0], state[1]};
  const double q = games::quadratic_step(weights, h0_, h1_);
  state.assign(weights.begin(), weights.end());
  return {{"loss", -q}};
}

TrainableOptions PbtDrift::options() { return stepped_options({ParameterSpec::real("lr")}); }

std::vector<double> PbtDrift::begin(Trial& trial) {
  lr_ = trial.real("lr");
  if (!(lr_ > 0)) throw BadParameter("parameter 'lr' must be above 0");
  return {};
}

Report PbtDrift::step_at(std::int64_t t, std::vector<double>&) {
  return {{"loss", games::drift_error(lr_, static_cast<double>(t))}};
}

TrainableOptions Pb2Bump::options() { return stepped_options({ParameterSpec::real("x")}); }

std::vector<double> Pb2Bump::begin(Trial& trial) {
  x_ = trial.real("x");
  return {0};
}

Report Pb2Bump::step_at(std::int64_t t, std::vector<double>& state) {
  state[0] += games::bump_gain(x_, static_cast<double>(t));
  return {{"loss", -state[0]}};
}

}  // namespace tune
