#include "tune/view/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "core/json.h"
#include "core/log_names.h"
#include "core/text.h"
#include "core/utf8.h"

namespace tune {

std::string short_real(double value) { return fmt::format("{:.4g}", value); }

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string short_value(const Value& value) {
  if (value.is_real()) return short_real(value.real());
  return value.is_text() ? visible(value.text()) : to_json(value);
}

std::string config_words(const Config& config) {
  std::string words;
  for (const auto& [path, value] : config.entries) {
    words += fmt::format("{}{}={}", words.empty() ? "" : " ", path, short_value(value));
  }
  return words;
}

const Config& config_of_best(const TrialRecord& trial) { return trial.best_config ? *trial.best_config : trial.config; }

std::string_view end_word(TrialState state) {
  switch (state) {
    case TrialState::kCompleted: return "done";
    case TrialState::kStopped: return "stopped";
    case TrialState::kFailed: return "failed";
    default: return status_name(state);
  }
}

std::string asked_words(const Event& event) {
  if (const auto* edit = std::get_if<Edited>(&event.body)) {
    const auto show = [](const Value& value) { return value.is_null() ? std::string("not set") : short_value(value); };
    return fmt::format("the user set {} to {}, was {}", edit->key, show(edit->now), show(edit->before));
  }
  const auto* command = std::get_if<Commanded>(&event.body);
  if (command == nullptr || command->command == 0) return {};
  std::string words = fmt::format("the user asked: {}", kCommandNames.name(command->kind));
  if (command->trial) words += fmt::format(" trial {}", command->trial->value);
  if (!command->config.entries.empty()) words += " " + config_words(command->config);
  return command->refusal.empty() ? words : words + "; refused: " + command->refusal;
}

std::string trial_words(const RunInfo& info, const TrialRecord& trial) {
  std::string words = fmt::format("#{} {}", trial.id.value, end_word(trial.state));
  if (trial.best.is_number())
    words += fmt::format(" {}={}", info.objectives.front().metric, short_real(trial.best_value));
  words += fmt::format(" iter={} {}", trial.last_step, format_duration(trial.elapsed));
  if (trial.state == TrialState::kFailed) return words + " " + visible(trial.reason.substr(0, trial.reason.find('\n')));
  return words + " " + config_words(config_of_best(trial));
}

std::string beginning(const RunInfo& info, const Controller& controller) {
  std::string text = fmt::format("{}: {} + {}, {} slot{}, db {}", info.experiment, info.algorithm, info.scheduler,
                                 info.slots, info.slots == 1 ? "" : "s", info.database);
  text += info.seed_was_drawn ? fmt::format(", seed {} (drawn)", info.seed) : fmt::format(", seed {}", info.seed);
  if (info.lockstep) text += ", lockstep";
  text += '\n';
  if (!info.slots_note.empty()) text += info.slots_note + "\n";
  if (info.resumed) {
    const Counts& counts = controller.counts();
    text += fmt::format("resumed: {} finished, {} to go on, {} paused\n", counts.finished(),
                        counts.running + counts.waiting, counts.paused);
  }
  return text;
}

namespace {

/// A reason without what differs from trial to trial though the failure is the same: beyond its first colon, where a
/// trial's own words begin, each word that holds a digit.
std::string kind_of_failure(std::string_view reason) {
  constexpr std::string_view kNoWord = " \t'\"()[]{},;:=";
  const std::size_t colon = std::min(reason.find(": "), reason.size());
  std::string kind(reason.substr(0, colon));
  for (std::string_view rest = reason.substr(colon); !rest.empty();) {
    const std::size_t end = std::min(rest.find_first_of(kNoWord), rest.size());
    const std::string_view word = rest.substr(0, end);
    kind += std::ranges::any_of(word, is_digit) ? std::string_view("0") : word;
    if (end < rest.size()) kind += rest[end];
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return kind;
}

}  // namespace

std::vector<FailureReason> failure_reasons(const Controller& controller) {
  std::vector<FailureReason> reasons;
  std::map<std::string, std::size_t> places;
  for (std::int64_t id = 0; id < controller.trials(); ++id) {
    const TrialRecord& trial = controller.trial(TrialId{id});
    if (trial.state != TrialState::kFailed) continue;
    std::string text = visible(trial.reason.substr(0, trial.reason.find('\n')));
    const std::string own = fmt::format("trial {} ", id);  // which tells equal reasons apart
    if (text.starts_with(own)) text.replace(0, own.size(), "it ");
    const auto [place, is_new] = places.emplace(kind_of_failure(text), reasons.size());
    if (is_new) reasons.push_back({text, 0, trial.id});
    ++reasons[place->second].trials;
  }
  std::ranges::stable_sort(reasons, std::greater(), &FailureReason::trials);
  return reasons;
}

std::string failure_words(const std::vector<FailureReason>& reasons) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < reasons.size() && i < kShown; ++i) {
    const auto& [words, trials, first] = reasons[i];
    text += fmt::format("{} failed: {} (#{}{})\n", trials, words, first.value, trials == 1 ? "" : " first");
  }
  if (reasons.size() > kShown) text += fmt::format("and for {} more reasons\n", reasons.size() - kShown);
  return text;
}

std::string next_words(const RunInfo& info, const Controller& controller) {
  const TrialRecord* best = controller.best();
  const std::string db = info.database == "tune.db" ? "" : " --db " + shell_word(info.database);
  const std::string of = info.experiment + db;
  std::string text = fmt::format("data {}\nnext {}", info.database, best == nullptr ? "" : "tune best " + of + " | ");
  text += fmt::format("tune trials {0} | tune export {0} -f csv", of);
  return best == nullptr ? text : text + fmt::format(" | tune show {}/{}{}", info.experiment, best->id.value, db);
}

std::string summary(const RunInfo& info, RunEnd end, const Controller& controller) {
  const Counts& counts = controller.counts();
  std::string text =
      fmt::format("{} {} after {}: {} done, {} stopped early, {} failed", info.experiment,
                  end == RunEnd::kInterrupted ? "interrupted" : "finished", format_duration(controller.elapsed()),
                  counts.completed, counts.stopped, counts.failed);
  if (end == RunEnd::kInterrupted) {
    text += fmt::format(", {} to go on", counts.running + counts.waiting + counts.paused);
  }
  text += '\n';
  const std::vector<FailureReason> reasons = failure_reasons(controller);
  text += failure_words(reasons);
  if (const std::int64_t odd = counts.nan_reports + counts.infinite_reports; odd > 0) {
    text += fmt::format("{} of {} {} no finite number: {} NaN, {} infinite\n", counted(odd, "report"),
                        info.objectives.front().metric, odd == 1 ? "was" : "were", counts.nan_reports,
                        counts.infinite_reports);
  }
  const TrialRecord* best = controller.best();
  if (best != nullptr) {
    text += fmt::format("best #{} {} {} (iteration {})  {}\n", best->id.value, info.objectives.front().metric,
                        format_real(best->best_value), best->best_step, config_words(config_of_best(*best)));
  } else if (end == RunEnd::kFinished) {
    text += "no trial reported a usable result\n";
  }
  const std::string db = info.database == "tune.db" ? "" : " --db " + shell_word(info.database);
  if (end != RunEnd::kInterrupted) {
    text += next_words(info, controller);
    const bool none_good = best == nullptr && !reasons.empty();
    return text +
           (none_good ? fmt::format(" | tune logs {}/{}{}\n", info.experiment, reasons.front().first.value, db) : "\n");
  }
  return text + fmt::format("data {}\nnext tune resume {}{}\n", info.database, info.experiment, db);
}

}  // namespace tune
