#pragma once

// A YAML or JSON document as a tree with places. The only home of yaml-cpp is yaml.cc; it is used as a tokenizer
// through its events, so that quotes, places, aliases and duplicate keys are seen as they were written, and so that
// size and depth are bounded while reading.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/value.h"
#include "experiments/spec/diagnostics.h"
#include "experiments/spec/source.h"

namespace tune {

/// Lists and maps inside each other that a document may have: what is stored and shown of it must stay readable.
inline constexpr std::size_t kMaxNesting = 32;

struct Member;

struct Node {
  enum class Kind { kScalar, kList, kMap };

  Kind kind = Kind::kScalar;
  Place place;
  // scalars
  Value scalar;      ///< typed by scalars.h; text where quoted
  std::string text;  ///< as written, without quotes
  bool quoted = false;
  bool written = true;                          ///< false: nothing stands there (`key:`), as opposed to `~` or `null`
  std::size_t text_offset = std::string::npos;  ///< where `text` stands letter by letter in the source, if it does
  // lists and maps
  std::vector<Node> items;
  std::vector<Member> members;  ///< in the order of the file, keys differ

  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_text() const { return is_scalar() && scalar.is_text(); }
  bool is_null() const { return is_scalar() && scalar.is_null(); }
  const Member* find(std::string_view key) const;
  Member* find(std::string_view key);
};

struct Member {
  Node key;  ///< a scalar; its `text` is the name
  Node value;
  const std::string& name() const { return key.text; }
};

/// The one document of `source`. Syntax faults, duplicate keys, tags, merge keys and further documents are put into
/// `faults`; nothing if there is no tree to go on with (an empty file included).
std::optional<Node> parse_document(const Source& source, Faults& faults);

/// The same without judging an empty document, which is a null node or nothing.
std::optional<Node> parse_yaml(const Source& source, Faults& faults);

/// A value given as `--set PATH=TEXT`: every node's place says so.
std::optional<Node> parse_override(const std::string& path, const std::string& text, Faults& faults);

/// A stored document; its nodes have no places.
Node node_of_value(const Value& value);

/// The tree as a value: keys in order, scalars typed.
Value value_of_node(const Node& node);

/// The place of `length` bytes at `offset` in the text of a scalar; the whole scalar where that cannot be told.
Place place_within(const Source& source, const Node& scalar, std::size_t offset, std::size_t length);

/// `'ten' is text`, `2.5 is a real`, `a list`: what was found, for messages.
std::string describe_node(const Node& node);
/// The node for messages: 'maximise', 2.5, a list.
std::string show_node(const Node& node);

}  // namespace tune
