#pragma once

// The trainables that are part of the programs `tune` and `tune-host`.

#include "trainables/run/loader.h"

namespace tune {

CompiledIn compiled_in();

}  // namespace tune
