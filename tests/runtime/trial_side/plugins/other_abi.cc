// A library of another trainable interface, whose tables must not be looked at.

#include "tune/abi.h"

namespace {
const tune_library kLibrary = {TUNE_ABI + 1, "7.8.9", 1000, nullptr};
}  // namespace

extern "C" const tune_library* tune_library_v1() { return &kLibrary; }
