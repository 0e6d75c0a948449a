#include "schedulers/planned.h"

#include "schedulers/tables.h"

namespace tune {
namespace {

AlgorithmInfo planned(std::string name, std::vector<std::string> aliases, std::string help) {
  AlgorithmInfo info;
  info.name = std::move(name);
  info.aliases = std::move(aliases);
  info.help = std::move(help);
  info.capabilities.built = false;
  info.capabilities.needs_checkpoints = true;
  return info;
}

OptionSpec fraction(std::string key, double most, double otherwise, std::string help) {
  OptionSpec spec = tables::real(std::move(key), 0, otherwise, std::move(help));
  spec.max = most;
  return spec;
}

OptionSpec required(std::string key, std::string help) {
  OptionSpec spec = tables::row(std::move(key), OptionType::kAny, Value(), std::move(help));
  spec.required = true;
  return spec;
}

/// What pbt and pb2 share.
std::vector<OptionSpec> population_options() {
  return {
      tables::time_attr("time_total_s"),
      tables::real("perturbation_interval", 0, 60, "Units of time_attr between two exploit steps."),
      tables::real("burn_in_period", 0, 0, "Units of time_attr before the first step."),
      fraction("quantile_fraction", 0.5, 0.25, "Share of trials that copy, and that are copied."),
      tables::boolean("require_attrs", true, "A report without metric or time_attr is an error."),
      tables::boolean("synch", false, "All trials wait for one another at every interval."),
  };
}

AlgorithmInfo pbt() {
  AlgorithmInfo info = planned("pbt", {}, "Population based training: the weak copy the strong and change parameters.");
  info.options = population_options();
  info.options.push_back(
      required("hyperparam_mutations", "Parameters that change in training: names, or name: values or distribution."));
  info.options.push_back(fraction("resample_probability", 1, 0.25, "Chance to draw anew instead of perturbing."));
  info.options.push_back(tables::row("perturbation_factors", OptionType::kRealList, Value(List{Value(1.2), Value(0.8)}),
                                     "Factors for perturbing a number."));
  return info;
}

AlgorithmInfo pb2() {
  AlgorithmInfo info = planned("pb2", {}, "Population based training whose changes come from a time-varying bandit.");
  info.options = population_options();
  info.options.push_back(
      required("hyperparam_bounds", "Continuous parameters that change in training: names, or name: [min, max]."));
  return info;
}

}  // namespace

std::vector<AlgorithmInfo> planned_schedulers() { return {pbt(), pb2()}; }

}  // namespace tune
