// The conversation between one trial and one program: what the program prints becomes reports, what tune wants becomes
// SIGTERM, and ${checkpoint_dir} becomes bytes and back (program_state.h says what of it when).

#include "trainables/command/command.h"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <fstream>
#include <optional>
#include <vector>

#include "core/json.h"
#include "trainables/command/command_spec.h"
#include "trainables/command/line_splitter.h"
#include "trainables/command/placeholders.h"
#include "trainables/command/program.h"
#include "trainables/command/program_command.h"
#include "trainables/command/program_output.h"
#include "trainables/command/program_report.h"
#include "trainables/command/program_state.h"
#include "trainables/command/report_file.h"
#include "trainables/command/report_reader.h"
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

class CommandRun {
 public:
  CommandRun(tune_trial* trial, const tune_host* host)
      : trial_(trial),
        host_(*host),
        lines_(
            [this](std::string_view line) { reports_.read(line); },
            [](std::uint64_t size) { ProgramOutput::note("skipped a line of " + std::to_string(size) + " bytes"); }) {}

  void run() {
    if (auto ready = prepare(); !ready) return refuse(ready.error());
    report_held_back();
    if (!state_.has_ended() && !leaving_) {
      auto program = start();
      if (!program) return refuse(program.error());
      if (auto ended = converse(*program); !ended) return refuse(ended.error());
      if (failed_) return;
      if (!leaving_) return judge(program->end());
      state_.set_ended(!asked_to_leave_ && !told_to_leave_ && !program->end().signalled && program->end().code == 0);
      if (!state_.has_ended() && was_ended(program->end())) {
        const auto& late = state_.announced_late();
        if (late && host_.save_asked(trial_) != 0) host_.save(trial_, step_, late->data(), late->size());
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
    output_ = ProgramOutput(secrets_of(spec_));
    reports_ = ReportReader(spec_.report, spec_.objective);
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
    if (auto made = state_.make(facts_.checkpoint_dir, facts_.params_json, spec_.exact); !made) return made;
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
      ProgramOutput::note(made.error().message);
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
    return state_.restore(std::string_view(static_cast<const char*>(data), size));
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
      output_.print(bytes);
      if (!reports_by_file()) lines_.feed(bytes);
    };
    const Program::Listener err = [this](std::string_view bytes) { output_.complain(bytes); };
    bool more = false;  // lies in the report file
    for (;;) {
      auto running = program.listen(more ? 0 : kPollMilliseconds, out, err, sockets());
      if (!running) return pass_on(std::move(running));
      more = reports_by_file() && report_file_.read_new(lines_);
      const bool over = !*running && !more;
      if (over) lines_.finish();
      deliver(reports_.take());
      if (!socket_path_.empty()) report_socket_.serve([this](std::string_view line) { return answer(line); });
      if (over) {
        output_.finish();
        return {};
      }
      if (failed_) program.kill();
      if (host_.should_stop(trial_) != 0) leaving_ = true;
      if (leaving_ && !asked_to_leave_) asked_to_leave_ = program.ask_to_leave();
    }
  }

  std::vector<int> sockets() const { return socket_path_.empty() ? std::vector<int>() : report_socket_.descriptors(); }

  /// Reports what has been read, with the same result however many lines were read at once.
  void deliver(std::vector<ProgramReport> arrived) {
    for (std::size_t i = 0; i < arrived.size(); ++i) {
      if (!leaving_ && host_.should_stop(trial_) != 0) leaving_ = true;
      if (is_overtaken(arrived, i)) arrived[i].checkpoint.reset();
      const std::optional<std::string> name = arrived[i].checkpoint;
      const auto checkpoint = leaving_ || !name ? std::nullopt : announced(*name);
      take(std::move(arrived[i]), checkpoint);
      if (leaving_ && checkpoint && !name->empty()) state_.leave_at(*name);
    }
    if (!reports_.fault() || failed_ || leaving_) return;
    host_.fail(trial_, kFailException, 0, reports_.fault()->message.c_str());
    failed_ = true;
  }

  /// Whether the state that a report announced is in the directory no more: all of it is of the newest report, or a
  /// later state, and a name that is announced again has been written again.
  static bool is_overtaken(const std::vector<ProgramReport>& arrived, std::size_t i) {
    const auto& name = arrived[i].checkpoint;
    return name && std::any_of(arrived.begin() + static_cast<std::ptrdiff_t>(i) + 1, arrived.end(),
                               [&](const ProgramReport& later) { return name->empty() || later.checkpoint == name; });
  }

  /// The checkpoint that a line announced; its program goes on, so that nobody else hears what is wrong with it.
  std::optional<std::string> announced(const std::string& name) {
    auto bytes = state_.capture_announced(name);
    if (bytes) return *std::move(bytes);
    say_none(bytes.error());
    return std::nullopt;
  }

  /// Among its output, and once a run where everybody hears it.
  void say_none(const Error& why) {
    const std::string text = "no checkpoint: " + output_.masked(why.message);
    ProgramOutput::note(text);
    host_.note(trial_, text.c_str());
  }

  /// The answer to a report whose program waits for it. What is wrong with it is the program's to hear.
  std::string answer(std::string_view line) {
    auto read = reports_.read_sent(line);
    if (!read) return report_refusal(read.error().message);
    ProgramReport report = *std::move(read);
    if (report.step && *report.step <= step_ && !leaving_ && caught_up_) {
      return report_refusal("training_iteration " + std::to_string(*report.step) + " comes after " +
                            std::to_string(step_) + "; it must grow");
    }
    std::optional<std::string> checkpoint;
    if (report.checkpoint && !leaving_) {
      auto bytes = state_.capture_sent(*report.checkpoint);
      if (!bytes) return report_refusal(bytes.error().message);
      checkpoint = *std::move(bytes);
    }
    take(std::move(report), checkpoint);
    if (!leaving_ && !failed_) return report_answer(ReportVerdict::kGoOn);
    told_to_leave_ = true;
    return report_answer(ReportVerdict::kLeave);
  }

  /// Reports, with what was captured of its checkpoint; or holds both back if tune wants the trial to leave.
  void take(ProgramReport report, const std::optional<std::string>& checkpoint) {
    report.extra = output_.masked_json(std::move(report.extra));
    if (leaving_) return state_.hold_back(std::move(report));
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
    deliver(state_.take_held_back());
    caught_up_ = false;
  }

  /// The state that lay in the directory when it left was older than its last report: it trains up to there again.
  void pass_over(std::int64_t step) {
    if (!passed_over_) {
      ProgramOutput::note("the checkpoint is of iteration " + std::to_string(step - 1) + ", not of " +
                          std::to_string(step_) +
                          ", the last one reported; what is reported again up to there is not counted");
    }
    passed_over_ = true;
  }

  // --- At its end

  /// Whether a signal ended it (exit code 143 says the same): it did not save in order to leave.
  static bool was_ended(const ProgramEnd& end) {
    return !end.is_shells && (end.signalled || end.code == 128 + SIGTERM);
  }

  void save() {
    const auto bytes = state_.leave();
    if (!bytes) return say_none(bytes.error());
    if (*bytes) host_.save(trial_, step_, (*bytes)->data(), (*bytes)->size());
  }

  /// A failure is told by its first line, so that holds the program's own word for it; the worker, which keeps the
  /// output, adds more of it.
  void judge(const ProgramEnd& end) {
    if (!end.signalled && end.code == 0) {
      const std::string why = output_.masked(step_ == 0 ? reports_.why_none() : reports_.unreadable());
      if (step_ == 0) {
        return host_.fail(trial_, kFailException, 0, ("the program ended without a report: " + why).c_str());
      }
      if (!why.empty()) host_.note(trial_, ("no report: " + why).c_str());
      if (host_.save_at_end(trial_) != 0) save();
      return;
    }
    std::string text;
    if (end.signalled) {
      text = "the program was killed by signal " + std::to_string(end.code) + " (" + strsignal(end.code) + ")";
    } else {
      text = "the program ended with exit code " + std::to_string(end.code);
    }
    if (const std::string complaint = output_.complaint(); !complaint.empty()) text += ": " + complaint;
    // A shell says 127 and 126 for a program that is not there or cannot be run.
    const bool not_found = spec_.shell && !end.signalled && (end.code == 127 || end.code == 126) && step_ == 0;
    host_.fail(trial_, not_found ? kFailLoad : end.signalled ? kFailSignal : kFailExit, end.code, text.c_str());
  }

  void refuse(const Error& error) {
    const std::string text = error.hint.empty() ? error.message : error.message + "\n" + error.hint;
    host_.fail(trial_, kFailLoad, 0, output_.masked(text).c_str());
  }

  tune_trial* trial_;
  const tune_host& host_;
  CommandSpec spec_;
  TrialFacts facts_;
  ProgramState state_;
  ReportFile report_file_;
  ReportSocket report_socket_;
  std::string socket_path_;  ///< empty: there is none
  ProgramOutput output_;
  LineSplitter lines_;
  ReportReader reports_;
  std::int64_t step_ = 0;        ///< last reported
  bool caught_up_ = false;       ///< the program has reported an iteration that was not reported before
  bool passed_over_ = false;     ///< and was told of those that were
  bool leaving_ = false;         ///< tune wants the trial to leave
  bool asked_to_leave_ = false;  ///< and has asked the program to, by a signal
  bool told_to_leave_ = false;   ///< or by the answer to a report
  bool failed_ = false;          ///< the failure is told
};

}  // namespace

void keep_program_output_off_stdout() { ProgramOutput::keep_off_stdout(); }

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
