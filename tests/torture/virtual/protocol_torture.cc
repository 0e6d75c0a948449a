// Any number of seeded schedules of controller, protocol and workers in virtual time:
//
//   protocol_torture --schedules 100000 --seed 1      all of them; exit code 1 at the first that breaks a rule
//   protocol_torture --seed 4711                      one, with its story if it fails

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "tests/torture/virtual/schedule.h"

int main(int argc, char** argv) {
  using namespace tune::torture;
  CLI::App app("Schedules of controller, protocol and workers in virtual time");
  std::uint64_t seed = 1, schedules = 1;
  bool tells = false;
  app.add_option("--seed", seed, "of the first schedule");
  app.add_option("--schedules", schedules, "how many");
  app.add_flag("--story", tells, "tell what happened in the (shrunk) one that fails");
  CLI11_PARSE(app, argc, argv);

  std::string folder =
      std::filesystem::exists("/dev/shm") ? "/dev/shm/tune-torture-XXXXXX" : "/tmp/tune-torture-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 2;
  const std::string at = folder + "/run";
  const auto began = std::chrono::steady_clock::now();
  Outcome sum;
  std::string fault;
  std::uint64_t done = 0;
  for (; done < schedules && fault.empty(); ++done) {
    const Schedule schedule = make_schedule(seed + done);
    const Outcome outcome = run_schedule(schedule, at);
    sum.messages += outcome.messages;
    sum.events += outcome.events;
    sum.controllers += outcome.controllers;
    sum.workers += outcome.workers;
    if (outcome.violation.empty()) continue;
    const Schedule least = shrink(schedule, at);
    const Outcome again = run_schedule(least, at, tells);
    fault = words_of(least) + again.violation + "\n";
    for (const std::string& line : again.story) fault += line + "\n";
  }
  std::filesystem::remove_all(folder);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  fmt::print("{} schedules in {:.1f} s: {} controllers, {} workers, {} messages, {} events\n{}", done, seconds,
             sum.controllers, sum.workers, sum.messages, sum.events,
             fault.empty() ? std::string("every rule held\n") : fault);
  return fault.empty() ? 0 : 1;
}
