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

AlgorithmInfo pb2() {
  AlgorithmInfo info = planned("pb2", {}, "Population based training whose changes come from a time-varying bandit.");
  info.options = tables::population();
  info.options.push_back(tables::required(
      "hyperparam_bounds", "Continuous parameters that change in training: names, or name: [min, max]."));
  return info;
}

}  // namespace

std::vector<AlgorithmInfo> planned_schedulers() { return {pb2()}; }

}  // namespace tune
