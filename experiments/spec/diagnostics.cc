#include "experiments/spec/diagnostics.h"

#include <algorithm>
#include <tuple>

namespace tune {

namespace {

// A machine may write a faulty file of megabytes, on one line: what is said of it stays small.
constexpr std::size_t kMostFound = 1000;
constexpr std::size_t kLongestLine = 10'000;
constexpr std::size_t kLongestText = 2'000;

std::string shortened(std::string text) {
  if (text.size() <= kLongestText) return text;
  std::size_t end = kLongestText;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  text.resize(end);
  return text + "...";
}

}  // namespace

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
  if (found_.size() == kMostFound) {
    ++left_out_;
    return;
  }
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.file = place.set_path.empty() ? file_ : "--set " + place.set_path;
  if (place.set_path.empty() && place.in_file()) {
    diagnostic.line = place.line;
    diagnostic.column = place.column;
    diagnostic.end_column = place.end_column;
    const std::string_view line = source_.line(place.line);
    if (line.size() <= kLongestLine && code != code::kSecret) diagnostic.source_line = std::string(line);
  }
  diagnostic.code = code;
  diagnostic.message = shortened(std::move(message));
  diagnostic.hint = shortened(std::move(hint));
  found_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Faults::take() {
  const auto rank = [this](const Diagnostic& d) {
    const int part = d.line > 0 ? 0 : (d.file != file_ ? 1 : 2);
    return std::make_tuple(part, d.line, d.column);
  };
  std::stable_sort(found_.begin(), found_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return rank(a) < rank(b); });
  if (left_out_ > 0) {
    Diagnostic rest;
    rest.file = file_;
    rest.code = code::kBadValue;
    rest.message = "and " + std::to_string(left_out_) + " more faults";
    found_.push_back(std::move(rest));
  }
  errors_ = left_out_ = 0;
  return std::exchange(found_, {});
}

}  // namespace tune
