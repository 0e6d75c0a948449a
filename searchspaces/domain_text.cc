#include "searchspaces/domain_text.h"

#include <fmt/format.h>

#include "core/json.h"
#include "core/text.h"
#include "core/utf8.h"

namespace tune {
namespace {

constexpr std::size_t kShownValues = 12;
constexpr std::int64_t kShownIntegers = 6;

std::string plain(const Value& value) { return value.is_text() ? visible(value.text()) : value_text(value); }

/// One item a shown value, the middle of long lists left out.
template <class Show>
std::string cut_list(std::size_t count, Show show) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (count > kShownValues && i == kShownValues - 2) {
      out += ", ...";
      i = count - 1;
    }
    if (i > 0) out += ", ";
    out += show(i);
  }
  return out;
}

std::string plain_list(const std::vector<Value>& values) {
  return cut_list(values.size(), [&](std::size_t i) { return plain(values[i]); });
}

constexpr std::string_view kInLogarithm = ", uniform in the logarithm";

struct Describe {
  std::string operator()(const Constant& d) const { return "always " + plain(d.value); }
  std::string operator()(const Uniform& d) const { return reals(d.lower, d.upper, ""); }
  std::string operator()(const LogUniform& d) const { return reals(d.lower, d.upper, kInLogarithm); }
  std::string operator()(const QUniform& d) const { return multiples(d.lower, d.upper, d.q, ""); }
  std::string operator()(const QLogUniform& d) const { return multiples(d.lower, d.upper, d.q, kInLogarithm); }
  std::string operator()(const Normal& d) const {
    return fmt::format("normal, mean {}, standard deviation {}", format_real(d.mean), format_real(d.sd));
  }
  std::string operator()(const QNormal& d) const {
    return fmt::format("{}, rounded to multiples of {}", (*this)(Normal{d.mean, d.sd}), format_real(d.q));
  }
  std::string operator()(const RandInt& d) const { return integers(d.lower, d.upper, ""); }
  std::string operator()(const LogRandInt& d) const { return integers(d.lower, d.upper, kInLogarithm); }
  std::string operator()(const QRandInt& d) const { return integer_multiples(d.lower, d.upper, d.q, ""); }
  std::string operator()(const QLogRandInt& d) const { return integer_multiples(d.lower, d.upper, d.q, kInLogarithm); }
  std::string operator()(const Choice& d) const {
    if (d.weights.empty()) return "one of " + plain_list(d.values);
    return "one of " + cut_list(d.values.size(), [&](std::size_t i) {
             return fmt::format("{} (weight {})", plain(d.values[i]), format_real(d.weights[i]));
           });
  }
  std::string operator()(const GridSearch& d) const { return "each of " + plain_list(d.values) + " in turn"; }
  std::string operator()(const Derived& d) const {
    return fmt::format("derived: {}{}", d.expression, d.as_int ? ", as an integer" : "");
  }

 private:
  static std::string reals(double lower, double upper, std::string_view law) {
    if (lower == upper) return "always " + format_real(lower);
    return fmt::format("reals from {} to {}{}", format_real(lower), format_real(upper), law);
  }

  static std::string multiples(double lower, double upper, double q, std::string_view law) {
    return fmt::format("multiples of {} from {} to {}{}", format_real(q), format_real(lower), format_real(upper), law);
  }

  static std::string integer_multiples(std::int64_t lower, std::int64_t upper, std::int64_t q, std::string_view law) {
    if (q == 1 && upper != INT64_MAX) return integers(lower, upper + 1, law);
    return fmt::format("multiples of {} from {} to {}{}", q, lower, upper, law);
  }

  /// `upper` excluded, as RandInt has it.
  static std::string integers(std::int64_t lower, std::int64_t upper, std::string_view law) {
    const std::uint64_t count = static_cast<std::uint64_t>(upper) - static_cast<std::uint64_t>(lower);
    if (count > static_cast<std::uint64_t>(kShownIntegers)) {
      return fmt::format("integers from {} to {}{}", lower, upper - 1, law);
    }
    std::string out = count == 1 ? "integer " : "integers ";
    for (std::int64_t i = lower; i < upper; ++i) out += fmt::format("{}{}", i > lower ? ", " : "", i);
    return out + std::string(count == 1 ? "" : law);
  }
};

Map exact_parts(const Constant& d) { return {{"value", d.value}}; }
template <class Range>
Map exact_range(const Range& d) {
  return {{"lower", d.lower}, {"upper", d.upper}};
}
template <class Steps>
Map exact_steps(const Steps& d) {
  return {{"lower", d.lower}, {"upper", d.upper}, {"q", d.q}};
}
Map exact_parts(const Uniform& d) { return exact_range(d); }
Map exact_parts(const QUniform& d) { return exact_steps(d); }
Map exact_parts(const LogUniform& d) { return exact_range(d); }
Map exact_parts(const QLogUniform& d) { return exact_steps(d); }
Map exact_parts(const Normal& d) { return {{"mean", d.mean}, {"sd", d.sd}}; }
Map exact_parts(const QNormal& d) { return {{"mean", d.mean}, {"sd", d.sd}, {"q", d.q}}; }
Map exact_parts(const RandInt& d) { return exact_range(d); }
Map exact_parts(const QRandInt& d) { return exact_steps(d); }
Map exact_parts(const LogRandInt& d) { return exact_range(d); }
Map exact_parts(const QLogRandInt& d) { return exact_steps(d); }
Map exact_parts(const Choice& d) {
  return {{"values", d.values}, {"weights", List(d.weights.begin(), d.weights.end())}, {"ordered", d.ordered}};
}
Map exact_parts(const GridSearch& d) { return {{"values", d.values}}; }
Map exact_parts(const Derived& d) { return {{"expression", d.expression}, {"as_int", d.as_int}}; }

}  // namespace

std::string value_text(const Value& value) {
  if (value.is_text()) return "'" + visible(value.text()) + "'";
  if (value.is_real()) return format_real(value.real());
  return to_json(value);
}

std::string value_list_text(const std::vector<Value>& values) {
  return cut_list(values.size(), [&](std::size_t i) { return value_text(values[i]); });
}

std::string exact_text(const Domain& domain) {
  std::string out(domain_name(domain));
  append_json_exact(out, std::visit([](const auto& d) { return Value(exact_parts(d)); }, domain));
  return out;
}

std::string describe(const Domain& domain) { return std::visit(Describe(), domain); }

std::string_view domain_name(const Domain& domain) {
  constexpr std::string_view kNames[] = {"constant",    "uniform", "quniform",    "loguniform", "qloguniform",
                                         "randn",       "qrandn",  "randint",     "qrandint",   "lograndint",
                                         "qlograndint", "choice",  "grid_search", "sample_from"};
  static_assert(std::size(kNames) == std::variant_size_v<Domain>);
  return kNames[domain.index()];
}

}  // namespace tune
