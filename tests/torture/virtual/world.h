#pragma once

// Virtual time and the processes in it: what each does next, who is dead, who stands still (SIGSTOP). One thread, no
// clock: a schedule of a seed is the same each time.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/rng.h"

namespace tune::torture {

/// A process. Never used again after its death.
using Pid = std::int64_t;

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed, "world", 0) {}

  double now() const { return now_; }
  RandomStream& random() { return random_; }
  /// Uniform in [low, high).
  double draw(double low, double high) { return low + (high - low) * random_.uniform(); }

  Pid spawn();
  bool is_alive(Pid pid) const { return processes_.at(pid).alive; }
  /// At once, also in the middle of what it does: it must look at is_alive() before it does anything that others see.
  void kill(Pid pid);
  /// Nothing of it happens for so many seconds; what came meanwhile happens then.
  void freeze(Pid pid, double seconds);
  /// Called once it is dead.
  void watch(Pid pid, std::function<void()> dead) { processes_.at(pid).watchers.push_back(std::move(dead)); }

  /// Things of one time happen in the order in which they were asked for; a dead process's not at all.
  void at(double when, Pid whose, std::function<void()> what);
  void after(double seconds, Pid whose, std::function<void()> what) { at(now_ + seconds, whose, std::move(what)); }
  /// Lets the next thing happen. False: nothing is left.
  bool step();

  /// A rule is broken. The first one counts.
  void violate(const std::string& what);
  const std::string& violation() const { return violation_; }

  /// What happened, for a person who reads a failure; kept if asked for.
  void note(const std::function<std::string()>& text);
  bool keeps_story = false;
  const std::vector<std::string>& story() const { return story_; }

 private:
  struct Process {
    bool alive = true;
    double frozen_until = 0;
    std::vector<std::function<void()>> watchers;
  };
  struct Happening {
    Pid whose;
    std::function<void()> what;
  };

  RandomStream random_;
  double now_ = 0;
  std::int64_t order_ = 0;
  Pid last_pid_ = 0;
  std::map<Pid, Process> processes_;
  std::map<std::pair<double, std::int64_t>, Happening> queue_;
  std::string violation_;
  std::vector<std::string> story_;
};

}  // namespace tune::torture
