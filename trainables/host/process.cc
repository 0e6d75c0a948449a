#include "trainables/host/process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tune {

void set_thread_environment(int threads) {
  const std::string number = std::to_string(std::max(threads, 1));
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) {
    ::setenv(name, number.c_str(), 1);
  }
}

void set_thread_counts(void* library, int threads) {
  // The last is at::set_num_threads(int) of LibTorch: asked for by its symbol, so that nothing here links LibTorch.
  constexpr const char* kSetters[] = {"omp_set_num_threads", "openblas_set_num_threads", "_ZN2at15set_num_threadsEi"};
  void* where = library != nullptr ? library : RTLD_DEFAULT;
  for (const char* name : kSetters) {
    if (void* symbol = ::dlsym(where, name)) reinterpret_cast<void (*)(int)>(symbol)(std::max(threads, 1));
  }
}

std::uint64_t data_bytes() {
  std::FILE* file = std::fopen("/proc/self/status", "re");
  if (file == nullptr) return 0;
  char line[256];
  unsigned long long kilobytes = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::sscanf(line, "VmData: %llu kB", &kilobytes) == 1) break;
  }
  std::fclose(file);
  return kilobytes * 1024;
}

void limit_data(std::uint64_t bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0) return;
  const rlim_t wanted = data_bytes() + bytes;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? wanted : std::min(wanted, limit.rlim_max);
  ::setrlimit(RLIMIT_DATA, &limit);
}

void die_with_parent(int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) _exit(1);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) continue;
    action.sa_handler = SIG_DFL;
    ::sigaction(number, &action, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool keep_only(int channel, int output) {
  // First above all targets, so that no dup2 overwrites one that is still needed.
  constexpr int kAbove = 10;
  const int high_channel = ::fcntl(channel, F_DUPFD_CLOEXEC, kAbove);
  const int high_output = ::fcntl(output, F_DUPFD_CLOEXEC, kAbove);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (high_channel < 0 || high_output < 0 || null < 0) return false;
  if (::dup2(null, STDIN_FILENO) < 0 || ::dup2(high_output, STDOUT_FILENO) < 0 ||
      ::dup2(high_output, STDERR_FILENO) < 0) {
    return false;
  }
  if (::dup3(high_channel, kChannelFd, O_CLOEXEC) < 0) return false;
  ::close_range(kChannelFd + 1, ~0u, 0);
  return true;
}

void add_environment(const std::vector<std::string>& variables) {
  for (const std::string& variable : variables) {
    const auto equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    ::setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
  }
}

}  // namespace tune
