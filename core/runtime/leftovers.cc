#include "core/runtime/leftovers.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "core/channel.h"
#include "core/json.h"
#include "core/runtime/proc.h"
#include "core/runtime/socket_dir.h"

namespace tune {
namespace {

constexpr int kWaitMilliseconds = 10'000;  // a process that does not die by SIGKILL in this time sleeps in the kernel
constexpr std::size_t kLaunchDigits = 32;

/// A pidfd is opened before the look at the start time, so that it is this process which is then killed.
bool end_process(pid_t pid, std::int64_t start) {
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd || process_start(pid) != start) return false;
  if (::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) != 0) return false;
  pollfd gone{pidfd.get(), POLLIN, 0};
  ::poll(&gone, 1, kWaitMilliseconds);
  return true;
}

bool is_launch(const std::string& text) {
  return text.size() == kLaunchDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

int end_leftover_workers(std::string_view launches_json) {
  const auto launches = parse_json(launches_json);
  if (!launches || !launches->is_list()) return 0;
  const std::string boot = boot_id();
  int ended = 0;
  for (const Value& row : launches->list()) {
    const Value *launch = row.find("launch"), *pid = row.find("pid"), *start = row.find("start"),
                *then = row.find("boot");
    if (!launch || !launch->is_text() || !is_launch(launch->text())) continue;
    if (!pid || !pid->is_integer() || !start || !start->is_integer() || !then || !then->is_text()) continue;
    if (const Value* socket = row.find("socket"); socket && socket->is_text()) remove_socket_dir_of(socket->text());
    if (then->text() != boot) continue;  // the machine was off since
    if (pid->integer() > 1 && pid->integer() <= INT32_MAX &&
        end_process(static_cast<pid_t>(pid->integer()), start->integer())) {
      ++ended;
    }
    end_marked(launch->text(), kWaitMilliseconds / 1000.0);
  }
  return ended;
}

}  // namespace tune
