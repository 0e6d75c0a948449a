#include "experiments/spec/call_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/text.h"
#include "experiments/spec/distributions.h"
#include "experiments/spec/synonyms.h"

namespace tune {

namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/// Offset of the bracket that closes the one at `open`, on the same line; npos if there is none.
std::size_t closing_bracket(std::string_view text, std::size_t open) {
  std::string closers;
  char quote = 0;
  for (std::size_t at = open; at < text.size() && text[at] != '\n'; ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      closers += c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (c == ')' || c == ']' || c == '}') {
      if (c != closers.back()) return std::string_view::npos;
      closers.pop_back();
      if (closers.empty()) return at;
    }
  }
  return std::string_view::npos;
}

std::string trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

/// `low=0, high=1` as `0, 1`.
std::string without_names(std::string_view arguments) {
  std::string out;
  std::size_t depth = 0;
  std::string one;
  const auto take = [&] {
    const std::size_t equals = one.find('=');
    const std::string name = trimmed(std::string_view(one).substr(0, equals));
    const bool named = equals != std::string::npos && !name.empty() && std::ranges::all_of(name, is_word_character);
    out += (out.empty() ? "" : ", ") + trimmed(named ? std::string_view(one).substr(equals + 1) : one);
    one.clear();
  };
  for (const char c : arguments) {
    depth += c == '[' || c == '(' || c == '{';
    depth -= depth > 0 && (c == ']' || c == ')' || c == '}');
    if (c == ',' && depth == 0) {
      take();
    } else {
      one += c;
    }
  }
  take();
  return out;
}

/// Whether it is two numbers.
bool is_range(std::string_view arguments) {
  const std::size_t comma = arguments.find(',');
  return comma != std::string_view::npos && parse_real(trimmed(arguments.substr(0, comma))) &&
         parse_real(trimmed(arguments.substr(comma + 1)));
}

}  // namespace

std::optional<CallSyntax> find_call(std::string_view text, std::size_t offset) {
  std::size_t open = offset;
  while (open < text.size() && is_word_character(text[open])) ++open;
  std::string_view word = text.substr(offset, open - offset);
  if (const std::size_t dot = word.rfind('.'); dot != word.npos) word.remove_prefix(dot + 1);  // tune.uniform
  while (open < text.size() && text[open] == ' ') ++open;
  if (open == text.size() || (text[open] != '(' && text[open] != '[')) return std::nullopt;
  const std::size_t close = closing_bracket(text, open);
  if (close == std::string_view::npos) return std::nullopt;

  std::string arguments = trimmed(text.substr(open + 1, close - open - 1));
  const bool is_list = arguments.starts_with('[') && closing_bracket(arguments, 0) + 1 == arguments.size();
  if (is_list) arguments = arguments.substr(1, arguments.size() - 2);
  CallSyntax call{offset, close + 1 - offset, std::string(text.substr(offset, close + 1 - offset)), {}};
  if (find_distribution(word) != nullptr) {
    call.advice = fmt::format("write {{{}: [{}]}}", word, without_names(arguments));
  } else if (auto synonym = find_synonym(WordPlace::kParameter, word); synonym && !word.empty()) {
    call.advice = *std::move(synonym);
  } else if (word.empty() && text[open] == '(' && is_range(arguments)) {
    call.advice = fmt::format("write {{uniform: [{}]}}", arguments);
  } else {
    return std::nullopt;
  }
  return call;
}

std::optional<CallSyntax> find_call_around(std::string_view text, std::size_t offset) {
  std::size_t begin = std::min(offset, text.size());
  while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '(')) --begin;
  while (begin > 0 && is_word_character(text[begin - 1])) --begin;
  auto call = find_call(text, begin);
  if (call && (offset < call->offset || offset >= call->offset + call->length)) return std::nullopt;
  return call;
}

}  // namespace tune
