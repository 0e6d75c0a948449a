#pragma once

// Any program as a trainable: the `command` form of an experiment file. The program is a child of the trial process and
// knows nothing of tune but its arguments, its environment, and lines that it prints. docs/trainables.md is its
// contract.

#include <string>

#include "trainables/include/tune/abi.h"

namespace tune {

/// Runs the program that set_command_spec() named. Its checkpoints are archives (tar) of ${checkpoint_dir}.
const tune_trainable* command_trainable();

/// What to run, before the first trial: the `command` map as JSON (trainables/command/command_spec.h). One program a
/// process; what is wrong with it fails each trial (cannot load).
void set_command_spec(std::string json);

/// What programs print on stdout is read for reports and not passed on: this process's stdout is somebody else's.
void keep_program_output_off_stdout();

}  // namespace tune
