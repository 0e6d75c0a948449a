#include "core/runtime/leftovers.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "core/json.h"
#include "core/runtime/hand_in.h"
#include "core/runtime/proc.h"
#include "core/runtime/rendezvous.h"
#include "core/runtime/socket_dir.h"

namespace tune {
namespace {

constexpr int kWaitMilliseconds = 10'000;  // a process that does not die by SIGKILL in this time sleeps in the kernel
constexpr std::size_t kLaunchDigits = 32;

bool is_launch(const std::string& text) {
  return text.size() == kLaunchDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string text_of(const Value& row, const char* name) {
  const Value* const value = row.find(name);
  return value != nullptr && value->is_text() ? value->text() : std::string();
}

std::int64_t number_of(const Value& row, const char* name) {
  const Value* const value = row.find(name);
  return value != nullptr && value->is_integer() ? value->integer() : 0;
}

}  // namespace

std::vector<LeftoverWorker> parse_leftovers(std::string_view launches_json) {
  std::vector<LeftoverWorker> workers;
  const auto launches = parse_json(launches_json);
  if (!launches || !launches->is_list()) return workers;
  const std::string boot = boot_id();
  for (const Value& row : launches->list()) {
    LeftoverWorker worker;
    worker.launch = text_of(row, "launch");
    if (!is_launch(worker.launch)) continue;
    worker.proof = text_of(row, "proof");
    worker.socket = text_of(row, "socket");
    const std::int64_t pid = number_of(row, "pid");
    if (pid > 1 && pid <= INT32_MAX) worker.pid = static_cast<pid_t>(pid);
    worker.start = number_of(row, "start");
    worker.this_boot = text_of(row, "boot") == boot;
    workers.push_back(std::move(worker));
  }
  return workers;
}

/// The pidfd is opened before the look at the start time, so that it is this process that it names.
Fd open_if_alive(const LeftoverWorker& worker) {
  if (!worker.this_boot || worker.pid == 0) return {};
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, worker.pid, 0)));
  if (pidfd && process_start(worker.pid) != worker.start) pidfd.reset();
  return pidfd;
}

std::optional<LaunchedWorker> call_leftover(const LeftoverWorker& worker, const std::string& attempts_dir,
                                            const std::string& socket) {
  Fd pidfd = open_if_alive(worker);
  if (!pidfd || !call_worker(attempts_dir, worker.launch, socket)) return std::nullopt;
  remove_socket_dir_of(worker.socket);
  return LaunchedWorker{worker.launch, worker.proof, socket, worker.pid, worker.start, std::move(pidfd)};
}

bool end_leftover(const LeftoverWorker& worker) {
  const Fd pidfd = open_if_alive(worker);
  // Noted before: with the worker its fork server dies, and trials with that.
  Family family = worker.this_boot ? marked_family(worker.launch) : Family();
  const bool killed = pidfd && ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) == 0;
  if (killed) {
    pollfd gone{pidfd.get(), POLLIN, 0};
    ::poll(&gone, 1, kWaitMilliseconds);
  }
  if (worker.this_boot) end_marked(worker.launch, kWaitMilliseconds / 1000.0, std::move(family));
  remove_socket_dir_of(worker.socket);
  return killed;
}

Leftovers anything_left(std::string_view launches_json, const std::string& attempts_dir) {
  Leftovers left;
  for (const LeftoverWorker& worker : parse_leftovers(launches_json)) {
    left.living = left.living || open_if_alive(worker);
    left.handed_in = left.handed_in || ::access(hand_in_path(attempts_dir, worker.launch).c_str(), F_OK) == 0;
  }
  return left;
}

bool handed_in_damaged(std::string_view launches_json, const std::string& attempts_dir) {
  return std::ranges::any_of(parse_leftovers(launches_json), [&](const LeftoverWorker& worker) {
    const auto read = read_hand_in(hand_in_path(attempts_dir, worker.launch), [](const wire::Envelope&) {});
    return !read && read.error().code == ErrorCode::kDamaged;
  });
}

int end_leftover_workers(std::string_view launches_json, const std::string& attempts_dir) {
  int ended = 0;
  for (const LeftoverWorker& worker : parse_leftovers(launches_json)) {
    if (end_leftover(worker)) ++ended;
    if (attempts_dir.empty()) continue;
    forget_call(attempts_dir, worker.launch);
    delete_hand_in(hand_in_path(attempts_dir, worker.launch));
  }
  return ended;
}

}  // namespace tune
