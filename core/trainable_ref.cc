// The JSON form of a TrainableRef.

#include "core/trainable_ref.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "core/json.h"

namespace tune {
namespace {

using Kind = TrainableRef::Kind;

constexpr std::array kKinds{std::pair{Kind::kBuiltin, "builtin"}, std::pair{Kind::kLibrary, "library"},
                            std::pair{Kind::kCommand, "command"}};
constexpr std::array kIsolations{Isolation::kAuto, Isolation::kProcess, Isolation::kReuse, Isolation::kThread};

std::string_view kind_name(Kind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "";
}

std::optional<Kind> kind_from_name(std::string_view name) {
  for (const auto& [kind, known] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

std::optional<Isolation> isolation_from_name(std::string_view name) {
  for (const Isolation isolation : kIsolations) {
    if (isolation_name(isolation) == name) return isolation;
  }
  return std::nullopt;
}

tl::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::kBadInput, fmt::format("not a trainable reference: {}", what));
}

}  // namespace

std::string to_json(const TrainableRef& ref) {
  Map map;
  map.emplace_back("kind", Value(kind_name(ref.kind)));
  map.emplace_back("name", Value(ref.name));
  map.emplace_back("library", Value(ref.library));
  map.emplace_back("command", Value(ref.command_json));
  map.emplace_back("isolation", Value(isolation_name(ref.isolation)));
  return to_json(Value(std::move(map)));
}

Result<TrainableRef> parse_trainable_ref(std::string_view json) {
  const Result<Value> value = parse_json(json);
  if (!value) return bad(value.error().message);
  if (!value->is_map()) return bad("no JSON object");
  TrainableRef ref;
  bool kind_given = false;
  for (const auto& [key, member] : value->map()) {
    if (!member.is_text()) return bad(fmt::format("'{}' is no text", key));
    const std::string& text = member.text();
    if (key == "kind") {
      const auto kind = kind_from_name(text);
      if (!kind) return bad(fmt::format("unknown kind '{}'", text));
      ref.kind = *kind;
      kind_given = true;
    } else if (key == "name") {
      ref.name = text;
    } else if (key == "library") {
      ref.library = text;
    } else if (key == "command") {
      ref.command_json = text;
    } else if (key == "isolation") {
      const auto isolation = isolation_from_name(text);
      if (!isolation) return bad(fmt::format("unknown isolation '{}'", text));
      ref.isolation = *isolation;
    } else {
      return bad(fmt::format("unknown key '{}'", key));
    }
  }
  if (!kind_given) return bad("no kind");
  return ref;
}

}  // namespace tune
