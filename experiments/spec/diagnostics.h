#pragma once

// Where the readers of all sections put the faults they find: sorted by position at the end, all at once.

#include <string>
#include <string_view>
#include <vector>

#include "experiments/spec/reader.h"
#include "experiments/spec/source.h"

namespace tune {

/// Codes of Diagnostic::code: stable, for scripts and tests.
namespace code {
inline constexpr const char* kYamlSyntax = "yaml-syntax";
inline constexpr const char* kDuplicateKey = "duplicate-key";
inline constexpr const char* kMergeKey = "merge-key";
inline constexpr const char* kTag = "tag";
inline constexpr const char* kExtraDocument = "extra-document";
inline constexpr const char* kUnknownKey = "unknown-key";
inline constexpr const char* kMissingKey = "missing-key";
inline constexpr const char* kWrongType = "wrong-type";
inline constexpr const char* kBadValue = "bad-value";
inline constexpr const char* kOutOfRange = "out-of-range";
inline constexpr const char* kArity = "arity";
inline constexpr const char* kUnknownName = "unknown-name";
inline constexpr const char* kUnknownChoice = "unknown-choice";
inline constexpr const char* kConflict = "conflict";
inline constexpr const char* kCycle = "cycle";
inline constexpr const char* kExpression = "expression";
inline constexpr const char* kPlaceholder = "placeholder";
inline constexpr const char* kNoBudget = "no-budget";
inline constexpr const char* kPluginLoad = "plugin-load";
inline constexpr const char* kCapability = "capability";
inline constexpr const char* kResources = "resources";
inline constexpr const char* kSecret = "secret";  ///< its line is not shown
}  // namespace code

class Faults {
 public:
  /// `source` outlives the object.
  Faults(std::string file, const Source& source) : file_(std::move(file)), source_(source) {}

  void error(const Place& place, std::string_view code, std::string message, std::string hint = {});
  void warning(const Place& place, std::string_view code, std::string message, std::string hint = {});
  void note(const Place& place, std::string_view code, std::string message, std::string hint = {});

  /// Errors so far: compare before and after to see whether a part was read well.
  std::size_t errors() const { return errors_; }
  /// All, in the order of the file; then those of --set; then those of the file as a whole.
  std::vector<Diagnostic> take();

 private:
  void add(Diagnostic::Severity severity, const Place& place, std::string_view code, std::string message,
           std::string hint);

  std::string file_;
  const Source& source_;
  std::vector<Diagnostic> found_;
  std::size_t errors_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace tune
