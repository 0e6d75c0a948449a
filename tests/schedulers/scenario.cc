#include "tests/schedulers/scenario.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/text.h"
#include "schedulers/scheduler.h"
#include "tests/schedulers/making.h"

namespace tune::test {
namespace {

std::string_view word(Verdict verdict) {
  return verdict == Verdict::kContinue ? "continue" : verdict == Verdict::kPause ? "pause" : "stop";
}

Value value_of(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  if (const auto integer = parse_integer(text)) return *integer;
  if (const auto real = parse_real(text)) return *real;
  return text;
}

class Runner {
 public:
  /// The answer of one line; nothing if it is no line at all.
  std::optional<std::string> run(const std::string& line) {
    std::istringstream words(line);
    std::string first, second;
    words >> first;
    ++event_.value;
    if (first == "scheduler") return begin(words);
    if (first == "trials") return set(words, [&](std::int64_t n) { context_.trials = n; });
    if (first == "seed") return set(words, [&](std::int64_t n) { context_.seed = static_cast<std::uint64_t>(n); });
    if (first == "mode") return words >> second, mode_ = second == "max" ? Mode::kMax : Mode::kMin, "";
    if (!make()) return problem_;
    if (first == "start") return start(words);
    if (first == "slot" || first == "full") return ask(first == "slot", words);
    if (first == "next") return next(words);
    const auto trial = parse_integer(first);
    words >> second;
    if (!trial) return std::nullopt;
    if (second == "reports") return report(TrialId{*trial}, words);
    if (second == "ends") return scheduler_->on_ended(TrialId{*trial}, false, event_), "";
    if (second == "fails") return scheduler_->on_ended(TrialId{*trial}, true, event_), "";
    return std::nullopt;
  }

 private:
  std::string begin(std::istringstream& words) {
    words >> type_;
    for (std::string option; words >> option;) {
      const auto equals = option.find('=');
      context_.options.set(option.substr(0, equals), value_of(option.substr(equals + 1)));
    }
    return "";
  }

  template <class Use>
  static std::string set(std::istringstream& words, Use use) {
    std::int64_t n = 0;
    words >> n;
    use(n);
    return "";
  }

  bool make() {
    if (scheduler_) return true;
    context_.space = &test_space();
    auto made = make_scheduler(type_, context_);
    if (!made) {
      problem_ = made.error().message;
      return false;
    }
    scheduler_ = std::move(*made);
    return true;
  }

  std::string start(std::istringstream& words) {
    int n = 0;
    for (words >> n; n > 0; --n) {
      const auto proposal = scheduler_->propose({true, true, false, 0});
      if (!proposal || proposal->kind != Proposal::Kind::kStartNew) return "cannot start";
      fold(*proposal);
    }
    return "";
  }

  std::string report(TrialId trial, std::istringstream& words) {
    std::string t, value, but, told;
    words >> t >> value >> but >> told;
    const SchedulerReport report{trial, static_cast<Step>(*parse_real(t)), *parse_real(t),
                                 Score::of(*parse_real(value), mode_, event_), event_};
    auto verdict = scheduler_->judge(report);
    const std::string answer =
        verdict ? fmt::format("{}: {}", verdict->completed ? "complete" : word(verdict->verdict), verdict->reason)
                : "-";
    if (but == "but" && told == "nothing") verdict.reset();
    if (but == "but" && told != "nothing") {
      verdict = SchedulerVerdict{Verdict::kContinue, false, "as recorded"};
      if (told == "pause") verdict->verdict = Verdict::kPause;
      if (told == "stop") verdict->verdict = Verdict::kStop;
    }
    scheduler_->on_report(report, verdict ? &*verdict : nullptr);
    return answer;
  }

  std::string ask(bool slot_free, std::istringstream& words) {
    Supply supply{slot_free, true, false, slot_free ? 0 : 1};
    for (std::string word; words >> word;) {
      if (word == "over") supply.new_allowed = false, supply.over = true;
      if (word == "paused") supply.new_allowed = false;
      if (word == "running") words >> supply.running;
    }
    const auto proposal = scheduler_->propose(supply);
    if (!proposal) return "wait";
    fold(*proposal);
    switch (proposal->kind) {
      case Proposal::Kind::kStartNew: return proposal->reason.empty() ? "start" : "start " + proposal->reason;
      case Proposal::Kind::kResume: return fmt::format("resume {}: {}", proposal->trial.value, proposal->reason);
      case Proposal::Kind::kUnpark: return fmt::format("unpark {}: {}", proposal->trial.value, proposal->reason);
      case Proposal::Kind::kStop: return fmt::format("stop {}: {}", proposal->trial.value, proposal->reason);
      case Proposal::Kind::kExploit: return fmt::format("exploit {}: {}", proposal->trial.value, proposal->reason);
    }
    return "?";
  }

  std::string next(std::istringstream& words) {
    std::int64_t trial = 0;
    words >> trial;
    const SchedulePoint point = scheduler_->next_point(TrialId{trial});
    return (std::isfinite(point.t) ? format_real(point.t) : "never") + (point.save ? ", saves" : "");
  }

  void fold(const Proposal& proposal) {
    if (proposal.kind == Proposal::Kind::kStartNew) {
      Config config;
      config.set("lr", 0.01);
      scheduler_->on_started(TrialId{started_++}, proposal.placement, config);
    } else {
      scheduler_->on_proposal(proposal);
    }
  }

  std::string type_ = "fifo", problem_;
  SchedulerContext context_;
  Mode mode_ = Mode::kMin;
  std::unique_ptr<Scheduler> scheduler_;
  EventNumber event_;
  std::int64_t started_ = 0;
};

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(' '), to = text.find_last_not_of(' ');
  return from == std::string::npos ? "" : text.substr(from, to - from + 1);
}

}  // namespace

std::vector<std::string> run_scenario(const std::string& path) {
  std::vector<std::string> faults;
  std::ifstream file(path);
  Runner runner;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const auto arrow = line.find("->");
    const auto answer = runner.run(line.substr(0, arrow));
    const std::string where = fmt::format("{}:{}", std::filesystem::path(path).filename().string(), number);
    if (!answer) {
      faults.push_back(fmt::format("{}: not understood: {}", where, line));
    } else if (arrow != std::string::npos && trimmed(line.substr(arrow + 2)) != *answer) {
      faults.push_back(fmt::format("{}: expected: {}\n    got: {}", where, trimmed(line.substr(arrow + 2)), *answer));
    }
  }
  if (number == 0) faults.push_back(path + ": no such file, or empty");
  return faults;
}

}  // namespace tune::test
