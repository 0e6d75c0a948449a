#include "tests/experiments/spec/support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "searchspaces/sampler.h"

namespace tune::testing {

namespace {

OptionSpec option(std::string key, OptionType type, Value default_value, std::optional<double> min = {}) {
  OptionSpec spec;
  spec.key = std::move(key);
  spec.type = type;
  spec.default_value = std::move(default_value);
  spec.min = min;
  return spec;
}

std::vector<OptionFault> check_asha(const Options& options) {
  const Value* grace = options.find("grace_period");
  if (!grace->is_number() || options.real("max_t") >= *grace->number()) return {};
  return {{"max_t", fmt::format("max_t {} is below grace_period {}", options.real("max_t"), *grace->number()), ""}};
}

AlgorithmInfo asha() {
  AlgorithmInfo info;
  info.name = "asha";
  info.aliases = {"async_hyperband", "asynchyperband"};
  OptionSpec grace = option("grace_period", OptionType::kReal, 1);
  grace.extra_words = {"auto"};
  OptionSpec variant = option("variant", OptionType::kChoice, "stop");
  variant.choices = {"stop", "promote"};
  info.options = {option("time_attr", OptionType::kText, "training_iteration"),
                  option("max_t", OptionType::kReal, 100),
                  grace,
                  option("reduction_factor", OptionType::kInteger, 4, 2),
                  option("brackets", OptionType::kInteger, 1, 1),
                  option("stop_last_trials", OptionType::kBool, true),
                  variant,
                  option("drain", OptionType::kBool, true)};
  info.check = check_asha;
  return info;
}

AlgorithmInfo not_built(std::string name, std::vector<std::string> aliases, std::vector<OptionSpec> options) {
  AlgorithmInfo info;
  info.name = std::move(name);
  info.aliases = std::move(aliases);
  info.options = std::move(options);
  info.capabilities.built = false;
  return info;
}

}  // namespace

const Catalogue& test_schedulers() {
  static const Catalogue kSchedulers = [] {
    AlgorithmInfo fifo;
    fifo.name = "fifo";
    return Catalogue{
        fifo, asha(),
        not_built("hyperband", {},
                  {option("max_t", OptionType::kReal, 81), option("max_rounds", OptionType::kInteger, Value(), 1)}),
        not_built("pbt", {}, {})};
  }();
  return kSchedulers;
}

ReaderContext test_context(std::vector<std::pair<std::string, std::string>> overrides) {
  ReaderContext context;
  context.samplers = &sampler_catalogue();
  context.schedulers = &test_schedulers();
  context.builtins = {"branin", "iris", "empty", "ackley"};
  context.overrides = std::move(overrides);
  return context;
}

ReadOutcome read(std::string_view text, std::vector<std::pair<std::string, std::string>> overrides) {
  return read_experiment(std::string(text), "experiment.yaml", folder("good"), "experiment",
                         test_context(std::move(overrides)));
}

std::string complete(std::string_view tail) {
  const std::vector<std::pair<std::string, std::string>> head = {
      {"version", "version: 1\n"},
      {"trainable", "trainable: branin\n"},
      {"objective", "objective: {metric: loss, mode: min}\n"},
      {"search_space", "search_space: {x1: {uniform: [0, 1]}}\n"},
      {"budget", "budget: {trials: 4}\n"}};
  std::string text;
  for (const auto& [key, line] : head) {
    if (!tail.starts_with(key + ":") && tail.find("\n" + key + ":") == std::string_view::npos) text += line;
  }
  return text + std::string(tail);
}

std::vector<std::string> lines(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& d : diagnostics) {
    const char* severity = d.severity == Diagnostic::Severity::kError     ? ""
                           : d.severity == Diagnostic::Severity::kWarning ? "warning "
                                                                          : "note ";
    out.push_back(fmt::format("{}{}:{} {} {}", severity, d.line, d.column, d.code, d.message));
    if (!d.hint.empty()) out.back() += " | " + d.hint;
  }
  return out;
}

std::vector<std::string> errors(const ReadOutcome& outcome) {
  std::vector<Diagnostic> kept;
  std::copy_if(outcome.diagnostics.begin(), outcome.diagnostics.end(), std::back_inserter(kept),
               [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; });
  return lines(kept);
}

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.good()) << path;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string folder(const std::string& name) { return std::string(TUNE_SPEC_TEST_DIR) + "/" + name; }

std::vector<std::string> files_of(const std::string& name) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder(name))) {
    if (entry.path().extension() == ".yaml" || entry.path().extension() == ".json")
      paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace tune::testing
