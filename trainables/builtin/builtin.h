#pragma once

// The trainables that are compiled into tune: `empty`, `sleep`, `curve` and closed-form functions. They need no
// library, load nothing, and report `loss`. docs/trainables.md lists their parameters.

#include <span>

#include "trainables/include/tune/abi.h"

namespace tune {

/// In order of name. The tables live as long as the program.
std::span<const tune_trainable* const> builtin_trainables();

}  // namespace tune
