#include "trainables/builtin/families.h"

#include <array>
#include <cmath>
#include <limits>

#include "core/portable_math.h"
#include "core/rng.h"
#include "trainables/builtin/functions.h"

namespace tune {
namespace {

constexpr double kRange = 3.8627797873;  // of hartmann3: its supremum is 0

double rate(const Trial& trial, const std::string& name, double otherwise) {
  const double value = trial.real_or(name, otherwise);
  if (!(value >= 0 && value <= 1)) throw BadParameter("parameter '" + name + "' must be in 0..1");
  return value;
}

}  // namespace

template <CurveFamily kFamily>
TrainableOptions FamilyCurve<kFamily>::options() {
  std::vector<ParameterSpec> parameters = {ParameterSpec::real("x1"), ParameterSpec::real("x2"),
                                           ParameterSpec::real("x3")};
  if (kFamily == CurveFamily::kCrossing) parameters.push_back(ParameterSpec::real("v"));
  if (kFamily == CurveFamily::kNoisy) parameters.push_back(ParameterSpec::real("sigma").optional());
  if (kFamily == CurveFamily::kDiverging) {
    parameters.push_back(ParameterSpec::real("nan_rate").optional());
    parameters.push_back(ParameterSpec::real("inf_rate").optional());
  }
  return stepped_options(std::move(parameters));
}

template <CurveFamily kFamily>
std::vector<double> FamilyCurve<kFamily>::begin(Trial& trial) {
  floor_ = functions::hartmann3(std::array{trial.real("x1"), trial.real("x2"), trial.real("x3")});
  if (kFamily == CurveFamily::kCrossing) {
    v_ = trial.real("v");
    if (!(v_ >= 0 && v_ <= 1)) throw BadParameter("parameter 'v' must be in 0..1");
  }
  if (kFamily == CurveFamily::kNoisy) {
    sigma_ = trial.real_or("sigma", 0.2);
    if (!(sigma_ >= 0)) throw BadParameter("parameter 'sigma' must be 0 or more");
  }
  if (kFamily == CurveFamily::kDiverging) {
    const double nan = rate(trial, "nan_rate", 0.05), inf = rate(trial, "inf_rate", 0.02);
    RandomStream random(trial.seed(), "diverges", 0);
    const double fate = random.uniform();
    breaks_at_ =
        fate < nan + inf ? 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(epochs()))) : 0;
    then_ = fate < nan ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  }
  return {};
}

template <CurveFamily kFamily>
Report FamilyCurve<kFamily>::step_at(std::int64_t t, std::vector<double>&) {
  const auto time = static_cast<double>(t);
  if (kFamily == CurveFamily::kCrossing) {
    return {{"loss", floor_ + 0.5 * v_ * kRange + 5 * portable::pow(time, -(0.2 + 0.8 * v_))}};
  }
  if (breaks_at_ != 0 && t >= breaks_at_) return {{"loss", then_}};
  const double noise = kFamily == CurveFamily::kNoisy ? sigma_ * RandomStream(trial().seed(), "noise", t).normal() : 0;
  return {{"loss", floor_ + (5 + noise) / std::sqrt(time)}};
}

template class FamilyCurve<CurveFamily::kCrossing>;
template class FamilyCurve<CurveFamily::kNoisy>;
template class FamilyCurve<CurveFamily::kDiverging>;

}  // namespace tune
