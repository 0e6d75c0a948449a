#pragma once

// Spaces for tests, written like the experiment file.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "searchspaces/sampler.h"
#include "searchspaces/space.h"

namespace tune {

inline Parameter parameter(std::string path, Domain domain, std::vector<Condition> conditions = {}) {
  return {std::move(path), std::move(domain), "", "", std::move(conditions)};
}

inline Domain choice(std::vector<Value> values) { return Choice{std::move(values), {}, false}; }
inline Domain grid(std::vector<Value> values) { return GridSearch{std::move(values)}; }

/// Fails the test if the space has an error.
inline Space space_of(std::vector<Parameter> parameters, std::vector<std::string> constraints = {}) {
  std::vector<SpaceFault> faults;
  auto space = Space::build(std::move(parameters), std::move(constraints), faults);
  for (const SpaceFault& fault : faults) EXPECT_TRUE(fault.warning) << fault.message;
  return space ? *std::move(space) : Space();
}

inline std::vector<SpaceFault> faults_of(std::vector<Parameter> parameters, std::vector<std::string> constraints = {}) {
  std::vector<SpaceFault> faults;
  EXPECT_FALSE(Space::build(std::move(parameters), std::move(constraints), faults));
  return faults;
}

inline std::unique_ptr<Sampler> sampler_of(const char* algorithm, const Space& space, std::vector<Config> points = {},
                                           std::uint64_t seed = 7, Options options = {}) {
  auto sampler = make_sampler(algorithm, {&space, seed, std::move(points), std::move(options)});
  if (!sampler) {
    ADD_FAILURE() << sampler.error().message;
    return nullptr;
  }
  return *std::move(sampler);
}

/// The configuration of a trial as JSON; "end" where there is none.
inline std::string config_text(const Sampler& sampler, std::int64_t trial) {
  const auto suggestion = sampler.suggest(TrialId{trial});
  if (!suggestion) return "error: " + suggestion.error().message;
  return suggestion->config ? to_flat_json(*suggestion->config) : "end";
}

inline std::vector<std::string> config_texts(const Sampler& sampler, std::int64_t trials) {
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < trials; ++i) texts.push_back(config_text(sampler, i));
  return texts;
}

inline std::string reason_of(const Sampler& sampler, std::int64_t trial) {
  const auto suggestion = sampler.suggest(TrialId{trial});
  return suggestion ? suggestion->reason : suggestion.error().message;
}

}  // namespace tune
