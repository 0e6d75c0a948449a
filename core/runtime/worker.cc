#include "core/runtime/worker.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <memory>

#include "core/runtime/dialogue.h"
#include "core/runtime/open_files.h"
#include "core/runtime/socket_dir.h"
#include "core/runtime/trial_runner.h"

namespace tune {
namespace {

/// Seconds that trials get to save when their controller is gone for good: as long again as it was waited for, within
/// these bounds.
constexpr double kShortestGrace = 2, kLongestGrace = 30;

class Worker {
 public:
  explicit Worker(const WorkerOptions& options)
      : lease_(options.lease),
        dialogue_(io_, options, options.token,
                  {
                      .conversation = {
                          .assign = [this](Assign assign) { runner_.assign(std::move(assign)); },
                          .ack = [this](const Ack& ack) { runner_.acknowledge(ack); },
                          .order = [this](const Order& order) { runner_.order(order); },
                          .fence = [this](const wire::AttemptKey& key) { runner_.fence(key); },
                          .held = [this] { return runner_.held(); },
                          .room = [this] { runner_.room(); },
                          .leave = [this](const std::string&) { leave(0); },
                          .welcomed = {},
                      },
                      .alone = [this](const std::string& why) { alone(why); },
                  }),
        runner_(io_, options, dialogue_, [this](const std::string& why) { give_up(why); }) {}

  int run() {
    runner_.start();  // loads the trainable while the controller is greeted
    dialogue_.start();
    io_.run();
    return code_;
  }

 private:
  void leave(int code) {
    code_ = code;
    io_.stop();
  }

  /// From here on it is decided: a controller that comes now waits for the end of this process, and for what it hands
  /// in.
  void alone(const std::string& why) {
    if (is_alone_) return;
    is_alone_ = true;
    std::fprintf(stderr, "tune worker: %s; it leaves\n", why.c_str());
    dialogue_.hang_up();
    runner_.room();  // nobody is held up any more: what a trial has to say goes into the hand-in
    runner_.interrupt_all("the controller is gone", std::clamp(lease_, kShortestGrace, kLongestGrace), [this] {
      if (const auto handed_in = dialogue_.hand_in(); !handed_in) {
        std::fprintf(stderr, "tune worker: %s\n", handed_in.error().message.c_str());
      }
      remove_socket_dir_of(dialogue_.socket());  // nobody else is left to do it
      leave(1);
    });
  }

  void give_up(const std::string& why) {
    dialogue_.say(wire::Drain{why});
    dialogue_.last_words(1);
    leave(1);
  }

  boost::asio::io_context io_{1};
  double lease_;
  Dialogue dialogue_;
  TrialRunner runner_;  // gone first: its end waits until its processes are
  int code_ = 0;
  bool is_alone_ = false;
};

}  // namespace

int run_worker(const WorkerOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);
  allow_many_open_files();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans of trials come here, and cannot hide behind process 1
  return Worker(options).run();
}

void forget_signal_handlers() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);  // fails for those that cannot be handled
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

int worker_main(int argc, char** argv) {
  const auto options = parse_worker_arguments({argv, argv + argc});
  if (!options) {
    std::fprintf(stderr, "%s\n%s\n", options.error().message.c_str(), options.error().hint.c_str());
    return 2;
  }
  return run_worker(*options);
}

}  // namespace tune
