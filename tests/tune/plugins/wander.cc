// A trainable whose steps depend on its state, its parameter and its seed, and that saves all of its state: trained
// again along the same schedule it gives the same numbers.

#include <tune/trainable.h>

#include <istream>
#include <ostream>

namespace {

class Wander : public tune::Trainable {
 public:
  void setup(tune::Trial& trial) override { lr_ = trial.real("lr"); }
  tune::Report step() override {
    const double noise = static_cast<double>(trial().seed_for(trial().step() + 1) >> 11) * 0x1p-53;
    place_ += lr_ * (noise - place_);
    return {{"loss", place_ * place_}};
  }
  void save(std::ostream& out) override {
    out.precision(17);
    out << place_;
  }
  void load(std::istream& in) override { in >> place_; }

 private:
  double lr_ = 0, place_ = 1;
};

}  // namespace

TUNE_TRAINABLE(Wander)
