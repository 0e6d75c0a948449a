#pragma once

// The domains of parameters: what values one parameter can take, and with which mass. Names are Ray Tune's; where Ray's
// masses are wrong (half mass at quantised ends, an upper end that never comes) ours are right: see each line. `q`
// forms are drawn by grid index and shown as index * q with the decimals of q.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "core/rng.h"
#include "core/value.h"

namespace tune {

// clang-format off
struct Uniform   { double lower = 0, upper = 1; };                       ///< lower <= x < upper
struct QUniform  { double lower = 0, upper = 1, q = 1; };                ///< multiples of q, both ends, equal mass
struct LogUniform { double lower = 1, upper = 10; };                     ///< uniform in the logarithm; lower > 0
struct QLogUniform { double lower = 1, upper = 10, q = 1; };             ///< log-uniform on [lower-q/2, upper+q/2], nearest multiple
struct Normal    { double mean = 0, sd = 1; };                           ///< randn
struct QNormal   { double mean = 0, sd = 1, q = 1; };                    ///< qrandn: k = round half away from zero of x/q
struct RandInt   { std::int64_t lower = 0, upper = 1; };                 ///< lower <= k < upper (also `int`, with upper = high + 1)
struct QRandInt  { std::int64_t lower = 0, upper = 1, q = 1; };          ///< multiples of q, both ends, equal mass
struct LogRandInt { std::int64_t lower = 1, upper = 2; };                ///< P(k) = ln((k+1)/k) / ln(upper/lower), upper excluded
struct QLogRandInt { std::int64_t lower = 1, upper = 2, q = 1; };        ///< as QLogUniform, on integers
struct Choice    { std::vector<Value> values; std::vector<double> weights; bool ordered = false; };  ///< by index; weights empty: equal
struct GridSearch { std::vector<Value> values; };                        ///< every value in turn
struct Derived   { std::string expression; bool as_int = false; };       ///< sample_from: an output, never a search dimension
struct Constant  { Value value; };
// clang-format on

using Domain = std::variant<Constant, Uniform, QUniform, LogUniform, QLogUniform, Normal, QNormal, RandInt, QRandInt,
                            LogRandInt, QLogRandInt, Choice, GridSearch, Derived>;

/// The faults of a domain's numbers (order, log of zero, steps, empty range), in the words of the experiment file's
/// reference, or success. `name` is the distribution as the user wrote it.
Result<void> check_domain(const Domain& domain, const std::string& name);

/// One value at the position of the stream; uses a bounded number of draws. Requires: check_domain passed, and the
/// domain is neither GridSearch nor Derived.
Value sample(const Domain& domain, RandomStream& stream);

/// Position in the unit cube and back (algorithms: integers and steps are widened by half a step, then rounded and
/// clamped; an n-way choice is floor(u * n); normals by the normal distribution). u in [0, 1).
Value from_unit(const Domain& domain, double u);
double to_unit(const Domain& domain, const Value& value);

/// Whether the value lies in the domain (kind, range, step).
bool contains(const Domain& domain, const Value& value);

bool is_continuous(const Domain& domain);
bool is_unbounded(const Domain& domain);
/// How many values it has; 0 for continuous and unbounded ones. Saturates at 2^63-1.
std::int64_t cardinality(const Domain& domain);
/// All values of a discrete domain in ascending (choice: file) order. Requires: cardinality in 1..1,000,000.
std::vector<Value> enumerate(const Domain& domain);

/// `integers 1, 2, 3`; `reals from 1e-04 to 0.1, uniform in the logarithm`: what `tune validate` prints.
std::string describe(const Domain& domain);
/// The word of the experiment file: `loguniform`.
std::string_view domain_name(const Domain& domain);

}  // namespace tune
