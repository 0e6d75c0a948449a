#pragma once

// What the benchmark trainables have in common: they count steps up to `epochs`, and their state is that count and a
// few numbers. All randomness is keyed by what it is for, never drawn in passing, so that a trial which was paused,
// killed or resumed reports what one that never was would have reported. Their arithmetic is core/portable_math.h's:
// the same bits on any machine.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "trainables/include/tune/trainable.h"

namespace tune {

class SteppedTrainable : public Trainable {
 public:
  void setup(Trial& trial) final;
  bool reset(Trial& trial) final;
  Report step() final;
  bool finished() final { return t_ >= epochs_ || t_ >= most_steps(); }
  /// One line: `steps`, how many, and the numbers, each as the shortest text that reads back equal.
  void save(std::ostream& out) final;
  void load(std::istream& in) final;

 protected:
  /// `epochs`: what the parameter of this name is if the experiment gives none.
  explicit SteppedTrainable(std::int64_t epochs) : default_epochs_(epochs) {}

  /// Reads the parameters; the object may have trained another trial before. Gives the numbers to begin with.
  virtual std::vector<double> begin(Trial& trial) = 0;
  /// Step t, from 1 on. `state`: the numbers, to be changed; as many as begin() gave.
  virtual Report step_at(std::int64_t t, std::vector<double>& state) = 0;

  /// It ends here, whatever `epochs` is. Called after begin().
  virtual std::int64_t most_steps() const { return std::numeric_limits<std::int64_t>::max(); }

  std::int64_t epochs() const { return epochs_; }

 private:
  std::int64_t default_epochs_;
  std::int64_t epochs_ = 0;
  std::int64_t t_ = 0;
  std::vector<double> state_;
};

/// The parameter all of them take beside their own.
inline ParameterSpec epochs_parameter() { return ParameterSpec::integer("epochs").optional(); }

/// The options of one that reports `metrics`; `epochs` is added to the parameters.
TrainableOptions stepped_options(std::vector<ParameterSpec> parameters, std::vector<std::string> metrics = {"loss"});

}  // namespace tune
