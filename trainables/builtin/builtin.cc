#include "trainables/builtin/builtin.h"

#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "trainables/builtin/curve.h"
#include "trainables/builtin/families.h"
#include "trainables/builtin/fidelity.h"
#include "trainables/builtin/functions.h"
#include "trainables/builtin/lcbench.h"
#include "trainables/builtin/nap.h"
#include "trainables/builtin/population.h"
#include "trainables/builtin/tabular.h"
#include "trainables/include/tune/trainable.h"

namespace tune {
namespace {

void empty(Trial& trial) { trial.report({{"loss", 0.0}}); }

/// Loss is the time it was asked to sleep. Told to stop, it leaves at once and reports nothing.
void sleep(Trial& trial) {
  const double seconds = trial.real("seconds");
  if (!(seconds >= 0)) throw BadParameter("parameter 'seconds' must be 0 or more");
  if (!nap(trial, seconds)) return;
  trial.report({{"loss", seconds}});
}

/// Mean of some estimates of pi, each from as many random points; loss is how far it is off. Told to stop, it leaves
/// after the present one and reports nothing.
void pi(Trial& trial) {
  const std::int64_t evaluations = trial.integer_or("evaluations", 1), points = trial.integer_or("points", 1'000'000);
  if (evaluations < 1 || points < 1) throw BadParameter("parameters 'evaluations' and 'points' must be 1 or more");
  double sum = 0;
  for (std::int64_t i = 1; i <= evaluations; ++i) {
    sum += functions::monte_carlo_pi(trial.seed_for(i), points);
    if (trial.should_stop()) return;
  }
  trial.report({{"loss", std::abs(sum / static_cast<double>(evaluations) - std::numbers::pi)}});
}

/// x1, x2, ... as far as they go.
std::vector<double> numbered(const Trial& trial, std::size_t at_least) {
  std::vector<double> x;
  for (;;) {
    const std::string name = "x" + std::to_string(x.size() + 1);
    if (x.size() >= at_least && !trial.has(name)) return x;
    x.push_back(trial.real(name));
  }
}

void branin(Trial& trial) { trial.report({{"loss", functions::branin(trial.real("x1"), trial.real("x2"))}}); }

template <double (*kFunction)(std::span<const double>), std::size_t kDimensions>
void of_fixed_size(Trial& trial) {
  std::array<double, kDimensions> x;
  for (std::size_t i = 0; i < kDimensions; ++i) x[i] = trial.real("x" + std::to_string(i + 1));
  trial.report({{"loss", kFunction(x)}});
}

template <double (*kFunction)(std::span<const double>), std::size_t kAtLeast>
void of_any_size(Trial& trial) {
  trial.report({{"loss", kFunction(numbered(trial, kAtLeast))}});
}

/// Options of a function of x1 .. xd.
TrainableOptions function_of(std::size_t dimensions, bool any_more = false) {
  TrainableOptions options{
      .isolation = TUNE_THREAD, .numbered_parameters = any_more, .metrics = {"loss"}, .has_end = true};
  for (std::size_t i = 1; i <= dimensions; ++i)
    options.parameters.push_back(ParameterSpec::real("x" + std::to_string(i)));
  return options;
}

/// The table of a benchmark that says itself what it takes.
template <class T>
TrainableTable stepped(std::string name) {
  return TrainableTable::of_class<T>(std::move(name), T::options());
}

}  // namespace

std::span<const tune_trainable* const> builtin_trainables() {
  using T = TrainableTable;
  namespace f = functions;
  static const T kAckley = T::of_function<of_any_size<f::ackley, 1>>("ackley", function_of(1, true));
  static const T kBranin = T::of_function<branin>("branin", function_of(2));
  static const T kCurve = T::of_class<Curve>("curve", Curve::options());
  static const T kEmpty =
      T::of_function<empty>("empty", {.isolation = TUNE_THREAD, .metrics = {"loss"}, .has_end = true});
  static const T kHartmann3 = T::of_function<of_fixed_size<f::hartmann3, 3>>("hartmann3", function_of(3));
  static const T kHartmann6 = T::of_function<of_fixed_size<f::hartmann6, 6>>("hartmann6", function_of(6));
  static const T kLevy = T::of_function<of_any_size<f::levy, 1>>("levy", function_of(1, true));
  static const T kPi = T::of_function<pi>("pi", {.parameters = {ParameterSpec::integer("evaluations").optional(),
                                                                ParameterSpec::integer("points").optional()},
                                                 .more_parameters = true,
                                                 .metrics = {"loss"},
                                                 .has_end = true});
  static const T kRastrigin = T::of_function<of_any_size<f::rastrigin, 1>>("rastrigin", function_of(1, true));
  static const T kRosenbrock = T::of_function<of_any_size<f::rosenbrock, 2>>("rosenbrock", function_of(2, true));
  static const T kSleep = T::of_function<sleep>(
      "sleep", {.parameters = {ParameterSpec::real("seconds")}, .metrics = {"loss"}, .has_end = true});
  static const T kCountingOnes = stepped<CountingOnes>("counting_ones");
  static const T kCrossing = stepped<FamilyCurve<CurveFamily::kCrossing>>("crossing_curve");
  static const T kDiverging = stepped<FamilyCurve<CurveFamily::kDiverging>>("diverging_curve");
  static const T kNoisy = stepped<FamilyCurve<CurveFamily::kNoisy>>("noisy_curve");
  static const T kLcbench = stepped<Lcbench>("lcbench");
  static const T kMfHartmann3 = stepped<MfHartmann<3>>("mf_hartmann3");
  static const T kMfHartmann6 = stepped<MfHartmann<6>>("mf_hartmann6");
  static const T kPb2Bump = stepped<Pb2Bump>("pb2_bump");
  static const T kPbtDrift = stepped<PbtDrift>("pbt_drift");
  static const T kPbtQuadratic = stepped<PbtQuadratic>("pbt_quadratic");
  static const T kTabular = stepped<Tabular>("tabular");
  static const std::array kAll = {kAckley.get(),       kBranin.get(),    kCountingOnes.get(), kCrossing.get(),
                                  kCurve.get(),        kDiverging.get(), kEmpty.get(),        kHartmann3.get(),
                                  kHartmann6.get(),    kLcbench.get(),   kLevy.get(),         kMfHartmann3.get(),
                                  kMfHartmann6.get(),  kNoisy.get(),     kPb2Bump.get(),      kPbtDrift.get(),
                                  kPbtQuadratic.get(), kPi.get(),        kRastrigin.get(),    kRosenbrock.get(),
                                  kSleep.get(),        kTabular.get()};
  return kAll;
}

}  // namespace tune
