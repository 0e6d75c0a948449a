#include "trainables/command/report_reader.h"

#include "core/json.h"
#include "core/text.h"

namespace tune {

void ReportReader::read(std::string_view line) {
  if (fault_) return;
  const bool is_pairs = by_ == CommandSpec::ReportBy::kPairs;
  const auto read = is_pairs ? read_pairs_report : read_json_report;
  auto report = read(line, objective_);
  if (!report) {
    fault_ = std::move(report).error();
  } else if (*report) {
    arrived_.push_back(**std::move(report));
  } else if (unreadable_.empty() && !objective_.empty()) {
    unreadable_ = why_unreadable(line, is_pairs, objective_);
    const auto other = unlike_.empty() ? read(line, {}) : std::nullopt;
    if (other && *other) unlike_ = metric_names((*other)->metrics);
  }
}

Result<ProgramReport> ReportReader::read_sent(std::string_view line) const {
  auto report = read_json_report(line, objective_);
  if (!report) return pass_on(std::move(report));
  if (*report) return **std::move(report);
  const auto value = parse_json(line);
  if (!value) return fail(ErrorCode::kBadInput, "no report: " + value.error().message);
  if (!value->is_map()) return fail(ErrorCode::kBadInput, "no report: not a JSON object");
  if (std::string bad = why_unreadable(line, false, objective_); !bad.empty()) return fail(ErrorCode::kBadInput, bad);
  const auto other = read_json_report(line, {});
  const std::string names = other && *other ? metric_names((*other)->metrics) : "no number";
  return fail(ErrorCode::kBadInput, "it reports " + names + "; the objective is " + objective_words());
}

std::string ReportReader::why_none() const {
  const std::string what = objective_words();
  if (!unreadable_.empty()) return unreadable_;
  if (!unlike_.empty()) return "it printed " + unlike_ + ", and not " + what;
  switch (by_) {
    case CommandSpec::ReportBy::kStdout: return "no line on stdout was a JSON object that holds " + what;
    case CommandSpec::ReportBy::kFile: return "no line in $TUNE_REPORT_FILE was a JSON object that holds " + what;
    case CommandSpec::ReportBy::kPairs: return "no line on stdout was name=value pairs that hold " + what;
  }
  return {};
}

std::string ReportReader::objective_words() const {
  return objective_.empty() ? "a number" : "'" + join(objective_, "' or '") + "'";
}

}  // namespace tune
