// The conversation between one trial and one program: what the program prints becomes reports, what tune wants becomes
// SIGTERM, and ${checkpoint_dir} becomes bytes and back.
//
// A program on stdout does not wait for answers, so it may be ahead of a decision. After a stop its later reports are
// dropped. After a pause they are kept with its checkpoint (checkpoint_directory.h) and reported first when the trial
// goes on. A program that a signal ends has not saved in order to leave: its state is the last one that it announced.
// One that leaves without having saved anything new is continued from its last checkpoint, and what it printed since
// then is printed again. So no report is lost or counted twice.
//
// How far it is ahead is chance. Where each checkpoint has a name of its own no report and no decision depends on it:
// each report has its checkpoint, also one that is held back, and a clone is given that of the decision. A run in
// lockstep or in virtual time wants its whole log to be the same (CommandSpec::exact): there the trial itself goes on
// from that one too, and trains again what it was ahead.

#include "trainables/command/command.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "trainables/command/checkpoint_directory.h"
#include "trainables/command/command_spec.h"
#include "trainables/command/last_line.h"
#include "trainables/command/line_splitter.h"
#include "trainables/command/placeholders.h"
#include "trainables/command/program.h"
#include "trainables/command/program_command.h"
#include "trainables/command/program_report.h"
#include "trainables/command/report_file.h"
#include "trainables/command/report_socket.h"
#include "trainables/command/secret_mask.h"

namespace tune {
namespace {

constexpr int kPollMilliseconds = 20;  // how late a report in a file, or a stop, may be noticed
constexpr int kFailException = 0, kFailExit = 1, kFailSignal = 2, kFailLoad = 3;  // as tune_host::fail says

/// The spec of this process; see set_command_spec().
std::string& spec_json() {
  static std::string json;
  return json;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads: the program's reports still count
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool passes_stdout_on = true;  // see keep_program_output_off_stdout()

void to_stdout(std::string_view bytes) {
  if (passes_stdout_on) write_all(1, bytes);
}
void to_stderr(std::string_view bytes) { write_all(2, bytes); }

/// A line of ours among the program's output.
void note(const std::string& text) { to_stderr("tune: " + text + "\n"); }

class CommandRun {
 public:
  CommandRun(tune_trial* trial, const tune_host* host)
      : trial_(trial),
        host_(*host),
        lines_([this](std::string_view line) { read_line(line); },
               [](std::uint64_t size) { note("skipped a line of " + std::to_string(size) + " bytes"); }) {}

  void run() {
    if (auto ready = prepare(); !ready) return refuse(ready.error());
    report_held_back();
    if (!held_back_.ended && !leaving_) {
      auto program = start();
      if (!program) return refuse(program.error());
      if (auto ended = converse(*program); !ended) return refuse(ended.error());
      if (failed_) return;
      if (!leaving_) return judge(program->end());
      held_back_.ended = !asked_to_leave_ && !told_to_leave_ && !program->end().signalled && program->end().code == 0;
      if (!held_back_.ended && was_ended(program->end())) {
        if (announced_late_ && host_.save_asked(trial_) != 0) {
          host_.save(trial_, step_, announced_late_->data(), announced_late_->size());
        }
        return;
      }
    }
    if (leaving_ && host_.save_asked(trial_) != 0) save();
  }

 private:
  // --- Before the start

  Result<void> prepare() {
    auto spec = parse_command_spec(spec_json());
    if (!spec) return pass_on(std::move(spec));
    spec_ = *std::move(spec);
    printed_ = complained_ = SecretMask(secrets_of(spec_));
    facts_.params_json = host_.config_json(trial_);
    auto config = parse_json(facts_.params_json);
    if (!config) return pass_on(std::move(config));
    facts_.config = *std::move(config);
    facts_.trial_id = host_.trial_name(trial_);
    facts_.seed = std::to_string(host_.seed(trial_));
    const char* directory = host_.directory(trial_);
    if (directory == nullptr) return fail(ErrorCode::kIo, "the directory of the trial cannot be made");
    facts_.trial_dir = directory;
    facts_.params_file = facts_.trial_dir + "/params.json";
    facts_.checkpoint_dir = facts_.trial_dir + "/checkpoint";
    if (auto made = directory_.make(facts_.checkpoint_dir); !made) return made;
    if (auto written = write_text(facts_.params_file, facts_.params_json + "\n"); !written) return written;
    if (reports_by_file()) {
      if (auto made = report_file_.make(facts_.trial_dir + "/reports.jsonl"); !made) return made;
    }
    // A directory may lie where no socket can be; then reports come in the other ways alone.
    const std::string socket = facts_.trial_dir + "/report.sock";
    if (auto made = ReportSocket::listen(socket)) {
      report_socket_ = *std::move(made);
      socket_path_ = socket;
    } else {
      note(made.error().message);
    }
    return restore();
  }

  static Result<void> write_text(const std::string& path, std::string_view text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.close();
    if (!out) return fail(ErrorCode::kIo, "cannot write " + path + ": " + strerror(errno));
    return {};
  }

  Result<void> restore() {
    const void* data = nullptr;
    std::size_t size = 0;
    if (host_.checkpoint(trial_, &data, &size, &step_) == 0) return {};
    auto held_back = directory_.restore(std::string_view(static_cast<const char*>(data), size), facts_.params_json);
    if (!held_back) return pass_on(std::move(held_back));
    held_back_ = *std::move(held_back);
    return {};
  }

  Result<Program> start() {
    EnvironmentList own;
    if (reports_by_file()) own.emplace_back("TUNE_REPORT_FILE", report_file_.path());
    if (!socket_path_.empty()) own.emplace_back("TUNE_REPORT_SOCKET", socket_path_);
    auto command = program_command(spec_, facts_, std::move(own));
    if (!command) return pass_on(std::move(command));
    return Program::start(*command);
  }

  bool reports_by_file() const { return spec_.report == CommandSpec::ReportBy::kFile; }

  // --- While it runs

  Result<void> converse(Program& program) {
    const Program::Listener out = [this](std::string_view bytes) {
      printed_.feed(bytes, to_stdout);
      if (!reports_by_file()) lines_.feed(bytes);
    };
    const auto complain = [this](std::string_view bytes) {
      to_stderr(bytes);
      complaint_.feed(bytes);
    };
    const Program::Listener err = [&](std::string_view bytes) { complained_.feed(bytes, complain); };
    bool more = false;  // lies in the report file
    for (;;) {
      auto running = program.listen(more ? 0 : kPollMilliseconds, out, err, sockets());
      if (!running) return pass_on(std::move(running));
      more = reports_by_file() && report_file_.read_new(lines_);
      const bool over = !*running && !more;
      if (over) lines_.finish();
      deliver();
      if (!socket_path_.empty()) report_socket_.serve([this](std::string_view line) { return answer(line); });
      if (over) {
        printed_.finish(to_stdout);
        complained_.finish(complain);
        complaint_.finish();
        return {};
      }
      if (failed_) program.kill();
      if (host_.should_stop(trial_) != 0) leaving_ = true;
      if (leaving_ && !asked_to_leave_) asked_to_leave_ = program.ask_to_leave();
    }
  }

  std::vector<int> sockets() const { return socket_path_.empty() ? std::vector<int>() : report_socket_.descriptors(); }

  void read_line(std::string_view line) {
    if (bad_report_) return;
    const auto read = spec_.report == CommandSpec::ReportBy::kPairs ? read_pairs_report : read_json_report;
    auto report = read(line, spec_.objective);
    if (!report) {
      bad_report_ = std::move(report).error();
    } else if (*report) {
      arrived_.push_back(**std::move(report));
    } else if (unreadable_.empty() && !spec_.objective.empty()) {
      unreadable_ = why_unreadable(line, spec_.report == CommandSpec::ReportBy::kPairs, spec_.objective);
      const auto other = unlike_.empty() ? read(line, {}) : std::nullopt;
      if (other && *other) unlike_ = metric_names((*other)->metrics);
    }
  }

  /// Reports what has been read, with the same result however many lines were read at once.
  void deliver() {
    for (std::size_t i = 0; i < arrived_.size(); ++i) {
      if (!leaving_ && host_.should_stop(trial_) != 0) leaving_ = true;
      if (is_overtaken(i)) arrived_[i].checkpoint.reset();
      const std::optional<std::string> name = arrived_[i].checkpoint;
      if (leaving_ || !name) {
        take(std::move(arrived_[i]), std::nullopt);
        continue;
      }
      const auto checkpoint = announced(*name);
      if (checkpoint && !name->empty()) last_name_ = *name;
      take(std::move(arrived_[i]), checkpoint);
      if (leaving_ && checkpoint && !name->empty()) left_at_ = *name;
    }
    arrived_.clear();
    if (!bad_report_ || failed_ || leaving_) return;
    host_.fail(trial_, kFailException, 0, bad_report_->message.c_str());
    failed_ = true;
  }

  /// Whether the state that a report announced is in the directory no more: all of it is of the newest report, or a
  /// later state, and a name that is announced again has been written again.
  bool is_overtaken(std::size_t i) const {
    const auto& name = arrived_[i].checkpoint;
    return name && std::any_of(arrived_.begin() + static_cast<std::ptrdiff_t>(i) + 1, arrived_.end(),
                               [&](const ProgramReport& later) { return name->empty() || later.checkpoint == name; });
  }

  /// The checkpoint that a line announced; its program goes on, so that nobody else hears what is wrong with it.
  std::optional<std::string> announced(const std::string& name) {
    auto bytes = directory_.capture(name);
    if (bytes) return *std::move(bytes);
    note("no checkpoint: " + bytes.error().message);
    return std::nullopt;
  }

  /// The same of a report that is held back, with all that is: it is handed over if the program gets no further. Where
  /// chance must not be seen, not under a name of its own: the program comes there again.
  void keep_state(const std::string& name) {
    const bool has_own_name = !name.empty() && name != last_name_;
    overwritten_ = overwritten_ || !has_own_name;
    if (spec_.exact && has_own_name) return;
    if (auto bytes = directory_.capture_with(name, held_back_, facts_.params_json)) announced_late_ = *std::move(bytes);
  }

  /// The answer to a report whose program waits for it. What is wrong with it is the program's to hear.
  std::string answer(std::string_view line) {
    auto read = read_json_report(line, spec_.objective);
    if (!read) return report_refusal(read.error().message);
    if (!*read) return report_refusal(why_no_report(line));
    ProgramReport report = **std::move(read);
    if (report.step && *report.step <= step_ && !leaving_ && caught_up_) {
      return report_refusal("training_iteration " + std::to_string(*report.step) + " comes after " +
                            std::to_string(step_) + "; it must grow");
    }
    std::optional<std::string> checkpoint;
    if (report.checkpoint && !leaving_) {
      auto bytes = directory_.capture(*report.checkpoint);
      if (!bytes) return report_refusal(bytes.error().message);
      checkpoint = *std::move(bytes);
      if (!report.checkpoint->empty()) directory_.remember();
    }
    take(std::move(report), checkpoint);
    if (!leaving_ && !failed_) return report_answer(ReportVerdict::kGoOn);
    told_to_leave_ = true;
    return report_answer(ReportVerdict::kLeave);
  }

  std::string why_no_report(std::string_view line) const {
    const auto value = parse_json(line);
    if (!value) return "no report: " + value.error().message;
    if (!value->is_map()) return "no report: not a JSON object";
    if (std::string bad = why_unreadable(line, false, spec_.objective); !bad.empty()) return bad;
    const auto other = read_json_report(line, {});
    const std::string names = other && *other ? metric_names((*other)->metrics) : "no number";
    return "it reports " + names + "; the objective is " + objective_words();
  }

  /// Reports, with what was captured of its checkpoint; or holds both back if tune wants the trial to leave.
  void take(ProgramReport report, const std::optional<std::string>& checkpoint) {
    if (leaving_) {
      const std::optional<std::string> name = report.checkpoint;
      held_back_.reports.push_back(std::move(report));
      if (name) keep_state(*name);
      return;
    }
    if (report.step && *report.step <= step_ && !caught_up_) return pass_over(*report.step);
    caught_up_ = true;
    std::vector<tune_metric> metrics;
    for (const auto& [name, value] : report.metrics) metrics.push_back({name.c_str(), value});
    step_ = report.step.value_or(step_ + 1);
    const int answer = host_.report(trial_, step_, metrics.data(), metrics.size(),
                                    report.extra.empty() ? nullptr : report.extra.c_str(),
                                    checkpoint ? checkpoint->data() : nullptr, checkpoint ? checkpoint->size() : 0);
    leaving_ = answer == TUNE_LEAVE;
  }

  /// What was printed before an earlier pause and not yet reported.
  void report_held_back() {
    arrived_.swap(held_back_.reports);
    deliver();
    caught_up_ = false;
  }

  /// The state that lay in the directory when it left was older than its last report: it trains up to there again.
  void pass_over(std::int64_t step) {
    if (!passed_over_) {
      note("the checkpoint is of iteration " + std::to_string(step - 1) + ", not of " + std::to_string(step_) +
           ", the last one reported; what is reported again up to there is not counted");
    }
    passed_over_ = true;
  }

  // --- At its end

  /// Whether a signal ended it (exit code 143 says the same): it did not save in order to leave.
  static bool was_ended(const ProgramEnd& end) {
    return !end.is_shells && (end.signalled || end.code == 128 + SIGTERM);
  }

  /// Leaves the state to continue from: the directory and what was held back. After an interruption only if the
  /// directory holds something new: the state of an earlier checkpoint does not belong to the last step. Nothing, if it
  /// left at a report that holds its state, and it is to go on from there, or what a later one named is gone.
  void save() {
    if (left_at_ && !overwritten_ && directory_.holds_still(*left_at_)) {
      held_back_.state = *left_at_;
      if (spec_.exact || !directory_.has_all_of(held_back_.reports)) return;
    }
    const auto bytes = directory_.save_with(held_back_, facts_.params_json);
    if (!bytes) return note("no checkpoint: " + bytes.error().message);
    if (*bytes) host_.save(trial_, step_, (*bytes)->data(), (*bytes)->size());
  }

  /// A failure is told by its first line, so that holds the program's own word for it; the worker, which keeps the
  /// output, adds more of it.
  void judge(const ProgramEnd& end) {
    if (!end.signalled && end.code == 0) {
      if (step_ == 0) return host_.fail(trial_, kFailException, 0, without_report().c_str());
      if (!unreadable_.empty()) host_.note(trial_, ("no report: " + printed_.masked(unreadable_)).c_str());
      if (host_.save_at_end(trial_) != 0) save();
      return;
    }
    std::string text;
    if (end.signalled) {
      text = "the program was killed by signal " + std::to_string(end.code) + " (" + strsignal(end.code) + ")";
    } else {
      text = "the program ended with exit code " + std::to_string(end.code);
    }
    if (const std::string complaint = complaint_.text(); !complaint.empty()) text += ": " + complaint;
    // A shell says 127 and 126 for a program that is not there or cannot be run.
    const bool not_found = spec_.shell && !end.signalled && (end.code == 127 || end.code == 126) && step_ == 0;
    host_.fail(trial_, not_found ? kFailLoad : end.signalled ? kFailSignal : kFailExit, end.code, text.c_str());
  }

  /// Says why nothing that it printed was a report.
  std::string without_report() const {
    const std::string what = objective_words();
    std::string text = "the program ended without a report: ";
    if (!unreadable_.empty()) return text + printed_.masked(unreadable_);
    if (!unlike_.empty()) return text + "it printed " + unlike_ + ", and not " + what;
    switch (spec_.report) {
      case CommandSpec::ReportBy::kStdout: return text + "no line on stdout was a JSON object that holds " + what;
      case CommandSpec::ReportBy::kFile:
        return text + "no line in $TUNE_REPORT_FILE was a JSON object that holds " + what;
      case CommandSpec::ReportBy::kPairs: return text + "no line on stdout was name=value pairs that hold " + what;
    }
    return text;
  }

  std::string objective_words() const {
    return spec_.objective.empty() ? "a number" : "'" + join(spec_.objective, "' or '") + "'";
  }

  void refuse(const Error& error) {
    const std::string text = error.hint.empty() ? error.message : error.message + "\n" + error.hint;
    host_.fail(trial_, kFailLoad, 0, printed_.masked(text).c_str());
  }

  tune_trial* trial_;
  const tune_host& host_;
  CommandSpec spec_;
  TrialFacts facts_;
  CheckpointDirectory directory_;
  ReportFile report_file_;
  ReportSocket report_socket_;
  std::string socket_path_;          ///< empty: there is none
  SecretMask printed_, complained_;  ///< its stdout and stderr, as they are kept
  LastLine complaint_;               ///< of its stderr
  LineSplitter lines_;
  std::vector<ProgramReport> arrived_;  ///< read, not yet reported
  std::string unreadable_;              ///< what is wrong with the first line that names an objective in vain
  std::string unlike_;                  ///< numbers in the first line that holds some, but not the objective
  std::optional<Error> bad_report_;     ///< nothing is read beyond it
  HeldBack held_back_;
  std::string last_name_;                      ///< of the last checkpoint that was announced by a name and taken
  std::optional<std::string> left_at_;         ///< the same, of the report at which the trial was told to leave
  bool overwritten_ = false;                   ///< the state of that report, by one that is held back
  std::optional<std::string> announced_late_;  ///< the state that the last report announced that is held back
  std::int64_t step_ = 0;                      ///< last reported
  bool caught_up_ = false;                     ///< the program has reported an iteration that was not reported before
  bool passed_over_ = false;                   ///< and was told of those that were
  bool leaving_ = false;                       ///< tune wants the trial to leave
  bool asked_to_leave_ = false;                ///< and has asked the program to, by a signal
  bool told_to_leave_ = false;                 ///< or by the answer to a report
  bool failed_ = false;                        ///< the failure is told
};

}  // namespace

void keep_program_output_off_stdout() { passes_stdout_on = false; }

void set_command_spec(std::string json) { spec_json() = std::move(json); }

const tune_trainable* command_trainable() {
  static const tune_trainable kTable = {
      "command",
      TUNE_CAN_SAVE | TUNE_CAN_RESET | TUNE_HAS_END | TUNE_ANY_PARAMETERS | TUNE_RUNS_AHEAD,
      TUNE_PROCESS,
      nullptr,
      0,
      nullptr,
      0,
      []() -> void* { return nullptr; },
      [](void*, tune_trial* trial, const tune_host* host) {
        try {
          CommandRun(trial, host).run();
        } catch (const std::exception& e) {
          host->fail(trial, kFailException, 0, e.what());
        }
      },
      [](void*) {}};
  return &kTable;
}

}  // namespace tune
