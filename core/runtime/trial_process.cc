#include "core/runtime/trial_process.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/runtime/proc.h"

namespace tune {
namespace {

constexpr std::size_t kReadAtOnce = 64u << 10;
/// Of one process in one go, so that a flood holds up nobody else.
constexpr std::size_t kOutputAtOnce = 1u << 20;

}  // namespace

TrialProcess::TrialProcess(boost::asio::io_context& io, std::int64_t number_, std::string mark_,
                           ProcessProfile profile_, Channel channel, Fd output, Events events)
    : number(number_),
      mark(std::move(mark_)),
      profile(std::move(profile_)),
      events_(std::move(events)),
      channel_(std::move(channel)),
      output_pipe_(std::move(output)),
      alive_(std::make_shared<bool>(true)) {
  ::fcntl(output_pipe_.get(), F_SETFL, O_NONBLOCK);
  channel_watch_ = std::make_unique<FdWatch>(
      io, channel_.fd(), [this] { readable(); },
      [this] {
        const auto flushed = channel_.flush();
        if (flushed && !*flushed) channel_watch_->arm_write();
      });
  output_watch_ = std::make_unique<FdWatch>(io, output_pipe_.get(), [this] { output_readable(); });
  channel_watch_->arm_read();
  output_watch_->arm_read();
}

// --- frames ---------------------------------------------------------------------------------------------------------

void TrialProcess::send(const Frame& frame, std::vector<Fd> descriptors) {
  if (!open_) return;
  const auto sent = channel_.queue(frame, std::move(descriptors));
  if (sent && !*sent) channel_watch_->arm_write();  // if it is gone, its exit will tell
}

void TrialProcess::hold() { held_ = !drained_; }

void TrialProcess::release() {
  if (!held_) return;
  held_ = false;
  const std::shared_ptr<bool> alive = alive_;
  take_frames();
  if (*alive && !held_ && open_) channel_watch_->arm_read();
}

void TrialProcess::readable() {
  const auto filled = channel_.fill();
  if (!filled || !*filled) open_ = false;
  const std::shared_ptr<bool> alive = alive_;
  take_frames();
  if (*alive && !held_ && open_) channel_watch_->arm_read();
}

void TrialProcess::take_frames() {
  const std::shared_ptr<bool> alive = alive_;
  while (*alive && !held_) {
    auto received = channel_.next();
    if (!received) {
      open_ = false;
      return events_.broken(*this, received.error().message);
    }
    if (!*received) return;
    events_.frame(*this, std::move(**received));
  }
}

void TrialProcess::drain() {
  const std::shared_ptr<bool> alive = alive_;
  held_ = false;
  drained_ = true;
  take_frames();
  while (*alive && open_) {
    const auto filled = channel_.fill();
    if (!filled || !*filled) open_ = false;
    take_frames();
    if (filled && *filled) break;  // nothing more is there, though somebody still holds the other end
  }
  if (*alive) drain_output();
}

// --- output ---------------------------------------------------------------------------------------------------------

void TrialProcess::begin_output(std::string path) {
  output_file_.begin(std::move(path));
  output_file_.add(output_.head());  // printed while it waited for its trial
}

void TrialProcess::end_output() {
  output_.clear();
  output_file_.end();
}

bool TrialProcess::read_output(std::size_t at_most) {
  std::array<char, kReadAtOnce> buffer;
  for (std::size_t total = 0; output_pipe_ && total < at_most;) {
    const ssize_t got = ::read(output_pipe_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return true;
    if (got == 0) return false;
    const std::string_view printed(buffer.data(), static_cast<std::size_t>(got));
    output_.add(printed);
    output_file_.add(printed);
    total += static_cast<std::size_t>(got);
  }
  return true;
}

void TrialProcess::drain_output() {
  // A pipe holds 64 KiB, or what its owner set; beyond a few times that, it is being filled by somebody who lives on.
  read_output(kOutputAtOnce);
}

void TrialProcess::output_readable() {
  const std::uint64_t before = output_.total();
  const bool open = read_output(kOutputAtOnce);
  const std::shared_ptr<bool> alive = alive_;
  if (output_.total() != before) events_.printed(*this);
  if (*alive && open) output_watch_->arm_read();
}

// --- its end --------------------------------------------------------------------------------------------------------

void TrialProcess::kill() {
  leaves = true;
  if (pid == 0) {
    kill_when_forked = true;
    return;
  }
  if (!exited) ::kill(pid, SIGKILL);
  ::kill(-pid, SIGKILL);
  kill_marked(mark);
}

double TrialProcess::cpu_seconds() const {
  clockid_t clock{};
  timespec used{};
  if (pid == 0 || exited || ::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

}  // namespace tune
