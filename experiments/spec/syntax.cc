#include "experiments/spec/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "experiments/spec/call_syntax.h"
#include "experiments/spec/distributions.h"

namespace tune {

namespace {

constexpr std::size_t kMaxBytes = 8u << 20;
constexpr std::size_t kNone = std::string_view::npos;

/// Blanks beyond ASCII that an editor or a web page slips in, and that YAML takes for letters.
constexpr std::array<std::string_view, 3> kForeignBlanks = {"\u00A0", "\u2003", "\u3000"};

/// Where `line` is indented with something else than blanks: a tab, or a blank beyond ASCII.
std::size_t foreign_indentation(std::string_view line) {
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == ' ') continue;
    if (line[at] == '\t') return at;
    for (const std::string_view blank : kForeignBlanks) {
      if (line.substr(at).starts_with(blank)) return at;
    }
    return kNone;
  }
  return kNone;
}

/// Offset in `line` of the colon that ends a key: one before a blank or the end; kNone if there is none.
std::size_t key_colon(std::string_view line) {
  for (std::size_t at = line.find(':'); at != kNone; at = line.find(':', at + 1)) {
    if (at + 1 == line.size() || line[at + 1] == ' ') return at;
  }
  return kNone;
}

class SyntaxReport {
 public:
  SyntaxReport(const SyntaxError& error, const Source& source, Faults& faults)
      : error_(error),
        source_(source),
        faults_(faults),
        text_(source.text()),
        offset_(source.offset_of(error.line - 1, error.byte_column)),
        line_(source.line(error.line)) {}

  void make() {
    if (report_indentation() || report_call()) return;
    const std::string& message = error_.message;
    if (message == "illegal map value") return map_value();
    if (message == "end of map not found" || message == "end of sequence not found") return block_end();
    if (message == "illegal flow end") return flow_end();
    if (message.find("flow not found") != kNone) return flow_not_closed();
    if (message == "the referenced anchor is not defined") {
      const std::string name(text_.substr(offset_ + 1, word_length(offset_ + 1)));
      return say(fmt::format("'*{}' refers to nothing above it", name),
                 fmt::format("mark what it stands for with &{}, or quote the text", name));
    }
    if (message == "illegal block entry")
      return say("'- ' is not expected here", "each list item has a line of its own");
    if (message.starts_with("invalid unicode")) return no_character();
    if (message == "unknown token" && offset_ < text_.size()) {
      return say(fmt::format("a value cannot begin with {}", text_[offset_]), "quote it");
    }
    say(message, {});
  }

 private:
  void say(std::string message, std::string hint) { say_at(offset_, std::move(message), std::move(hint)); }
  void say_at(std::size_t offset, std::string message, std::string hint) {
    faults_.error(source_.place(offset, 1), code::kYamlSyntax, std::move(message), std::move(hint));
  }

  std::size_t word_length(std::size_t offset) const {
    return std::min(text_.find_first_of(" \t\n,]}", offset), text_.size()) - offset;
  }

  bool report_indentation() {
    for (const int number : {error_.line, error_.line - 1}) {
      const std::string_view line = source_.line(number);
      const std::size_t at = foreign_indentation(line);
      if (at == kNone) continue;
      const bool tab = line[at] == '\t';
      say_at(source_.offset_of(number - 1, static_cast<int>(at)),
             tab ? "tabs cannot indent YAML" : "a blank beyond ASCII cannot indent YAML", "use spaces");
      return true;
    }
    return false;
  }

  /// `{x: choice([1, 2])}`: the parser stumbles over the bracket.
  bool report_call() {
    if (offset_ >= text_.size() || (text_[offset_] != '[' && text_[offset_] != '{')) return false;
    const auto call = find_call_around(text_, offset_);
    if (!call) return false;
    faults_.error(source_.place(call->offset, call->length), code::kBadValue, fmt::format("'{}' is text", call->text),
                  call->advice);
    return true;
  }

  /// A colon where none may be: the second of its line, or the first after a line that lacks its own.
  void map_value() {
    const std::size_t first = key_colon(line_);
    if (first != kNone && first < static_cast<std::size_t>(error_.byte_column)) {
      const std::string_view value = line_.substr(std::min(line_.find_first_not_of(' ', first + 1), line_.size()));
      const bool distribution = find_distribution(value.substr(0, value.find(':'))) != nullptr;
      return say("a second ':' in one line",
                 distribution ? fmt::format("write {{{}}}", value) : "quote the value, or put its map in braces");
    }
    for (int number = error_.line - 1; number > 0; --number) {
      const std::string_view above = source_.line(number);
      const std::size_t content = above.find_first_not_of(' ');
      if (content == kNone || above[content] == '#') continue;
      if (report_lost_colon(number)) return;
      break;
    }
    say("':' is not expected here", "quote the text, or look at the line above");
  }

  /// A line that should be `KEY: VALUE` and is not.
  bool report_lost_colon(int number) {
    const std::string_view line = source_.line(number);
    const std::size_t content = line.find_first_not_of(' ');
    if (content == kNone || line[content] == '-' || key_colon(line) != kNone) return false;
    const std::size_t colon = line.find(':');
    say_at(source_.offset_of(number - 1, static_cast<int>(colon == kNone ? content : colon)),
           colon == kNone ? "a key without ':'" : "no blank after ':'", "write KEY: VALUE");
    return true;
  }

  void block_end() {
    if (line_.find_first_not_of(' ') != static_cast<std::size_t>(error_.byte_column)) {
      say("more text after the value", "quote all of it");
    } else if (!report_lost_colon(error_.line)) {
      say("this line is indented like none above it", "keys of one map begin in the same column");
    }
  }

  void flow_end() {
    const char closer = offset_ < text_.size() ? text_[offset_] : '}';
    if (!error_.open_bracket) return say(fmt::format("nothing is open that {} could close", closer), "remove it");
    const char open = text_[*error_.open_bracket];
    say(fmt::format("{} does not close the {} at {}", closer, open, open_place()),
        fmt::format("write {} before it", open == '{' ? '}' : ']'));
  }

  void flow_not_closed() {
    const char at = offset_ < text_.size() ? text_[offset_] : '\n';
    const bool glued = offset_ > 0 && text_.find_first_of(" \t\n,:[{", offset_ - 1) != offset_ - 1;
    if ((at == '{' || at == '[') && glued) {
      return say(fmt::format("{} inside text", at), "quote items that contain { or }, or put one item a line");
    }
    if (!error_.open_bracket) return say(error_.message, {});
    const char open = text_[*error_.open_bracket];
    say(fmt::format("',' or '{}' is missing before this", open == '{' ? '}' : ']'),
        fmt::format("the {} at {} is still open", open, open_place()));
  }

  /// An escape, just read, that stands for no character.
  void no_character() {
    const std::size_t begin = std::min(text_.rfind('\\', offset_ - 1), offset_);
    const std::string_view escape = text_.substr(begin, offset_ - begin);
    const bool short_form = escape.starts_with("\\u");  // four digits: none but a surrogate is no character
    say_at(begin, fmt::format("{} is {}", escape, short_form ? "half a character" : "no character"),
           short_form ? "a pair such as \\ud83c\\udf89 makes one" : "");
  }

  std::string open_place() const {
    const Place place = source_.place(*error_.open_bracket, 1);
    return fmt::format("{}:{}", place.line, place.column);
  }

  const SyntaxError& error_;
  const Source& source_;
  Faults& faults_;
  const std::string_view text_;
  const std::size_t offset_;
  const std::string_view line_;
};

/// What a file that is no text is, as far as its first bytes tell; empty for text.
std::string_view kind_of_bytes(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return "the file is UTF-16";
  const std::string_view beginning = text.substr(0, 4096);
  if (std::ranges::count(beginning, '\0') > 8) return "this is no text file";
  return {};
}

}  // namespace

void report_syntax_error(const SyntaxError& error, const Source& source, Faults& faults) {
  if (error.line == 0) {
    faults.error({}, code::kYamlSyntax, error.message);
  } else {
    SyntaxReport(error, source, faults).make();
  }
}

bool check_bytes(const Source& source, Faults& faults) {
  const std::string& text = source.text();
  if (text.size() > kMaxBytes) {
    faults.error({}, code::kYamlSyntax, fmt::format("the file is larger than {} MiB", kMaxBytes >> 20));
    return false;
  }
  if (const std::string_view kind = kind_of_bytes(text); !kind.empty()) {
    faults.error({}, code::kYamlSyntax, std::string(kind), "an experiment is YAML, saved as UTF-8");
    return false;
  }
  if (const std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    faults.error(source.place(bad, 1), code::kYamlSyntax,
                 fmt::format("byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(text[bad])),
                 "save the file as UTF-8");
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t') continue;
    faults.error(source.place(i, 1), code::kYamlSyntax, fmt::format("control character 0x{:02x} in the text", c));
    return false;
  }
  return true;
}

}  // namespace tune
