// Trainables over the bare C table, each with one habit. Parameters come from the test's configuration.

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "tune/abi.h"

namespace {

int report(tune_trial* t, const tune_host* h, const char* name, double value) {
  const tune_metric metric{name, value};
  return h->report(t, 0, &metric, 1, nullptr, nullptr, 0);
}

void three_steps(void*, tune_trial* t, const tune_host* h) {
  for (int i = 1; i <= 3; ++i) {
    if (report(t, h, "loss", 1.0 / i) == TUNE_LEAVE) return;
  }
}

void throws(void*, tune_trial*, const tune_host*) { throw std::runtime_error("the loss is a llama"); }
void exits(void*, tune_trial* t, const tune_host* h) {
  std::int64_t code = 7;
  h->integer(t, "code", &code);
  std::exit(static_cast<int>(code));
}
void aborts(void*, tune_trial*, const tune_host*) { std::abort(); }
void segfaults(void*, tune_trial*, const tune_host*) {
  signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would make an exit code of it
  raise(SIGSEGV);
}
void hangs(void*, tune_trial* t, const tune_host* h) {
  report(t, h, "loss", 0);
  while (true) pause();
}

/// Leaves a child behind that would live for ever; reports its pid.
void forks(void*, tune_trial* t, const tune_host* h) {
  const pid_t child = fork();
  if (child == 0) {
    while (true) pause();
  }
  report(t, h, "child", child);
  while (true) pause();
}

void prints(void*, tune_trial* t, const tune_host* h) {
  std::printf("from printf without an end of line");
  std::cout << " and from cout";
  std::fprintf(stderr, "[and stderr]");
  report(t, h, "loss", 0);
}

/// Takes memory until there is no more, 1 MiB at a time, and never more than 4 GiB.
void allocates(void*, tune_trial*, const tune_host*) {
  std::vector<std::unique_ptr<char[]>> all;
  for (int i = 0; i < 4096; ++i) {
    void* piece = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece == MAP_FAILED) throw std::bad_alloc();
    std::memset(piece, 1, 1 << 20);
  }
}

/// Reports until it is told to leave; saves when asked, `size` bytes.
void endless(void*, tune_trial* t, const tune_host* h) {
  std::int64_t size = 8;
  h->integer(t, "size", &size);
  const std::string state(static_cast<std::size_t>(size), 's');
  while (report(t, h, "loss", 0) != TUNE_LEAVE) {
    if (h->save_asked(t)) h->save(t, 0, state.data(), state.size());
  }
  if (h->save_asked(t)) h->save(t, 0, state.data(), state.size());
}

/// Asks only should_stop, and naps between.
void naps(void*, tune_trial* t, const tune_host* h) {
  report(t, h, "loss", 0);
  while (!h->should_stop(t)) poll(nullptr, 0, 1);
}

/// Says what it got to continue from, and brings `size` bytes in one report.
void keeps_state(void*, tune_trial* t, const tune_host* h) {
  const void* data = nullptr;
  std::size_t got = 0;
  std::int64_t step = 0;
  const int restored = h->checkpoint(t, &data, &got, &step);
  std::int64_t size = 0;
  h->integer(t, "size", &size);
  const std::string state(static_cast<std::size_t>(size), 'x');
  const bool same = restored != 0 && std::string(static_cast<const char*>(data), got) == std::string(got, 'x');
  const tune_metric metrics[] = {{"restored", static_cast<double>(restored)},
                                 {"bytes", static_cast<double>(got)},
                                 {"same", same ? 1.0 : 0.0},
                                 {"step", static_cast<double>(step)}};
  h->report(t, 0, metrics, 4, nullptr, state.data(), state.size());
}

/// What its process looks like from inside.
void looks_around(void*, tune_trial* t, const tune_host* h) {
  int descriptors = -1;  // not that of the folder itself
  DIR* folder = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(folder)) descriptors += entry->d_name[0] != '.' ? 1 : 0;
  closedir(folder);
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, nullptr, &blocked);
  struct sigaction pipe {};
  sigaction(SIGPIPE, nullptr, &pipe);
  char byte = 0;
  const char* added = getenv("ADDED");
  const char* mark = getenv("TUNE_ATTEMPT");
  const char* threads = getenv("OMP_NUM_THREADS");
  const std::string extra = std::string("{\"added\":\"") + (added ? added : "") + "\",\"mark\":\"" +
                            (mark ? mark : "") + "\",\"threads\":\"" + (threads ? threads : "") + "\"}";
  const tune_metric metrics[] = {{"descriptors", static_cast<double>(descriptors)},
                                 {"leads_group", getpgrp() == getpid() ? 1.0 : 0.0},
                                 {"children_blocked", sigismember(&blocked, SIGCHLD) ? 1.0 : 0.0},
                                 {"pipe_ignored", pipe.sa_handler == SIG_IGN ? 1.0 : 0.0},
                                 {"stdin_bytes", static_cast<double>(read(0, &byte, 1))}};
  h->report(t, 0, metrics, 5, extra.c_str(), nullptr, 0);
}

// Counts the trials that one instance has run.
void* make_counter() { return new int(0); }
void free_counter(void* counter) { delete static_cast<int*>(counter); }
void counts(void* counter, tune_trial* t, const tune_host* h) {
  const int trials = ++*static_cast<int*>(counter);
  int fail = 0;
  if (h->boolean(t, "fail", &fail) && fail) throw std::runtime_error("as asked");
  report(t, h, "trials", trials);
}

void* cannot_make() { throw std::runtime_error("no actor today"); }

constexpr tune_trainable plain(const char* name, void (*run)(void*, tune_trial*, const tune_host*)) {
  return {name, TUNE_ANY_PARAMETERS, TUNE_PROCESS, nullptr, 0, nullptr, 0, nullptr, run, nullptr};
}

const tune_parameter kParameters[] = {{"lr", TUNE_REAL, 1}, {"layers", TUNE_INTEGER, 0}};
const char* const kMetrics[] = {"loss", "accuracy"};

const tune_trainable kThreeSteps = {
    "ThreeSteps", TUNE_CAN_SAVE | TUNE_HAS_END, TUNE_REUSE, kParameters, 2, kMetrics, 2, nullptr, three_steps, nullptr};
const tune_trainable kCounts = {
    "Counts",    TUNE_CAN_RESET | TUNE_ANY_PARAMETERS, TUNE_REUSE, nullptr, 0, nullptr, 0, make_counter, counts,
    free_counter};
const tune_trainable kFresh = {"Fresh", TUNE_ANY_PARAMETERS, TUNE_REUSE, nullptr,     0, nullptr,
                               0,       make_counter,        counts,     free_counter};
const tune_trainable kUnborn = {"Unborn", 0, TUNE_PROCESS, nullptr, 0, nullptr, 0, cannot_make, three_steps, nullptr};
const tune_trainable kPlain[] = {
    plain("Throws", throws),          plain("Exits", exits),         plain("Aborts", aborts),
    plain("Segfaults", segfaults),    plain("Hangs", hangs),         plain("Forks", forks),
    plain("Prints", prints),          plain("Allocates", allocates), plain("Endless", endless),
    plain("KeepsState", keeps_state), plain("Naps", naps),           plain("LooksAround", looks_around)};

}  // namespace

extern "C" const tune_library* tune_library_v1() {
  std::printf("[loaded]");  // stays in the buffer of the host
  static const tune_trainable* all[16] = {&kThreeSteps, &kCounts, &kFresh, &kUnborn};
  std::size_t count = 4;
  for (const tune_trainable& trainable : kPlain) all[count++] = &trainable;
  static const tune_library library = {TUNE_ABI, "0.1.0", count, all};
  return &library;
}
