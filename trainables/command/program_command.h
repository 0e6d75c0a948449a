#pragma once

// What to run for one trial: the experiment's command with its placeholders filled in, in the environment that every
// program of tune finds.

#include "core/result.h"
#include "trainables/command/command_spec.h"
#include "trainables/command/placeholders.h"
#include "trainables/command/program.h"

namespace tune {

/// `environment`: variables beside those that `facts` and `spec` give; those of `spec` win. kBadInput for a placeholder
/// without its end, kTrial if nothing is left to run.
Result<ProgramCommand> program_command(const CommandSpec& spec, const TrialFacts& facts, EnvironmentList environment);

}  // namespace tune
