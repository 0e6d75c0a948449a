#include "experiments/spec/secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.h"

namespace tune {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_word(char c) { return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9'); }

/// A text that stands for itself; `$` means that it comes from elsewhere, also where a shell reads it.
bool is_literal(std::string_view text) { return !text.empty() && text.find('$') == std::string_view::npos; }

/// `API_KEY`, `api-key` and `apiKey` alike: api, key.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool begins = is_upper(c) && i > 0 && is_lower(name[i - 1]);
    if ((begins || !is_word(c)) && !words.back().empty()) words.emplace_back();
    if (is_word(c)) words.back() += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

bool is_secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kWords = {"pass", "passphrase", "secrets", "credentials"};
  static constexpr std::array<std::string_view, 7> kEnds = {"password", "passwd", "pwd",  "pw",
                                                            "secret",   "apikey", "token"};          // also of `MYPW`
  static constexpr std::array<std::string_view, 4> kKinds = {"api", "access", "private", "secret"};  // of a key
  const std::vector<std::string> words = words_of(name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (std::ranges::find(kWords, words[i]) != kWords.end()) return true;
    if (std::ranges::any_of(kEnds, [&](std::string_view end) { return words[i].ends_with(end); })) return true;
    if (i > 0 && words[i] == "key" && std::ranges::find(kKinds, words[i - 1]) != kKinds.end()) return true;
  }
  return false;
}

/// `postgres://user:pw123456@host/db`
bool holds_password_of_url(std::string_view text) {
  constexpr std::string_view kScheme = "://";
  for (std::size_t at = text.find(kScheme); at != std::string_view::npos; at = text.find(kScheme, at + 1)) {
    std::string_view place = text.substr(at + kScheme.size());
    place = place.substr(0, place.find_first_of("/?# \t\n\"'"));
    const std::size_t host = place.rfind('@');
    if (host == std::string_view::npos) continue;
    const std::string_view user = place.substr(0, host);
    const std::size_t colon = user.find(':');
    if (colon != std::string_view::npos && is_literal(user.substr(colon + 1))) return true;
  }
  return false;
}

struct Shape {
  std::string_view begin;
  std::size_t at_least;  ///< characters of a word after it
};

/// Whether a key of a well-known service, or a URL with a password, stands in the text.
bool has_secret_shape(std::string_view text) {
  static constexpr std::array<Shape, 12> kShapes = {{{"AKIA", 16},
                                                     {"ASIA", 16},
                                                     {"ghp_", 36},
                                                     {"gho_", 36},
                                                     {"ghs_", 36},
                                                     {"github_pat_", 22},
                                                     {"glpat-", 20},
                                                     {"hf_", 30},
                                                     {"sk-", 20},
                                                     {"xoxb-", 10},
                                                     {"xoxp-", 10},
                                                     {"AIza", 35}}};
  if (text.find("-----BEGIN ") != std::string_view::npos && text.find("PRIVATE KEY") != std::string_view::npos) {
    return true;
  }
  if (holds_password_of_url(text)) return true;
  return std::ranges::any_of(kShapes, [&](const Shape& shape) {
    for (std::size_t at = text.find(shape.begin); at != std::string_view::npos; at = text.find(shape.begin, at + 1)) {
      if (at > 0 && is_word(text[at - 1])) continue;
      const std::string_view rest = text.substr(at + shape.begin.size());
      const auto ends = std::ranges::find_if_not(rest, [](char c) { return is_word(c) || c == '_' || c == '-'; });
      if (static_cast<std::size_t>(ends - rest.begin()) >= shape.at_least) return true;
    }
    return false;
  });
}

class SecretNotes {
 public:
  explicit SecretNotes(const Reading& reading) : reading_(reading) {}

  /// Of `env`, and of constants and choices in a search space: names and what they are.
  void look_at_members(const Node& map) {
    if (!map.is_map()) return;
    for (const Member& member : map.members) {
      look_at_members(member.value);
      if (is_secret(member.name(), member.value)) note(member.name(), member.value);
    }
  }

  /// Placeholders stand in `command` and `env`; a parameter's value is stored, and must not be resolved.
  void look_for_placeholders(const Node& node) {
    for (const Node& item : node.items) look_for_placeholders(item);
    for (const Member& member : node.members) look_for_placeholders(member.value);
    if (!node.is_text() || node.text.find("${env:") == std::string::npos) return;
    reading_.faults.warning(node.place, code::kPlaceholder, fmt::format("'{}' is text here", node.text),
                            "${env:...} stands in the trainable's command and env");
  }

  /// `--token=abc`, or `--token` and then `abc`.
  void look_at_arguments(const Node& list) {
    std::optional<std::string> option;  // that stands before
    for (const Node& item : list.items) {
      const std::optional<std::string> before = std::exchange(option, std::nullopt);
      if (!item.is_text()) continue;
      const std::string& text = item.text;
      const std::size_t equals = text.find('=');
      const std::string name = text.substr(0, equals);
      const bool is_option = text.starts_with('-');
      if (is_option && equals == std::string::npos) option = text;
      const bool named = is_option && equals != std::string::npos && is_secret_name(name) &&
                         is_literal(std::string_view(text).substr(equals + 1));
      const bool follows = before && !is_option && is_secret_name(*before) && is_literal(text);
      if (named) {
        note(name, item);
      } else if (follows) {
        note(*before, item);
      } else if (has_secret_shape(text)) {
        note("command", item);
      }
    }
  }

  void look_at_text(const Node& text) {
    if (text.is_text() && has_secret_shape(text.text)) note("command", text);
  }

 private:
  /// A text of this name, or one of a list or of a parameter's choices.
  static bool is_secret(std::string_view name, const Node& value) {
    const auto is_one = [&](const Node& node) {
      return node.is_text() && is_literal(node.text) && (is_secret_name(name) || has_secret_shape(node.text));
    };
    return is_one(value) || std::ranges::any_of(value.items, is_one) ||
           std::ranges::any_of(value.members,
                               [&](const Member& member) { return std::ranges::any_of(member.value.items, is_one); });
  }

  void note(std::string_view name, const Node& value) {
    reading_.faults.note(
        value.place, code::kSecret,
        fmt::format("what stands at '{}' looks like a secret; the file is stored with the results", name),
        "pass it by the environment: ${env:NAME}");
  }

  const Reading& reading_;
};

}  // namespace

void note_secrets(const Node& root, const Reading& reading) {
  if (reading.stored) return;
  SecretNotes notes(reading);
  if (const Member* space = root.find("search_space")) {
    notes.look_at_members(space->value);
    notes.look_for_placeholders(space->value);
  }
  const Member* const trainable = root.find("trainable");
  if (trainable == nullptr || !trainable->value.is_map()) return;
  if (const Member* env = trainable->value.find("env")) notes.look_at_members(env->value);
  const Member* const command = trainable->value.find("command");
  if (command == nullptr) return;
  notes.look_at_arguments(command->value);
  notes.look_at_text(command->value);
}

}  // namespace tune
