#pragma once

// Errors of the C++ API are values. A function that can fail returns Expected<T>: a T, or a Failure that says what was
// attempted, on what, what was found, and what to do about it:
//
//   const auto grid = tuner.run();
//   if (!grid) return std::fprintf(stderr, "%s\n", grid.failure().text().c_str()), 1;
//
// Nothing in the API throws but Expected::value(), for programs that would rather have a tune::FailureException:
//
//   const tune::ResultGrid grid = tuner.run().value();
//
// Own code and not std::expected, which C++20 does not have, nor a library, which every program would have to install.

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tune {

/// One fault of an experiment. Codes are stable and the same as those of `tune validate --json`.
struct Problem {
  std::string where;    ///< path of keys, such as `scheduler.max_t`; empty: the experiment as a whole
  std::string code;     ///< `out-of-range`, `unknown-key`, `no-budget`, ...
  std::string message;  ///< in the words of the experiment file's reader
  std::string hint;     ///< advice, or empty

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// Why something failed.
struct Failure {
  /// Of a faulty experiment the code of its first problem; else one of `bad-input not-found busy disk-full
  /// newer-version damaged io trial unsupported interrupted internal`.
  std::string code;
  std::string message;
  std::string hint;               ///< advice, or empty
  std::vector<Problem> problems;  ///< of an experiment: all faults at once

  /// All of it, for people; one or more lines without a last newline.
  std::string text() const {
    std::string out;
    for (const Problem& problem : problems) {
      if (!out.empty()) out += '\n';
      out += (problem.where.empty() ? "experiment" : problem.where) + ": " + problem.message;
      if (!problem.hint.empty()) out += "; " + problem.hint;
    }
    if (!problems.empty()) return out;
    return hint.empty() ? message : message + "\n" + hint;
  }
};

/// A Failure thrown by Expected::value().
class FailureException : public std::runtime_error {
 public:
  explicit FailureException(Failure failure) : std::runtime_error(failure.text()), failure_(std::move(failure)) {}
  const Failure& failure() const { return failure_; }

 private:
  Failure failure_;
};

/// A T or a Failure. Threads: as a plain value.
template <class T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : value_(std::move(value)) {}
  Expected(Failure failure) : failure_(std::move(failure)) {}

  explicit operator bool() const { return value_.has_value(); }
  /// Requires: there is a value.
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  /// Throws FailureException if there is none.
  T& value() & { return check(), *value_; }
  const T& value() const& { return check(), *value_; }
  T&& value() && { return check(), *std::move(value_); }
  /// Requires: there is no value.
  const Failure& failure() const { return failure_; }

 private:
  void check() const {
    if (!value_) throw FailureException(failure_);
  }
  std::optional<T> value_;
  Failure failure_;
};

template <>
class [[nodiscard]] Expected<void> {
 public:
  Expected() = default;
  Expected(Failure failure) : failure_(std::move(failure)) {}

  explicit operator bool() const { return !failure_; }
  void value() const {
    if (failure_) throw FailureException(*failure_);
  }
  const Failure& failure() const { return *failure_; }

 private:
  std::optional<Failure> failure_;
};

}  // namespace tune
