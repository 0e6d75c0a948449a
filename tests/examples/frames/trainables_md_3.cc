// The class that the guide registers.
#include <tune/trainable.h>

namespace my {
class Net : public tune::Trainable {
 public:
  void setup(tune::Trial& trial) override { loss_ = trial.real("lr"); }
  tune::Report step() override { return tune::Report{{"loss", loss_}}.last(); }

 private:
  double loss_ = 0;
};
}  // namespace my

// EXAMPLE
