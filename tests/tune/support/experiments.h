#pragma once

// Small experiments as texts.

#include <string>

namespace tune::testing {

/// Branin by random search; `more`: further lines.
inline std::string branin(const std::string& name, int trials, const std::string& more = {}) {
  return "version: 1\nname: " + name +
         "\ntrainable: branin\n"
         "objective: {metric: loss, mode: min}\n"
         "search_space:\n  x1: {uniform: [-5, 10]}\n  x2: {uniform: [0, 15]}\n"
         "search: {algorithm: random, seed: 7}\n"
         "budget: {trials: " +
         std::to_string(trials) + "}\n" + more;
}

/// Learning curves over Branin, `epochs` reports a trial, each after `step_seconds`.
inline std::string curve(const std::string& name, int trials, int epochs, double step_seconds,
                         const std::string& more = {}) {
  return "version: 1\nname: " + name +
         "\ntrainable: curve\n"
         "objective: {metric: loss, mode: min}\n"
         "search_space:\n  x1: {uniform: [-5, 10]}\n  x2: {uniform: [0, 15]}\n  epochs: " +
         std::to_string(epochs) + "\n  step_seconds: " + std::to_string(step_seconds) +
         "\nsearch: {algorithm: random, seed: 7}\n"
         "budget: {trials: " +
         std::to_string(trials) + "}\n" + more;
}

/// A shell program as a trial, `x` from 1 to `trials`.
inline std::string shell(const std::string& name, int trials, const std::string& script, const std::string& more = {}) {
  std::string text = "version: 1\nname: " + name + "\ntrainable:\n  command:\n    - sh\n    - -c\n    - |\n";
  for (std::size_t from = 0; from < script.size();) {
    const std::size_t to = std::min(script.find('\n', from), script.size());
    text += "      " + script.substr(from, to - from) + "\n";
    from = to + 1;
  }
  text += "objective: {metric: loss, mode: min}\nsearch_space:\n  x: {grid_search: [";
  for (int i = 1; i <= trials; ++i) text += (i == 1 ? "" : ", ") + std::to_string(i);
  return text + "]}\nsearch: {algorithm: random, seed: 7}\n" + more;
}

}  // namespace tune::testing
