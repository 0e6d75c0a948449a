// `tune report NAME=VALUE...`: a report from a trial that is a shell script. It waits until the report is judged and
// its checkpoint stored, so that the script may change its state at once.

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>

#include "core/json.h"
#include "core/text.h"
#include "trainables/command/report_socket.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"

namespace tune::cli {
namespace {

constexpr const char* kStep = "training_iteration";

Value value_of(std::string_view text) {
  if (text == "true" || text == "false") return Value(text == "true");
  if (const auto integer = parse_integer(text)) return Value(*integer);
  if (const auto real = parse_real(text)) return Value(*real);
  return Value(text);
}

Result<Value> report_of(const ReportCommand& command) {
  Map report;
  for (const std::string& pair : command.metrics) {
    const std::size_t equals = pair.find('=');
    std::string name = pair.substr(0, equals);
    if (equals == std::string::npos || name.empty()) {
      return fail(ErrorCode::kBadInput, fmt::format("'{}' is no NAME=VALUE", pair),
                  "as in: tune report loss=0.25 step=4");
    }
    const std::string_view text = std::string_view(pair).substr(equals + 1);
    if (text.empty()) return fail(ErrorCode::kBadInput, fmt::format("'{}' has no value", name));
    if (name == "checkpoint") {
      return fail(ErrorCode::kBadInput, "a checkpoint is an option", fmt::format("write --checkpoint={}", text));
    }
    if (name == "step") name = kStep;
    if (std::ranges::any_of(report, [&](const auto& member) { return member.first == name; })) {
      return fail(ErrorCode::kBadInput, fmt::format("'{}' is given twice", name));
    }
    report.emplace_back(std::move(name), value_of(text));
  }
  if (!command.checkpoint.empty()) {
    const bool whole = command.checkpoint == "true";
    report.emplace_back("checkpoint", whole ? Value(true) : Value(command.checkpoint));
  }
  return Value(std::move(report));
}

}  // namespace

int report_metrics(const ReportCommand& command) {
  // A shell's programs are told to leave together with it; the answer says so too.
  ::signal(SIGTERM, SIG_IGN);
  const char* socket = std::getenv("TUNE_REPORT_SOCKET");
  if (socket == nullptr || *socket == 0) {
    return report({ErrorCode::kBadInput, "not inside a trial: TUNE_REPORT_SOCKET is not set",
                   "tune report is for programs that `tune run` starts by `trainable: {command: ...}`"});
  }
  const auto message = report_of(command);
  if (!message) return report(message.error());
  std::string text;
  append_json_exact(text, *message);
  const auto verdict = send_report(socket, text);
  if (!verdict) return report(verdict.error());
  return *verdict == ReportVerdict::kGoOn ? kOk : kTerminated;
}

}  // namespace tune::cli
