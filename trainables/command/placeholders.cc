#include "trainables/command/placeholders.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/json.h"
#include "core/placeholders.h"
#include "core/text.h"

namespace tune {
namespace {

Result<std::vector<PlaceholderPiece>> split(std::string_view text) {
  PlaceholderText read = read_placeholders(text);
  if (!read.unclosed) return std::move(read.pieces);
  return fail(ErrorCode::kBadInput, "'${' has no '}' in: " + std::string(text), "write $$ for a dollar sign");
}

const Value* find_path(const Value& config, std::string_view path) {
  const Value* at = &config;
  while (at != nullptr) {
    const std::size_t dot = path.find('.');
    at = at->find(path.substr(0, dot));
    if (dot == std::string_view::npos) return at;
    path.remove_prefix(dot + 1);
  }
  return nullptr;
}

/// Nothing: a parameter that this trial does not have.
Result<std::optional<std::string>> value_of(const std::string& name, const TrialFacts& facts) {
  if (name == "args") return join(all_arguments(facts.config), " ");
  if (name == "params_json") return facts.params_json;
  if (name == "params_file") return facts.params_file;
  if (name == "trial_id") return facts.trial_id;
  if (name == "trial_dir") return facts.trial_dir;
  if (name == "checkpoint_dir") return facts.checkpoint_dir;
  if (name == "seed") return facts.seed;
  if (name.starts_with(kEnvironmentPrefix)) {
    const std::string variable = name.substr(kEnvironmentPrefix.size());
    const char* const text = std::getenv(variable.c_str());
    if (text == nullptr) return fail(ErrorCode::kBadInput, "the environment has no variable '" + variable + "'");
    return text;
  }
  const Value* value = find_path(facts.config, name);
  return value != nullptr ? std::optional(argument_text(*value)) : std::nullopt;
}

void add_arguments(std::vector<std::string>& out, const std::string& prefix, const Value& value) {
  if (value.is_map() && !value.map().empty()) {
    for (const auto& [key, member] : value.map()) add_arguments(out, prefix.empty() ? key : prefix + "." + key, member);
  } else if (!prefix.empty()) {
    out.push_back("--" + prefix + "=" + argument_text(value));
  }
}

/// A word that a shell takes as it is, in any context (the rule of Python's shlex.quote).
bool is_plain_word(std::string_view text) {
  constexpr std::string_view kOthers = "@%+=:,./-_";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

/// Where in a shell's text one stands: outside of quotes, or in which. Good enough to keep values whole; that they are
/// never run does not depend on it.
class ShellQuotes {
 public:
  enum Context { kOutside, kDouble, kSingle };

  Context context() const { return stack_.empty() ? kOutside : stack_.back(); }

  void read(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const char before = std::exchange(before_, c);
      if (in_comment_) {
        in_comment_ = c != '\n';
      } else if (context() == kSingle) {
        if (c == '\'') stack_.pop_back();
      } else if (c == '\\') {
        ++i;
      } else if (c == '#' && context() == kOutside &&
                 std::string_view(" \t\n;|&(").find(before) != std::string_view::npos) {
        in_comment_ = true;
      } else if (c == '"') {
        context() == kDouble ? stack_.pop_back() : stack_.push_back(kDouble);
      } else if (c == '\'' && context() == kOutside) {
        stack_.push_back(kSingle);
      } else if (c == '(' && (context() == kOutside || before == '$')) {
        stack_.push_back(kOutside);  // $( ... ) begins anew, also inside of double quotes
      } else if (c == ')' && context() == kOutside && !stack_.empty()) {
        stack_.pop_back();
      }
    }
  }

 private:
  std::vector<Context> stack_;
  char before_ = '\n';
  bool in_comment_ = false;
};

}  // namespace

std::string argument_text(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kBool: return value.boolean() ? "true" : "false";
    case Value::Kind::kInteger: return std::to_string(value.integer());
    case Value::Kind::kReal: return format_real(value.real());
    case Value::Kind::kText: return value.text();
    default: return to_json(value);
  }
}

std::vector<std::string> all_arguments(const Value& config) {
  std::vector<std::string> out;
  add_arguments(out, "", config);
  return out;
}

Result<std::vector<std::string>> expand_items(const std::vector<std::string>& items, const TrialFacts& facts) {
  std::vector<std::string> out;
  for (const std::string& item : items) {
    auto pieces = split(item);
    if (!pieces) return pass_on(std::move(pieces));
    if (pieces->size() == 1 && pieces->front().is_placeholder && pieces->front().text == "args") {
      for (std::string& argument : all_arguments(facts.config)) out.push_back(std::move(argument));
      continue;
    }
    std::string text;
    bool active = true;
    for (const PlaceholderPiece& piece : *pieces) {
      const auto value = piece.is_placeholder ? value_of(piece.text, facts) : std::optional(piece.text);
      if (!value) return tl::unexpected(value.error());
      active = active && value->has_value();
      if (*value) text += **value;
    }
    if (active) out.push_back(std::move(text));
  }
  return out;
}

Result<std::string> expand_shell_text(std::string_view text, const TrialFacts& facts, EnvironmentList& environment) {
  auto pieces = split(text);
  if (!pieces) return pass_on(std::move(pieces));
  std::string out;
  ShellQuotes quotes;
  int variables = 0;
  const auto add = [&](const std::string& value, bool is_secret) {
    if (is_plain_word(value) && !is_secret) {
      out += value;
      return;
    }
    const std::string name = "TUNE_VALUE_" + std::to_string(++variables);
    environment.emplace_back(name, value);
    const std::string reference = "${" + name + "}";
    switch (quotes.context()) {
      case ShellQuotes::kOutside: out += '"' + reference + '"'; break;
      case ShellQuotes::kDouble: out += reference; break;
      case ShellQuotes::kSingle: out += "'\"" + reference + "\"'"; break;
    }
  };
  for (const PlaceholderPiece& piece : *pieces) {
    if (!piece.is_placeholder) {
      quotes.read(piece.text);
      out += piece.text;
    } else if (piece.text == "args" && quotes.context() == ShellQuotes::kOutside) {
      const auto arguments = all_arguments(facts.config);
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (i > 0) out += ' ';
        add(arguments[i], false);
      }
    } else {
      const auto value = value_of(piece.text, facts);
      if (!value) return tl::unexpected(value.error());
      if (*value) add(**value, piece.text.starts_with(kEnvironmentPrefix));
    }
  }
  return out;
}

Result<std::string> expand_plain(std::string_view text, const TrialFacts& facts) {
  auto pieces = split(text);
  if (!pieces) return pass_on(std::move(pieces));
  std::string out;
  for (const PlaceholderPiece& piece : *pieces) {
    const auto value = piece.is_placeholder ? value_of(piece.text, facts) : std::optional(piece.text);
    if (!value) return tl::unexpected(value.error());
    out += value->value_or("");
  }
  return out;
}

}  // namespace tune
