// A library that starts a thread as soon as it is asked what it has.

#include <unistd.h>

#include <thread>

#include "tune/abi.h"

namespace {
void run(void*, tune_trial*, const tune_host*) {}
const tune_trainable kOnly = {"Threaded", 0, TUNE_PROCESS, nullptr, 0, nullptr, 0, nullptr, run, nullptr};
const tune_trainable* const kAll[] = {&kOnly};
const tune_library kLibrary = {TUNE_ABI, "0.1.0", 1, kAll};
}  // namespace

extern "C" const tune_library* tune_library_v1() {
  std::thread([] {
    while (true) pause();
  }).detach();
  return &kLibrary;
}
