// A library of trainables: its data lies on the heap from when it is loaded, as that of most libraries does.

#include <tune/trainable.h>

#include <vector>

namespace {

const std::vector<double> data(1000, 0.5);

class Mine : public tune::Trainable {
 public:
  void setup(tune::Trial& trial) override { lr_ = trial.real("lr"); }
  tune::Report step() override {
    std::vector<double> copy = data;  // seen by a sanitizer, if one is there
    loss_ -= lr_ * loss_ * copy[500];
    return {{"loss", loss_}};
  }
  void save(std::ostream& out) override { out << loss_; }
  void load(std::istream& in) override { in >> loss_; }

 private:
  double lr_ = 0, loss_ = 1;
};

}  // namespace

TUNE_TRAINABLE(Mine)
