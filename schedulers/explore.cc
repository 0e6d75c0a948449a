#include "schedulers/explore.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/json.h"
#include "searchspaces/decimal_step.h"

namespace tune {
namespace {

constexpr int kMostTries = 100;

// --- numbers ---------------------------------------------------------------------------------------------------------

/// A numeric domain: values lower..upper, both included, in steps of q; q 0: continuous.
struct Range {
  double lower = 0, upper = 0, q = 0;
  double span = 0;  ///< upper - lower; of a normal its standard deviation
  bool is_integer = false;
};

Range reals(double lower, double upper) {
  // The upper end is not drawn; neither is it reached.
  return {lower, lower < upper ? std::nextafter(upper, lower) : lower, 0, upper - lower};
}
Range steps(double lower, double upper, double q) { return {lower, upper, q, upper - lower}; }
Range integers(std::int64_t lower, std::int64_t upper, std::int64_t q) {
  const auto low = static_cast<double>(lower), high = static_cast<double>(upper);
  return {low, high, static_cast<double>(q), high - low, true};
}
Range normals(double sd, double q) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return {-kInfinity, kInfinity, q, sd};
}

struct RangeOf {
  std::optional<Range> operator()(const Uniform& d) const { return reals(d.lower, d.upper); }
  std::optional<Range> operator()(const LogUniform& d) const { return reals(d.lower, d.upper); }
  std::optional<Range> operator()(const QUniform& d) const { return steps(d.lower, d.upper, d.q); }
  std::optional<Range> operator()(const QLogUniform& d) const { return steps(d.lower, d.upper, d.q); }
  std::optional<Range> operator()(const Normal& d) const { return normals(d.sd, 0); }
  std::optional<Range> operator()(const QNormal& d) const { return normals(d.sd, d.q); }
  std::optional<Range> operator()(const RandInt& d) const { return integers(d.lower, d.upper - 1, 1); }
  std::optional<Range> operator()(const LogRandInt& d) const { return integers(d.lower, d.upper - 1, 1); }
  std::optional<Range> operator()(const QRandInt& d) const { return integers(d.lower, d.upper, d.q); }
  std::optional<Range> operator()(const QLogRandInt& d) const { return integers(d.lower, d.upper, d.q); }
  template <class T>
  std::optional<Range> operator()(const T&) const {
    return std::nullopt;
  }
};

std::optional<Range> range_of(const Domain& domain) { return std::visit(RangeOf(), domain); }

Value in_steps(const Range& range, double target, double old, double factor) {
  const double limit = static_cast<double>(kMaxStepIndex);
  const double first = std::max(std::round(range.lower / range.q), -limit);
  const double last = std::min(std::round(range.upper / range.q), limit);
  const double before = std::round(old / range.q);
  double index = std::round(target / range.q);  // half away from zero
  if (index == before && factor != 1) index += factor > 1 ? 1 : -1;
  const auto whole = static_cast<std::int64_t>(std::clamp(index, first, last));
  if (range.is_integer) return Value(whole * static_cast<std::int64_t>(range.q));
  return Value(DecimalStep(range.q).times(whole));
}

Value perturb_number(const Range& range, double old, double factor) {
  const bool adds = old == 0 || (range.lower < 0 && range.upper > 0);
  const double target = adds ? old + (factor - 1) * range.span : old * factor;
  if (range.q > 0) return in_steps(range, target, old, factor);
  return Value(std::clamp(target, range.lower, range.upper));
}

// --- lists -----------------------------------------------------------------------------------------------------------

const std::vector<Value>* values_of(const Domain& domain) {
  if (const auto* choice = std::get_if<Choice>(&domain)) return &choice->values;
  if (const auto* grid = std::get_if<GridSearch>(&domain)) return &grid->values;
  return nullptr;
}

bool is_ordered(const Domain& domain) {
  const auto* choice = std::get_if<Choice>(&domain);
  return choice != nullptr && choice->ordered;
}

Value perturb_choice(const std::vector<Value>& values, bool ordered, const Value& old, bool up, RandomStream& random) {
  if (values.size() < 2) return old;
  const auto found = std::find(values.begin(), values.end(), old);
  if (found == values.end()) return values[random.below(values.size())];
  const auto at = static_cast<std::size_t>(found - values.begin());
  if (!ordered) {
    const std::size_t other = random.below(values.size() - 1);
    return values[other < at ? other : other + 1];
  }
  if (up) return at + 1 < values.size() ? values[at + 1] : values[at - 1];
  return at > 0 ? values[at - 1] : values[at + 1];
}

// --- a whole configuration -------------------------------------------------------------------------------------------

Explored try_once(const Config& from, const std::vector<Mutation>& mutations, const ExploreOptions& options,
                  const ExploreKey& key, const std::string& where) {
  Explored out{from, {}};
  for (const Mutation& mutation : mutations) {
    const Value* found = from.find(mutation.path);
    if (found == nullptr) continue;  // inactive
    const Value old = *found;
    RandomStream random(key.seed, "explore", key.trial.value, mutation.path + where);
    const bool anew = random.uniform() < options.resample_probability;
    const double factor = options.factors[random.below(options.factors.size())];
    const Value value =
        clamp_to(mutation.home, anew ? sample(mutation.domain, random) : perturb(mutation.domain, old, factor, random));
    out.config.set(mutation.path, value);
    out.words += fmt::format("{}{} {} -> {}{}", out.words.empty() ? "" : ", ", mutation.path, to_json(old),
                             to_json(value), anew ? " (drawn anew)" : "");
  }
  return out;
}

}  // namespace

Value clamp_to(const Domain& home, const Value& value) {
  const auto range = range_of(home);
  if (!range || !value.is_number() || contains(home, value)) return value;
  const double x = std::clamp(*value.number(), range->lower, range->upper);
  return range->q > 0 ? in_steps(*range, x, x, 1) : Value(x);
}

Result<void> settle_config(Config& config, const Space& space, const ExploreKey& key, const std::string& where) {
  for (const std::size_t index : space.order()) {
    const Parameter& parameter = space.parameters()[index];
    if (std::holds_alternative<Derived>(parameter.domain)) continue;
    const bool active = space.is_active(parameter, config), present = config.find(parameter.path) != nullptr;
    if (!active && present) std::erase_if(config.entries, [&](const auto& e) { return e.first == parameter.path; });
    if (!active || present) continue;
    RandomStream random(key.seed, "explore", key.trial.value, parameter.path + where);
    const auto* grid = std::get_if<GridSearch>(&parameter.domain);
    config.set(parameter.path, grid == nullptr ? sample(parameter.domain, random) : grid->values.front());
  }
  std::erase_if(config.entries, [&](const auto& entry) {
    const Parameter* parameter = space.find(entry.first);
    return parameter != nullptr && std::holds_alternative<Derived>(parameter->domain);
  });
  if (auto derived = space.derive(config); !derived) return derived;
  config = space.in_file_order(config);
  return {};
}

Value perturb(const Domain& domain, const Value& old, double factor, RandomStream& random) {
  if (const auto* values = values_of(domain)) {
    return perturb_choice(*values, is_ordered(domain), old, factor > 1, random);
  }
  const auto range = range_of(domain);
  if (!range || !old.is_number()) return old;
  return perturb_number(*range, *old.number(), factor);
}

Explored explore(const Config& from, const std::vector<Mutation>& mutations, const Space& space,
                 const ExploreOptions& options, const ExploreKey& key) {
  for (int attempt = 0; attempt < kMostTries; ++attempt) {
    const std::string where = fmt::format("#{}.{}", key.generation, attempt);
    Explored out = try_once(from, mutations, options, key, where);
    if (!settle_config(out.config, space, key, where)) continue;
    const auto violated = space.violated(out.config);
    if (violated && !*violated) return out;
  }
  return {from, "constraints leave the configuration as it was"};
}

}  // namespace tune
