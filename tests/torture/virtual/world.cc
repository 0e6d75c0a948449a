#include "tests/torture/virtual/world.h"

#include <fmt/format.h>

#include <algorithm>

namespace tune::torture {

Pid World::spawn() {
  processes_[++last_pid_] = {};
  return last_pid_;
}

void World::kill(Pid pid) {
  Process& process = processes_.at(pid);
  if (!process.alive) return;
  process.alive = false;
  const auto watchers = std::move(process.watchers);
  for (const auto& dead : watchers) dead();
}

void World::freeze(Pid pid, double seconds) {
  Process& process = processes_.at(pid);
  process.frozen_until = std::max(process.frozen_until, now_ + seconds);
}

void World::at(double when, Pid whose, std::function<void()> what) {
  queue_.emplace(std::pair(std::max(when, now_), ++order_), Happening{whose, std::move(what)});
}

bool World::step() {
  if (queue_.empty()) return false;
  auto next = queue_.extract(queue_.begin());
  const Process& process = processes_.at(next.mapped().whose);
  if (!process.alive) return true;
  now_ = next.key().first;
  if (process.frozen_until > now_) {  // at its thaw, in the order it would have had
    next.key().first = process.frozen_until;
    queue_.insert(std::move(next));
    return true;
  }
  next.mapped().what();
  return true;
}

void World::violate(const std::string& what) {
  if (violation_.empty()) violation_ = fmt::format("at {:.3f} s: {}", now_, what);
}

void World::note(const std::function<std::string()>& text) {
  if (keeps_story) story_.push_back(fmt::format("{:7.3f}  {}", now_, text()));
}

}  // namespace tune::torture
