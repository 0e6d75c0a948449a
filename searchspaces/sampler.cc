// The names of all samplers, and how the built ones are made.

#include "searchspaces/sampler.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "searchspaces/domain_text.h"
#include "searchspaces/samplers/space_sampler.h"

namespace tune {
namespace {

OptionSpec option(std::string key, OptionType type, Value default_value, std::string help) {
  OptionSpec spec;
  spec.key = std::move(key);
  spec.type = type;
  spec.default_value = std::move(default_value);
  spec.help = std::move(help);
  return spec;
}

OptionSpec count_option(std::string key, Value default_value, double min, std::string help) {
  OptionSpec spec = option(std::move(key), OptionType::kInteger, std::move(default_value), std::move(help));
  spec.min = min;
  return spec;
}

OptionSpec startup_trials() { return count_option("startup_trials", 10, 1, "Random trials before the model is used."); }

OptionSpec acquisition() {
  OptionSpec spec = option("acquisition", OptionType::kChoice, "log_ei", "Acquisition function.");
  spec.choices = {"log_ei", "ei", "ucb"};
  return spec;
}

OptionSpec sigma0() {
  OptionSpec spec = option("sigma0", OptionType::kReal, Value(), "First step; without it, 1/6 of each range.");
  spec.min = 0;
  return spec;
}

AlgorithmInfo learner(std::string name, std::string help, std::vector<OptionSpec> options) {
  AlgorithmInfo info;
  info.name = std::move(name);
  info.help = std::move(help);
  info.options = std::move(options);
  info.capabilities.built = false;
  info.capabilities.learns = true;
  return info;
}

Catalogue build_catalogue() {
  AlgorithmInfo random;
  random.name = "random";
  random.help = "Independent draws, crossed with the cells of grid_search.";
  random.options = {
      option("constant_grid_search", OptionType::kBool, false, "Keeps the drawn values over all cells of the grids.")};
  random.capabilities.grids = true;

  AlgorithmInfo grid;
  grid.name = "grid";
  grid.help = "The full product of all discrete parameters, each combination once.";
  grid.capabilities.continuous = false;
  grid.capabilities.unbounded = false;
  grid.capabilities.grids = true;
  grid.capabilities.finite = true;

  AlgorithmInfo sobol;
  sobol.name = "sobol";
  sobol.help = "A quasi-random sequence that fills the space evenly; best with 2^m trials.";
  sobol.options = {option("scramble", OptionType::kBool, true, "Shifts the points by the seed.")};

  AlgorithmInfo cmaes =
      learner("cmaes", "Evolution strategy with an adapted covariance.",
              {sigma0(), count_option("popsize", Value(), 4, "Population; without it, 4 + floor(3 ln d).")});
  return {
      random,
      grid,
      sobol,
      learner("tpe", "Tree-structured Parzen estimator.",
              {startup_trials(), count_option("candidates", 24, 1, "Points scored for one suggestion."),
               option("multivariate", OptionType::kBool, true, "Models parameters jointly.")}),
      learner("gp", "Bayesian optimisation with a Gaussian process.", {startup_trials(), acquisition()}),
      cmaes,
      learner("nsga2", "Genetic search for several objectives.", {count_option("popsize", 50, 4, "Population.")}),
      learner("bohb", "Parzen estimators over the rungs of HyperBand.", {startup_trials()}),
      learner("dehb", "Differential evolution over the rungs of HyperBand.", {}),
  };
}

std::string built_names() {
  std::vector<std::string> names;
  for (const AlgorithmInfo& info : sampler_catalogue()) {
    if (info.capabilities.built) names.push_back(info.name);
  }
  return "built: " + join(names);
}

/// `lr: 1` for a real parameter means 1.0: configurations have one kind for each parameter.
Value as_its_domain_has_it(const Domain& domain, const Value& value) {
  if (contains(domain, value) || !value.is_integer()) return value;
  const bool real = std::holds_alternative<Uniform>(domain) || std::holds_alternative<QUniform>(domain) ||
                    std::holds_alternative<LogUniform>(domain) || std::holds_alternative<QLogUniform>(domain) ||
                    is_unbounded(domain);
  return real ? Value(static_cast<double>(value.integer())) : value;
}

}  // namespace

const Catalogue& sampler_catalogue() {
  static const Catalogue kCatalogue = build_catalogue();
  return kCatalogue;
}

Result<std::unique_ptr<Sampler>> make_sampler(std::string_view algorithm, SamplerContext context) {
  const AlgorithmInfo* info = find_algorithm(sampler_catalogue(), algorithm);
  if (info == nullptr)
    return fail(ErrorCode::kBadInput, fmt::format("unknown algorithm '{}'", algorithm), built_names());
  if (!info->capabilities.built) {
    return fail(ErrorCode::kUnsupported, fmt::format("algorithm '{}' is not built yet", info->name), built_names());
  }
  for (const SpaceFault& fault : check_points(*context.space, context.points_to_evaluate)) {
    if (!fault.warning) return fail(ErrorCode::kBadInput, fault.message, fault.hint);
  }
  for (Config& point : context.points_to_evaluate) {
    for (auto& [path, value] : point.entries) value = as_its_domain_has_it(context.space->find(path)->domain, value);
  }
  context.options = with_defaults(info->options, context.options);
  if (info->name == "grid") return make_grid_sampler(context);
  if (info->name == "sobol") return make_sobol_sampler(context);
  return make_random_sampler(context);
}

std::vector<SpaceFault> check_points(const Space& space, const std::vector<Config>& points) {
  std::vector<SpaceFault> faults;
  const std::vector<std::string> paths = space.paths();
  for (const Config& point : points) {
    for (const auto& [path, value] : point.entries) {
      SpaceFault fault;
      fault.path = path;
      const Parameter* parameter = space.find(path);
      if (parameter == nullptr) {
        fault.kind = SpaceFault::Kind::kUnknownName;
        fault.message = fmt::format("points_to_evaluate names '{}', which is no parameter", path);
        const std::string near = did_you_mean_hint(path, paths);
        fault.hint = near.empty() ? "parameters: " + join(paths) : near;
      } else if (std::holds_alternative<Derived>(parameter->domain)) {
        fault.message = fmt::format("'{}' is derived; a point cannot set it", path);
      } else if (!contains(parameter->domain, as_its_domain_has_it(parameter->domain, value))) {
        fault.warning = true;
        fault.message =
            fmt::format("{} is outside the range of '{}': {}", value_text(value), path, describe(parameter->domain));
      } else {
        continue;
      }
      faults.push_back(std::move(fault));
    }
  }
  return faults;
}

}  // namespace tune
