#pragma once

// A problem without a trainable, for brains in virtual time: one parameter x, which the sampler counts up, and learning
// curves that never cross. Knows no test framework.

#include <optional>
#include <vector>

#include "core/metrics.h"
#include "core/rng.h"
#include "searchspaces/sampler.h"
#include "searchspaces/space.h"

namespace tune::test {

class CountingSampler final : public Sampler {
 public:
  explicit CountingSampler(std::optional<std::int64_t> size = std::nullopt) : size_(size) {}
  std::string_view name() const override { return "counting"; }
  int rules() const override { return 1; }
  Result<Suggestion> suggest(TrialId trial) const override {
    Config config;
    config.set("x", static_cast<double>(trial.value));
    return Suggestion{config, "counted"};
  }
  std::optional<std::int64_t> size() const override { return size_; }

 private:
  std::optional<std::int64_t> size_;
};

/// x from 0 to 1000.
inline const Space& one_parameter() {
  static const Space kSpace = [] {
    Parameter x;
    x.path = "x";
    x.domain = Uniform{0, 1000};
    std::vector<SpaceFault> faults;
    return *Space::build({x}, {}, faults);
  }();
  return kSpace;
}

/// Loss of an ordered learning curve: a floor that is the trial's own, and what is left to learn.
inline Metrics ordered_curve(TrialId trial, Step step) {
  RandomStream random(99, "curve", trial.value);
  const double floor = random.uniform(), start = floor + 1 + random.uniform();
  return {{"loss", floor + (start - floor) / static_cast<double>(step)}};
}

}  // namespace tune::test
