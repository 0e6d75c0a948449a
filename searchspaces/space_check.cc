#include "searchspaces/space_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <queue>
#include <set>

#include "core/text.h"
#include "searchspaces/domain_text.h"

namespace tune {
namespace {

using Fault = SpaceFault::Kind;

SpaceFault fault_of(Fault kind, std::string path, std::string message, std::string hint = {}) {
  SpaceFault fault;
  fault.kind = kind;
  fault.path = std::move(path);
  fault.message = std::move(message);
  fault.hint = std::move(hint);
  return fault;
}

std::vector<std::string> paths_of(const std::vector<Parameter>& parameters) {
  std::vector<std::string> paths;
  paths.reserve(parameters.size());
  for (const Parameter& parameter : parameters) paths.push_back(parameter.path);
  return paths;
}

std::string near_or_all(std::string_view name, const std::vector<std::string>& paths) {
  const std::string near = did_you_mean_hint(name, paths);
  return near.empty() ? "parameters: " + join(paths) : near;
}

/// The values of a domain that lists them.
const std::vector<Value>* listed_values(const Domain& domain) {
  if (const auto* choice = std::get_if<Choice>(&domain)) return &choice->values;
  if (const auto* grid = std::get_if<GridSearch>(&domain)) return &grid->values;
  return nullptr;
}

std::string advise_value(const Domain& domain, const Value& wrong) {
  const std::vector<Value>* values = listed_values(domain);
  if (values == nullptr) return "it is: " + describe(domain);
  if (wrong.is_text()) {
    std::vector<std::string> texts;
    for (const Value& value : *values) {
      if (value.is_text()) texts.push_back(value.text());
    }
    std::string near = did_you_mean_hint(wrong.text(), texts);
    if (!near.empty()) return near;
  }
  return "values: " + value_list_text(*values);
}

std::optional<SpaceFault> check_condition(const Parameter& child, const Condition& condition, const Parameter& parent) {
  if (std::holds_alternative<Derived>(parent.domain)) {
    return fault_of(Fault::kContinuousParent, child.path,
                    fmt::format("'when' names '{}', which is derived", condition.path),
                    "name the parameters it is derived from");
  }
  if (is_continuous(parent.domain)) {
    return fault_of(Fault::kContinuousParent, child.path,
                    fmt::format("'when' names '{}', which is continuous", condition.path),
                    "a condition needs a parameter with separate values, such as a choice");
  }
  if (condition.values.empty()) {
    return fault_of(Fault::kUnknownChoice, child.path, fmt::format("'when' gives no value of '{}'", condition.path));
  }
  for (const Value& value : condition.values) {
    if (contains(parent.domain, value)) continue;
    return fault_of(Fault::kUnknownChoice, child.path,
                    fmt::format("'{}' has no value {}", condition.path, value_text(value)),
                    advise_value(parent.domain, value));
  }
  return std::nullopt;
}

/// A value of the parameter that is no number, or nothing. Numbers stand for true and false too.
std::optional<Value> text_value(const Domain& domain) {
  const auto not_number = [](const Value& value) { return !value.number(); };
  if (const auto* constant = std::get_if<Constant>(&domain)) {
    return not_number(constant->value) ? std::optional(constant->value) : std::nullopt;
  }
  const std::vector<Value>* values = listed_values(domain);
  if (values == nullptr) return std::nullopt;
  const auto found = std::find_if(values->begin(), values->end(), not_number);
  return found == values->end() ? std::nullopt : std::optional(*found);
}

class ExpressionParser {
 public:
  ExpressionParser(const std::vector<Parameter>& parameters, const PathIndex& index, std::vector<SpaceFault>& faults)
      : parameters_(parameters), index_(index), faults_(faults), paths_(paths_of(parameters)) {}

  std::optional<Expression> parse(const std::string& text, const std::string& path, std::int64_t constraint) {
    auto expression = Expression::parse(text, &paths_);
    const std::string_view where = constraint >= 0 ? "constraint" : "sample_from";
    if (!expression) {
      ExpressionError error = std::move(expression).error();
      if (error.unknown_name) advise_text(text.substr(error.position, error.length), error);
      report(error.unknown_name ? Fault::kUnknownName : Fault::kExpression, path, constraint, error,
             error.unknown_name ? fmt::format("{} in {}", error.message, where) : error.message);
      return std::nullopt;
    }
    if (const auto error = text_used(*expression)) {
      report(Fault::kExpression, path, constraint, *error, error->message);
      return std::nullopt;
    }
    return *std::move(expression);
  }

 private:
  /// `optimizer == sgd`: the unknown name is a text that some parameter can be.
  void advise_text(const std::string& name, ExpressionError& error) const {
    for (const Parameter& parameter : parameters_) {
      const std::vector<Value>* values = listed_values(parameter.domain);
      if (values == nullptr || std::find(values->begin(), values->end(), Value(name)) == values->end()) continue;
      error.hint = fmt::format("'{}' is a text of '{}'; conditions on text belong in 'when'", name, parameter.path);
      return;
    }
  }

  std::optional<ExpressionError> text_used(const Expression& expression) const {
    for (std::size_t i = 0; i < expression.names().size(); ++i) {
      const std::string& name = expression.names()[i];
      const auto text = text_value(parameters_[index_.at(name)].domain);
      if (!text) continue;
      ExpressionError error;
      error.position = expression.position(i);
      error.length = name.size();
      error.message = fmt::format("'{}' can be {}, and an expression takes numbers only", name, value_text(*text));
      error.hint = "conditions on text belong in 'when'";
      return error;
    }
    return std::nullopt;
  }

  void report(Fault kind, const std::string& path, std::int64_t constraint, const ExpressionError& error,
              std::string message) {
    SpaceFault fault = fault_of(kind, path, std::move(message), error.hint);
    fault.constraint = constraint;
    fault.expression = error;
    faults_.push_back(std::move(fault));
  }

  const std::vector<Parameter>& parameters_;
  const PathIndex& index_;
  std::vector<SpaceFault>& faults_;
  const std::vector<std::string> paths_;
};

/// What must be known before each parameter, without repetition.
std::vector<std::vector<std::size_t>> dependencies(const std::vector<Parameter>& parameters,
                                                   const SpaceExpressions& expressions, const PathIndex& index) {
  std::vector<std::vector<std::size_t>> needs(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::set<std::size_t> unique;
    for (const Condition& condition : parameters[i].conditions) {
      if (const auto parent = index.find(condition.path); parent != index.end()) unique.insert(parent->second);
    }
    if (expressions.derived[i]) {
      for (const std::string& name : expressions.derived[i]->names()) unique.insert(index.at(name));
    }
    needs[i].assign(unique.begin(), unique.end());
  }
  return needs;
}

/// Topological order (Kahn), the smallest free index first.
class Ordering {
 public:
  Ordering(const std::vector<Parameter>& parameters, std::vector<std::vector<std::size_t>> needs)
      : parameters_(parameters),
        needs_(std::move(needs)),
        needed_by_(needs_.size()),
        missing_(needs_.size()),
        done_(needs_.size()) {
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      missing_[i] = needs_[i].size();
      for (const std::size_t need : needs_[i]) needed_by_[need].push_back(i);
      if (missing_[i] == 0) free_.push(i);
    }
  }

  std::vector<std::size_t> run(std::vector<SpaceFault>& faults) {
    std::size_t first_open = 0;
    while (true) {
      settle_free();
      while (first_open < done_.size() && done_[first_open]) ++first_open;
      if (first_open == done_.size()) return order_;
      break_cycle(cycle_before(first_open), faults);
    }
  }

 private:
  void settle_free() {
    while (!free_.empty()) {
      const std::size_t i = free_.top();
      free_.pop();
      order_.push_back(i);
      mark_done(i);
    }
  }

  void mark_done(std::size_t i) {
    if (done_[i]) return;
    done_[i] = true;
    for (const std::size_t child : needed_by_[i]) {
      if (--missing_[child] == 0 && !done_[child]) free_.push(child);
    }
  }

  /// Whatever is left waits for something left: walking from one to the next meets itself.
  std::vector<std::size_t> cycle_before(std::size_t start) const {
    std::vector<std::size_t> walk;
    std::map<std::size_t, std::size_t> position;
    std::size_t at = start;
    while (position.emplace(at, walk.size()).second) {
      walk.push_back(at);
      at = *std::find_if(needs_[at].begin(), needs_[at].end(), [&](std::size_t need) { return !done_[need]; });
    }
    std::vector<std::size_t> cycle(walk.begin() + static_cast<std::ptrdiff_t>(position[at]), walk.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    return cycle;
  }

  /// Names the cycle, and takes its members for settled to find what else is wrong.
  void break_cycle(const std::vector<std::size_t>& cycle, std::vector<SpaceFault>& faults) {
    std::string circle;
    for (const std::size_t i : cycle) circle += parameters_[i].path + " -> ";
    circle += parameters_[cycle.front()].path;
    faults.push_back(fault_of(Fault::kCycle, parameters_[cycle.front()].path,
                              fmt::format("parameters depend on each other in a circle: {}", circle)));
    for (const std::size_t i : cycle) mark_done(i);
  }

  const std::vector<Parameter>& parameters_;
  std::vector<std::vector<std::size_t>> needs_, needed_by_;
  std::vector<std::size_t> missing_;
  std::vector<bool> done_;
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> free_;
  std::vector<std::size_t> order_;
};

}  // namespace

PathIndex index_paths(const std::vector<Parameter>& parameters) {
  PathIndex index;
  for (std::size_t i = 0; i < parameters.size(); ++i) index.emplace(parameters[i].path, i);
  return index;
}

void check_domains(const std::vector<Parameter>& parameters, std::vector<SpaceFault>& faults) {
  for (const Parameter& parameter : parameters) {
    const std::string name =
        parameter.written_as.empty() ? std::string(domain_name(parameter.domain)) : parameter.written_as;
    if (auto checked = check_domain(parameter.domain, name); !checked) {
      faults.push_back(fault_of(Fault::kDomain, parameter.path, checked.error().message, checked.error().hint));
    }
  }
}

void check_conditions(const std::vector<Parameter>& parameters, const PathIndex& index,
                      std::vector<SpaceFault>& faults) {
  const std::vector<std::string> paths = paths_of(parameters);
  for (const Parameter& parameter : parameters) {
    for (const Condition& condition : parameter.conditions) {
      const auto parent = index.find(condition.path);
      std::optional<SpaceFault> fault;
      if (parent == index.end()) {
        fault = fault_of(Fault::kUnknownName, parameter.path,
                         fmt::format("'when' names '{}', which is no parameter", condition.path),
                         near_or_all(condition.path, paths));
      } else if (parent->second != index.at(parameter.path)) {  // itself: a cycle, said as such
        fault = check_condition(parameter, condition, parameters[parent->second]);
      }
      if (!fault) continue;
      fault->condition_path = condition.path;
      faults.push_back(*std::move(fault));
    }
  }
}

SpaceExpressions parse_expressions(const std::vector<Parameter>& parameters,
                                   const std::vector<std::string>& constraints, const PathIndex& index,
                                   std::vector<SpaceFault>& faults) {
  ExpressionParser parser(parameters, index, faults);
  SpaceExpressions out;
  for (const Parameter& parameter : parameters) {
    const auto* derived = std::get_if<Derived>(&parameter.domain);
    out.derived.push_back(derived ? parser.parse(derived->expression, parameter.path, -1) : std::nullopt);
  }
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    out.constraints.push_back(parser.parse(constraints[i], "", static_cast<std::int64_t>(i)));
  }
  return out;
}

std::vector<std::size_t> order_parameters(const std::vector<Parameter>& parameters, const SpaceExpressions& expressions,
                                          const PathIndex& index, std::vector<SpaceFault>& faults) {
  return Ordering(parameters, dependencies(parameters, expressions, index)).run(faults);
}

void check_reachable(const std::vector<Parameter>& parameters, const std::vector<std::size_t>& order,
                     const PathIndex& index, std::vector<SpaceFault>& faults) {
  // What an active parameter implies: conditions of its own and of its parents, met all at once.
  std::vector<std::set<const Condition*>> implied(parameters.size());
  std::vector<bool> dead(parameters.size());
  for (const std::size_t i : order) {
    for (const Condition& condition : parameters[i].conditions) {
      const std::size_t parent = index.at(condition.path);
      implied[i].insert(&condition);
      implied[i].insert(implied[parent].begin(), implied[parent].end());
      if (dead[parent]) dead[i] = true;
    }
    if (dead[i]) continue;  // its parent is reported
    std::map<std::string_view, std::vector<Value>> allowed;
    for (const Condition* condition : implied[i]) {
      const auto [entry, first] = allowed.emplace(condition->path, condition->values);
      if (first) continue;
      std::erase_if(entry->second, [&](const Value& value) {
        return std::find(condition->values.begin(), condition->values.end(), value) == condition->values.end();
      });
      dead[i] = dead[i] || entry->second.empty();
    }
    if (!dead[i]) continue;
    SpaceFault fault =
        fault_of(Fault::kNeverActive, parameters[i].path, fmt::format("'{}' is never active", parameters[i].path),
                 "its conditions, and those of the parameters they name, exclude each other");
    fault.warning = true;
    faults.push_back(std::move(fault));
  }
}

}  // namespace tune
