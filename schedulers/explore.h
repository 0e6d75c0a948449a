#pragma once

// How population based training changes a configuration ("explore" of Jaderberg et al., 2017): each listed parameter is
// drawn anew with some probability, else perturbed. All draws come from streams keyed by seed, trial, generation and
// path.
//
//   real               x * factor
//   integer, step      its index * factor, rounded half away from zero; one step in the factor's direction if that
//                      changes nothing
//   either, if the range holds 0 inside, or the value is 0:  + (factor - 1) * (upper - lower)
//   ordered choice, list of values    the neighbour; at an end the one that there is
//   other choice       another value, each as likely
//
// and then clamped to the parameter's range. Ray Tune does not clamp, truncates integers towards 0 (1 * 0.8 is 0, and
// stays 0), cannot leave 0, and at the end of a list may take the same value again.
//
// A parameter that becomes inactive goes, one that becomes active is drawn; derived values follow. Where constraints
// forbid the result it is made again, at last left as it was.

#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/result.h"
#include "core/rng.h"
#include "searchspaces/space.h"

namespace tune {

/// One parameter that changes in training.
struct Mutation {
  std::string path;
  Domain domain;  ///< to draw from; a list of values is an ordered choice
  Domain home;    ///< of the search space: nothing leaves it
};

/// `key`: the option's name, for messages. `value`: a list of names, or a map from names to lists of values or
/// `{distribution: arguments}`. kBadInput with the fault in words: a name that is no parameter, or is a constant or
/// derived; a distribution that is none; values that the parameter cannot have, or nothing in its range. `notes`: takes
/// what goes beyond the range and is moved to its end, if not null.
Result<std::vector<Mutation>> read_mutations(std::string_view key, const Value& value, const Space& space,
                                             std::vector<std::string>* notes = nullptr);

struct ExploreOptions {
  double resample_probability = 0.25;
  std::vector<double> factors = {1.2, 0.8};
};

struct Explored {
  Config config;
  std::string words;  ///< `lr 0.01 -> 0.012, momentum 0.9 drawn anew: 0.53`
};

/// `key`: seed, trial and generation that is to come.
struct ExploreKey {
  std::uint64_t seed = 0;
  TrialId trial;
  std::int64_t generation = 0;
};

Explored explore(const Config& from, const std::vector<Mutation>& mutations, const Space& space,
                 const ExploreOptions& options, const ExploreKey& key);

/// After a change: inactive parameters go, those that have become active are drawn (`where` keeps their streams apart),
/// derived values follow, entries come in file order. kBadInput: a derived value is not finite.
Result<void> settle_config(Config& config, const Space& space, const ExploreKey& key, const std::string& where);

/// The value of `home` nearest to one of another range; values of other kinds stay.
Value clamp_to(const Domain& home, const Value& value);

/// One perturbed value, as above. Requires: `old` is a value of `domain`.
Value perturb(const Domain& domain, const Value& old, double factor, RandomStream& random);

}  // namespace tune
