#pragma once

// How configurations are proposed. A sampler has two halves, like a scheduler: `suggest` asks and changes nothing; the
// on_... functions fold what was decided and reported. A resumed experiment folds the recorded configurations and never
// asks again; `tune replay` asks beside it and compares. Randomness comes only from core/rng.h, keyed by seed and trial
// number, so the configurations of a sampler that does not learn are a function of the trial number alone.
//
// How others fit: TPE, GP, CMA-ES and NSGA-II keep their models in the on_... half (pending trials are those suggested
// and not ended); BOHB gets every rung's score through on_report; `repeat` is a wrapper that maps a trial to a
// suggestion index.
//
// Thread rule: one object, one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/ids.h"
#include "core/options.h"
#include "core/score.h"
#include "searchspaces/space.h"

namespace tune {

struct Suggestion {
  std::optional<Config> config;  ///< nothing: the finite space is used up
  std::string reason;            ///< `random`, `point to evaluate 2 of 3`, `grid cell 5 of 12`
};

class Sampler {
 public:
  virtual ~Sampler() = default;

  virtual std::string_view name() const = 0;
  /// Raised whenever the same history may give another suggestion; stored with each run.
  virtual int rules() const = 0;

  /// The configuration of the `trial`th trial that takes one from the search (enqueued ones are not counted).
  /// kBadInput: constraints leave no room, or a derived value is not finite.
  virtual Result<Suggestion> suggest(TrialId trial) const = 0;

  /// A configuration that a person gave, with what is missing drawn: also one that constraints forbid, if no draw can
  /// help it. Requires: `given` names parameters of the space. The trial's own stream is used, none of suggest()'s.
  virtual Suggestion complete(TrialId, const Config& given) const { return {given, "enqueued"}; }

  /// Proposals depend on results, so none may be granted ahead.
  virtual bool learns() const { return false; }
  /// How many configurations there are in all; none: without end.
  virtual std::optional<std::int64_t> size() const { return std::nullopt; }

  virtual void on_suggested(TrialId, const Config&) {}
  virtual void on_report(TrialId, double /*t*/, const Score&) {}
  /// `score`: the trial's best, or of class kFailed.
  virtual void on_ended(TrialId, const Score& /*score*/) {}
};

struct SamplerContext {
  const Space* space = nullptr;  ///< outlives the sampler
  std::uint64_t seed = 0;
  std::vector<Config> points_to_evaluate;  ///< partial configurations, tried first
  Options options;
  bool repeats =
      false;  ///< a budget counts trials: a space of grids and constants alone begins again when it is used up
};

/// random, grid and sobol, and the names of those that are not built yet (capabilities.built == false).
const Catalogue& sampler_catalogue();

/// kBadInput if the space cannot be taken (grid with a continuous parameter, grid_search under sobol), naming the
/// parameter; kUnsupported for one that is not built.
Result<std::unique_ptr<Sampler>> make_sampler(std::string_view algorithm, SamplerContext context);

/// A value of a point outside its domain is a warning, a name that is no parameter an error; for the reader.
std::vector<SpaceFault> check_points(const Space& space, const std::vector<Config>& points);

}  // namespace tune
