#include "trainables/builtin/stepped.h"

#include <stdexcept>

#include "core/text.h"

namespace tune {

void SteppedTrainable::setup(Trial& trial) {
  epochs_ = trial.integer_or("epochs", default_epochs_);
  if (epochs_ < 1) throw BadParameter("parameter 'epochs' must be 1 or more");
  t_ = 0;
  state_ = begin(trial);
}

bool SteppedTrainable::reset(Trial& trial) {
  setup(trial);
  return true;
}

Report SteppedTrainable::step() {
  ++t_;
  return step_at(t_, state_);
}

void SteppedTrainable::save(std::ostream& out) {
  out << "steps " << t_;
  for (const double number : state_) out << ' ' << format_real(number);
  out << '\n';
}

void SteppedTrainable::load(std::istream& in) {
  std::string word;
  bool good = in >> word >> t_ && word == "steps" && t_ >= 0;
  for (double& number : state_) {
    const auto read = good && in >> word ? parse_real(word) : std::nullopt;
    good = read.has_value();
    number = read.value_or(0);
  }
  if (!good) throw std::runtime_error("this is no checkpoint of this trainable");
}

TrainableOptions stepped_options(std::vector<ParameterSpec> parameters, std::vector<std::string> metrics) {
  parameters.push_back(epochs_parameter());
  return {
      .isolation = TUNE_THREAD, .parameters = std::move(parameters), .metrics = std::move(metrics), .has_end = true};
}

}  // namespace tune
