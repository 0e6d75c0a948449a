#include "experiments/spec/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tune {

namespace {

/// A key in the making; the sections below read like the tables of docs/formats/experiment-file.md.
class Make {
 public:
  Make(std::string key, OptionType type, std::string help) {
    key_.key = std::move(key);
    key_.type = type;
    key_.help = std::move(help);
  }
  Make(std::string key, Key::Form form, std::string help) : Make(std::move(key), OptionType::kAny, std::move(help)) {
    key_.form = form;
  }
  Make&& required() && {
    key_.required = true;
    return std::move(*this);
  }
  Make&& by_default(Value value) && {
    key_.default_value = std::move(value);
    return std::move(*this);
  }
  Make&& at_least(double min) && {
    key_.min = min;
    return std::move(*this);
  }
  Make&& above(double min) && {
    key_.min = min;
    key_.above_min = true;
    return std::move(*this);
  }
  Make&& maybe_empty() && {
    key_.may_be_empty = true;
    return std::move(*this);
  }
  Make&& one_of(std::vector<std::string> choices) && {
    key_.choices = std::move(choices);
    return std::move(*this);
  }
  Make&& or_word(std::string word) && {
    key_.extra_words = {std::move(word)};
    return std::move(*this);
  }
  operator Key() && { return std::move(key_); }

 private:
  Key key_;
};

Make text(std::string key, std::string help) { return {std::move(key), OptionType::kText, std::move(help)}; }
Make integer(std::string key, std::string help) { return {std::move(key), OptionType::kInteger, std::move(help)}; }
Make real(std::string key, std::string help) { return {std::move(key), OptionType::kReal, std::move(help)}; }
Make flag(std::string key, std::string help) { return {std::move(key), OptionType::kBool, std::move(help)}; }
Make duration(std::string key, std::string help) { return {std::move(key), Key::Form::kDuration, std::move(help)}; }
Make size(std::string key, std::string help) { return {std::move(key), Key::Form::kSize, std::move(help)}; }
Make other(std::string key, std::string help) { return {std::move(key), Key::Form::kOther, std::move(help)}; }
Make choice(std::string key, std::vector<std::string> choices, std::string help) {
  return Make(std::move(key), OptionType::kChoice, std::move(help)).one_of(std::move(choices));
}

Make isolation() {
  return choice("isolation", {"auto", "process", "reuse", "thread"},
                "Where a trial runs: as the trainable declares, a process of its own, a reused process, a thread.")
      .by_default("auto");
}

Section section(std::string name, WordPlace words, std::vector<Key> keys) {
  Section made;
  made.where = " in " + name;
  made.name = std::move(name);
  made.words = words;
  made.keys = std::move(keys);
  return made;
}

}  // namespace

const Key* Section::find(std::string_view key) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.key == key; });
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string> Section::names() const {
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const Key& key : keys) names.push_back(key.key);
  return names;
}

Section experiment_section() {
  Section top =
      section("the file", WordPlace::kTop,
              {
                  other("version", "Format version: 1.").required(),
                  text("name", "Experiment name; the file name without extension by default."),
                  text("description", "Shown in lists and reports.").maybe_empty(),
                  other("trainable", "What a trial runs.").required(),
                  other("objective", "What is optimised; a list means several objectives.").required(),
                  other("search_space", "Parameters: constant, {distribution: [arguments]}, or group.").required(),
                  other("constraints", "Expressions over parameters that every configuration satisfies."),
                  other("search", "How configurations are proposed; random by default."),
                  other("scheduler", "How trials are stopped, paused or changed; fifo by default."),
                  other("stop", "When a single trial ends; the first condition met."),
                  other("budget", "When the experiment ends."),
                  other("resources", "What one trial takes."),
                  other("retries", "Times a failed trial is started again, from its last checkpoint."),
                  other("limits", "A trial beyond one is killed and failed with that cause."),
                  other("checkpoint", "When checkpoints are taken, and how many stay."),
                  other("runtime", "How the processes of a run live."),
              });
  top.where.clear();
  return top;
}

Section objective_section() {
  return section("objective", WordPlace::kObjective,
                 {
                     text("metric", "Name of a reported value.").required(),
                     choice("mode", {"min", "max"}, "Direction.").required(),
                     real("target", "The experiment ends when it is reached."),
                 });
}

Section builtin_section() {
  return section("trainable", WordPlace::kTrainable,
                 {text("builtin", "Name of a trainable that comes with tune.").required(), isolation()});
}

Section plugin_section() {
  return section("trainable", WordPlace::kTrainable,
                 {
                     text("plugin", "Path of the shared library, relative to the experiment file.").required(),
                     text("class", "Registered name; may be left out when the library registers one."),
                     isolation(),
                 });
}

Section command_section() {
  return section("trainable", WordPlace::kTrainable,
                 {
                     other("command",
                           "List: run without a shell, one argument an item. Text: run by /bin/sh -c, "
                           "values shell-quoted.")
                         .required(),
                     choice("report", {"stdout", "file", "pairs"},
                            "stdout: lines that are JSON objects. file: JSON lines appended to $TUNE_REPORT_FILE. "
                            "pairs: name=value on stdout lines.")
                         .by_default("stdout"),
                     text("working_dir", "Directory to run in, relative to the experiment file.").by_default("."),
                     other("env", "Variables added to the environment; quote numbers."),
                 });
}

Section search_section() {
  return section("search", WordPlace::kSearch,
                 {
                     other("algorithm", "How configurations are proposed.").by_default("random"),
                     integer("seed", "Seed of every random choice; drawn and recorded when absent.").at_least(0),
                     other("points_to_evaluate", "Configurations tried first; missing parameters are sampled."),
                     integer("repeat", "Seeds for every configuration; their mean is told to the search.")
                         .at_least(1)
                         .by_default(1),
                 });
}

Section scheduler_section() {
  return section("scheduler", WordPlace::kScheduler,
                 {
                     other("type", "The scheduler.").required(),
                     text("metric", "Which objective it compares, when there are several; the first one by default."),
                 });
}

Section stop_section() {
  return section("stop", WordPlace::kStop,
                 {
                     integer("training_iteration", "A trial ends when its training_iteration gets there.").at_least(1),
                     duration("time", "Running time after which a trial ends."),
                     text("if", "Expression over reported metrics, such as \"val_loss < 0.01\"."),
                     other("plateau", "Ends a trial whose metric no longer changes."),
                     real("timesteps_total", "Reported time steps after which a trial ends.").above(0),
                 });
}

Section stop_plateau_section() {
  return section("stop.plateau", WordPlace::kOther,
                 {
                     text("metric", "Watched metric; the first objective by default."),
                     real("std", "Largest standard deviation that counts as flat.").at_least(0).by_default(0.01),
                     integer("num_results", "Reports looked at.").at_least(2).by_default(4),
                     integer("grace_period", "Reports before the first check.").at_least(0).by_default(4),
                     real("metric_threshold", "Stop only beyond this value."),
                     choice("mode", {"min", "max"}, "Direction of metric_threshold."),
                 });
}

Section budget_section() {
  return section("budget", WordPlace::kBudget,
                 {
                     integer("trials", "Trials in all.").at_least(1),
                     duration("time", "Wall-clock time over all runs."),
                     integer("failures", "Failed trials tolerated; one more ends the experiment. No limit by default.")
                         .at_least(0),
                     integer("concurrency", "Trials at a time; auto fills the resources.")
                         .at_least(1)
                         .or_word("auto")
                         .by_default("auto"),
                     other("plateau", "Ends the experiment when its best values no longer change."),
                 });
}

Section budget_plateau_section() {
  return section("budget.plateau", WordPlace::kOther,
                 {
                     text("metric", "Watched metric; the first objective by default."),
                     real("std", "Largest standard deviation of the best values that counts as flat.")
                         .at_least(0)
                         .by_default(0.001),
                     integer("top", "Best trials looked at.").at_least(2).by_default(10),
                     integer("patience", "Further flat results before the experiment ends.").at_least(0).by_default(0),
                 });
}

Section resources_section() {
  return section("resources", WordPlace::kOther,
                 {
                     real("cpu", "Cores; fractions allowed.").above(0).by_default(1),
                     real("gpu", "Devices; fractions allowed.").at_least(0).by_default(0),
                     size("memory", "Memory limit of a trial."),
                     choice("elastic", {"none", "shares", "top"},
                            "Free resources are given to running trials: in equal shares, or to the best.")
                         .by_default("none"),
                 });
}

Section retries_section() {
  std::vector<Key> causes;
  for (const char* cause : {"exception", "exit", "signal", "memory", "time", "hang"}) {
    causes.push_back(integer(cause, "New starts after this cause.").at_least(0).by_default(0));
  }
  return section("retries", WordPlace::kOther, std::move(causes));
}

Section limits_section() {
  return section("limits", WordPlace::kOther,
                 {
                     duration("time", "Running time of one trial."),
                     duration("silence", "Time without a report."),
                     size("output", "Bytes of output."),
                 });
}

Section runtime_section() {
  return section("runtime", WordPlace::kOther,
                 {duration("lease", "Running trials outlive a killed tune for so long; 10s by default.")});
}

Section checkpoint_section() {
  return section("checkpoint", WordPlace::kOther,
                 {
                     integer("every", "Reports between checkpoints; 0: only when a scheduler or a signal asks.")
                         .at_least(0)
                         .by_default(0),
                     integer("keep", "Latest checkpoints kept per trial.").at_least(1).or_word("all").by_default(1),
                     flag("at_end", "One also when a trial ends.").by_default(false),
                 });
}

void add_options(Section& section, const AlgorithmInfo& algorithm, std::string_view kind) {
  section.what = "option";
  section.where = fmt::format(" for {} '{}'", kind, algorithm.name);
  for (const OptionSpec& option : algorithm.options) {
    if (section.find(option.key) != nullptr) continue;
    Key key;
    static_cast<OptionSpec&>(key) = option;
    section.keys.push_back(std::move(key));
  }
}

}  // namespace tune
