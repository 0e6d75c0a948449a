// YAML text to a tree: the only file that knows yaml-cpp.

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "experiments/spec/document.h"
#include "experiments/spec/scalars.h"
#include "experiments/spec/surrogate_pairs.h"
#include "experiments/spec/syntax.h"

namespace tune {

namespace {

constexpr std::size_t kMaxNodes = 100'000;  // aliases counted with all they stand for

/// Ends parsing from within an event; the fault has been recorded.
struct Abandon {};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const Source& source, Faults& faults) : source_(source), faults_(faults) {}

  std::optional<Node> take() { return std::move(root_); }

  /// Offset of the innermost { or [ that is not closed.
  std::optional<std::size_t> open_bracket() const {
    for (auto open = open_.rbegin(); open != open_.rend(); ++open) {
      if (open->offset < source_.text().size() && source_.text().find_first_of("{[", open->offset) == open->offset) {
        return open->offset;
      }
    }
    return std::nullopt;
  }

  void OnDocumentStart(const YAML::Mark&) override { ++documents_; }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    const std::size_t offset = content_offset(mark);
    const std::size_t length = null_word_length(offset);
    node.written = length > 0;
    node.text = source_.text().substr(offset, length);
    node.place = source_.place(offset, length);
    add(std::move(node), anchor, 1, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    Node node;
    const std::size_t offset = content_offset(mark);
    node.quoted = tag == "!" || tag.ends_with(":str");
    node.text = show_surrogate_pairs(value, node.quoted && source_.text().compare(offset, 1, "\"") == 0);
    place_scalar(node, offset);
    if (node.quoted) {
      node.scalar = Value(node.text);
    } else {
      PlainScalar typed = read_plain_scalar(node.text);
      if (!typed.fault.empty()) faults_.error(node.place, code::kOutOfRange, typed.fault);
      node.scalar = std::move(typed.value);
    }
    add(std::move(node), anchor, 1, 0);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    const std::size_t offset = offset_of(mark);
    const Place place = source_.place(offset, word_length(offset));
    if (found == anchors_.end()) abandon(place, "an alias stands inside what it stands for");
    const Anchored& anchored = found->second;
    count(anchored.nodes, place);
    if (open_.size() + anchored.height > kMaxNesting) abandon_deep(place);
    Node node = anchored.node;
    node.place = place;
    node.text_offset = std::string::npos;
    add(std::move(node), 0, 0, anchored.height);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    std::size_t offset = 0;  // where it begins
    YAML::anchor_t anchor = 0;
    std::optional<Node> key;             // of a map: read, its value not yet
    std::map<std::string, Place> names;  // of a map
    std::size_t first_node = 0;          // count when it was opened
    std::size_t height = 0;              // of the tallest child so far
  };
  struct Anchored {
    Node node;
    std::size_t nodes = 0;
    std::size_t height = 0;
  };

  [[noreturn]] void abandon(const Place& place, std::string message, std::string hint = {}) {
    faults_.error(place, code::kYamlSyntax, std::move(message), std::move(hint));
    throw Abandon{};
  }
  [[noreturn]] void abandon_deep(const Place& place) {
    abandon(place, fmt::format("nested more than {} levels deep", kMaxNesting));
  }

  void count(std::size_t nodes, const Place& place) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) {
      abandon(place, fmt::format("the file holds more than {} values", kMaxNodes),
              "aliases count with all they stand for");
    }
  }

  std::size_t offset_of(const YAML::Mark& mark) const { return source_.offset_of(mark.line, mark.column); }

  /// Where the content begins: an anchored or tagged node's mark is its anchor or tag.
  std::size_t content_offset(const YAML::Mark& mark) const {
    const std::string& text = source_.text();
    std::size_t at = offset_of(mark);
    while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
      const std::size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
      at = std::min(text.find_first_not_of(" \t\n", end), text.size());
    }
    return at;
  }

  /// Length of the word at `offset`, to the next blank or flow sign.
  std::size_t word_length(std::size_t offset) const {
    const std::string& text = source_.text();
    return std::min(text.find_first_of(" \t\n,]}", offset), text.size()) - offset;
  }

  /// Length of an explicit null at `offset`; 0 if something else (the next token) stands there.
  std::size_t null_word_length(std::size_t offset) const {
    const std::size_t length = word_length(offset);
    const std::string_view word = std::string_view(source_.text()).substr(offset, length);
    return word == "~" || word == "null" || word == "Null" || word == "NULL" ? length : 0;
  }

  void place_scalar(Node& node, std::size_t offset) {
    const std::string& text = source_.text();
    std::size_t length = 1;
    if (node.quoted && offset < text.size() && (text[offset] == '"' || text[offset] == '\'')) {
      const char quote = text[offset];
      if (text.compare(offset + 1, node.text.size(), node.text) == 0) node.text_offset = offset + 1;
      const std::size_t end = closing_quote(offset);
      if (end >= text.size()) {  // yaml-cpp lets it end with the file
        abandon(source_.place(offset, 1), fmt::format("the quote {} is not closed", quote));
      }
      length = end + 1 - offset;
    } else if (text.compare(offset, node.text.size(), node.text) == 0) {
      node.text_offset = offset;
      length = node.text.size();
    }
    node.place = source_.place(offset, length);
  }

  /// Where the quote that opens at `offset` is closed; beyond the text if it is not.
  std::size_t closing_quote(std::size_t offset) const {
    const std::string& text = source_.text();
    const char quote = text[offset];
    std::size_t at = offset + 1;
    while (at < text.size()) {
      const bool doubled = quote == '\'' && text[at] == quote && at + 1 < text.size() && text[at + 1] == quote;
      if (text[at] == quote && !doubled) return at;
      at += doubled || (quote == '"' && text[at] == '\\') ? 2 : 1;
    }
    return at;
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    std::size_t offset = offset_of(mark);
    const std::string& text = source_.text();
    while (offset < text.size() && text[offset] == '&') {
      offset = std::min(text.find_first_not_of(" \t\n", std::min(text.find_first_of(" \t\n", offset), text.size())),
                        text.size());
    }
    faults_.error(source_.place(offset, word_length(offset)), code::kTag, "tags are not supported",
                  "quote the text instead");
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(mark, tag);
    Open entry;
    entry.node.kind = kind;
    entry.offset = content_offset(mark);
    entry.node.place = source_.place(entry.offset, 1);
    entry.anchor = anchor;
    entry.first_node = nodes_;
    if (open_.size() >= kMaxNesting) abandon_deep(entry.node.place);
    open_.push_back(std::move(entry));
  }

  void close() {
    Open entry = std::move(open_.back());
    open_.pop_back();
    const std::size_t nodes = nodes_ - entry.first_node + 1;
    add(std::move(entry.node), entry.anchor, 1, entry.height + 1, nodes);
  }

  void add(Node node, YAML::anchor_t anchor, std::size_t nodes, std::size_t height, std::size_t with_children = 1) {
    count(nodes, node.place);
    if (anchor != 0) {
      count(with_children, node.place);
      anchors_[anchor] = Anchored{node, with_children, height};
    }
    if (open_.empty()) {
      add_document(std::move(node));
      return;
    }
    Open& parent = open_.back();
    parent.height = std::max(parent.height, height);
    if (parent.node.is_list()) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      add_member(parent, std::move(node));
    }
  }

  void add_member(Open& parent, Node value) {
    Node key = std::move(*parent.key);
    parent.key.reset();
    if (!key.is_scalar() || (key.is_null() && !key.quoted)) {
      faults_.error(key.place, code::kYamlSyntax, "a key must be text");
    } else if (key.text == "<<" && !key.quoted) {
      faults_.error(key.place, code::kMergeKey, "merge keys are not supported",
                    "repeat the keys, or use a whole alias");
    } else if (const auto [known, is_new] = parent.names.emplace(key.text, key.place); !is_new) {
      const Place& first = known->second;
      faults_.error(key.place, code::kDuplicateKey, fmt::format("'{}' is defined twice", key.text),
                    fmt::format("first at {}:{}", first.line, first.column));
    } else {
      parent.node.members.push_back(Member{std::move(key), std::move(value)});
    }
  }

  void add_document(Node node) {
    const bool is_first = !root_ && documents_ == 1;
    const bool after_comments_only = root_ && root_->is_null() && !root_->written;  // and then `---`
    if (is_first || after_comments_only) {
      root_ = std::move(node);
    } else if (!node.is_null() || node.written) {
      faults_.error(node.place, code::kExtraDocument, "a second document begins here", "one file holds one experiment");
      throw Abandon{};
    }
  }

  const Source& source_;
  Faults& faults_;
  std::optional<Node> root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

}  // namespace

std::optional<Node> parse_yaml(const Source& source, Faults& faults) {
  if (!check_bytes(source, faults)) return std::nullopt;
  TreeBuilder builder(source, faults);
  try {
    std::istringstream stream(hide_surrogate_pairs(source.text()));
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Abandon&) {
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    report_syntax_error({error.msg, placed ? error.mark.line + 1 : 0, error.mark.column, builder.open_bracket()},
                        source, faults);
    return std::nullopt;
  } catch (const std::exception& error) {
    faults.error({}, code::kYamlSyntax, error.what());
    return std::nullopt;
  }
  return builder.take();
}

std::optional<Node> parse_document(const Source& source, Faults& faults) {
  const std::size_t before = faults.errors();
  std::optional<Node> root = parse_yaml(source, faults);
  if (faults.errors() == before && (!root || (root->is_null() && !root->written))) {
    faults.error({}, code::kYamlSyntax, "the file is empty");
    return std::nullopt;
  }
  return root;
}

}  // namespace tune
