#include "core/runtime/process_workers.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "core/runtime/admission.h"
#include "core/runtime/fd_watch.h"
#include "core/runtime/hand_in.h"
#include "core/runtime/hand_ins.h"
#include "core/runtime/launch.h"
#include "core/runtime/leftovers.h"
#include "core/runtime/proc.h"
#include "core/runtime/rendezvous.h"
#include "core/runtime/silence_watch.h"
#include "core/runtime/socket_dir.h"
#include "core/runtime/worker_peer.h"

namespace tune {
namespace {

using std::chrono::milliseconds;

constexpr int kMostFailuresInARow = 5;
constexpr milliseconds kLastWords{500};  // for what a dead worker has left in the socket
constexpr milliseconds kSweepAgain{1};
constexpr double kGoodbye = 5;  // seconds a worker has to end its trials; they are killed, so it is quick
constexpr double kUntilGone = 10;

}  // namespace

class ProcessWorkers::Impl {
 public:
  Impl(boost::asio::io_context& io, ProcessWorkersOptions options)
      : io_(io),
        options_(std::move(options)),
        hand_ins_(options_.attempts_dir),
        silence_(io, patience_with(options_.lease), [this] { end_silent_worker(); }),
        wait_timer_(io) {
    if (options_.worker_command.empty()) options_.worker_command = {own_program(), "__worker"};
    if (options_.host_program.empty()) options_.host_program = default_host_program();
  }

  ~Impl() {
    *alive_ = false;
    shut_down();
  }

  void start(Handler& handler, CheckpointChannel& channel) {
    handler_ = &handler;
    peer_ = std::make_unique<WorkerPeer>(
        handler, channel,
        WorkerPeer::Events{
            .loaded = [this](Result<TrainableInfo> info) { loaded(std::move(info)); },
            .drained = [this](std::string reason) { unusable(std::move(reason)); },
            .log = [this](const wire::LogLine& line) { log(line.text); },
            .progress = [this] { failures_ = 0; },
            .later = [this](double seconds, std::function<void()> what) { once_more(seconds, std::move(what)); },
        });
    admission_ =
        std::make_unique<Admission>(io_,
                                    Link::Callbacks{
                                        .received = [this](wire::Envelope envelope) { received(std::move(envelope)); },
                                        .before_write = [this] { peer_->send_acknowledgements(); },
                                        .closed = [this](const std::string& why) { disconnected(why); },
                                    },
                                    [this](std::shared_ptr<Link> link, const wire::Hello& hello, std::uint64_t id) {
                                      admit(std::move(link), hello, id);
                                    });
    auto dir = SocketDir::make();
    if (!dir) return unusable_soon(dir.error());
    dir_ = std::make_unique<SocketDir>(*std::move(dir));
    if (const auto listening = admission_->listen(dir_->socket()); !listening) return unusable_soon(listening.error());
    for (const Inherited& attempt : inherited_) peer_->inherit({attempt.trial, attempt.attempt}, attempt.last_seq);
    if (!adopt()) launch();
  }

  std::vector<Inherited> inherit(std::vector<Inherited> attempts) {
    if (!anything_left(options_.inherited, options_.attempts_dir)) return attempts;
    inherited_ = std::move(attempts);
    return {};
  }

  void assign(Assign assign) {
    if (hand_ins_.assigned(assign)) launches_changed();
    peer_->assign(std::move(assign));
  }
  void acknowledge(const Ack& ack) {
    if (hand_ins_.acknowledged(ack)) launches_changed();
    peer_->acknowledge(ack);
  }

  WorkerPeer& peer() { return *peer_; }
  bool is_open() const { return peer_ && !closed_; }

  void shut_down();

  std::string launches_json() const {
    const std::vector<std::string> open = hand_ins_.open();
    std::vector<LaunchedWorker> gone(open.size());
    std::vector<const LaunchedWorker*> workers;
    if (worker_.pid > 0) workers.push_back(&worker_);
    for (std::size_t i = 0; i < open.size(); ++i) {
      gone[i].launch = open[i];
      workers.push_back(&gone[i]);
    }
    return launches_to_json(workers);
  }

 private:
  bool adopt();
  void take_hand_in(const std::string& launch);
  void watch_worker();
  void launch();
  void admit(std::shared_ptr<Link> link, const wire::Hello& hello, std::uint64_t hello_id);
  void received(wire::Envelope envelope);
  void disconnected(const std::string& why);
  void end_silent_worker();
  void worker_ended();
  void sweep(double until);
  void replace();

  void loaded(Result<TrainableInfo> info) {
    if (!ready_) {
      ready_ = true;
      const std::string complaints = info ? "" : last_complaints(dir_->complaints());
      if (!complaints.empty()) info.error().message += "\n" + complaints;
      return handler_->on_ready(std::move(info));
    }
    if (!info) unusable(info.error().message, info.error().hint);
  }

  void unusable(std::string why, std::string hint = {}) {
    if (closed_ || given_up_) return;
    given_up_ = true;
    handler_->on_unusable({ErrorCode::kIo, std::move(why), std::move(hint)});
  }
  void unusable_soon(Error why) {
    boost::asio::post(io_, [this, alive = alive_, why = std::move(why)] {
      if (*alive && !closed_) handler_->on_unusable(why);
    });
  }
  void launches_changed() const {
    if (options_.launched) options_.launched();
  }
  void log(const std::string& text) const {
    if (options_.log && !closed_) options_.log(text);
  }

  /// Runs `what` later, unless this object or the wait is gone.
  void later(milliseconds delay, std::function<void()> what) {
    wait_timer_.expires_after(delay);
    wait_timer_.async_wait([this, alive = alive_, what = std::move(what)](const boost::system::error_code& error) {
      if (!error && *alive && !closed_) what();
    });
  }

  void once_more(double seconds, std::function<void()> what) {
    const auto delay = milliseconds(static_cast<std::int64_t>(seconds * 1000));
    auto timer = std::make_shared<boost::asio::steady_timer>(io_, delay);
    timer->async_wait([timer, what = std::move(what)](const boost::system::error_code& error) {
      if (!error) what();
    });
  }

  boost::asio::io_context& io_;
  ProcessWorkersOptions options_;
  Handler* handler_ = nullptr;
  std::unique_ptr<SocketDir> dir_;
  std::unique_ptr<Admission> admission_;
  std::unique_ptr<WorkerPeer> peer_;
  LaunchedWorker worker_;
  std::vector<Inherited> inherited_;
  HandIns hand_ins_;
  bool awaited_ = false;  // a worker of the controller before was called and has not come yet
  std::unique_ptr<FdWatch> death_;
  std::shared_ptr<Link> link_;
  std::string end_;  // how the worker ended; empty: it has not
  std::uint64_t epoch_ = 1;
  int failures_ = 0;  // deaths in a row without a report in between
  bool ready_ = false, closed_ = false, given_up_ = false;
  SilenceWatch silence_;
  boost::asio::steady_timer wait_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: this object is gone
};

// --- a worker's life ------------------------------------------------------------------------------------------------

void ProcessWorkers::Impl::launch() {
  LaunchPlan plan;
  plan.command = options_.worker_command;
  plan.complaints = dir_->complaints();
  plan.worker.socket = dir_->socket();
  plan.worker.host_program = options_.host_program;
  plan.worker.trainable = options_.trainable;
  plan.worker.plan = options_.plan;
  plan.worker.experiment = options_.experiment;
  plan.worker.attempts_dir = options_.attempts_dir;
  plan.worker.lease = options_.lease;
  auto launched = launch_worker(std::move(plan), options_.start_worker);
  if (!launched) return unusable_soon(launched.error());
  worker_ = *std::move(launched);
  watch_worker();
}

void ProcessWorkers::Impl::watch_worker() {
  end_.clear();
  admission_->expect(worker_.launch, worker_.proof);
  silence_.begin();
  death_ = std::make_unique<FdWatch>(io_, worker_.pidfd.get(), [this] { worker_ended(); });
  death_->arm_read();
  launches_changed();
}

/// Goes on with a worker of the controller before, or takes in what it has left. False: a new one is needed.
bool ProcessWorkers::Impl::adopt() {
  for (const LeftoverWorker& left : parse_leftovers(options_.inherited)) {
    const bool is_wanted = options_.adopts && worker_.pid == 0 && !inherited_.empty();
    auto called = is_wanted ? call_leftover(left, options_.attempts_dir, dir_->socket()) : std::nullopt;
    if (called) {
      worker_ = *std::move(called);
      continue;
    }
    end_leftover(left);
    forget_call(options_.attempts_dir, left.launch);
    take_hand_in(left.launch);
  }
  if (worker_.pid == 0) {
    peer_->lose_all("the controller it belonged to is gone, and so is its worker");
    return false;
  }
  awaited_ = true;
  watch_worker();
  return true;
}

void ProcessWorkers::Impl::take_hand_in(const std::string& launch) {
  const auto taken = hand_ins_.take(launch, *peer_);
  if (taken) return;
  const bool is_kept = taken.error().code == ErrorCode::kDamaged;
  log(fmt::format(
      "what a worker handed in is lost{}, and its trials go on from their checkpoints: {}{}",
      is_kept ? " from the damage on" : "", taken.error().message,
      is_kept ? "; the file is kept, as " + damaged_hand_in_path(hand_in_path(options_.attempts_dir, launch)) : ""));
}

void ProcessWorkers::Impl::admit(std::shared_ptr<Link> link, const wire::Hello& hello, std::uint64_t hello_id) {
  if (link_) link_->close();
  link_ = std::move(link);
  silence_.heard();
  if (std::exchange(awaited_, false)) {
    forget_call(options_.attempts_dir, worker_.launch);
    if (hello.slots != options_.plan.slots) {
      log("the worker of the run before was made for another number of slots, and is replaced");
      ::kill(worker_.pid, SIGKILL);
    }
    epoch_ = hello.epoch_seen + 1;
    if (options_.adopted) options_.adopted(hello.running.size());
  }
  wire::Welcome welcome;
  welcome.epoch = epoch_;
  welcome.lease_ms = static_cast<std::uint32_t>(options_.lease * 1000);
  welcome.heartbeat_ms = static_cast<std::uint32_t>(options_.heartbeat * 1000);
  welcome.resume_key = admission_->resume_key();
  peer_->attach(link_, hello, hello_id, std::move(welcome));
}

void ProcessWorkers::Impl::received(wire::Envelope envelope) {
  silence_.heard();
  if (const auto* beat = std::get_if<wire::Heartbeat>(&envelope.body)) {
    link_->send(wire::HeartbeatAck{beat->n, epoch_}, envelope.id);
    return;
  }
  peer_->receive(std::move(envelope));
}

void ProcessWorkers::Impl::disconnected(const std::string& why) {
  link_.reset();
  peer_->detach();
  if (!end_.empty()) return later(milliseconds(0), [this] { sweep(running_seconds() + kUntilGone); });
  log("the connection to the worker broke: " + why);
}

void ProcessWorkers::Impl::end_silent_worker() {
  log("the worker has been silent for too long and is killed");
  ::kill(worker_.pid, SIGKILL);
}

void ProcessWorkers::Impl::worker_ended() {
  if (std::exchange(awaited_, false)) forget_call(options_.attempts_dir, worker_.launch);
  int status = 0;
  const bool is_child = ::waitpid(worker_.pid, &status, WNOHANG) == worker_.pid;
  death_.reset();
  silence_.end();
  end_ = is_child ? status_words(status) : "a status that only the controller before could see";
  if (!link_) return sweep(running_seconds() + kUntilGone);
  // What it had sent is read first; the end of the stream follows at once, but for a descriptor that lives on
  // somewhere.
  later(kLastWords, [this] {
    if (link_) link_->close();
    link_.reset();
    peer_->detach();
    sweep(running_seconds() + kUntilGone);
  });
}

/// Fork server and trials die with their worker; this is for those that left the family.
void ProcessWorkers::Impl::sweep(double until) {
  if (kill_marked(worker_.launch) > 0 && running_seconds() < until) {
    return later(kSweepAgain, [this, until] { sweep(until); });
  }
  replace();
}

void ProcessWorkers::Impl::replace() {
  const std::string why = fmt::format("its worker ended with {}", end_);
  worker_.pid = 0;
  ++failures_;
  take_hand_in(worker_.launch);
  peer_->lose_all(why);
  if (closed_ || given_up_) return;
  if (failures_ > kMostFailuresInARow) {
    return unusable(
        fmt::format("{} workers in a row ended before a trial had reported; the last one with {}", failures_, end_),
        last_complaints(dir_->complaints()));
  }
  if (failures_ == 1) return launch();
  later(milliseconds(20 << std::min(failures_, 6)), [this] { launch(); });
}

void ProcessWorkers::Impl::shut_down() {
  if (closed_) return;
  closed_ = true;
  if (peer_) peer_->mute();
  wait_timer_.cancel();
  silence_.end();
  death_.reset();
  if (std::exchange(awaited_, false)) forget_call(options_.attempts_dir, worker_.launch);
  // Before the worker is told to leave: one that was not told would take the folder away itself, were this process
  // killed.
  if (admission_) admission_->close();
  dir_.reset();
  if (worker_.pid > 0) {
    double patience = 0;  // whom no words reach is killed
    if (link_ && link_->is_open() && end_.empty()) {
      link_->send(wire::Goodbye{"the run has ended"});
      link_->write_now(1);
      patience = kGoodbye;
    }
    end_worker(worker_, patience);
  }
  if (link_) link_->close();
  link_.reset();
}

// --- the interface --------------------------------------------------------------------------------------------------

ProcessWorkers::ProcessWorkers(boost::asio::io_context& io, ProcessWorkersOptions options)
    : impl_(std::make_unique<Impl>(io, std::move(options))) {}

ProcessWorkers::~ProcessWorkers() = default;

std::vector<Workers::Inherited> ProcessWorkers::inherit(std::vector<Inherited> attempts) {
  return impl_->inherit(std::move(attempts));
}
void ProcessWorkers::start(Handler& handler, CheckpointChannel& channel) { impl_->start(handler, channel); }
void ProcessWorkers::assign(Assign assign) {
  if (impl_->is_open()) impl_->assign(std::move(assign));
}
void ProcessWorkers::acknowledge(const Ack& ack) {
  if (impl_->is_open()) impl_->acknowledge(ack);
}
void ProcessWorkers::order(const Order& order) {
  if (impl_->is_open()) impl_->peer().order(order);
}
void ProcessWorkers::shut_down() { impl_->shut_down(); }
std::string ProcessWorkers::launches_json() const { return impl_->launches_json(); }

}  // namespace tune
