#include "tune/api/failure.h"

namespace tune {

std::string error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadInput:
      return "bad-input";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kDiskFull:
      return "disk-full";
    case ErrorCode::kNewerVersion:
      return "newer-version";
    case ErrorCode::kDamaged:
      return "damaged";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kTrial:
      return "trial";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kInterrupted:
      return "interrupted";
    case ErrorCode::kInternal:
      break;
  }
  return "internal";
}

Failure to_failure(const Error& error) { return {error_code_name(error.code), error.message, error.hint, {}}; }

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
