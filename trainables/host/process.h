#pragma once

// What the fork server and its children ask of the operating system.

#include <cstdint>
#include <string>
#include <vector>

namespace tune {

/// OMP_NUM_THREADS and its kind, for this process (libraries read them when they are loaded) and those it starts.
void set_thread_environment(int threads);

/// The same for libraries that are loaded already: OpenMP, OpenBLAS and LibTorch, wherever `library` (a handle of
/// dlopen, or null) brought them in.
void set_thread_counts(void* library, int threads);

/// Bytes of data segment, as RLIMIT_DATA counts them.
std::uint64_t data_bytes();
/// Memory of one's own may grow by `bytes`: an allocation beyond it fails.
void limit_data(std::uint64_t bytes);

/// SIGKILL when the parent dies; ends this process at once if it is dead already.
void die_with_parent(int parent);

/// Signals as a fresh program has them: none blocked, none ignored. Handlers that a library has set stay.
void reset_signals();

/// stdin from nowhere, stdout and stderr to `output`, `channel` as descriptor kChannelFd, and nothing else open.
inline constexpr int kChannelFd = 3;
bool keep_only(int channel, int output);

/// NAME=VALUE each.
void add_environment(const std::vector<std::string>& variables);

}  // namespace tune
