#include "trainables/builtin/curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include "trainables/builtin/functions.h"
#include "trainables/builtin/nap.h"

namespace tune {

TrainableOptions Curve::options() {
  return {.parameters = {ParameterSpec::real("x1"), ParameterSpec::real("x2"),
                         ParameterSpec::integer("epochs").optional(), ParameterSpec::real("step_seconds").optional(),
                         ParameterSpec::integer("checkpoint_bytes").optional()},
          .metrics = {"loss"},
          .has_end = true};
}

void Curve::setup(Trial& trial) {
  floor_ = functions::branin(trial.real("x1"), trial.real("x2"));
  epochs_ = trial.integer_or("epochs", 100);
  step_seconds_ = trial.real_or("step_seconds", 0);
  checkpoint_bytes_ = trial.integer_or("checkpoint_bytes", 0);
  if (epochs_ < 1) throw BadParameter("parameter 'epochs' must be 1 or more");
  if (!(step_seconds_ >= 0)) throw BadParameter("parameter 'step_seconds' must be 0 or more");
  if (checkpoint_bytes_ < 0) throw BadParameter("parameter 'checkpoint_bytes' must be 0 or more");
  t_ = 0;
}

bool Curve::reset(Trial& trial) {
  setup(trial);
  return true;
}

Report Curve::step() {
  if (!nap(trial(), step_seconds_)) return Report::broken_off();
  ++t_;
  return {{"loss", floor_ + 5 / std::sqrt(static_cast<double>(t_))}};
}

void Curve::save(std::ostream& out) {
  const std::string state = "curve " + std::to_string(t_) + "\n";
  out << state;
  // The rest is noise that no disk or store can shrink, eight bytes a draw: making it is not what one wants to measure.
  std::array<std::uint64_t, 8192> noise{};
  std::uint64_t random = trial().seed_for(t_) | 1;
  for (std::int64_t left = checkpoint_bytes_ - static_cast<std::int64_t>(state.size()); left > 0;) {
    for (std::uint64_t& word : noise) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;  // xorshift64
      word = random;
    }
    const std::int64_t size = std::min<std::int64_t>(left, sizeof noise);
    out.write(reinterpret_cast<const char*>(noise.data()), size);
    left -= size;
  }
}

void Curve::load(std::istream& in) {
  std::string word;
  if (!(in >> word >> t_) || word != "curve" || t_ < 0) throw std::runtime_error("this is no checkpoint of 'curve'");
}

}  // namespace tune
