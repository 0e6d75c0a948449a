#pragma once

// Errors are values: every function that can fail returns Result<T>. An Error says what was attempted, on what, what
// was found, and (hint) what to do about it. Exceptions of third parties are caught in the file that calls them.
//
// Why not std::error_code: an error here is read by a person, and a code without its file, trial or value tells
// nothing.

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace tune {

/// What kind of failure it is. The command line maps it to an exit code (see tune/cli/exit_codes.h).
enum class ErrorCode {
  kBadInput,      ///< a file, option or argument is wrong: the user can mend it
  kNotFound,      ///< no such experiment, trial, checkpoint or file
  kBusy,          ///< held by another process, which the message names
  kDiskFull,      ///< no space left; nothing stored is lost
  kNewerVersion,  ///< written by a newer program
  kDamaged,       ///< stored data is not what was written
  kIo,            ///< any other failure of the operating system or database
  kTrial,         ///< a trainable failed
  kUnsupported,   ///< known, but not built
  kInterrupted,   ///< the user asked to stop
  kInternal,      ///< a bug of ours
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  ///< one or more lines without a trailing newline
  std::string hint;     ///< advice, or empty

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::kNotFound, "no experiment 'x'", "tune ls lists them");`
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

/// Passes the error of one Result on as the error of another.
template <class T>
[[nodiscard]] tl::unexpected<Error> pass_on(Result<T>&& failed) {
  return tl::unexpected<Error>(std::move(failed).error());
}

}  // namespace tune
