// What can be wrong with the numbers of a domain, in the words of the experiment file's reference.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "searchspaces/decimal_step.h"
#include "searchspaces/domain.h"
#include "searchspaces/domain_text.h"

namespace tune {
namespace {

class DomainCheck {
 public:
  explicit DomainCheck(const std::string& name) : name_(name), closed_(name == "int" || name == "logint") {}

  Result<void> operator()(const Constant&) const { return {}; }
  Result<void> operator()(const Derived&) const { return {}; }  // its expression is the space's concern

  Result<void> operator()(const Uniform& d) const { return ordered(d.lower, d.upper); }

  Result<void> operator()(const LogUniform& d) const {
    if (!(d.lower > 0))
      return not_positive(format_real(d.lower), "use a small positive value such as 1e-6, or uniform");
    return ordered(d.lower, d.upper);
  }

  Result<void> operator()(const QUniform& d) const { return stepped(d.lower, d.upper, d.q); }

  Result<void> operator()(const QLogUniform& d) const {
    if (!(d.lower > 0)) return not_positive(format_real(d.lower), "start at q, or use quniform");
    return stepped(d.lower, d.upper, d.q).and_then([&]() -> Result<void> {
      std::int64_t first = 0;
      if (!index_of_multiple(d.lower, d.q, first) || first < 1) return no_multiple("lower", d.lower, d.q);
      return {};
    });
  }

  Result<void> operator()(const Normal& d) const {
    if (auto finite = finite_parts({{"mean", d.mean}, {"sd", d.sd}}); !finite) return finite;
    if (!(d.sd > 0)) return bad(fmt::format("{} needs sd > 0, got {}", name_, format_real(d.sd)));
    return {};
  }

  Result<void> operator()(const QNormal& d) const {
    if (auto normal = (*this)(Normal{d.mean, d.sd}); !normal) return normal;
    if (auto step = positive_step(d.q); !step) return step;
    // The largest magnitude that a draw of 53 bits can reach lies within 9 standard deviations.
    return countable(std::max(std::abs(d.mean), std::abs(d.mean) + 9 * d.sd), d.q);
  }

  Result<void> operator()(const RandInt& d) const {
    if (d.lower < d.upper) return {};
    if (!closed_ && d.lower == d.upper) {
      return bad(fmt::format("{}: [{}, {}] is empty", name_, d.lower, d.upper),
                 "the upper end is excluded; int includes it");
    }
    const std::int64_t shown = closed_ && d.upper != INT64_MIN ? d.upper - 1 : d.upper;
    return bad(fmt::format("{} needs {} <= {}, got {} and {}", name_, low(), high(), d.lower, shown));
  }

  Result<void> operator()(const LogRandInt& d) const {
    if (d.lower <= 0) {
      return not_positive(std::to_string(d.lower), fmt::format("start at 1, or use {}", closed_ ? "int" : "randint"));
    }
    return (*this)(RandInt{d.lower, d.upper});
  }

  Result<void> operator()(const QRandInt& d) const {
    if (d.q <= 0) return bad(fmt::format("{} needs q > 0, got {}", name_, d.q));
    if (d.lower > d.upper) return bad(fmt::format("{} needs lower <= upper, got {} and {}", name_, d.lower, d.upper));
    if (d.lower % d.q != 0) return no_multiple("lower", d.lower, d.q);
    if (d.upper % d.q != 0) return no_multiple("upper", d.upper, d.q);
    if (d.q == 1 && d.lower == INT64_MIN && d.upper == INT64_MAX) {
      return bad(fmt::format("{}: the range has 2^64 values, one more than can be counted", name_));
    }
    return {};
  }

  Result<void> operator()(const QLogRandInt& d) const {
    if (d.lower <= 0) return not_positive(std::to_string(d.lower), "start at q, or use qrandint");
    return (*this)(QRandInt{d.lower, d.upper, d.q});
  }

  Result<void> operator()(const Choice& d) const {
    if (auto listed = some_values(d.values); !listed) return listed;
    for (std::size_t i = 0; i < d.values.size(); ++i) {
      if (std::find(d.values.begin(), d.values.begin() + static_cast<std::ptrdiff_t>(i), d.values[i]) !=
          d.values.begin() + static_cast<std::ptrdiff_t>(i)) {
        return bad(fmt::format("{} lists {} twice", name_, value_text(d.values[i])), "use weights");
      }
    }
    return d.weights.empty() ? Result<void>() : weights(d);
  }

  Result<void> operator()(const GridSearch& d) const { return some_values(d.values); }

 private:
  struct Part {
    std::string_view name;
    double value;
  };

  static Result<void> bad(std::string message, std::string hint = {}) {
    return fail(ErrorCode::kBadInput, std::move(message), std::move(hint));
  }

  std::string_view low() const { return closed_ ? "low" : "lower"; }
  std::string_view high() const { return closed_ ? "high" : "upper"; }

  Result<void> finite_parts(std::initializer_list<Part> parts) const {
    for (const Part& part : parts) {
      if (!std::isfinite(part.value)) {
        return bad(
            fmt::format("{} {} is not finite; {} takes finite numbers", part.name, format_real(part.value), name_));
      }
    }
    return {};
  }

  Result<void> ordered(double lower, double upper) const {
    if (auto finite = finite_parts({{"lower", lower}, {"upper", upper}}); !finite) return finite;
    if (lower > upper) {
      return bad(fmt::format("{} needs lower <= upper, got {} and {}", name_, format_real(lower), format_real(upper)));
    }
    return {};
  }

  Result<void> positive_step(double q) const {
    if (auto finite = finite_parts({{"q", q}}); !finite) return finite;
    if (!(q > 0)) return bad(fmt::format("{} needs q > 0, got {}", name_, format_real(q)));
    return {};
  }

  static Result<void> countable(double magnitude, double q) {
    if (magnitude / q <= static_cast<double>(kMaxStepIndex)) return {};
    return bad(fmt::format("q {} is too small for the range: more than 2^53 steps from 0", format_real(q)));
  }

  Result<void> stepped(double lower, double upper, double q) const {
    if (auto in_order = ordered(lower, upper); !in_order) return in_order;
    if (auto step = positive_step(q); !step) return step;
    if (auto few = countable(std::max(std::abs(lower), std::abs(upper)), q); !few) return few;
    std::int64_t index = 0;
    if (!index_of_multiple(lower, q, index)) return no_multiple("lower", lower, q);
    if (!index_of_multiple(upper, q, index)) return no_multiple("upper", upper, q);
    return {};
  }

  Result<void> not_positive(const std::string& got, std::string hint) const {
    return bad(fmt::format("{} needs {} > 0, got {}", name_, low(), got), std::move(hint));
  }

  static Result<void> no_multiple(std::string_view end, double value, double q) {
    return bad(fmt::format("{} {} is not a multiple of q {}", end, format_real(value), format_real(q)));
  }
  static Result<void> no_multiple(std::string_view end, std::int64_t value, std::int64_t q) {
    return bad(fmt::format("{} {} is not a multiple of q {}", end, value, q));
  }

  Result<void> some_values(const std::vector<Value>& values) const {
    if (values.empty()) return bad(fmt::format("{} takes a list of values; got 0 values", name_));
    return {};
  }

  static Result<void> weights(const Choice& d) {
    if (d.weights.size() != d.values.size()) {
      return bad(fmt::format("{} weights for {} values", d.weights.size(), d.values.size()));
    }
    double sum = 0;
    for (const double weight : d.weights) {
      if (!(weight >= 0)) return bad(fmt::format("weights must be 0 or more, got {}", format_real(weight)));
      sum += weight;
    }
    if (!(sum > 0) || !std::isfinite(sum)) return bad("weights must have a sum above 0 that is finite");
    return {};
  }

  const std::string& name_;
  bool closed_;  // `int` and `logint` are written with both ends included
};

}  // namespace

Result<void> check_domain(const Domain& domain, const std::string& name) {
  return std::visit(DomainCheck(name), domain);
}

}  // namespace tune
