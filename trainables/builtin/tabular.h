#pragma once

// `tabular`: recorded learning curves told again, so that anything can be tuned, or a scheduler be tried, against data
// that somebody already paid for. The file is docs/formats/tabular.md's.

#include <memory>

#include "trainables/builtin/curve_table.h"
#include "trainables/builtin/stepped.h"

namespace tune {

/// The constant `file` (absolute, or beginning where tune was started), and one of
///   the parameters that the file has columns for: the curve recorded for these values; with `nearest: true`, for the
///   nearest ones;
///   `curve`: the trial_number of the curve;
///   none of them, if the file has no config/ columns: the curve whose trial_number is the trial's own.
/// A trial ends where its curve does, at the latest after `epochs`.
class Tabular final : public SteppedTrainable {
 public:
  Tabular() : SteppedTrainable(std::numeric_limits<std::int64_t>::max()) {}
  static TrainableOptions options();

 protected:
  std::vector<double> begin(Trial& trial) override;
  Report step_at(std::int64_t t, std::vector<double>& state) override;
  std::int64_t most_steps() const override { return table_->steps(curve_); }

 private:
  std::size_t choose(const Trial& trial) const;

  std::shared_ptr<const CurveTable> table_;
  std::size_t curve_ = 0;
};

}  // namespace tune
