// The conversation between one trial and one program: what the program prints becomes reports, what tune wants becomes
// SIGTERM, and ${checkpoint_dir} becomes bytes and back.
//
// A program on stdout does not wait for answers, so it may be ahead of a decision. After a stop its later reports are
// dropped. After a pause they are kept beside its checkpoint (member kStateName of the archive) and reported first when
// the trial goes on. A program that leaves without having saved anything new is continued from its last checkpoint, and
// what it printed since then is printed again. So no report is lost or counted twice.

#include "trainables/command/command.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "trainables/command/archive.h"
#include "trainables/command/command_spec.h"
#include "trainables/command/line_splitter.h"
#include "trainables/command/placeholders.h"
#include "trainables/command/program.h"
#include "trainables/command/program_report.h"

namespace tune {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateName = ".tune-state.json";
constexpr int kPollMilliseconds = 20;      // how late a report in a file, or a stop, may be noticed
constexpr std::size_t kStderrTail = 4096;  // bytes of stderr told with a failure
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

/// A line of ours among the program's output.
void note(const std::string& text) { write_all(2, "tune: " + text + "\n"); }

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
    if (!had_ended_ && !leaving_) {
      auto program = start();
      if (!program) return refuse(program.error());
      if (auto ended = converse(*program); !ended) return refuse(ended.error());
      if (failed_) return;
      if (!leaving_) return judge(program->end());
      had_ended_ = !asked_to_leave_ && !program->end().signalled && program->end().code == 0;
      if (!had_ended_ && was_ended(program->end())) return;
    }
    if (leaving_ && host_.save_asked(trial_) != 0) save();
  }

 private:
  // --- Before the start

  Result<void> prepare() {
    auto spec = parse_command_spec(spec_json());
    if (!spec) return pass_on(std::move(spec));
    spec_ = *std::move(spec);
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
    report_file_ = facts_.trial_dir + "/reports.jsonl";
    std::error_code error;
    fs::remove_all(facts_.checkpoint_dir, error);
    fs::create_directories(facts_.checkpoint_dir, error);
    if (error) return fail(ErrorCode::kIo, "cannot make " + facts_.checkpoint_dir + ": " + error.message());
    if (auto written = write_text(facts_.params_file, facts_.params_json + "\n"); !written) return written;
    if (spec_.report == CommandSpec::ReportBy::kFile) {
      if (auto written = write_text(report_file_, ""); !written) return written;
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
    const std::string_view bytes(static_cast<const char*>(data), size);
    if (auto unpacked = unpack_directory(bytes, facts_.checkpoint_dir); !unpacked) return unpacked;
    auto read = read_state();
    stored_ = fingerprint();
    return read;
  }

  Result<void> read_state() {
    const std::string state_file = facts_.checkpoint_dir + "/" + kStateName;
    std::ifstream in(state_file, std::ios::binary);
    if (!in) return {};
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    fs::remove(state_file);
    const auto state = parse_json(text);
    const Value* reports = state ? state->find("reports") : nullptr;
    const Value* ended = state ? state->find("ended") : nullptr;
    if (reports == nullptr || !reports->is_list() || ended == nullptr || !ended->is_bool()) {
      return fail(ErrorCode::kDamaged, "the checkpoint's " + std::string(kStateName) + " cannot be read");
    }
    had_ended_ = ended->boolean();
    for (const Value& value : reports->list()) {
      auto report = read_json_report(to_json(value), {});
      if (!report) return pass_on(std::move(report));
      if (*report) held_back_.push_back(**std::move(report));
    }
    return {};
  }

  Result<Program> start() {
    ProgramCommand command;
    command.working_dir = spec_.working_dir;
    command.is_shell = spec_.shell;
    EnvironmentList& env = command.environment;
    // Python holds back what it prints to a pipe; a report that comes at the end decides nothing.
    if (std::getenv("PYTHONUNBUFFERED") == nullptr) env.emplace_back("PYTHONUNBUFFERED", "1");
    env.emplace_back("TUNE_TRIAL_ID", facts_.trial_id);
    env.emplace_back("TUNE_TRIAL_DIR", facts_.trial_dir);
    env.emplace_back("TUNE_CHECKPOINT_DIR", facts_.checkpoint_dir);
    env.emplace_back("TUNE_PARAMS_FILE", facts_.params_file);
    env.emplace_back("TUNE_SEED", facts_.seed);
    if (spec_.report == CommandSpec::ReportBy::kFile) env.emplace_back("TUNE_REPORT_FILE", report_file_);
    for (const auto& [name, text] : spec_.env) {
      auto value = expand_plain(text, facts_);
      if (!value) return pass_on(std::move(value));
      env.emplace_back(name, *std::move(value));
    }
    if (spec_.shell) {
      auto text = expand_shell_text(spec_.command[0], facts_, env);
      if (!text) return pass_on(std::move(text));
      command.arguments = {"/bin/sh", "-c", *std::move(text)};
    } else {
      auto items = expand_items(spec_.command, facts_);
      if (!items) return pass_on(std::move(items));
      if (items->empty())
        return fail(ErrorCode::kTrial, "the command is empty: its only item names an inactive parameter");
      command.arguments = *std::move(items);
    }
    return Program::start(command);
  }

  // --- While it runs

  Result<void> converse(Program& program) {
    const Program::Listener out = [this](std::string_view bytes) {
      write_all(1, bytes);
      if (spec_.report != CommandSpec::ReportBy::kFile) lines_.feed(bytes);
    };
    const Program::Listener err = [this](std::string_view bytes) {
      write_all(2, bytes);
      stderr_tail_ += bytes.substr(bytes.size() - std::min(bytes.size(), kStderrTail));
      if (stderr_tail_.size() > kStderrTail) stderr_tail_.erase(0, stderr_tail_.size() - kStderrTail);
    };
    for (;;) {
      auto running = program.listen(kPollMilliseconds, out, err);
      if (!running) return pass_on(std::move(running));
      if (spec_.report == CommandSpec::ReportBy::kFile) read_report_file();
      if (!*running) lines_.finish();
      deliver();
      if (!*running) return {};
      if (failed_) program.kill();
      if (host_.should_stop(trial_) != 0) leaving_ = true;
      if (leaving_ && !asked_to_leave_) asked_to_leave_ = program.ask_to_leave();
    }
  }

  void read_report_file() {
    std::ifstream in(report_file_, std::ios::binary | std::ios::ate);
    if (!in) return;
    if (in.tellg() < report_offset_) report_offset_ = 0;  // written anew
    in.seekg(report_offset_);
    std::string bytes(1 << 16, '\0');
    while (in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())), in.gcount() > 0) {
      report_offset_ += in.gcount();
      lines_.feed(std::string_view(bytes.data(), static_cast<std::size_t>(in.gcount())));
    }
  }

  void read_line(std::string_view line) {
    if (bad_report_) return;
    const auto read = spec_.report == CommandSpec::ReportBy::kPairs ? read_pairs_report : read_json_report;
    auto report = read(line, spec_.objective);
    if (!report) {
      bad_report_ = std::move(report).error();
    } else if (*report) {
      arrived_.push_back(**std::move(report));
    } else if (unlike_.empty() && !spec_.objective.empty()) {
      const auto other = read(line, {});
      if (other && *other) unlike_ = metric_names((*other)->metrics);
    }
  }

  /// Reports what has been read. The directory holds the state of the newest report, or a later one; so no older report
  /// is given a checkpoint.
  void deliver() {
    for (std::size_t i = 0; i < arrived_.size(); ++i) {
      if (i + 1 < arrived_.size()) arrived_[i].checkpoint.reset();
      take(std::move(arrived_[i]));
    }
    arrived_.clear();
    if (!bad_report_ || failed_) return;
    host_.fail(trial_, kFailException, 0, bad_report_->message.c_str());
    failed_ = true;
  }

  /// Reports, or holds the report back if tune wants the trial to leave.
  void take(ProgramReport report) {
    if (leaving_) {
      held_back_.push_back(std::move(report));
      return;
    }
    std::vector<tune_metric> metrics;
    for (const auto& [name, value] : report.metrics) metrics.push_back({name.c_str(), value});
    const auto checkpoint = report.checkpoint ? captured({.only = *report.checkpoint, .more = {}}) : std::nullopt;
    if (checkpoint && report.checkpoint->empty()) stored_ = std::hash<std::string>()(*checkpoint);
    step_ = report.step.value_or(step_ + 1);
    const int answer = host_.report(trial_, step_, metrics.data(), metrics.size(),
                                    report.extra.empty() ? nullptr : report.extra.c_str(),
                                    checkpoint ? checkpoint->data() : nullptr, checkpoint ? checkpoint->size() : 0);
    leaving_ = answer == TUNE_LEAVE;
  }

  /// What was printed before an earlier pause and not yet reported.
  void report_held_back() {
    std::vector<ProgramReport> reports;
    reports.swap(held_back_);
    for (ProgramReport& report : reports) take(std::move(report));
  }

  // --- At its end

  /// Whether a signal ended it (exit code 143 says the same): it did not save in order to leave.
  static bool was_ended(const ProgramEnd& end) {
    return !end.is_shells && (end.signalled || end.code == 128 + SIGTERM);
  }

  /// Of all that lies in ${checkpoint_dir}.
  std::optional<std::size_t> fingerprint() const {
    const auto bytes = pack_directory(facts_.checkpoint_dir);
    if (!bytes) return std::nullopt;
    return std::hash<std::string>()(*bytes);
  }

  /// The bytes of ${checkpoint_dir}; nothing if it is empty or cannot be read.
  std::optional<std::string> captured(const PackOptions& options) {
    std::error_code ignored;
    if (options.more.empty() && fs::is_empty(facts_.checkpoint_dir, ignored)) {
      note("a checkpoint was announced, but " + facts_.checkpoint_dir + " is empty");
      return std::nullopt;
    }
    auto bytes = pack_directory(facts_.checkpoint_dir, options);
    if (bytes) return *std::move(bytes);
    note("no checkpoint: " + bytes.error().message);
    return std::nullopt;
  }

  /// Leaves the state to continue from: the directory and what was held back. After an interruption only if the
  /// directory holds something new: the state of an earlier checkpoint does not belong to the last step.
  void save() {
    std::error_code ignored;
    if (!had_ended_ && (fs::is_empty(facts_.checkpoint_dir, ignored) || fingerprint() == stored_)) return;
    List reports;
    for (const ProgramReport& report : held_back_) {
      if (auto value = parse_json(program_report_to_json(report))) reports.push_back(*std::move(value));
    }
    PackOptions options;
    if (had_ended_ || !reports.empty()) {
      options.more.emplace_back(kStateName,
                                to_json(Value(Map{{"ended", had_ended_}, {"reports", Value(std::move(reports))}})));
    }
    if (const auto bytes = captured(options)) host_.save(trial_, step_, bytes->data(), bytes->size());
  }

  void judge(const ProgramEnd& end) {
    if (!end.signalled && end.code == 0) {
      if (step_ == 0) return host_.fail(trial_, kFailException, 0, without_report().c_str());
      if (host_.save_at_end(trial_) != 0) save();
      return;
    }
    std::string text;
    if (end.signalled) {
      text = "the program was killed by signal " + std::to_string(end.code) + " (" + strsignal(end.code) + ")";
    } else {
      text = "the program ended with exit code " + std::to_string(end.code);
    }
    while (!stderr_tail_.empty() && (stderr_tail_.back() == '\n' || stderr_tail_.back() == ' '))
      stderr_tail_.pop_back();
    if (!stderr_tail_.empty()) text += "\n" + stderr_tail_;
    // A shell says 127 and 126 for a program that is not there or cannot be run.
    const bool not_found = spec_.shell && !end.signalled && (end.code == 127 || end.code == 126) && step_ == 0;
    host_.fail(trial_, not_found ? kFailLoad : end.signalled ? kFailSignal : kFailExit, end.code, text.c_str());
  }

  /// Says why nothing that it printed was a report.
  std::string without_report() const {
    const std::string what = spec_.objective.empty() ? "a number" : "'" + join(spec_.objective, "' or '") + "'";
    std::string text = "the program ended without a report: ";
    if (!unlike_.empty()) return text + "it printed " + unlike_ + ", and not " + what;
    switch (spec_.report) {
      case CommandSpec::ReportBy::kStdout:
        return text + "no line on stdout was a JSON object that holds " + what;
      case CommandSpec::ReportBy::kFile:
        return text + "no line in $TUNE_REPORT_FILE was a JSON object that holds " + what;
      case CommandSpec::ReportBy::kPairs:
        return text + "no line on stdout was name=value pairs that hold " + what;
    }
    return text;
  }

  void refuse(const Error& error) {
    const std::string text = error.hint.empty() ? error.message : error.message + "\n" + error.hint;
    host_.fail(trial_, kFailLoad, 0, text.c_str());
  }

  tune_trial* trial_;
  const tune_host& host_;
  CommandSpec spec_;
  TrialFacts facts_;
  std::string report_file_;
  std::streamoff report_offset_ = 0;
  LineSplitter lines_;
  std::string stderr_tail_;
  std::vector<ProgramReport> arrived_;  ///< read, not yet reported
  std::string unlike_;                  ///< numbers in the first line that holds some, but not the objective
  std::optional<Error> bad_report_;     ///< nothing is read beyond it
  std::vector<ProgramReport> held_back_;
  std::optional<std::size_t> stored_;  ///< fingerprint of the directory at its last checkpoint
  std::int64_t step_ = 0;              ///< last reported
  bool leaving_ = false;               ///< tune wants the trial to leave
  bool asked_to_leave_ = false;        ///< and the program knows
  bool failed_ = false;                ///< the failure is told
  bool had_ended_ = false;             ///< the program is through: only reports are left
};

}  // namespace

void set_command_spec(std::string json) { spec_json() = std::move(json); }

const tune_trainable* command_trainable() {
  static const tune_trainable kTable = {"command",
                                        TUNE_CAN_SAVE | TUNE_CAN_RESET | TUNE_HAS_END | TUNE_ANY_PARAMETERS,
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
