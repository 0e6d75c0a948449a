#pragma once

// What random, grid and Sobol search share: a configuration is put together parameter by parameter, parents first, from
// the plan's values (points to evaluate, grid cells) and drawn ones; derived values follow; a configuration that
// violates a constraint is drawn again, at most 1,000 times. Everything is a function of the trial's number, so the
// on_... half has nothing to remember, and a resumed run needs none of the past.

#include <functional>
#include <string>
#include <vector>

#include "searchspaces/sampler.h"
#include "searchspaces/samplers/trial_plan.h"

namespace tune {

class SpaceSampler : public Sampler {
 public:
  SpaceSampler(const SamplerContext& context, TrialPlan plan);

  Result<Suggestion> suggest(TrialId trial) const final;
  Suggestion complete(TrialId trial, const Config& given) const final;
  std::optional<std::int64_t> size() const final { return plan_.size(); }

 protected:
  /// What a draw depends on.
  struct Draw {
    std::int64_t trial = 0;
    std::int64_t round = 0;     ///< 0, 1, ...: the points, then the rounds over all cells
    std::uint64_t attempt = 0;  ///< 0, then one more for each configuration that a constraint rejected
  };

  virtual Value draw(std::size_t parameter, const Draw& draw) const = 0;
  /// `random, grid cell 5 of 12`: where the configuration is from, unless it is a point to evaluate.
  virtual std::string origin(std::int64_t trial, const TrialPlan::Place& place) const = 0;
  /// `drawn again`: how a rejected configuration is replaced.
  virtual std::string replacement() const = 0;

  /// A value from the stream of (seed, purpose, number, parameter path); each attempt has a part of its own.
  Value draw_at_random(std::size_t parameter, std::string_view purpose, std::int64_t number,
                       std::uint64_t attempt) const;

  const Space& space() const { return *space_; }
  const UnitMap& map(std::size_t parameter) const { return maps_[parameter]; }
  std::uint64_t seed() const { return seed_; }

 private:
  using Draws = std::function<Value(std::size_t parameter)>;
  Result<Config> assemble(const std::vector<std::optional<Value>>& values, const Draws& draw) const;
  std::string reason(std::int64_t trial, const TrialPlan::Place& place, std::uint64_t attempts,
                     std::size_t violated) const;

  const Space* space_;
  std::uint64_t seed_;
  TrialPlan plan_;
  std::vector<UnitMap> maps_;
  bool reorder_ = false;  // parents first, or derived values last, is not file order
};

/// "grid cell 5 of 12"
std::string cell_text(const TrialPlan::Place& place);

/// The parameters of grid_search.
std::vector<std::size_t> grid_dimensions(const Space& space);

/// The three that are built. kBadInput as make_sampler.
Result<std::unique_ptr<Sampler>> make_random_sampler(const SamplerContext& context);
Result<std::unique_ptr<Sampler>> make_grid_sampler(const SamplerContext& context);
Result<std::unique_ptr<Sampler>> make_sobol_sampler(const SamplerContext& context);

}  // namespace tune
