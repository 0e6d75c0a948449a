#pragma once

// The trainables that are compiled into tune: `empty`, `sleep`, closed-form functions, and learning curves, invented
// (`curve` and its kind) or recorded (`lcbench`, `tabular`). They need no library. docs/trainables.md lists their
// parameters.

#include <span>

#include "trainables/include/tune/abi.h"

namespace tune {

/// In order of name. The tables live as long as the program.
std::span<const tune_trainable* const> builtin_trainables();

}  // namespace tune
