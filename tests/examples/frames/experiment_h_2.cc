#include <tune/tune.h>

void train(tune::Trial& trial) { trial.report({{"loss", trial.real("lr")}}); }

class Net : public tune::Trainable {
 public:
  void setup(tune::Trial& trial) override { loss_ = trial.real("lr"); }
  tune::Report step() override { return tune::Report{{"loss", loss_}}.last(); }

 private:
  double loss_ = 0;
};

std::vector<tune::TrainableChoice> choices() {
  return {
      // EXAMPLE
  };
}
