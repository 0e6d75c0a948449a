// Values of parameters: fitted to their domain, and the text among them that looks like something else.

#include <fmt/format.h>

#include <algorithm>

#include "experiments/spec/distributions.h"
#include "experiments/spec/scalars.h"

namespace tune {

namespace {

void collect_lookalikes(const Node& node, const Node*& first) {
  if (first != nullptr) return;
  if (node.is_text() && !node.quoted && !looks_like(node.text).empty()) first = &node;
  for (const Node& item : node.items) collect_lookalikes(item, first);
  for (const Member& member : node.members) collect_lookalikes(member.value, first);
}

}  // namespace

Value fit_to_domain(const Domain& domain, Value value) {
  if (contains(domain, value) || !value.is_number()) return value;
  const auto same_number = [&](const Value& other) { return other.is_number() && other.number() == value.number(); };
  const auto pick = [&](const std::vector<Value>& values) {
    const auto found = std::find_if(values.begin(), values.end(), same_number);
    return found == values.end() ? value : *found;
  };
  if (const auto* choice = std::get_if<Choice>(&domain)) return pick(choice->values);
  if (const auto* grid = std::get_if<GridSearch>(&domain)) return pick(grid->values);
  if (const auto* constant = std::get_if<Constant>(&domain))
    return same_number(constant->value) ? constant->value : value;
  if (value.is_integer()) {
    const Value real(*value.number());
    return contains(domain, real) ? real : value;
  }
  if (const auto integer = as_integer(value); integer && contains(domain, Value(*integer))) return Value(*integer);
  return value;
}

void note_lookalikes(const Node& node, Faults& faults) {
  const Node* first = nullptr;
  collect_lookalikes(node, first);
  if (first == nullptr) return;
  faults.note(first->place, code::kWrongType,
              fmt::format("'{}' is text here, not {}", first->text, looks_like(first->text)), "quote it to say so");
}

}  // namespace tune
