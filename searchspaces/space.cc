#include "searchspaces/space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/json.h"
#include "core/sha256.h"
#include "core/text.h"
#include "core/utf8.h"
#include "searchspaces/domain_text.h"
#include "searchspaces/grid_cells.h"
#include "searchspaces/space_check.h"

namespace tune {

struct Space::Impl {
  std::vector<Parameter> parameters;
  std::vector<std::size_t> order;
  std::vector<std::string> constraints;
  SpaceExpressions expressions;
  PathIndex index;                   // views into `parameters`
  std::vector<std::size_t> derived;  // indices of derived parameters, inputs first
  std::int64_t grid_cells = 1;
};

namespace {

std::optional<double> number_in(const Config& config, std::string_view path) {
  const Value* value = config.find(path);
  return value ? value->number() : std::nullopt;
}

bool all_present(const Expression& expression, const Config& config) {
  return std::all_of(expression.names().begin(), expression.names().end(),
                     [&](const std::string& name) { return config.find(name) != nullptr; });
}

Result<double> evaluate_in(const Expression& expression, const Config& config) {
  auto value = expression.evaluate([&](std::string_view name) { return number_in(config, name); });
  if (!value) value.error().message += fmt::format(" in configuration {}", to_flat_json(config));
  return value;
}

Result<Value> whole_number(const std::string& path, double value, const Config& config) {
  // What arithmetic on decimals leaves behind is no fraction.
  const double nearest = std::round(value);
  const bool whole = std::abs(value - nearest) <= 1e-9 * std::max(1.0, std::abs(value));
  if (!whole) {
    return fail(ErrorCode::kBadInput, fmt::format("{} = {}; use floor() or round() (configuration {})", path,
                                                  format_real(value), to_flat_json(config)));
  }
  if (std::abs(nearest) >= 0x1p63) {
    return fail(ErrorCode::kBadInput, fmt::format("{} = {} is beyond 64-bit integers (configuration {})", path,
                                                  format_real(value), to_flat_json(config)));
  }
  return Value(static_cast<std::int64_t>(nearest));
}

std::string condition_text(const std::vector<Condition>& conditions) {
  std::string out;
  for (const Condition& condition : conditions) {
    out += fmt::format("{}{} is ", out.empty() ? "; only if " : " and ", condition.path);
    for (std::size_t i = 0; i < condition.values.size(); ++i) {
      const Value& value = condition.values[i];
      out += fmt::format("{}{}", i > 0 ? " or " : "", value.is_text() ? visible(value.text()) : value_text(value));
    }
  }
  return out;
}

std::vector<std::size_t> grid_parameters(const std::vector<Parameter>& parameters) {
  std::vector<std::size_t> grids;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (std::holds_alternative<GridSearch>(parameters[i].domain)) grids.push_back(i);
  }
  return grids;
}

}  // namespace

Space::Space() : impl_(std::make_shared<Impl>()) {}
Space::Space(const Space&) = default;
Space& Space::operator=(const Space&) = default;
Space::Space(Space&& other) noexcept = default;
Space& Space::operator=(Space&&) noexcept = default;
Space::~Space() = default;

std::optional<Space> Space::build(std::vector<Parameter> parameters, std::vector<std::string> constraints,
                                  std::vector<SpaceFault>& faults) {
  const std::size_t before = faults.size();
  const auto failed = [&] {
    return std::any_of(faults.begin() + static_cast<std::ptrdiff_t>(before), faults.end(),
                       [](const SpaceFault& fault) { return !fault.warning; });
  };
  auto impl = std::make_shared<Impl>();
  impl->parameters = std::move(parameters);
  impl->constraints = std::move(constraints);
  impl->index = index_paths(impl->parameters);
  check_domains(impl->parameters, faults);
  check_conditions(impl->parameters, impl->index, faults);
  impl->expressions = parse_expressions(impl->parameters, impl->constraints, impl->index, faults);
  impl->order = order_parameters(impl->parameters, impl->expressions, impl->index, faults);
  if (failed()) return std::nullopt;
  check_reachable(impl->parameters, impl->order, impl->index, faults);

  for (const std::size_t i : impl->order) {
    if (impl->expressions.derived[i]) impl->derived.push_back(i);
  }
  Space space;
  space.impl_ = impl;
  const auto cells = GridCells::build(space, grid_parameters(impl->parameters), Config{});
  if (!cells) {
    SpaceFault fault;
    fault.message = cells.error().message;
    fault.hint = cells.error().hint;
    faults.push_back(std::move(fault));
    return std::nullopt;
  }
  impl->grid_cells = cells->count();
  return space;
}

const std::vector<Parameter>& Space::parameters() const { return impl_->parameters; }
const std::vector<std::size_t>& Space::order() const { return impl_->order; }
const std::vector<std::string>& Space::constraints() const { return impl_->constraints; }
std::int64_t Space::grid_cells() const { return impl_->grid_cells; }

std::vector<std::string> Space::paths() const {
  std::vector<std::string> paths;
  for (const Parameter& parameter : impl_->parameters) paths.push_back(parameter.path);
  return paths;
}

const Parameter* Space::find(std::string_view path) const {
  const auto found = impl_->index.find(path);
  return found == impl_->index.end() ? nullptr : &impl_->parameters[found->second];
}

std::vector<std::size_t> Space::inputs(std::size_t parameter) const {
  std::vector<std::size_t> inputs;
  if (const auto& expression = impl_->expressions.derived[parameter]) {
    for (const std::string& name : expression->names()) inputs.push_back(impl_->index.at(name));
  }
  return inputs;
}

std::vector<std::size_t> Space::constraint_inputs(std::size_t constraint) const {
  std::vector<std::size_t> inputs;
  for (const std::string& name : impl_->expressions.constraints[constraint]->names())
    inputs.push_back(impl_->index.at(name));
  return inputs;
}

bool Space::is_active(const Parameter& parameter, const Config& config) const {
  return std::all_of(parameter.conditions.begin(), parameter.conditions.end(), [&](const Condition& condition) {
    const Value* value = config.find(condition.path);
    return value && std::find(condition.values.begin(), condition.values.end(), *value) != condition.values.end();
  });
}

Result<void> Space::derive(Config& config) const {
  for (const std::size_t i : impl_->derived) {
    const Parameter& parameter = impl_->parameters[i];
    const Expression& expression = *impl_->expressions.derived[i];
    if (!is_active(parameter, config) || !all_present(expression, config)) {
      std::erase_if(config.entries, [&](const auto& entry) { return entry.first == parameter.path; });
      continue;
    }
    auto value = evaluate_in(expression, config);
    if (!value) {
      value.error().message = parameter.path + ": " + value.error().message;
      return pass_on(std::move(value));
    }
    if (!std::get<Derived>(parameter.domain).as_int) {
      config.set(parameter.path, *value);
      continue;
    }
    auto whole = whole_number(parameter.path, *value, config);
    if (!whole) return pass_on(std::move(whole));
    config.set(parameter.path, *std::move(whole));
  }
  return {};
}

Result<std::optional<std::size_t>> Space::violated(const Config& config) const {
  for (std::size_t i = 0; i < impl_->constraints.size(); ++i) {
    const Expression& expression = *impl_->expressions.constraints[i];
    if (!all_present(expression, config)) continue;
    auto value = evaluate_in(expression, config);
    if (!value) return pass_on(std::move(value));
    if (*value == 0) return std::optional(i);
  }
  return std::optional<std::size_t>();
}

Config Space::in_file_order(const Config& config) const {
  Config sorted = config;
  const auto rank = [&](const std::pair<std::string, Value>& entry) {
    const auto found = impl_->index.find(entry.first);
    return found == impl_->index.end() ? impl_->parameters.size() : found->second;
  };
  std::stable_sort(sorted.entries.begin(), sorted.entries.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return sorted;
}

std::string Space::describe() const {
  std::string out;
  for (const Parameter& parameter : impl_->parameters) {
    out += fmt::format("  {}: {}{}\n", parameter.path, tune::describe(parameter.domain),
                       condition_text(parameter.conditions));
  }
  for (const std::string& constraint : impl_->constraints)
    out += fmt::format("  constraint: {}\n", visible(constraint));
  return out;
}

std::string Space::fingerprint() const {
  std::string text;
  for (const Parameter& parameter : impl_->parameters) {
    append_json_text(text, parameter.path);
    text += exact_text(parameter.domain);
    for (const Condition& condition : parameter.conditions) {
      text += '?';
      append_json_text(text, condition.path);
      append_json_exact(text, condition.values);
    }
    text += '\n';
  }
  for (const std::string& constraint : impl_->constraints) {
    append_json_text(text, constraint);
    text += '\n';
  }
  return sha256_hex(text);
}

}  // namespace tune
