// A library that was built with the headers and registers nothing.

#include "tune/abi.h"

extern "C" const tune_library* tune_library_v1() { return nullptr; }
