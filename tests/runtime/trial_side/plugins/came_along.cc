// A library that lies where those that come with tune lie, and is named without a path.

#include "tune/abi.h"

namespace {
void run(void*, tune_trial*, const tune_host*) {}
const tune_trainable kOnly = {"came_along", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, nullptr, run, nullptr};
const tune_trainable* const kAll[] = {&kOnly};
const tune_library kLibrary = {TUNE_ABI, "0.1.0", 1, kAll};
}  // namespace

extern "C" const tune_library* tune_library_v1() { return &kLibrary; }
