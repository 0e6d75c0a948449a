#include "experiments/spec/synonyms.h"

#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <vector>

#include "core/text.h"

namespace tune {

namespace {

/// One word. `where`: kOther means everywhere but in search_space. `section.key` suggestions lose their section inside
/// it.
struct Synonym {
  WordPlace where;
  std::string_view written;
  std::string_view suggested;
  std::string_view owner = {};  // whose word it is, for the hint
};

constexpr std::array kSynonyms = {
    Synonym{WordPlace::kTop, "parameters", "search_space"},
    Synonym{WordPlace::kTop, "config", "search_space"},
    Synonym{WordPlace::kTop, "hyperparameters", "search_space"},
    Synonym{WordPlace::kTop, "param_space", "search_space", "Ray Tune's"},
    Synonym{WordPlace::kTop, "space", "search_space"},
    Synonym{WordPlace::kTop, "metric", "objective"},
    Synonym{WordPlace::kTop, "goal", "objective"},
    Synonym{WordPlace::kTop, "mode", "objective.mode"},
    Synonym{WordPlace::kTop, "direction", "objective.mode"},
    Synonym{WordPlace::kTop, "search_alg", "search", "Ray Tune's"},
    Synonym{WordPlace::kTop, "tuner", "search"},
    Synonym{WordPlace::kTop, "sampler", "search"},
    Synonym{WordPlace::kTop, "method", "search"},
    Synonym{WordPlace::kTop, "algorithm", "search.algorithm"},
    Synonym{WordPlace::kTop, "seed", "search.seed"},
    Synonym{WordPlace::kTop, "early_terminate", "scheduler", "W&B's"},
    Synonym{WordPlace::kTop, "earlyStopping", "scheduler", "Katib's"},
    Synonym{WordPlace::kTop, "assessor", "scheduler", "NNI's"},
    Synonym{WordPlace::kTop, "pruner", "scheduler", "Optuna's"},
    Synonym{WordPlace::kTop, "program", "trainable"},
    Synonym{WordPlace::kTop, "entrypoint", "trainable"},
    Synonym{WordPlace::kTop, "command", "trainable.command"},

    Synonym{WordPlace::kObjective, "optimize", "mode"},
    Synonym{WordPlace::kObjective, "direction", "mode"},
    Synonym{WordPlace::kObjective, "goal", "mode"},
    Synonym{WordPlace::kObjective, "smaller_is_better", "mode"},
    Synonym{WordPlace::kObjective, "name", "metric"},

    Synonym{WordPlace::kMode, "maximize", "max"},
    Synonym{WordPlace::kMode, "maximise", "max"},
    Synonym{WordPlace::kMode, "maximum", "max"},
    Synonym{WordPlace::kMode, "minimize", "min"},
    Synonym{WordPlace::kMode, "minimise", "min"},
    Synonym{WordPlace::kMode, "minimum", "min"},

    Synonym{WordPlace::kOther, "num_samples", "budget.trials", "Ray Tune's"},
    Synonym{WordPlace::kOther, "max_trials", "budget.trials"},
    Synonym{WordPlace::kOther, "n_trials", "budget.trials", "Optuna's"},
    Synonym{WordPlace::kOther, "run_cap", "budget.trials", "W&B's"},
    Synonym{WordPlace::kOther, "maxTrialCount", "budget.trials", "Katib's"},
    Synonym{WordPlace::kOther, "time_budget_s", "budget.time", "Ray Tune's"},
    Synonym{WordPlace::kOther, "timeout", "budget.time"},
    Synonym{WordPlace::kOther, "max_duration", "budget.time"},
    Synonym{WordPlace::kOther, "maxExperimentDuration", "budget.time", "NNI's"},
    Synonym{WordPlace::kOther, "max_concurrent_trials", "budget.concurrency", "Ray Tune's"},
    Synonym{WordPlace::kOther, "parallelTrialCount", "budget.concurrency", "Katib's"},
    Synonym{WordPlace::kOther, "trialConcurrency", "budget.concurrency", "NNI's"},
    Synonym{WordPlace::kOther, "n_jobs", "budget.concurrency", "Optuna's"},
    Synonym{WordPlace::kOther, "max_failures", "retries (per trial) or budget.failures (in all)", "Ray Tune's"},
    Synonym{WordPlace::kOther, "maxFailedTrialCount", "retries (per trial) or budget.failures (in all)", "Katib's"},
    Synonym{WordPlace::kOther, "num_to_keep", "checkpoint.keep", "Ray Tune's"},
    Synonym{WordPlace::kOther, "checkpoint_frequency", "checkpoint.every", "Ray Tune's"},
    Synonym{WordPlace::kOther, "checkpoint_at_end", "checkpoint.at_end", "Ray Tune's"},

    Synonym{WordPlace::kMode, "lower", "min"},
    Synonym{WordPlace::kMode, "smaller", "min"},
    Synonym{WordPlace::kMode, "higher", "max"},
    Synonym{WordPlace::kMode, "larger", "max"},

    Synonym{WordPlace::kAlgorithm, "ASHAScheduler", "asha", "Ray Tune's"},
    Synonym{WordPlace::kAlgorithm, "AsyncHyperBandScheduler", "asha", "Ray Tune's"},
    Synonym{WordPlace::kAlgorithm, "FIFOScheduler", "fifo", "Ray Tune's"},
    Synonym{WordPlace::kAlgorithm, "BasicVariantGenerator", "random", "Ray Tune's"},
    Synonym{WordPlace::kAlgorithm, "SuccessiveHalvingPruner", "asha", "Optuna's"},
    Synonym{WordPlace::kAlgorithm, "RandomSampler", "random", "Optuna's"},
    Synonym{WordPlace::kAlgorithm, "grid_search", "grid"},
    Synonym{WordPlace::kAlgorithm, "bayes", "gp' or 'tpe"},
    Synonym{WordPlace::kAlgorithm, "bayesian", "gp' or 'tpe"},

    Synonym{WordPlace::kSearch, "initial", "points_to_evaluate"},
    Synonym{WordPlace::kSearch, "initial_params", "points_to_evaluate"},
    Synonym{WordPlace::kSearch, "enqueue", "points_to_evaluate"},
    Synonym{WordPlace::kSearch, "random_state", "seed"},
    Synonym{WordPlace::kSearch, "n_startup_trials", "startup_trials", "Optuna's"},
    Synonym{WordPlace::kSearch, "type", "algorithm"},
    Synonym{WordPlace::kSearch, "name", "algorithm"},

    Synonym{WordPlace::kScheduler, "mutations", "hyperparam_mutations"},
    Synonym{WordPlace::kScheduler, "eta", "reduction_factor"},
    Synonym{WordPlace::kScheduler, "divisor", "reduction_factor", "Determined's"},
    Synonym{WordPlace::kScheduler, "min_iter", "grace_period", "W&B's"},
    Synonym{WordPlace::kScheduler, "min_t", "grace_period"},
    Synonym{WordPlace::kScheduler, "name", "type"},
    Synonym{WordPlace::kScheduler, "algorithm", "type"},

    Synonym{WordPlace::kParameter, "log_uniform", "loguniform"},
    Synonym{WordPlace::kParameter, "log_uniform_values", "loguniform", "W&B's"},
    Synonym{WordPlace::kParameter, "q_uniform", "quniform"},
    Synonym{WordPlace::kParameter, "int_uniform", "int"},
    Synonym{WordPlace::kParameter, "normal", "randn"},
    Synonym{WordPlace::kParameter, "qnormal", "qrandn"},
    Synonym{WordPlace::kParameter, "values", "choice"},
    Synonym{WordPlace::kParameter, "categorical", "choice"},
    Synonym{WordPlace::kParameter, "choices", "choice"},
    Synonym{WordPlace::kParameter, "options", "choice"},
    Synonym{WordPlace::kParameter, "range", "uniform"},
    Synonym{WordPlace::kParameter, "float", "uniform"},
    Synonym{WordPlace::kParameter, "integer", "int"},
    Synonym{WordPlace::kParameter, "suggest_float", "uniform", "Optuna's"},
    Synonym{WordPlace::kParameter, "suggest_int", "int", "Optuna's"},
    Synonym{WordPlace::kParameter, "suggest_categorical", "choice", "Optuna's"},
    Synonym{WordPlace::kParameter, "grid", "grid_search"},

    Synonym{WordPlace::kTrainable, "library", "plugin"},
    Synonym{WordPlace::kTrainable, "so", "plugin"},
    Synonym{WordPlace::kTrainable, "class_name", "class"},
    Synonym{WordPlace::kTrainable, "program", "command"},
    Synonym{WordPlace::kTrainable, "script", "command"},
    Synonym{WordPlace::kTrainable, "entrypoint", "command"},
    Synonym{WordPlace::kTrainable, "trialCommand", "command", "NNI's"},
};

std::string_view section_of(WordPlace place) {
  switch (place) {
    case WordPlace::kObjective: return "objective.";
    case WordPlace::kTrainable: return "trainable.";
    case WordPlace::kSearch: return "search.";
    case WordPlace::kScheduler: return "scheduler.";
    case WordPlace::kStop: return "stop.";
    case WordPlace::kBudget: return "budget.";
    default: return {};
  }
}

}  // namespace

std::optional<std::string> find_synonym(WordPlace place, std::string_view written) {
  const auto search = [&](WordPlace where) -> std::optional<std::string> {
    for (const Synonym& synonym : kSynonyms) {
      if (synonym.where != where || synonym.written != written) continue;
      std::string_view suggested = synonym.suggested;
      const std::string_view section = section_of(place);
      if (!section.empty() && suggested.starts_with(section)) suggested.remove_prefix(section.size());
      if (!synonym.owner.empty()) return fmt::format("{} {} is {}", synonym.owner, written, suggested);
      if (suggested.find(' ') != std::string_view::npos && place != WordPlace::kAlgorithm) {
        return fmt::format("write {}", suggested);
      }
      return fmt::format("write '{}'", suggested);
    }
    return std::nullopt;
  };
  if (auto found = search(place)) return found;
  return place == WordPlace::kParameter ? std::nullopt : search(WordPlace::kOther);
}

std::string advise(WordPlace place, std::string_view written, std::span<const std::string> legal) {
  if (auto synonym = find_synonym(place, written)) return *std::move(synonym);
  constexpr std::size_t kLongestWord = 100;  // the distance takes time with the length; nobody mistypes so long a key
  return written.size() > kLongestWord ? "" : did_you_mean_hint(written, legal);
}

std::optional<ForeignDocument> recognise_foreign(const Node& root) {
  if (root.find("search_space") != nullptr || root.find("trainable") != nullptr) return std::nullopt;
  if (const Member* api = root.find("apiVersion"); api != nullptr && api->value.text.starts_with("kubeflow.org/")) {
    return ForeignDocument{"a Katib experiment", &api->key};
  }
  if (const Member* method = root.find("method"); method != nullptr && root.find("parameters") != nullptr) {
    return ForeignDocument{"a W&B sweep", &method->key};
  }
  if (const Member* searcher = root.find("searcher"); searcher != nullptr && root.find("hyperparameters") != nullptr) {
    return ForeignDocument{"a Determined configuration", &searcher->key};
  }
  return std::nullopt;
}

}  // namespace tune
