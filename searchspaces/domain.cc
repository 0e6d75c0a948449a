#include "searchspaces/domain.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "searchspaces/unit_map.h"

namespace tune {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;  // clang 16 needs to be told

bool is_listed(const std::vector<Value>& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool in_half_open(double lower, double upper, const Value& value) {
  if (!value.is_real()) return false;
  return (value.real() >= lower && value.real() < upper) || (lower == upper && value.real() == lower);
}

bool is_multiple_within(double lower, double upper, double q, const Value& value) {
  std::int64_t index = 0, first = 0, last = 0;
  if (!value.is_real() || !index_of_multiple(value.real(), q, index)) return false;
  return index_of_multiple(lower, q, first) && index_of_multiple(upper, q, last) && index >= first && index <= last;
}

bool is_multiple_within(std::int64_t lower, std::int64_t upper, std::int64_t q, const Value& value) {
  return value.is_integer() && value.integer() >= lower && value.integer() <= upper && value.integer() % q == 0;
}

bool in_integers(std::int64_t lower, std::int64_t upper, const Value& value) {
  return value.is_integer() && value.integer() >= lower && value.integer() < upper;
}

}  // namespace

Value sample(const Domain& domain, RandomStream& stream) { return UnitMap(domain).draw(stream); }

Value from_unit(const Domain& domain, double u) { return UnitMap(domain).at(u); }

double to_unit(const Domain& domain, const Value& value) { return UnitMap(domain).position(value); }

bool contains(const Domain& domain, const Value& value) {
  return std::visit(Overloaded{
                        [&](const Constant& d) { return d.value == value; },
                        [&](const Uniform& d) { return in_half_open(d.lower, d.upper, value); },
                        [&](const QUniform& d) { return is_multiple_within(d.lower, d.upper, d.q, value); },
                        [&](const LogUniform& d) { return in_half_open(d.lower, d.upper, value); },
                        [&](const QLogUniform& d) { return is_multiple_within(d.lower, d.upper, d.q, value); },
                        [&](const Normal&) { return value.is_real() && std::isfinite(value.real()); },
                        [&](const QNormal& d) {
                          std::int64_t index = 0;
                          return value.is_real() && index_of_multiple(value.real(), d.q, index);
                        },
                        [&](const RandInt& d) { return in_integers(d.lower, d.upper, value); },
                        [&](const QRandInt& d) { return is_multiple_within(d.lower, d.upper, d.q, value); },
                        [&](const LogRandInt& d) { return in_integers(d.lower, d.upper, value); },
                        [&](const QLogRandInt& d) { return is_multiple_within(d.lower, d.upper, d.q, value); },
                        [&](const Choice& d) { return is_listed(d.values, value); },
                        [&](const GridSearch& d) { return is_listed(d.values, value); },
                        [&](const Derived& d) { return d.as_int ? value.is_integer() : value.is_real(); },
                    },
                    domain);
}

bool is_continuous(const Domain& domain) {
  if (std::holds_alternative<Normal>(domain)) return true;
  if (const auto* d = std::get_if<Uniform>(&domain)) return d->lower != d->upper;
  if (const auto* d = std::get_if<LogUniform>(&domain)) return d->lower != d->upper;
  return false;
}

bool is_unbounded(const Domain& domain) {
  return std::holds_alternative<Normal>(domain) || std::holds_alternative<QNormal>(domain);
}

std::int64_t cardinality(const Domain& domain) {
  if (std::holds_alternative<Derived>(domain)) return 0;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(UnitMap(domain).count(), kMost));
}

std::vector<Value> enumerate(const Domain& domain) {
  const UnitMap map(domain);
  std::vector<Value> values;
  values.reserve(map.count());
  for (std::uint64_t i = 0; i < map.count(); ++i) values.push_back(map.value(i));
  return values;
}

}  // namespace tune
