// Every line of the table of synonyms, read as a stranger would write it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

struct Row {
  const char* written;  ///< a tail for `complete`
  const char* hint;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.written; }

class Synonym : public ::testing::TestWithParam<Row> {};

TEST_P(Synonym, IsExplained) {
  const ReadOutcome outcome = testing::read(testing::complete(GetParam().written));

  const bool explained = std::any_of(outcome.diagnostics.begin(), outcome.diagnostics.end(),
                                     [&](const Diagnostic& d) { return d.hint == GetParam().hint; });
  EXPECT_TRUE(explained) << ::testing::PrintToString(testing::lines(outcome.diagnostics));
  EXPECT_FALSE(outcome.spec);
}

INSTANTIATE_TEST_SUITE_P(
    Top, Synonym,
    ::testing::Values(
        Row{"parameters: {}", "write 'search_space'"}, Row{"config: {}", "write 'search_space'"},
        Row{"hyperparameters: {}", "write 'search_space'"},
        Row{"param_space: {}", "Ray Tune's param_space is search_space"}, Row{"space: {}", "write 'search_space'"},
        Row{"metric: loss", "write 'objective'"}, Row{"goal: min", "write 'objective'"},
        Row{"num_samples: 3", "Ray Tune's num_samples is budget.trials"}, Row{"max_trials: 3", "write 'budget.trials'"},
        Row{"n_trials: 3", "Optuna's n_trials is budget.trials"}, Row{"run_cap: 3", "W&B's run_cap is budget.trials"},
        Row{"maxTrialCount: 3", "Katib's maxTrialCount is budget.trials"},
        Row{"time_budget_s: 3", "Ray Tune's time_budget_s is budget.time"}, Row{"timeout: 3", "write 'budget.time'"},
        Row{"max_duration: 3", "write 'budget.time'"},
        Row{"maxExperimentDuration: 1h", "NNI's maxExperimentDuration is budget.time"},
        Row{"max_concurrent_trials: 3", "Ray Tune's max_concurrent_trials is budget.concurrency"},
        Row{"parallelTrialCount: 3", "Katib's parallelTrialCount is budget.concurrency"},
        Row{"trialConcurrency: 3", "NNI's trialConcurrency is budget.concurrency"},
        Row{"n_jobs: 3", "Optuna's n_jobs is budget.concurrency"},
        Row{"max_failures: 3", "Ray Tune's max_failures is retries (per trial) or budget.failures (in all)"},
        Row{"maxFailedTrialCount: 3", "Katib's maxFailedTrialCount is retries (per trial) or budget.failures (in all)"},
        Row{"num_to_keep: 3", "Ray Tune's num_to_keep is checkpoint.keep"},
        Row{"checkpoint_frequency: 3", "Ray Tune's checkpoint_frequency is checkpoint.every"},
        Row{"checkpoint_at_end: true", "Ray Tune's checkpoint_at_end is checkpoint.at_end"},
        Row{"search_alg: x", "Ray Tune's search_alg is search"}, Row{"tuner: x", "write 'search'"},
        Row{"sampler: x", "write 'search'"}, Row{"method: x", "write 'search'"},
        Row{"early_terminate: x", "W&B's early_terminate is scheduler"},
        Row{"earlyStopping: x", "Katib's earlyStopping is scheduler"},
        Row{"assessor: x", "NNI's assessor is scheduler"}, Row{"pruner: x", "Optuna's pruner is scheduler"}));

INSTANTIATE_TEST_SUITE_P(
    Inside, Synonym,
    ::testing::Values(
        Row{"objective: {metric: a, optimize: min}", "write 'mode'"},
        Row{"objective: {metric: a, direction: min}", "write 'mode'"},
        Row{"objective: {metric: a, goal: min}", "write 'mode'"},
        Row{"objective: {metric: a, smaller_is_better: true}", "write 'mode'"},
        Row{"objective: {metric: a, mode: maximize}", "write 'max'"},
        Row{"objective: {metric: a, mode: maximise}", "write 'max'"},
        Row{"objective: {metric: a, mode: maximum}", "write 'max'"},
        Row{"objective: {metric: a, mode: minimize}", "write 'min'"},
        Row{"objective: {metric: a, mode: minimise}", "write 'min'"},
        Row{"objective: {metric: a, mode: minimum}", "write 'min'"}, Row{"search: bayes", "write 'gp' or 'tpe'"},
        Row{"search: {algorithm: bayesian}", "write 'gp' or 'tpe'"},
        Row{"search: {initial: []}", "write 'points_to_evaluate'"},
        Row{"search: {initial_params: []}", "write 'points_to_evaluate'"},
        Row{"search: {enqueue: []}", "write 'points_to_evaluate'"}, Row{"search: {random_state: 1}", "write 'seed'"},
        Row{"search: {n_startup_trials: 1}", "Optuna's n_startup_trials is startup_trials"},
        Row{"scheduler: {type: asha, mutations: {}}", "write 'hyperparam_mutations'"},
        Row{"scheduler: {type: asha, eta: 3}", "write 'reduction_factor'"},
        Row{"scheduler: {type: asha, divisor: 3}", "Determined's divisor is reduction_factor"},
        Row{"scheduler: {type: asha, min_iter: 3}", "W&B's min_iter is grace_period"},
        Row{"scheduler: {type: asha, min_t: 3}", "write 'grace_period'"},
        Row{"budget: {num_samples: 3}", "Ray Tune's num_samples is trials"},
        Row{"trainable: {library: x}", "write 'plugin'"}, Row{"trainable: {so: x}", "write 'plugin'"},
        Row{"trainable: {plugin: ./libmine.so, class_name: x}", "write 'class'"},
        Row{"trainable: {program: x}", "write 'command'"}, Row{"trainable: {script: x}", "write 'command'"},
        Row{"trainable: {entrypoint: x}", "write 'command'"},
        Row{"trainable: {trialCommand: x}", "NNI's trialCommand is command"}));

INSTANTIATE_TEST_SUITE_P(Distributions, Synonym,
                         ::testing::Values(Row{"search_space: {a: {log_uniform: [1, 2]}}", "write 'loguniform'"},
                                           Row{"search_space: {a: {log_uniform_values: [1, 2]}}",
                                               "W&B's log_uniform_values is loguniform"},
                                           Row{"search_space: {a: {q_uniform: [1, 2, 1]}}", "write 'quniform'"},
                                           Row{"search_space: {a: {int_uniform: [1, 2]}}", "write 'int'"},
                                           Row{"search_space: {a: {normal: [1, 2]}}", "write 'randn'"},
                                           Row{"search_space: {a: {qnormal: [1, 2, 1]}}", "write 'qrandn'"},
                                           Row{"search_space: {a: {values: [1, 2]}}", "write 'choice'"},
                                           Row{"search_space: {a: {categorical: [1, 2]}}", "write 'choice'"},
                                           Row{"search_space: {a: {grid: [1, 2]}}", "write 'grid_search'"}));

}  // namespace
}  // namespace tune
