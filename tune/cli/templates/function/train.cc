// A training loop of your own as a function. Replace the model, keep the frame.

#include <tune/trainable.h>

#include <cmath>
#include <sstream>

namespace {

// CHANGE: everything that the next epoch depends on, and how it is written and read.
struct Model {
  double weight = 1, velocity = 0;

  double train_epoch(double lr, double momentum) {
    velocity = momentum * velocity - lr * (2 * (weight - 3) + std::cos(5 * weight));
    weight += velocity;
    return (weight - 3) * (weight - 3) + std::sin(5 * weight) / 5;
  }
  void save(std::ostream& out) const { out.precision(17), out << weight << ' ' << velocity; }
  void load(std::istream& in) { in >> weight >> velocity; }
};

void train(tune::Trial& trial) {
  const double lr = trial.real("lr");  // CHANGE: the parameters of search_space
  const double momentum = trial.real_or("momentum", 0.0);
  const auto epochs = trial.integer_or("epochs", 30);

  Model model;
  if (const auto bytes = trial.checkpoint()) {  // the state to continue from, after a pause or a failure
    std::istringstream in{std::string(*bytes)};
    model.load(in);
  }
  for (auto epoch = trial.step() + 1; epoch <= epochs; ++epoch) {
    const double loss = model.train_epoch(lr, momentum);
    // CHANGE: the metrics; the objective of experiment.yaml must be among them. False: tune wants the trial to leave.
    if (!trial.report({{"loss", loss}}, [&](std::ostream& out) { model.save(out); })) return;
  }
}

}  // namespace

// CHANGE: the name that experiment.yaml writes after the colon.
TUNE_FUNCTION(net, train, .has_end = true, .can_save = true)
