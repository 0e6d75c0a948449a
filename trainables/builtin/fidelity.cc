#include "trainables/builtin/fidelity.h"

#include <array>
#include <bit>
#include <cmath>

#include "core/portable_math.h"
#include "core/rng.h"
#include "trainables/builtin/functions.h"

namespace tune {

// --- MF-Hartmann -----------------------------------------------------------------------------------------------------

template <std::size_t kDimensions>
TrainableOptions MfHartmann<kDimensions>::options() {
  std::vector<ParameterSpec> parameters;
  for (std::size_t i = 1; i <= kDimensions; ++i) parameters.push_back(ParameterSpec::real("x" + std::to_string(i)));
  parameters.push_back(ParameterSpec::real("bias").optional());
  parameters.push_back(ParameterSpec::real("noise").optional());
  parameters.push_back(ParameterSpec::integer("noise_seed").optional());
  return stepped_options(std::move(parameters), {"loss", "true_loss", "cost"});
}

template <std::size_t kDimensions>
std::vector<double> MfHartmann<kDimensions>::begin(Trial& trial) {
  x_.clear();
  for (std::size_t i = 1; i <= kDimensions; ++i) x_.push_back(trial.real("x" + std::to_string(i)));
  bias_ = trial.real_or("bias", 0.5);
  noise_ = trial.real_or("noise", 0.1);
  if (!(noise_ >= 0)) throw BadParameter("parameter 'noise' must be 0 or more");
  key_ = static_cast<std::uint64_t>(trial.integer_or("noise_seed", 0));
  for (const double x : x_) key_ = stable_hash(key_, std::to_string(std::bit_cast<std::uint64_t>(x)));
  return {};
}

template <std::size_t kDimensions>
double MfHartmann<kDimensions>::value(double u) const {
  if constexpr (kDimensions == 3) return functions::hartmann3(x_, bias_ * (1 - u));
  return functions::hartmann6(x_, bias_ * (1 - u));
}

template <std::size_t kDimensions>
Report MfHartmann<kDimensions>::step_at(std::int64_t t, std::vector<double>&) {
  const auto z = static_cast<double>(t), last = static_cast<double>(epochs());
  const double u = epochs() == 1 ? 1 : portable::log(z) / portable::log(last);
  const double noise = std::abs(RandomStream(key_, "noise", t).normal()) * noise_ * (1 - u);
  const auto cost = [last](double step) { return step == 0 ? 0 : 0.05 + 0.95 * (step / last) * (step / last); };
  return {{"loss", value(u) + noise}, {"true_loss", value(1)}, {"cost", cost(z) - cost(z - 1)}};
}

template class MfHartmann<3>;
template class MfHartmann<6>;

// --- Counting ones ---------------------------------------------------------------------------------------------------

TrainableOptions CountingOnes::options() {
  TrainableOptions options = stepped_options({ParameterSpec::integer("draws").optional()}, {"loss", "true_loss"});
  options.more_parameters = true;  // c1, c2, ..., p1, p2, ...
  return options;
}

std::vector<double> CountingOnes::begin(Trial& trial) {
  ones_ = 0;
  for (int i = 1; trial.has("c" + std::to_string(i)); ++i) {
    const std::int64_t bit = trial.integer("c" + std::to_string(i));
    if (bit != 0 && bit != 1) throw BadParameter("parameter 'c" + std::to_string(i) + "' must be 0 or 1");
    ones_ += static_cast<double>(bit);
  }
  chances_.clear();
  for (int j = 1; trial.has("p" + std::to_string(j)); ++j) {
    chances_.push_back(trial.real("p" + std::to_string(j)));
    if (!(chances_.back() >= 0 && chances_.back() <= 1)) {
      throw BadParameter("parameter 'p" + std::to_string(j) + "' must be in 0..1");
    }
  }
  if (chances_.empty() && !trial.has("c1")) throw BadParameter("search_space has none of c1, c2, ..., p1, p2, ...");
  draws_ = trial.integer_or("draws", 9);
  if (draws_ < 1) throw BadParameter("parameter 'draws' must be 1 or more");
  return std::vector<double>(chances_.size());  // successes so far
}

Report CountingOnes::step_at(std::int64_t t, std::vector<double>& successes) {
  double loss = -ones_, true_loss = -ones_;
  for (std::size_t j = 0; j < chances_.size(); ++j) {
    RandomStream random(trial().seed(), "ones", static_cast<std::int64_t>(j));
    random.seek(static_cast<std::uint64_t>((t - 1) * draws_));
    for (std::int64_t i = 0; i < draws_; ++i) successes[j] += random.uniform() < chances_[j] ? 1 : 0;
    loss -= successes[j] / static_cast<double>(t * draws_);
    true_loss -= chances_[j];
  }
  return {{"loss", loss}, {"true_loss", true_loss}};
}

}  // namespace tune
