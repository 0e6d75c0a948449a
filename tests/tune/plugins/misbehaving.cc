// A trainable that does what its parameter `how` says.

#include <signal.h>
#include <tune/trainable.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace {

void misbehaving(tune::Trial& trial) {
  const std::string how = trial.text("how");
  if (how == "throws") throw std::runtime_error("the loss is a llama");
  if (how == "aborts") std::abort();
  if (how == "exits") std::exit(7);
  if (how == "segfaults") {
    signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would make an exit code of it
    raise(SIGSEGV);
  }
  if (how == "throws a number") throw 42;
  if (how == "hangs") {
    signal(SIGTERM, SIG_IGN);
    while (true) pause();
  }
  if (how == "eats") {
    std::vector<std::vector<char>> all;
    while (true) {
      all.emplace_back(8 << 20, 'x');
      usleep(20'000);
    }
  }
  trial.report({{how == "misspells" ? "los" : "loss", 1.0}});
}

}  // namespace

TUNE_FUNCTION(misbehaving, misbehaving, .has_end = true)
