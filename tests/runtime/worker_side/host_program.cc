// tune-host with one trainable that does what its configuration says: it behaves, or misbehaves, by `do`.

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "trainables/host/host_main.h"

namespace {

const tune_host* host;
tune_trial* trial;

std::int64_t number(const char* name, std::int64_t otherwise) {
  int64_t value = 0;
  return host->integer(trial, name, &value) ? value : otherwise;
}

int report(double loss, const std::string& state = {}, bool with_state = false) {
  const tune_metric metric{"loss", loss};
  return host->report(trial, 0, &metric, 1, nullptr, with_state ? state.data() : nullptr, state.size());
}

/// `reports` reports, each with a checkpoint of `bytes` bytes if one is due.
void count() {
  const void* data = nullptr;
  size_t size = 0;
  int64_t begin = 0;
  if (!host->checkpoint(trial, &data, &size, &begin)) begin = 0;
  std::string state(static_cast<std::size_t>(number("bytes", 8)), 'c');
  for (std::int64_t step = begin + 1; step <= number("reports", 1); ++step) {
    const bool save = host->save_due(trial, step);
    if (save) std::memcpy(state.data(), &step, sizeof step);
    if (report(static_cast<double>(step), state, save) == TUNE_LEAVE) {
      if (host->save_asked(trial)) host->save(trial, step, state.data(), state.size());
      return;
    }
  }
}

/// Runs on, deaf to orders; says so by a first report.
[[noreturn]] void hang() {
  report(0);
  while (true) ::pause();
}

void say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void spill(std::size_t bytes) {
  const std::string piece(1u << 16, 'x');
  for (std::size_t done = 0; done < bytes; done += piece.size()) {
    if (::write(STDOUT_FILENO, piece.data(), piece.size()) < 0) return;
  }
}

void become_sleep() { ::execlp("sleep", "sleep", "1000", nullptr); }

/// 60 MB, less than a limit that each process has for itself.
void become_eater() {
  int never_read[2];
  if (::pipe(never_read) != 0) return;
  ::dup2(never_read[1], STDOUT_FILENO);
  ::execlp("dd", "dd", "if=/dev/zero", "bs=60000000", "count=1", nullptr);
}

/// A child that leaves group and session, and lives on; its pid is the loss.
void leave_child(void (*become)()) {
  int ends[2];
  if (::pipe(ends) != 0) return;
  if (::fork() == 0) {
    ::setsid();
    const pid_t child = ::fork();
    if (child == 0) {
      if (become != nullptr) become();
      while (true) ::pause();
    }
    (void)!::write(ends[1], &child, sizeof child);
    ::_exit(0);
  }
  pid_t child = 0;
  (void)!::read(ends[0], &child, sizeof child);
  ::wait(nullptr);
  report(child);
}

/// Until told to leave; saves then.
void obey() {
  while (report(0) == TUNE_CONTINUE && !host->should_stop(trial)) ::usleep(1000);
  const std::string state = "obeyed";
  if (host->save_asked(trial)) host->save(trial, 0, state.data(), state.size());
}

void run(void*, tune_trial* t, const tune_host* h) {
  host = h;
  trial = t;
  const char* word = "count";
  host->text(trial, "do", &word);
  const std::string what = word;
  if (what == "count") return count();
  if (what == "abort") std::abort();
  if (what == "exit") ::exit(static_cast<int>(number("code", 3)));
  if (what == "hang") hang();
  if (what == "obey") return obey();
  if (what == "say") return say("hello\nworld\n"), count();
  if (what == "spill") return spill(static_cast<std::size_t>(number("bytes", 1 << 20))), count();
  if (what == "complain") return say("last words\n"), std::abort();
  if (what == "child") return leave_child(become_sleep);
  if (what == "fork") return leave_child(nullptr);
  if (what == "orphan") return leave_child(become_sleep), hang();
  if (what == "eaters") return leave_child(become_eater), leave_child(become_eater), hang();
  if (what == "fail") return host->fail(trial, 0, 0, "no more");
  if (what == "gpus") {
    const char* gpus = std::getenv("CUDA_VISIBLE_DEVICES");
    say(gpus != nullptr ? gpus : "unset");
    return count();
  }
  if (what == "eat") {  // not by malloc, which the limit of the data segment ends first
    const auto bytes = static_cast<std::size_t>(number("bytes", 1 << 20));
    void* const food = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    std::memset(food, 1, bytes);
    hang();
  }
  if (what == "directory") return say(host->directory(trial)), count();
}

const tune_trainable kScripted{"scripted",
                               TUNE_CAN_SAVE | TUNE_CAN_RESET | TUNE_HAS_END | TUNE_ANY_PARAMETERS,
                               TUNE_PROCESS,
                               nullptr,
                               0,
                               nullptr,
                               0,
                               nullptr,
                               run,
                               nullptr};

}  // namespace

int main(int argc, char** argv) {
  static const tune_trainable* const all[] = {&kScripted};
  return tune::host_main(argc, argv, {all, {}});
}
