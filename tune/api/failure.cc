#include "tune/api/failure.h"

#include <string_view>
#include <utility>

namespace tune {
namespace {

/// The rooms below advise in words of the command line.
std::string in_words_of_the_api(std::string hint) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"--db FILE or TUNE_DB", "RunOptions::database"},
      {"--db FILE", "RunOptions::database"},
      {"--fresh", "RunOptions::fresh"}};
  for (const auto& [theirs, ours] : kWords) {
    if (const auto at = hint.find(theirs); at != std::string::npos) hint.replace(at, theirs.size(), ours);
  }
  return hint;
}

}  // namespace

std::string error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadInput: return "bad-input";
    case ErrorCode::kNotFound: return "not-found";
    case ErrorCode::kBusy: return "busy";
    case ErrorCode::kDiskFull: return "disk-full";
    case ErrorCode::kNewerVersion: return "newer-version";
    case ErrorCode::kDamaged: return "damaged";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kTrial: return "trial";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kInterrupted: return "interrupted";
    case ErrorCode::kInternal: break;
  }
  return "internal";
}

Failure to_failure(const Error& error) {
  return {error_code_name(error.code), error.message, in_words_of_the_api(error.hint), {}};
}

Failure to_failure(const std::vector<Diagnostic>& diagnostics,
                   const std::function<std::string(const Diagnostic&)>& place) {
  Failure failure{"bad-input", "the experiment is faulty", "", {}};
  for (const Diagnostic& d : diagnostics) {
    if (d.severity != Diagnostic::Severity::kError) continue;
    failure.problems.push_back({place(d), d.code, d.message, d.hint});
  }
  if (!failure.problems.empty()) {
    failure.code = failure.problems.front().code;
    failure.message = failure.problems.front().message;
    failure.hint = failure.problems.front().hint;
  }
  return failure;
}

}  // namespace tune
