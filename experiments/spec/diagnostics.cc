#include "experiments/spec/diagnostics.h"

#include <algorithm>
#include <tuple>

namespace tune {

void Faults::error(const Place& place, std::string_view code, std::string message, std::string hint) {
  ++errors_;
  add(Diagnostic::Severity::kError, place, code, std::move(message), std::move(hint));
}

void Faults::warning(const Place& place, std::string_view code, std::string message, std::string hint) {
  add(Diagnostic::Severity::kWarning, place, code, std::move(message), std::move(hint));
}

void Faults::note(const Place& place, std::string_view code, std::string message, std::string hint) {
  add(Diagnostic::Severity::kNote, place, code, std::move(message), std::move(hint));
}

void Faults::add(Diagnostic::Severity severity, const Place& place, std::string_view code, std::string message,
                 std::string hint) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.file = place.set_path.empty() ? file_ : "--set " + place.set_path;
  if (place.set_path.empty() && place.in_file()) {
    diagnostic.line = place.line;
    diagnostic.column = place.column;
    diagnostic.end_column = place.end_column;
    diagnostic.source_line = std::string(source_.line(place.line));
  }
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  found_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Faults::take() {
  const auto rank = [this](const Diagnostic& d) {
    const int part = d.line > 0 ? 0 : (d.file != file_ ? 1 : 2);
    return std::make_tuple(part, d.line, d.column);
  };
  std::stable_sort(found_.begin(), found_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return rank(a) < rank(b); });
  errors_ = 0;
  return std::exchange(found_, {});
}

}  // namespace tune
