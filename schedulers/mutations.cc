// Reads which parameters change in training: names, lists of values, distributions. What goes beyond a parameter's own
// range is moved to its end, as an explore step is, and said: a schedule that was quietly clamped is not the one that
// was asked for. What has nothing of the range is refused.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "core/json.h"
#include "core/text.h"
#include "schedulers/explore.h"
#include "searchspaces/domain_text.h"

namespace tune {
namespace {

Result<Domain> read_distribution(const std::string& place, const Value& value) {
  const auto wrong = [&](const std::string& what) -> Result<Domain> {
    return fail(ErrorCode::kBadInput, fmt::format("{}: {}", place, what),
                "write a list of values, or {uniform: [0, 1]}, loguniform, quniform, randint, lograndint, choice");
  };
  const bool is_choice =
      value.is_list() || (value.is_map() && value.map().size() == 1 && value.map()[0].first == "choice");
  if (is_choice) {
    const Value& list = value.is_list() ? value : value.map()[0].second;
    if (!list.is_list() || list.list().empty()) return wrong("an empty list");
    return Choice{list.list(), {}, value.is_list()};
  }
  if (!value.is_map() || value.map().size() != 1) return wrong("neither a list of values nor one distribution");
  const auto& [name, arguments] = value.map()[0];
  std::vector<double> v;
  if (arguments.is_list()) {
    for (const Value& item : arguments.list()) {
      if (!item.is_number()) return wrong(fmt::format("{} takes numbers", name));
      v.push_back(*item.number());
    }
  }
  const auto whole = [&](std::size_t i) { return static_cast<std::int64_t>(v[i]); };
  std::optional<Domain> domain;
  if (v.size() == 2 && name == "uniform") domain = Uniform{v[0], v[1]};
  if (v.size() == 2 && name == "loguniform") domain = LogUniform{v[0], v[1]};
  if (v.size() == 3 && name == "quniform") domain = QUniform{v[0], v[1], v[2]};
  if (v.size() == 2 && name == "randint") domain = RandInt{whole(0), whole(1)};
  if (v.size() == 2 && name == "lograndint") domain = LogRandInt{whole(0), whole(1)};
  if (!domain) return wrong(fmt::format("{} {} is no distribution that a mutation can have", name, to_json(arguments)));
  if (auto checked = check_domain(*domain, name); !checked) return wrong(checked.error().message);
  return *std::move(domain);
}

/// The ends of a numeric domain; infinite where it has none.
struct Ends {
  double lower = -std::numeric_limits<double>::infinity();
  double last = std::numeric_limits<double>::infinity();     ///< that may be reached; of reals: that is approached
  double written = std::numeric_limits<double>::infinity();  ///< in the file: of integers it may be excluded
};

Ends ends_of(const Domain& domain) {
  return std::visit(
      [](const auto& d) {
        Ends ends;
        if constexpr (requires { d.upper; }) {
          ends = {static_cast<double>(d.lower), static_cast<double>(d.upper), static_cast<double>(d.upper)};
          using T = std::decay_t<decltype(d)>;
          if constexpr (std::is_same_v<T, RandInt> || std::is_same_v<T, LogRandInt>) ends.last -= 1;
        }
        return ends;
      },
      domain);
}

enum class Fit { kInside, kBeyond, kNoValue };

/// Fits one listed value to the parameter's kind. The end of a range of reals means the last value below it.
Fit fit_listed(const Domain& home, Value& value) {
  const Ends ends = ends_of(home);
  const std::optional<double> number = value.number();
  const bool is_end = number && *number == ends.written && ends.last == ends.written;
  const bool is_beyond = number && !is_end && (*number < ends.lower || *number > ends.last);
  const Value fitted = clamp_to(home, value);
  if (!contains(home, fitted)) return Fit::kNoValue;
  if (fitted.is_number() && *fitted.number() != *number && !is_end && !is_beyond) return Fit::kNoValue;
  value = fitted;
  return is_beyond ? Fit::kBeyond : Fit::kInside;
}

/// Holds what the mutation draws from against the parameter's range. A value of a list that lies beyond becomes its
/// end.
Result<void> check_within(const std::string& place, Mutation& mutation, std::vector<std::string>* notes) {
  const auto words = [&](const std::string& what) {
    return fmt::format("{}: {} is outside the range of '{}': {}", place, what, mutation.path, describe(mutation.home));
  };
  const auto outside = [&](const std::string& what) -> Result<void> { return fail(ErrorCode::kBadInput, words(what)); };
  const auto note = [&](const std::string& what) {
    if (notes != nullptr) notes->push_back(words(what) + "; it is moved to the end of the range");
  };
  if (auto* choice = std::get_if<Choice>(&mutation.domain)) {
    std::vector<Value> values;
    std::string beyond;
    bool any_inside = false;
    for (Value& item : choice->values) {
      const std::string written = value_text(item);
      const Fit fit = fit_listed(mutation.home, item);
      if (fit == Fit::kNoValue) return outside(written);
      if (fit == Fit::kBeyond) beyond = written, note(written);
      any_inside = any_inside || fit == Fit::kInside;
      if (std::ranges::find(values, item) == values.end()) values.push_back(item);
    }
    if (!any_inside) return outside(beyond);
    choice->values = std::move(values);
    return {};
  }
  if (std::holds_alternative<Choice>(mutation.home) || std::holds_alternative<GridSearch>(mutation.home)) {
    return fail(ErrorCode::kBadInput,
                fmt::format("{}: '{}' has listed values, and {} gives others", place, mutation.path,
                            domain_name(mutation.domain)),
                fmt::format("list values that it has: {}", describe(mutation.home)));
  }
  const Ends given = ends_of(mutation.domain), home = ends_of(mutation.home);
  if (given.last < home.lower) return outside(format_real(given.last));
  if (given.lower > home.last) return outside(format_real(given.lower));
  if (given.lower < home.lower) note(format_real(given.lower));
  if (given.last > home.last && given.written > home.written) note(format_real(given.written));
  return {};
}

}  // namespace

Result<std::vector<Mutation>> read_mutations(std::string_view key, const Value& value, const Space& space,
                                             std::vector<std::string>* notes) {
  std::vector<std::pair<std::string, Value>> given;
  if (value.is_text()) given.emplace_back(value.text(), Value());
  if (value.is_list()) {
    for (const Value& item : value.list()) {
      if (!item.is_text()) return fail(ErrorCode::kBadInput, fmt::format("{} takes names of parameters", key));
      given.emplace_back(item.text(), Value());
    }
  }
  if (value.is_map()) given = value.map();
  if (given.empty()) return fail(ErrorCode::kBadInput, fmt::format("{} names no parameter", key));
  std::vector<Mutation> out;
  for (const auto& [path, law] : given) {
    if (std::ranges::any_of(out, [&](const Mutation& known) { return known.path == path; })) {
      return fail(ErrorCode::kBadInput, fmt::format("{} names '{}' twice", key, path));
    }
    const Parameter* parameter = space.find(path);
    if (parameter == nullptr) {
      return fail(ErrorCode::kBadInput, fmt::format("{} names '{}', which is no parameter", key, path),
                  did_you_mean_hint(path, space.paths()));
    }
    if (std::holds_alternative<Constant>(parameter->domain) || std::holds_alternative<Derived>(parameter->domain)) {
      return fail(ErrorCode::kBadInput,
                  fmt::format("{} names '{}', which is {}", key, path,
                              std::holds_alternative<Derived>(parameter->domain) ? "derived" : "a constant"));
    }
    Domain domain = parameter->domain;
    if (const auto* grid = std::get_if<GridSearch>(&domain)) domain = Choice{grid->values, {}, false};
    if (!law.is_null()) {
      auto read = read_distribution(fmt::format("{}.{}", key, path), law);
      if (!read) return pass_on(std::move(read));
      domain = *std::move(read);
    }
    out.push_back({path, std::move(domain), parameter->domain});
    if (law.is_null()) continue;
    if (auto within = check_within(fmt::format("{}.{}", key, path), out.back(), notes); !within) {
      return pass_on(std::move(within));
    }
  }
  return out;
}

}  // namespace tune
